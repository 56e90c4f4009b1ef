"""Whether a backend has stopped listening: arithmetic over samples, the clock is the caller's."""

import numpy as np

from crossfade.audio import PcmDecoder
from crossfade.model import RawAudio

LOUD_RMS = 0.01
"""-40 dB of full scale: speech into a microphone is above it, the noise of a room below."""

PATIENCE_S = 15.0
"""Loud audio without a sign, in as much time: no vendor's words are that late."""


class Deafness:
    """Counts what was loud since a backend last said anything about it. Owned by one task."""

    def __init__(self, audio: RawAudio, *, now_s: float) -> None:
        self._decoder = PcmDecoder(audio.encoding)
        self._rate_hz = audio.sample_rate_hz
        self._loud_s = 0.0
        self._heard_s = now_s

    def push(self, data: bytes, *, now_s: float) -> bool:
        """Take a chunk; tell whether the backend should have said something by now."""
        samples = self._decoder.decode(data)
        if samples.size and float(np.sqrt(np.mean(samples * samples))) >= LOUD_RMS:
            self._loud_s += samples.size / self._rate_hz
        return min(self._loud_s, now_s - self._heard_s) >= PATIENCE_S

    def heard(self, *, now_s: float) -> None:
        """Note a sign: words, silence, a turn."""
        self._loud_s = 0.0
        self._heard_s = now_s
