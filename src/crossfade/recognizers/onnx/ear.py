"""From samples to windows: how audio is cut for the decisions along it, and how much is speech."""

from typing import NamedTuple

import numpy as np

from crossfade.audio.pcm import Samples
from crossfade.recognizers.onnx.segment import SAMPLES_PER_MS
from crossfade.recognizers.onnx.vad import CONTEXT_SAMPLES, WINDOW_SAMPLES, VadState

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
        # What belongs to the next call: the context of its first window, and the part of it that
        # is there already.
        self._rest = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._peak = 0.0

    def hear(self, samples: Samples) -> list[Window]:
        """Take audio, shape (n_samples,), and give the windows that it completes."""
        heard = np.concatenate((self._rest, samples))
        n_windows = (heard.size - CONTEXT_SAMPLES) // WINDOW_SAMPLES
        n_complete = n_windows * WINDOW_SAMPLES
        self._rest = heard[n_complete:]
        complete = heard[: CONTEXT_SAMPLES + n_complete]
        speech = self._vad.probabilities(complete)
        self._peak = max(self._peak, *speech, 0.0)
        windows = complete[CONTEXT_SAMPLES:].reshape(n_windows, WINDOW_SAMPLES)
        return list(map(Window, windows, speech))

    def fill(self) -> list[Window]:
        """Complete the window that is not full, if there is one, with silence."""
        n_waiting = self._rest.size - CONTEXT_SAMPLES
        if not n_waiting:
            return []
        return self.hear(np.zeros(WINDOW_SAMPLES - n_waiting, np.float32))

    def speech_peak(self) -> float:
        """The highest speech probability since the last call."""
        peak, self._peak = self._peak, 0.0
        return peak
