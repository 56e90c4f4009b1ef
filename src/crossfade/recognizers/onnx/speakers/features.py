"""What the speaker network reads: how much energy each band of hearing holds, every 10 ms.

The same figures as ``librosa.feature.melspectrogram`` with Slaney's scale and norm, which the
network was trained on: powers, not their logarithms. Spectra are computed here; the filters that
sum them up into bands are put into the graph, because numpy's matrix product wakes a pool of
threads that spin: 4 ms of CPU instead of 0.03, against 6 for the whole network.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from crossfade.audio.pcm import SAMPLE_RATE_HZ, Samples

N_BANDS = 40

_FRAME_SAMPLES = 400
"""25 ms."""
N_BINS = _FRAME_SAMPLES // 2 + 1
_HOP_SAMPLES = 160
"""10 ms."""
_LEVEL_RMS = 10 ** (-30 / 20)
"""-30 dBFS: quieter speech is raised to it, louder speech stays as it is."""
_SILENCE_RMS = 1e-4
"""Quieter than this is raised no further."""

# Slaney's scale (Auditory Toolbox, 1998): 3 bands per 200 Hz up to 1 kHz, then 27 bands for each
# factor of 6.4.
_LINEAR_HZ = 200 / 3
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ
_LOG_STEP = np.log(6.4) / 27


def power_spectra(samples: Samples) -> NDArray[np.float32]:
    """Turn audio into spectra.

    Args:
        samples: 16 kHz, shape (n_samples,), more than 200 of them.

    Returns:
        Shape (n_steps, 201), one step per 10 ms; the first and the last frame are centred at the
        audio's ends, which are mirrored.
    """
    padded = np.pad(_raised(samples), _FRAME_SAMPLES // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME_SAMPLES)[::_HOP_SAMPLES]
    spectra = np.fft.rfft(frames * _hann())
    return (spectra.real**2 + spectra.imag**2).astype(np.float32)


def mel_filters() -> NDArray[np.float32]:
    """What each frequency adds to each band: overlapping triangles, shape (201, 40)."""
    edges = _hz(np.linspace(0.0, _mel(SAMPLE_RATE_HZ / 2), N_BANDS + 2))
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    bins = np.linspace(0.0, SAMPLE_RATE_HZ / 2, N_BINS)[:, None]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2 / (high - low)).astype(np.float32)  # of equal area


def _raised(samples: Samples) -> Samples:
    rms = max(float(np.sqrt(np.mean(np.square(samples)))), _SILENCE_RMS)
    return samples * np.float32(max(_LEVEL_RMS / rms, 1.0))


@cache
def _hann() -> NDArray[np.float32]:
    """The periodic window: one longer than the frame, without its last sample."""
    return np.hanning(_FRAME_SAMPLES + 1)[:-1].astype(np.float32)


def _mel(hz: float) -> float:
    """Position on the scale of a frequency above its break."""
    return float(_BREAK_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP)


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp((mel - _BREAK_MEL) * _LOG_STEP)
    return np.where(mel < _BREAK_MEL, mel * _LINEAR_HZ, above)
