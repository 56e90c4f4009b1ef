"""Where turns were ended: at pauses that the reference has, elsewhere, and where others end them.

The place of an end is that of the last word before it: protocols do not all tell where the
decision was made. A pause hardly longer or shorter than the silence that ends a turn may be taken
either way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crossfade.bench.recordings import SpokenWord
from crossfade.compare.heard import HeardTurn

MARGIN_MS = 200
"""So much longer than the silence that was asked for, a pause has to end a turn; so much shorter,
it may. Word times, those of the reference as well, are no better than that together."""

NEAR_MS = 400
"""An end belongs to a pause that begins within this of it."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence behind a word of the reference."""

    start_ms: float
    length_ms: float


@dataclass(frozen=True, slots=True)
class TurnCounts:
    """Of some clips."""

    ends: int = 0
    pauses: int = 0
    """That had to end a turn."""
    found: int = 0
    """Of those, which did."""
    elsewhere: int = 0
    """Ends where the reference has no pause that may be one."""
    told_after_ms: tuple[float, ...] = ()
    """From the beginning of each pause that was found to the news of the end."""

    def __add__(self, other: "TurnCounts") -> "TurnCounts":
        return TurnCounts(
            self.ends + other.ends,
            self.pauses + other.pauses,
            self.found + other.found,
            self.elsewhere + other.elsewhere,
            self.told_after_ms + other.told_after_ms,
        )


def decided(
    turns: Sequence[HeardTurn], *, audio_ms: int, silence_ms: int | None
) -> tuple[HeardTurn, ...]:
    """Leave out what ended because the audio did; some protocols tell that as the end of a turn.

    Where nobody knows which silence was asked for (``None``), nothing is left out.
    """
    if silence_ms is None:
        return tuple(turns)
    latest_ms = audio_ms - silence_ms + MARGIN_MS
    return tuple(turn for turn in turns if turn.speech_end_ms <= latest_ms)


def pauses(spoken: Sequence[SpokenWord], audio_ms: int) -> Iterator[Pause]:
    """Yield the silences between and behind the words, whoever speaks them."""
    until_ms = None
    for word in sorted(spoken, key=lambda word: word.start):
        if until_ms is not None and 1000 * word.start > until_ms:
            yield Pause(until_ms, 1000 * word.start - until_ms)
        until_ms = max(until_ms or 0.0, 1000 * word.end)
    if until_ms is not None and audio_ms > until_ms:
        yield Pause(until_ms, audio_ms - until_ms)


def judge(
    turns: Sequence[HeardTurn], spoken: Sequence[SpokenWord], *, audio_ms: int, silence_ms: int
) -> TurnCounts:
    """Compare the ends of turns with the pauses of a reference that has times.

    Args:
        turns: Ends, in order.
        spoken: The reference.
        audio_ms: Length of the clip.
        silence_ms: What the side was asked to take for the end of a turn.
    """
    allowed = [
        pause for pause in pauses(spoken, audio_ms) if pause.length_ms >= silence_ms - MARGIN_MS
    ]
    needed = [pause for pause in allowed if pause.length_ms >= silence_ms + MARGIN_MS]
    found = [(pause, turn) for pause in needed if (turn := _nearest(turns, pause)) is not None]
    return TurnCounts(
        ends=len(turns),
        pauses=len(needed),
        found=len(found),
        elsewhere=sum(not any(_is_at(turn, pause) for pause in allowed) for turn in turns),
        told_after_ms=tuple(
            turn.told_ms - pause.start_ms for pause, turn in found if turn.told_ms is not None
        ),
    )


def shared(one: Sequence[HeardTurn], other: Sequence[HeardTurn]) -> int:
    """Count the ends that two sides have in common, each once."""
    left = [turn.speech_end_ms for turn in other]
    n_shared = 0
    for turn in one:
        near = [end for end in left if abs(end - turn.speech_end_ms) <= NEAR_MS]
        if near:
            left.remove(min(near, key=lambda end: abs(end - turn.speech_end_ms)))
            n_shared += 1
    return n_shared


def _nearest(turns: Sequence[HeardTurn], pause: Pause) -> HeardTurn | None:
    near = [turn for turn in turns if _is_at(turn, pause)]
    return min(near, key=lambda turn: abs(turn.speech_end_ms - pause.start_ms), default=None)


def _is_at(turn: HeardTurn, pause: Pause) -> bool:
    return abs(turn.speech_end_ms - pause.start_ms) <= NEAR_MS
