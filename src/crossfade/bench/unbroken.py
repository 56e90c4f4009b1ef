"""Speech without a pause: recordings cut at their silences and joined, for as long as it takes.

No service hears speech like this; a recognizer whose work or memory grows with the length of what
it has not settled yet shows it here.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from crossfade.audio import SAMPLE_RATE_HZ, Rechunker
from crossfade.bench.material import SEED
from crossfade.bench.recordings import SPEECH_GAP_S, MaterialError, Recording, SpokenWord

MARGIN_S = 0.05
"""Kept before and after each run of words: cut words would be heard as others."""

_SAMPLE_BYTES = 2


class UnbrokenSpeech:
    """A stream in which nobody draws breath, and where in it each word is."""

    def __init__(self, recordings: Sequence[Recording], *, seconds: float) -> None:
        """Choose what is said; the same on every machine.

        Args:
            recordings: What to choose from; those without times for their words are of no use.
            seconds: Length, exceeded by less than one recording.

        Raises:
            MaterialError: If no recording has times for its words.
        """
        timed = [recording for recording in recordings if recording.words]
        if not timed:
            raise MaterialError("no recording has times for its words")
        self._runs: list[tuple[Recording, float, float]] = []
        self.words: list[SpokenWord] = []
        """All that is said, with times from the start of the stream."""
        self.seconds = 0.0
        chance = random.Random(SEED)
        while self.seconds < seconds:
            for recording in chance.sample(timed, len(timed)):
                for run in _runs(recording):
                    self._append(recording, run)
                if self.seconds >= seconds:
                    break

    def blocks(self, n_bytes: int) -> Iterator[bytes]:
        """Yield the audio, 16-bit PCM at 16 kHz; the last block may be short."""
        rechunker = Rechunker(n_bytes)
        for recording, begin_s, end_s in self._runs:
            yield from rechunker.push(recording.pcm[_at(begin_s) : _at(end_s)])
        if rest := rechunker.flush():
            yield rest

    def _append(self, recording: Recording, words: Sequence[SpokenWord]) -> None:
        begin_s = max(0.0, words[0].start - MARGIN_S)
        end_s = min(words[-1].end + MARGIN_S, len(recording.pcm) / _at(1.0))
        shift_s = self.seconds - begin_s
        self._runs.append((recording, begin_s, end_s))
        self.words += [
            msgspec.structs.replace(word, start=word.start + shift_s, end=word.end + shift_s)
            for word in words
        ]
        self.seconds += end_s - begin_s


def _runs(recording: Recording) -> Iterator[Sequence[SpokenWord]]:
    """Part a recording's words where there is a pause between them."""
    words = recording.words
    cuts = [n for n, (one, other) in enumerate(pairwise(words), 1) if _is_pause(one, other)]
    for first, last in pairwise([0, *cuts, len(words)]):
        yield words[first:last]


def _is_pause(one: SpokenWord, other: SpokenWord) -> bool:
    return other.start - one.end >= SPEECH_GAP_S


def _at(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ) * _SAMPLE_BYTES
