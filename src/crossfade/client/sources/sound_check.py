"""Is what a microphone gives worth listening to? Arithmetic only; the clock is the caller's."""

from enum import Enum

import numpy as np

from crossfade.audio import Samples

LOWEST_DB = -90.0
"""What the level of silence is called."""

SILENCE_DB = -60.0
"""Below this there is no speech: a quiet room is at -50, speech at arm's length peaks at -20."""

FIRST_PATIENCE_S = 1.5
"""So long a microphone may give nothing, zeros or silence before that is told."""

LATER_PATIENCE_S = 10.0
"""... once it has given sound: then a silence is mostly one of the speaker."""

_CLIPPED = 0.999
_CLIPPED_SHARE = 0.001
_CLIPPING_SHOWN_S = 2.0
_FALL_DB_PER_S = 30.0
"""How fast a meter falls: slow enough for the eye to see a peak."""


class Trouble(Enum):
    """What is wrong with the sound, and what to do."""

    NOTHING = "nothing comes from the microphone: is it unplugged, or held by another program?"
    ZEROS = (
        "nothing but zeros comes: the microphone is muted, or this program may not use it "
        "(macOS: System Settings, Privacy & Security, Microphone)"
    )
    SILENCE = "silence only: speak, turn the input volume up, or choose another device"
    CLIPPING = "too loud, it clips: turn the input volume down"
    RATE = (
        "the device is not at the sample rate that it claims, words will be wrong: "
        "choose another device, or restart the sound system"
    )
    LOST = "sound was lost: this machine is too busy"


class Signal:
    """Follows the sound of one device."""

    def __init__(self, rate_hz: int, *, now_s: float) -> None:
        """Begin.

        Args:
            rate_hz: Sample rate that the device claims.
            now_s: A clock that never goes back; the same one everywhere here.
        """
        self._rate_hz = rate_hz
        self._arrived_s = self._nonzero_s = self._heard_s = now_s
        self._patience_s = FIRST_PATIENCE_S
        self._clipped_s = self._lost_s = -np.inf
        self._level_db = LOWEST_DB
        # 48 kHz called 16 is seen at once; 44.1 called 48 only when jitter has averaged out.
        self._rates = (_Rate(rate_hz, 0.7, tolerance=0.25), _Rate(rate_hz, 4.0, tolerance=0.05))

    @property
    def level_db(self) -> float:
        """Peak level, 0.0 at full scale and ``LOWEST_DB`` at silence; falls slowly."""
        return self._level_db

    def push(self, samples: Samples, *, now_s: float, overflowed: bool = False) -> None:
        """Take what arrived at ``now_s``; sound before it was lost if ``overflowed``."""
        magnitudes = np.abs(samples)
        peak = float(magnitudes.max(initial=0.0))
        self._arrived_s = now_s
        self._follow(peak, samples.size / self._rate_hz)
        if peak > 0.0:
            self._nonzero_s = now_s
        if _db(peak) >= SILENCE_DB:
            self._heard_s, self._patience_s = now_s, LATER_PATIENCE_S
        if np.count_nonzero(magnitudes >= _CLIPPED) > _CLIPPED_SHARE * samples.size:
            self._clipped_s = now_s
        if overflowed:
            self._lost_s = now_s
        for rate in self._rates:
            rate.push(samples.size, now_s=now_s, overflowed=overflowed)

    def trouble(self, now_s: float) -> Trouble | None:
        """Say what is wrong now: the worst of it."""
        if now_s - self._arrived_s > FIRST_PATIENCE_S:
            return Trouble.NOTHING
        if now_s - self._nonzero_s > self._patience_s:
            return Trouble.ZEROS
        if any(rate.is_wrong for rate in self._rates):
            return Trouble.RATE
        if now_s - self._lost_s < _CLIPPING_SHOWN_S:
            return Trouble.LOST
        if now_s - self._clipped_s < _CLIPPING_SHOWN_S:
            return Trouble.CLIPPING
        if now_s - self._heard_s > self._patience_s:
            return Trouble.SILENCE
        return None

    def _follow(self, peak: float, length_s: float) -> None:
        self._level_db = max(_db(peak), self._level_db - _FALL_DB_PER_S * length_s, LOWEST_DB)


class _Rate:
    """Compares the samples of a window with its time.

    One window may be wrong: sound arrives in bursts when a device starts or a machine is busy.
    Two that are wrong in the same way are the device.
    """

    def __init__(self, rate_hz: int, window_s: float, *, tolerance: float) -> None:
        self._rate_hz = rate_hz
        self._window_s = window_s
        self._tolerance = tolerance
        self._began_s: float | None = None
        self._n_samples = 0
        self._last = 0
        self.is_wrong = False

    def push(self, n_samples: int, *, now_s: float, overflowed: bool) -> None:
        if self._began_s is None or overflowed:
            self._restart(now_s)  # when the first samples were spoken is not known
            return
        self._n_samples += n_samples
        elapsed_s = now_s - self._began_s
        if elapsed_s < self._window_s:
            return
        deviation = self._n_samples / self._rate_hz / elapsed_s - 1
        direction = 0 if abs(deviation) <= self._tolerance else 1 if deviation > 0 else -1
        self.is_wrong = direction != 0 and direction == self._last
        self._last = direction
        self._restart(now_s)

    def _restart(self, now_s: float) -> None:
        self._began_s, self._n_samples = now_s, 0


def _db(amplitude: float) -> float:
    return max(LOWEST_DB, 20 * float(np.log10(amplitude))) if amplitude > 0 else LOWEST_DB
