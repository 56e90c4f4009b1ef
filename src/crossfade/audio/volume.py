"""How loud audio is, on a scale of 0 to 100, and a gate for what is too quiet.

The scale is that of root mean square values of 10 ms pieces of the 16 kHz signal, times 100: a
sine at full scale has 71, close speech 5 to 30, a quiet room below 1.
"""

from collections.abc import AsyncIterator

import numpy as np
from numpy.typing import NDArray

from crossfade.audio.decoder import AudioDecoder
from crossfade.audio.pcm import SAMPLE_RATE_HZ, Samples

PIECE_MS = 10
PIECE_SAMPLES = SAMPLE_RATE_HZ * PIECE_MS // 1000


def volumes(samples: Samples) -> NDArray[np.float32]:
    """Measure each complete piece of 10 ms; shape (n_samples // 160,), 0.0 to 100.0."""
    pieces = samples[: samples.size // PIECE_SAMPLES * PIECE_SAMPLES].reshape(-1, PIECE_SAMPLES)
    loud: NDArray[np.float32] = np.sqrt(np.square(pieces).mean(axis=1)) * np.float32(100)
    return np.minimum(loud, np.float32(100))


def mean_volume(pieces: NDArray[np.float32]) -> float:
    """Average pieces as a listener would: the loud ones weigh more than silence between them.

    Each piece is weighted by its own volume, so that a pause inside a word hardly counts.
    """
    total = float(pieces.sum())
    return float(np.square(pieces).sum()) / total if total > 0 else 0.0


class GatedDecoder:
    """An ``AudioDecoder`` that replaces pieces below a volume by silence, however audio is cut.

    Attributes:
        threshold: 0.0 to 100.0; may be changed between two calls. 0 lets everything through.
    """

    def __init__(self, decoder: AudioDecoder, *, threshold: float) -> None:
        """Let through what ``decoder`` gives and is loud enough."""
        self._decoder = decoder
        self.threshold = threshold
        self._rest = np.zeros(0, np.float32)

    def decode(self, data: bytes) -> AsyncIterator[Samples]:
        """See ``AudioDecoder.decode``. Holds back the piece that is not complete."""
        heard = self._decoder.decode(data)
        return self._gate(heard) if self.threshold or self._rest.size else heard

    async def finish(self) -> AsyncIterator[Samples]:
        """See ``AudioDecoder.finish``."""
        async for samples in self._decoder.finish():
            yield self._gated(samples)
        rest, self._rest = self._rest, np.zeros(0, np.float32)
        yield rest

    def close(self) -> None:
        """See ``AudioDecoder.close``."""
        self._decoder.close()

    async def _gate(self, heard: AsyncIterator[Samples]) -> AsyncIterator[Samples]:
        async for samples in heard:
            yield self._gated(samples)

    def _gated(self, samples: Samples) -> Samples:
        heard = np.concatenate((self._rest, samples))
        n_pieces = heard.size // PIECE_SAMPLES
        complete, self._rest = np.split(heard, [n_pieces * PIECE_SAMPLES])
        is_loud = volumes(complete) >= self.threshold
        gated: Samples = (complete.reshape(-1, PIECE_SAMPLES) * is_loud[:, None]).reshape(-1)
        return gated
