"""Which audio is speech: Silero's voice activity network, 32 ms at a time."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossfade.audio.pcm import Samples
from crossfade.recognizers.onnx.runtime import Graph

WINDOW_SAMPLES = 512
"""One window at 16 kHz: 32 ms."""

CONTEXT_SAMPLES = 64
"""Each window is shown to the network with the end of the one before it."""

_MAX_WINDOWS = 12
"""Windows of one call. The network's memory arena keeps the size of its largest call for ever."""
_STATE_SHAPE = (1, 1, 128)


class SpeechDetector:
    """The network, loaded once and shared by all streams and threads."""

    def __init__(self, path: Path) -> None:
        """Load ``silero_vad_v6.onnx``.

        Raises:
            ModelError: If the file is missing or damaged.
        """
        self.graph = Graph(path)

    def open(self) -> "VadState":
        """Begin to listen to one stream."""
        return VadState(self)


class VadState:
    """What the network remembers of one stream. Belongs to one task; not thread-safe."""

    def __init__(self, detector: SpeechDetector) -> None:
        self._graph = detector.graph
        self._h = np.zeros(_STATE_SHAPE, np.float32)
        self._c = np.zeros(_STATE_SHAPE, np.float32)

    def probabilities(self, samples: Samples) -> list[float]:
        """Listen to the next windows.

        Args:
            samples: 16 kHz, shape (64 + n_windows * 512,): the windows, and before them the end of
                what was heard before; zeros at the beginning.

        Returns:
            The probability of speech in each window, 0.0 to 1.0.
        """
        n_windows = (samples.size - CONTEXT_SAMPLES) // WINDOW_SAMPLES
        shown = np.ndarray(  # every window with its context: views that overlap
            (n_windows, CONTEXT_SAMPLES + WINDOW_SAMPLES),
            np.float32,
            samples,
            strides=(WINDOW_SAMPLES * samples.itemsize, samples.itemsize),
        )
        speech: list[float] = []
        for start in range(0, n_windows, _MAX_WINDOWS):
            speech += self._listen(shown[start : start + _MAX_WINDOWS])
        return speech

    def _listen(self, shown: NDArray[np.float32]) -> list[float]:
        """Run the network over consecutive windows, shape (n_windows, 576)."""
        inputs = {"input": shown, "h": self._h, "c": self._c}
        heard, self._h, self._c = self._graph.run(None, inputs)
        speech: list[float] = heard.tolist()
        return speech
