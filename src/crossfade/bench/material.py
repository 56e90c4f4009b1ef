"""Long streams made of recordings and pauses, as people speak to a machine: 60-70 % speech.

Deterministic: the same recordings, length and number give the same streams on every machine.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crossfade.audio import SAMPLE_RATE_HZ, Rechunker, encode
from crossfade.bench.recordings import MaterialError, Recording
from crossfade.model import Encoding

SPEECH_SHARE = 0.65
"""Aimed at by the choice of pauses; the share that came out is measured."""

PAUSE_S = (0.6, 4.0)
"""Shortest and longest silence between two recordings."""
_PAUSE_SPREAD_S = 1.0

START_SILENCE_S = 2.0
"""At most; so that the streams do not all begin to speak at once."""

END_SILENCE_S = 1.5
"""At least; so that every turn is over before the audio is."""

SEED = 20_250_101

_SAMPLE_BYTES = 2
_QUIET_LEVEL = 1e-4
"""A room at 80 dB below full scale: no microphone gives zeros."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A recording in a stream."""

    recording: Recording
    start_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStream:
    """What one client is going to send."""

    pieces: tuple[Piece, ...]
    length_ms: int

    @property
    def text(self) -> str:
        """All that is said in it."""
        return " ".join(piece.recording.text for piece in self.pieces)

    @property
    def speech_ms(self) -> float:
        """How much of it is speech, by the words' times."""
        return sum(1000 * piece.recording.speech_s for piece in self.pieces)

    def chunks(self, chunk_ms: int) -> Iterator[bytes]:
        """Yield the audio, 16-bit PCM at 16 kHz, cut as a client would; the last may be short."""
        rechunker = Rechunker(_n_bytes(chunk_ms))
        for block in self._blocks():
            yield from rechunker.push(block)
        if rest := rechunker.flush():
            yield rest

    def _blocks(self) -> Iterator[bytes]:
        at = 0
        for piece in self.pieces:
            start = _n_bytes(piece.start_ms)
            yield from _quiet(start - at)
            yield piece.recording.pcm
            at = start + len(piece.recording.pcm)
        yield from _quiet(_n_bytes(self.length_ms) - at)


def suitable(recordings: Sequence[Recording]) -> list[Recording]:
    """Choose what can be joined: each text once, and nobody talking over somebody else."""
    by_text = {entry.text: entry for entry in reversed(recordings) if entry.text}
    return [entry for entry in reversed(by_text.values()) if not entry.has_crosstalk]


def make_streams(
    recordings: Sequence[Recording], n_streams: int, *, seconds: float, seed: int = SEED
) -> tuple[SpeechStream, ...]:
    """Join recordings into streams, each with an order and pauses of its own.

    No recording is cut, so that every stream has its exact text.

    Args:
        recordings: What to choose from; see ``suitable``.
        n_streams: How many. A larger number gives the same ones and more.
        seconds: Length of each.
        seed: Another one gives other streams.

    Raises:
        MaterialError: If no recording fits into that length.
    """
    return tuple(
        _join(recordings, round(1000 * seconds), random.Random(f"{seed}/{number}"))
        for number in range(n_streams)
    )


def speech_share(streams: Sequence[SpeechStream]) -> float:
    """Speech over all audio, 0.0 to 1.0."""
    total_ms = sum(stream.length_ms for stream in streams)
    return sum(stream.speech_ms for stream in streams) / total_ms if total_ms else 0.0


def _join(recordings: Sequence[Recording], length_ms: int, chance: random.Random) -> SpeechStream:
    pieces: list[Piece] = []
    deck: list[Recording] = []
    at_s = chance.uniform(0.0, START_SILENCE_S)
    speech_s = 0.0
    while True:
        room_s = length_ms / 1000 - END_SILENCE_S - at_s
        if not any(recording.duration_s <= room_s for recording in deck):
            deck = chance.sample(recordings, len(recordings))
        fitting = [place for place, entry in enumerate(deck) if entry.duration_s <= room_s]
        if not fitting:
            break
        recording = deck.pop(fitting[0])
        pieces.append(Piece(recording, round(1000 * at_s)))
        at_s += recording.duration_s
        speech_s += recording.speech_s
        at_s += _pause_s(at_s, speech_s, chance)
    if not pieces:
        raise MaterialError(
            f"no recording fits into a stream of {length_ms / 1000:g} s with its pauses; "
            "ask for longer ones by --seconds"
        )
    return SpeechStream(tuple(pieces), length_ms)


def _pause_s(at_s: float, speech_s: float, chance: random.Random) -> float:
    """Choose the pause that brings the share of speech where it should be, more or less."""
    wanted_s = speech_s / SPEECH_SHARE - at_s
    shortest_s, longest_s = PAUSE_S
    varied_s = wanted_s + chance.uniform(-_PAUSE_SPREAD_S, _PAUSE_SPREAD_S)
    return min(max(varied_s, shortest_s), longest_s)


def _quiet(n_bytes: int) -> Iterator[bytes]:
    while n_bytes > 0:
        yield _QUIET_ROOM[:n_bytes]
        n_bytes -= len(_QUIET_ROOM)


def _n_bytes(length_ms: int) -> int:
    return length_ms * SAMPLE_RATE_HZ // 1000 * _SAMPLE_BYTES


_QUIET_ROOM = encode(
    (np.random.default_rng(SEED).standard_normal(5 * SAMPLE_RATE_HZ) * _QUIET_LEVEL).astype(
        np.float32
    ),
    Encoding.PCM_S16LE,
)
