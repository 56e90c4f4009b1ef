"""From samples to windows: how audio is cut for the decisions along it, and how much is speech."""

from typing import NamedTuple

import numpy as np

from crossfade.audio.pcm import Samples
from crossfade.recognizers.onnx.segment import SAMPLES_PER_MS
from crossfade.recognizers.onnx.vad import WINDOW_SAMPLES, VadState

WINDOW_MS = WINDOW_SAMPLES // SAMPLES_PER_MS


class Window(NamedTuple):
    """32 ms of audio."""

    samples: Samples
    """Shape (512,)."""
    speech: float
    """Probability that somebody speaks, 0.0 to 1.0."""


class Ear:
    """Cuts one stream's audio into windows, wherever its client cut it."""

    def __init__(self, vad: VadState) -> None:
        """Start at position 0; ``vad`` is this stream's own."""
        self._vad = vad
        self._rest = np.zeros(0, np.float32)
        self._peak = 0.0

    def hear(self, samples: Samples) -> list[Window]:
        """Take audio, shape (n_samples,), and give the windows that it completes."""
        heard = np.concatenate((self._rest, samples))
        n_windows = heard.size // WINDOW_SAMPLES
        n_complete = n_windows * WINDOW_SAMPLES
        complete, self._rest = heard[:n_complete], heard[n_complete:]
        speech = self._vad.probabilities(complete).tolist()
        self._peak = max(self._peak, *speech, 0.0)
        return list(map(Window, complete.reshape(n_windows, WINDOW_SAMPLES), speech))

    def fill(self) -> list[Window]:
        """Complete the window that is not full, if there is one, with silence."""
        if not self._rest.size:
            return []
        return self.hear(np.zeros(WINDOW_SAMPLES - self._rest.size, np.float32))

    def speech_peak(self) -> float:
        """The highest speech probability since the last call."""
        peak, self._peak = self._peak, 0.0
        return peak
