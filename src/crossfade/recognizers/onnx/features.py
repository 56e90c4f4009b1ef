"""The encoder's front end over a buffer that grows at its end and is cut at its head.

The convolutions see a few milliseconds each, so what they found stays true while audio is added:
only new audio is computed. Exact: the features equal those of the whole buffer at once.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crossfade.audio.pcm import Samples

BLOCK_SAMPLES = 192
"""Samples per column of the second convolution (64 * 3); a buffer's head is cut in these."""

_CHANNELS = 288
_COLUMN_CHANNELS = 576
_FIRST_KERNEL, _FIRST_STRIDE = 127, 64
_SECOND_KERNEL, _SECOND_STRIDE = 7, 3
_EPSILON = 1e-5
_MIN_COLUMNS = 3
"""The third convolution's kernel: fewer columns give no frame."""


class HasFrontend(Protocol):
    """A model's first graph, see `crossfade.recognizers.onnx.model.Moonshine`."""

    def frontend(
        self, samples: Samples, /
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Give columns [1, 576, n2], sums [n1] and sums of squares [n1] of some samples."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What the encoder reads.

    Attributes:
        columns: Float32, shape (1, 576, n_columns): the second convolution, not normalised.
        mean: Mean of the first convolution over channels and time.
        reciprocal_std: 1 / its standard deviation.
    """

    columns: NDArray[np.float32]
    mean: float
    reciprocal_std: float


class FeatureCache:
    """Samples of an open segment and what the front end made of them.

    ``append`` may run in one thread while ``features`` runs in another, because samples are only
    ever added behind the ones in use; ``drop_head`` may not. Arrays given out stay as they are,
    whatever is called later.
    """

    def __init__(self, model: HasFrontend) -> None:
        self._model = model
        self._samples = _Row(1)
        self._columns = _Row(_COLUMN_CHANNELS)
        self._sums = _Row(2)

    @property
    def n_samples(self) -> int:
        """Samples in the buffer."""
        return self._samples.length

    def append(self, samples: Samples) -> None:
        """Add samples at the end. Computes nothing yet."""
        self._samples.append(samples[None])

    @property
    def audio(self) -> Samples:
        """The samples of the buffer: a view that later calls leave alone."""
        samples: Samples = self._samples.view()[0]
        return samples

    def drop_head(self, n_blocks: int) -> None:
        """Forget the first ``n_blocks`` times 192 samples.

        Raises:
            ValueError: If the buffer is not that long.
        """
        if not 0 <= n_blocks * BLOCK_SAMPLES <= self.n_samples:
            raise ValueError(f"cannot drop {n_blocks} blocks of {self.n_samples} samples")
        self._samples.drop(n_blocks * BLOCK_SAMPLES)
        self._columns.drop(min(n_blocks, self._columns.length))
        self._sums.drop(min(n_blocks * _SECOND_STRIDE, self._sums.length))

    def features(self, up_to_sample: int | None = None) -> Features | None:
        """Bring the cache up to date and give the features of the buffer, or of its beginning.

        Args:
            up_to_sample: End of the audio to look at; ``None``: all there is.

        Returns:
            ``None`` if that is too little for a single frame (56 ms).
        """
        n_samples = self.n_samples
        self._extend(n_samples)
        if up_to_sample is not None:
            n_samples = min(up_to_sample, n_samples)
        n_frames, n_columns = _shape(n_samples)
        if n_columns < _MIN_COLUMNS:
            return None
        # Doubles: the variance is the small difference of two large sums.
        total, squares = self._sums.view(n_frames).sum(axis=1, dtype=np.float64).tolist()
        mean = total / (n_frames * _CHANNELS)
        variance = squares / (n_frames * _CHANNELS) - mean * mean
        return Features(
            columns=self._columns.view(n_columns)[None].copy(),
            mean=mean,
            reciprocal_std=1 / math.sqrt(variance + _EPSILON),
        )

    def glimpse(self, up_to_sample: int | None = None) -> Features | None:
        """Give the same as ``features``, and leave the cache as it was.

        What is computed next then begins where it would have begun anyway: another beginning
        changes the last bits of the features, and those, rarely, a word.
        """
        columns, sums = self._columns.copy(), self._sums.copy()
        try:
            return self.features(up_to_sample)
        finally:
            self._columns, self._sums = columns, sums

    def _extend(self, n_samples: int) -> None:
        """Compute every frame and column that the samples allow and that is not there yet."""
        n_frames, n_columns = _shape(n_samples)
        if not n_columns or (n_frames, n_columns) == (self._sums.length, self._columns.length):
            return
        # The last frames belong to no column of their own yet, but count for the mean. Where they
        # are all that is new, the last column is computed again: the graph needs one.
        first = min(self._columns.length, n_columns - 1)
        columns, sums, squares = self._model.frontend(
            self._samples.view(n_samples)[0, first * BLOCK_SAMPLES :]
        )
        self._columns.truncate(first)
        self._columns.append(columns[0])
        self._sums.truncate(first * _SECOND_STRIDE)
        self._sums.append(np.stack([sums, squares]))


def _shape(n_samples: int) -> tuple[int, int]:
    """Frames of the first convolution and columns of the second."""
    n_frames = _n_steps(n_samples, _FIRST_KERNEL, _FIRST_STRIDE)
    return n_frames, _n_steps(n_frames, _SECOND_KERNEL, _SECOND_STRIDE)


def _n_steps(length: int, kernel: int, stride: int) -> int:
    """How many times a kernel fits."""
    return max(0, (length - kernel) // stride + 1)


class _Row:
    """A float32 array that grows along its second axis without being copied each time."""

    def __init__(self, height: int) -> None:
        self._data = np.empty((height, 0), np.float32)
        self.length = 0

    def append(self, values: NDArray[np.float32]) -> None:
        end = self.length + values.shape[1]
        if end > self._data.shape[1]:
            grown = np.empty((len(self._data), max(end, 2 * self._data.shape[1])), np.float32)
            grown[:, : self.length] = self._data[:, : self.length]
            self._data = grown
        self._data[:, self.length : end] = values
        self.length = end

    def view(self, end: int | None = None) -> NDArray[np.float32]:
        return self._data[:, : self.length if end is None else min(end, self.length)]

    def copy(self) -> "_Row":
        twin = _Row(len(self._data))
        twin.append(self.view())
        return twin

    def drop(self, n: int) -> None:
        """Forget the first ``n``; a copy, so that views given out keep what they show."""
        self._data = self._data[:, n : self.length].copy()
        self.length -= n

    def truncate(self, length: int) -> None:
        self.length = min(self.length, length)
