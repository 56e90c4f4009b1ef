"""Words where nobody spoke: in recordings without speech, and in the silences of a reference.

A word counts where it is no word of the reference and lies wholly in a silence. Recordings of
several people count only as a whole: nobody wrote down each "yeah" of those who listen.
"""

from collections.abc import Iterator, Sequence

from crossfade.bench.matching import match
from crossfade.bench.recordings import SpokenWord
from crossfade.compare.heard import HeardClip, HeardSide

SHORTEST_MS = 1000.0
"""A shorter silence is a pause for breath, in which the end of a word may still be heard."""

MARGIN_MS = 200.0
"""At both ends of a silence, what belongs to the words beside it."""


def silences(clip: HeardClip) -> list[tuple[float, float]]:
    """Where nobody speaks, in milliseconds; nothing where that is not known."""
    if clip.reference == "":
        return [(0.0, float(clip.audio_ms))]
    if not clip.spoken or len({word.speaker for word in clip.spoken}) > 1:
        return []
    return list(_silences(clip.spoken, clip.audio_ms))


def n_false(side: HeardSide, clip: HeardClip, quiet: Sequence[tuple[float, float]]) -> int:
    """Count a side's words in these silences of a clip."""
    if clip.reference == "":
        return len(side.words)
    if not quiet:
        return 0
    matches = match([word.word for word in side.words], [word.word for word in clip.spoken])
    return sum(
        any(start <= found.word.start_ms and found.word.end_ms <= end for start, end in quiet)
        for found in matches
        if found.reference is None
    )


def _silences(spoken: Sequence[SpokenWord], audio_ms: int) -> Iterator[tuple[float, float]]:
    until_ms, margin_ms = 0.0, 0.0  # nothing is spoken before the beginning, or behind the end
    for word in sorted(spoken, key=lambda word: word.start):
        if 1000 * word.start - until_ms >= SHORTEST_MS:
            yield until_ms + margin_ms, 1000 * word.start - MARGIN_MS
        until_ms, margin_ms = max(until_ms, 1000 * word.end), MARGIN_MS
    if audio_ms - until_ms >= SHORTEST_MS:
        yield until_ms + margin_ms, float(audio_ms)
