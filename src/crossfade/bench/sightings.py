"""How late words are by the reference's clock: for engines that tell no times of their own.

A word of the reference is seen when a hypothesis that is aligned with all that has been said so
far has it in its place, and final when the words that will not change have it. Counted from the
word's end in the recording, so that all engines are measured by the same clock. Words that an
engine never gets right do not count here, but in its word error rate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from crossfade.bench.lags import Arrival
from crossfade.bench.matching import word_key
from crossfade.bench.material import SpeechStream
from crossfade.model import Final, Partial, Word


@dataclass(frozen=True, slots=True)
class Sighting:
    """A word of the reference that became final, and how long that took after its end."""

    partial_ms: float
    """To its first appearance. Negative for a word that was there before its end."""
    final_ms: float


@dataclass(frozen=True, slots=True)
class _Said:
    key: str
    start_ms: float
    end_ms: float


def sightings(stream: SpeechStream, arrivals: Iterable[Arrival]) -> list[Sighting]:
    """Find when each word of a stream was seen, and when it was final.

    Args:
        stream: Recordings without times for their words are left out.
        arrivals: What its client had, in order.
    """
    said = _said(stream)
    settled: list[str] = []
    seen: dict[int, float] = {}
    final: dict[int, float] = {}
    for arrival in arrivals:
        match arrival.event:
            case Final(words=words) if words:
                settled += _keys(words)
                _note(final, said, settled, arrival.at_ms)
                _note(seen, said, settled, arrival.at_ms)
            case Partial(words=words) if words:
                _note(seen, said, [*settled, *_keys(words)], arrival.at_ms)
            case _:
                pass  # no words
    return [
        Sighting(seen[place] - said[place].end_ms, at_ms - said[place].end_ms)
        for place, at_ms in final.items()
    ]


def _said(stream: SpeechStream) -> list[_Said]:
    return [
        _Said(key, piece.start_ms + 1000 * word.start, piece.start_ms + 1000 * word.end)
        for piece in stream.pieces
        for word in piece.recording.words
        if (key := word_key(word.word))
    ]


def _keys(words: Iterable[Word]) -> list[str]:
    return [key for word in words if (key := word_key(word.text))]


def _note(
    places: dict[int, float], said: Sequence[_Said], heard: Sequence[str], at_ms: float
) -> None:
    """Note which words of the reference are there for the first time."""
    # What has not been said yet cannot have been heard: another "the" is not that one.
    so_far = [word.key for word in said if word.start_ms <= at_ms]
    for block in Levenshtein.opcodes(heard, so_far):
        if block.tag == "equal":
            for place in range(block.dest_start, block.dest_end):
                places.setdefault(place, at_ms)
