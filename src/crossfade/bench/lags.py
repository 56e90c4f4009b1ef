"""How long words take: arithmetic on what a stream's client heard, and when.

Arrivals and positions are milliseconds on one clock, the stream's own: 0 is the moment in which
its first sample was spoken. A word's lag is counted from its own end as it was recognized.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Struct

from crossfade.model import Event, Final, Partial, TurnEnded, Word

DRIFT_MS = 150
"""A hypothesis may place a word this far from where the final has it, and mean the same one."""

DECIDED_MS = 100
"""A turn that ended this long after its last word ended by a decision whose place is known; a
dialect that does not tell it says the end of the word instead."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event, and when its client had it."""

    at_ms: float
    event: Event


@dataclass(frozen=True, slots=True)
class WordLag:
    """One final word. Both lags are negative for a word that was there before its end."""

    word: Word
    partial_ms: float
    """To the first time that the word was seen at all."""
    final_ms: float
    """To the final that holds it."""


class Spread(Struct, frozen=True, kw_only=True):
    """The middle and the tail of many values; ``None`` where there were none."""

    p50: float | None
    p95: float | None


class Fairness(Struct, frozen=True, kw_only=True):
    """Whether all streams were served alike, by the p95 partial lag of each."""

    median_p95_ms: float | None
    worst_p95_ms: float | None
    worst_over_median: float | None


def spread(values: Sequence[float]) -> Spread:
    """Take the percentiles, interpolated between neighbours; to a tenth."""
    if not values:
        return Spread(p50=None, p95=None)
    p50, p95 = np.percentile(values, [50, 95]).tolist()
    return Spread(p50=round(p50, 1), p95=round(p95, 1))


def fairness(streams: Sequence[Sequence[float]]) -> Fairness:
    """Compare the streams.

    Args:
        streams: Partial lags of each; streams without words are left out.
    """
    p95s = [float(np.percentile(lags, 95)) for lags in streams if lags]
    if not p95s:
        return Fairness(median_p95_ms=None, worst_p95_ms=None, worst_over_median=None)
    median, worst = float(np.median(p95s)), max(p95s)
    return Fairness(
        median_p95_ms=round(median, 1),
        worst_p95_ms=round(worst, 1),
        # Words that are seen before their end make no ratio.
        worst_over_median=round(worst / median, 2) if median > 0 else None,
    )


def word_lags(arrivals: Iterable[Arrival]) -> list[WordLag]:
    """Find each final word's first appearance.

    A word of an earlier partial is the same one if it has the same letters and overlaps in time,
    give or take ``DRIFT_MS``. A word that no partial showed appears with its final.
    """
    seen = _Sightings()
    lags: list[WordLag] = []
    for arrival in arrivals:
        match arrival.event:
            case Partial(words=words):
                seen.note(words, arrival.at_ms)
            case Final(words=words):
                for word in words:
                    first_ms = min(seen.first_ms(word, arrival.at_ms), arrival.at_ms)
                    lags.append(WordLag(word, first_ms - word.end_ms, arrival.at_ms - word.end_ms))
            case _:
                pass  # says nothing about words
    return lags


def segment_lags(lags: Sequence[WordLag], *, gap_ms: int, length_ms: int) -> list[float]:
    """Take the final lag of each utterance's last word.

    Args:
        lags: A stream's words, in order.
        gap_ms: Silence that makes an utterance end.
        length_ms: Length of the stream: an utterance that it cuts short does not count.
    """
    next_starts = [*(lag.word.start_ms for lag in lags[1:]), length_ms]
    return [
        lag.final_ms
        for lag, next_ms in zip(lags, next_starts, strict=False)
        if next_ms - lag.word.end_ms >= gap_ms
    ]


def turn_lags(arrivals: Iterable[Arrival]) -> list[float]:
    """Take the time from each decision that a turn is over to the news of it.

    Only turns of which the place of the decision is known, and no forced ones.
    """
    lags: list[float] = []
    last_ms = 0
    for arrival in arrivals:
        match arrival.event:
            case Final(words=words) if words:
                last_ms = words[-1].end_ms
            case TurnEnded(at_ms=at_ms, forced=False) if at_ms - last_ms >= DECIDED_MS:
                lags.append(arrival.at_ms - at_ms)
            case _:
                pass  # decides nothing
    return lags


def letters(text: str) -> str:
    """What is left of a word without capitals and marks."""
    return "".join(filter(str.isalnum, text)).casefold()


class _Sightings:
    """Where and when words were first shown."""

    def __init__(self) -> None:
        self._by_letters: dict[str, list[tuple[Word, float]]] = {}

    def note(self, words: Iterable[Word], at_ms: float) -> None:
        for word in words:
            places = self._by_letters.setdefault(letters(word.text), [])
            # Newest first: a word that is shown again is mostly among the last ones.
            if not any(_same_place(word, place) for place, _ in reversed(places)):
                places.append((word, at_ms))

    def first_ms(self, word: Word, default_ms: float) -> float:
        places = self._by_letters.get(letters(word.text), ())
        return min((at for place, at in places if _same_place(word, place)), default=default_ms)


def _same_place(one: Word, other: Word) -> bool:
    return one.start_ms < other.end_ms + DRIFT_MS and other.start_ms < one.end_ms + DRIFT_MS
