"""Audio frames: how much has come, and the vendor's rule on their length, 50 to 1000 ms.

Too long is refused at once. Too short is put up with for a while, since official clients send one
short frame as they stop: only a run of short frames that adds up to a second is refused.
"""

import math

from crossfade.dialects.assemblyai.errors import FrameLengthError
from crossfade.model import RawAudio

MIN_FRAME_MS = 50
MAX_FRAME_MS = 1000
MAX_SHORT_RUN_MS = 1000


class Position:
    """How far the audio of one session reaches."""

    def __init__(self, audio: RawAudio | None) -> None:
        """Begin with no audio; ``None``: compressed, only its decoder knows how long it is."""
        self._bytes_per_ms = 0.0
        if audio is not None:
            self._bytes_per_ms = audio.encoding.sample_bytes * audio.sample_rate_hz / 1000
        self._n_bytes = 0

    def hear(self, frame: bytes) -> None:
        """Take one frame into account."""
        self._n_bytes += len(frame)

    @property
    def ms(self) -> float:
        """Milliseconds of audio; infinite where that is not known."""
        return self._n_bytes / self._bytes_per_ms if self._bytes_per_ms else math.inf


class FrameLengths:
    """Watches the frames of one session."""

    def __init__(self, audio: RawAudio) -> None:
        self._sample_bytes = audio.encoding.sample_bytes
        self._bytes_per_s = audio.sample_rate_hz * self._sample_bytes
        self._short_run_bytes = 0

    def check(self, frame: bytes) -> None:
        """Take one frame into account.

        Raises:
            FrameLengthError: If it is longer than allowed, or one short frame too many.
        """
        n_bytes = len(frame)
        one_sample_more = self._sample_bytes  # clients round their frames
        if n_bytes - one_sample_more > self._bytes(MAX_FRAME_MS):
            raise FrameLengthError(duration_ms=self._ms(n_bytes))
        if n_bytes >= int(self._bytes(MIN_FRAME_MS)):
            self._short_run_bytes = 0
            return
        self._short_run_bytes += n_bytes
        if self._short_run_bytes >= self._bytes(MAX_SHORT_RUN_MS):
            raise FrameLengthError(duration_ms=self._ms(n_bytes))

    def _bytes(self, duration_ms: int) -> float:
        return duration_ms * self._bytes_per_s / 1000

    def _ms(self, n_bytes: int) -> float:
        return n_bytes * 1000 / self._bytes_per_s
