"""Sounds that nobody speaks in: what a recognizer must hear no word in.

All mono float32 at 16 kHz, a few seconds a piece, and the same on every machine for the same
generator of chance.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from crossfade.audio import SAMPLE_RATE_HZ, Samples
from crossfade.bench.recordings import Recording

PIECE_S = 10
"""Length of each piece. It has one level, one key, one pace; the next has others."""

LEVELS_DB = (-50.0, -35.0, -20.0)
"""Root mean square below full scale: a quiet room, a loud one, a machine beside the microphone."""

_N = PIECE_S * SAMPLE_RATE_HZ
_DTMF_HZ = {
    **{key: (697, column) for key, column in zip("123", (1209, 1336, 1477), strict=True)},
    **{key: (770, column) for key, column in zip("456", (1209, 1336, 1477), strict=True)},
    **{key: (852, column) for key, column in zip("789", (1209, 1336, 1477), strict=True)},
    **{key: (941, column) for key, column in zip("*0#", (1209, 1336, 1477), strict=True)},
}
_CHORDS = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 3, 7, 10), (0, 5, 7))

_Wave = NDArray[np.float64]


def white(chance: Generator) -> Samples:
    """Hiss."""
    return _at_level(chance.standard_normal(_N), chance)


def pink(chance: Generator) -> Samples:
    """Rain, wind: as much in every octave."""
    return _at_level(_coloured(chance, slope=0.5), chance)


def brown(chance: Generator) -> Samples:
    """Rumble, a car from inside."""
    return _at_level(_coloured(chance, slope=1.0), chance)


def hum(chance: Generator) -> Samples:
    """Mains, with the overtones of a bad cable."""
    base_hz = chance.choice([50.0, 60.0])
    tones = (_tone(base_hz * n) * chance.uniform(0.1, 1.0) / n for n in range(1, 12))
    return _at_level(sum(tones, start=np.zeros(_N)), chance)


def tones(chance: Generator) -> Samples:
    """A whistle that glides, a beep that comes and goes."""
    glide_hz = np.geomspace(chance.uniform(80, 400), chance.uniform(800, 6000), _N)
    glide = np.sin(2 * np.pi * np.cumsum(glide_hz) / SAMPLE_RATE_HZ)
    gate = np.sin(2 * np.pi * chance.uniform(0.5, 3) * _seconds()) > 0
    return _at_level(glide + gate * _tone(chance.uniform(200, 3000)), chance)


def dtmf(chance: Generator) -> Samples:
    """Telephone keys, at the pace of a dialler or of a finger."""
    on, off = (int(chance.uniform(0.06, 0.3) * SAMPLE_RATE_HZ) for _ in range(2))
    wave = np.zeros(_N)
    for start in range(0, _N - on, on + off):
        low_hz, high_hz = _DTMF_HZ[str(chance.choice(list(_DTMF_HZ)))]
        wave[start : start + on] = (_tone(low_hz) + _tone(high_hz))[:on]
    return _at_level(wave, chance)


def chords(chance: Generator) -> Samples:
    """Music without a voice: chords with overtones, vibrato and a beat."""
    wave = np.zeros(_N)
    length = int(chance.uniform(0.4, 1.2) * SAMPLE_RATE_HZ)
    key_hz = 55.0 * 2 ** chance.uniform(0, 2)
    for start in range(0, _N - length, length):
        root = chance.integers(0, 12)
        for step in _CHORDS[chance.integers(len(_CHORDS))]:
            note_hz = key_hz * 2 ** ((root + step) / 12)
            wave[start : start + length] += _note(note_hz, length, chance)
        wave[start : start + 800] += chance.standard_normal(800) * np.geomspace(1, 0.01, 800)
    return _at_level(wave, chance)


def clicks(chance: Generator) -> Samples:
    """Keys, knocks, cutlery: short and at no regular time."""
    wave = np.zeros(_N)
    for start in chance.integers(0, _N - 1600, size=chance.integers(10, 80)):
        length = chance.integers(40, 1600)
        knock = np.sin(2 * np.pi * chance.uniform(100, 4000) * _seconds()[:length])
        knock += chance.standard_normal(length)
        wave[start : start + length] += knock * np.geomspace(1, 1e-3, length)
    return _at_level(wave, chance)


SYNTHETIC: dict[str, Callable[[Generator], Samples]] = {
    sound.__name__: sound for sound in (white, pink, brown, hum, tones, dtmf, chords, clicks)
}
"""By the name that a report gives them."""

QUIET_GAP_S, QUIET_MARGIN_S = 0.6, 0.2
"""Between two words, how much silence counts as a quiet part, and what of it belongs to them."""

QUIET = 0.3
"""Root mean square of its loudest 50 ms over that of the recording, at most. What is louder may be
somebody's "um" that nobody wrote down: in one of the recordings it is."""


