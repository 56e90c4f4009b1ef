"""Which audio is speech: Silero's voice activity network, 32 ms at a time."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossfade.audio.pcm import Samples
from crossfade.recognizers.onnx.runtime import Graph

WINDOW_SAMPLES = 512
"""One window at 16 kHz: 32 ms."""

_CONTEXT_SAMPLES = 64
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
        self._context = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self._rest = np.zeros(0, np.float32)

    @property
    def n_pending(self) -> int:
        """Samples that wait for their window to become complete: 0 to 511."""
        return self._rest.size

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """Listen to the next samples.

        Args:
            samples: 16 kHz, shape (n_samples,); any number.

        Returns:
            The probability of speech, 0.0 to 1.0, of each window that is now complete,
            shape (n_windows,). Samples behind the last one wait for the next call.
        """
        samples = np.concatenate([self._rest, samples])
        n_windows = samples.size // WINDOW_SAMPLES
        n_complete = n_windows * WINDOW_SAMPLES
        batches = samples[:n_complete].reshape(n_windows, WINDOW_SAMPLES)
        self._rest = samples[n_complete:]
        heard = [
            self._listen(batches[start : start + _MAX_WINDOWS])
            for start in range(0, n_windows, _MAX_WINDOWS)
        ]
        return np.concatenate(heard) if heard else np.zeros(0, np.float32)

    def _listen(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network over consecutive windows, shape (n_windows, 512)."""
        ends = windows[:, -_CONTEXT_SAMPLES:]
        contexts = np.concatenate([self._context[None], ends[:-1]])
        self._context = ends[-1].copy()
        inputs = {"input": np.concatenate([contexts, windows], axis=1), "h": self._h, "c": self._c}
        heard, self._h, self._c = self._graph.run(None, inputs)
        return np.asarray(heard, np.float32).reshape(-1)
