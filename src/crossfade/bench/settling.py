"""How long words wait for their final on the clock of the audio, whatever the machine takes.

A final is decided when so much audio has been heard as the partial behind it says. That is the same
on every machine and at every speed; the lags of ``crossfade.bench.lags`` add the time it took.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from crossfade.model import Event, Final, Partial

GRACE_MS = 150
"""What a word may be late by the wall clock; so much is taken for a small miss here."""


class LateWords(Struct, frozen=True, kw_only=True):
    """Words that were settled later than ``max_delay``. Shares are 0.0 to 1.0."""

    words: int
    late: float | None
    """Share that waited longer; ``None``: there were no words."""
    late_beyond_grace: float | None
    """Share that waited longer by more than ``GRACE_MS``."""
    longest_ms: int | None
    """The longest wait of a word."""


def waits_ms(events: Iterable[Event]) -> list[int]:
    """Tell how much audio followed the end of each final word before it was settled.

    Args:
        events: Of a recognizer itself: not every protocol tells how far a partial has heard.
    """
    return [
        partial.through_ms - word.end_ms
        for final, partial in pairwise(events)
        if isinstance(final, Final) and isinstance(partial, Partial)
        for word in final.words
    ]


def late_words(waits: Sequence[int], *, max_delay_ms: int) -> LateWords:
    """Count the words that waited too long."""
    return LateWords(
        words=len(waits),
        late=_share_over(waits, max_delay_ms),
        late_beyond_grace=_share_over(waits, max_delay_ms + GRACE_MS),
        longest_ms=max(waits, default=None),
    )


def _share_over(waits: Sequence[int], limit_ms: int) -> float | None:
    return round(sum(wait > limit_ms for wait in waits) / len(waits), 4) if waits else None
