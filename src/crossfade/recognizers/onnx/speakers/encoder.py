"""What a voice sounds like, as a direction in 256 dimensions: the GE2E speaker network."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossfade.audio.pcm import SAMPLE_RATE_HZ, Samples
from crossfade.recognizers.onnx.runtime import Graph
from crossfade.recognizers.onnx.speakers.features import power_spectra

Embedding = NDArray[np.float32]
"""Shape (256,), length 1, no negative numbers: two voices compare by their product."""


class SpeakerEncoder:
    """The network, loaded once and shared by all streams and threads."""

    def __init__(self, path: Path) -> None:
        """Load ``speakers.onnx``.

        Raises:
            ModelError: If the file is missing or damaged.
        """
        self.graph = Graph(path)

    def embed(self, samples: Samples) -> Embedding:
        """Listen to one voice. For a worker thread: some 6 ms for 1.6 s.

        Args:
            samples: 16 kHz, shape (n_samples,). 1.6 s is what the network was trained on; less
                than 0.6 s says little.
        """
        inputs = {"spectra": power_spectra(samples)[None]}
        return np.asarray(self.graph.run(None, inputs)[0][0], np.float32)

    def warm_up(self) -> None:
        """Run once: onnxruntime allocates and packs at a graph's first run."""
        self.embed(np.zeros(SAMPLE_RATE_HZ, np.float32))