def quiet_parts(recordings: Sequence[Recording]) -> list[Samples]:
    """Cut out where nobody speaks, by the times of the reference: rooms, breath, far-off noise.

    Not where several people meet: nobody wrote down each "yeah" of those who listen.

    Raises:
        AudioError: If a recording cannot be decoded.
    """
    parts: list[Samples] = []
    for recording in recordings:
        if gaps := list(_gaps(recording)):
            samples = recording.samples()
            limit = QUIET * _rms(samples)
            parts += [
                samples[begin:end]
                for begin, end in gaps
                if end <= samples.size and _peak_rms(samples[begin:end]) <= limit
            ]
    return parts


def _gaps(recording: Recording) -> Iterator[tuple[int, int]]:
    words = sorted(recording.words, key=lambda word: word.start)
    if len({word.speaker for word in words}) > 1:
        return
    for one, other in pairwise(words):
        if other.start - one.end >= QUIET_GAP_S:
            yield (
                int((one.end + QUIET_MARGIN_S) * SAMPLE_RATE_HZ),
                int((other.start - QUIET_MARGIN_S) * SAMPLE_RATE_HZ),
            )


def _rms(samples: Samples) -> float:
    return float(np.sqrt((samples.astype(np.float64) ** 2).mean()))


def _peak_rms(samples: Samples) -> float:
    frame = SAMPLE_RATE_HZ // 20
    return max(_rms(samples[start : start + frame]) for start in range(0, samples.size, frame))


def _at_level(wave: _Wave, chance: Generator) -> Samples:
    level = 10 ** (float(chance.choice(LEVELS_DB)) / 20)
    scaled = wave * (level / max(float(np.sqrt((wave**2).mean())), 1e-9))
    return np.clip(scaled, -1.0, 1.0).astype(np.float32)


def _coloured(chance: Generator, *, slope: float) -> _Wave:
    """Noise whose amplitude falls with this power of the frequency."""
    spectrum = np.fft.rfft(chance.standard_normal(_N))
    spectrum /= np.maximum(np.fft.rfftfreq(_N, 1 / SAMPLE_RATE_HZ), 20.0) ** slope
    return np.fft.irfft(spectrum, _N)


def _note(hz: float, length: int, chance: Generator) -> _Wave:
    seconds = _seconds()[:length]
    phase = 2 * np.pi * hz * seconds + 0.3 * np.sin(2 * np.pi * 5.5 * seconds)
    overtones = (np.sin(n * phase) * chance.uniform(0.2, 1) / n for n in range(1, 6))
    envelope = np.minimum(seconds / 0.02, 1.0) * np.geomspace(1, 0.1, length)
    note: _Wave = sum(overtones, start=np.zeros(length)) * envelope
    return note


def _tone(hz: float) -> _Wave:
    tone: _Wave = np.sin(2 * np.pi * hz * _seconds())
    return tone


def _seconds() -> _Wave:
    return np.arange(_N) / SAMPLE_RATE_HZ
