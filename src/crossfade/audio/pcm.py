"""Samples as bytes and back. Knows no sample rate: every sample stands for itself.

Formats: two's complement and IEEE 754 little-endian, and ITU-T G.711 µ-law.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from crossfade.model import Encoding

SAMPLE_RATE_HZ: Final = 16_000
"""The one rate inside the house; everything behind ``audio`` works at it."""

Samples = NDArray[np.float32]
"""Mono, shape (n_samples,), -1.0 to 1.0."""

_S16_SCALE: Final = 32_768.0
_MULAW_BIAS: Final = 132  # G.711 lifts the magnitude by this before it takes the logarithm
_MULAW_CLIP: Final = 32_635  # the greatest magnitude that still fits after the lift
_WIRE_TYPES: Final = {Encoding.PCM_S16LE: "<i2", Encoding.PCM_F32LE: "<f4", Encoding.MULAW: "u1"}


def empty() -> Samples:
    """No samples."""
    return np.empty(0, np.float32)


class PcmDecoder:
    """Turns a stream of bytes into samples; chunks may be cut anywhere.

    A sample that is cut in two waits for its other half. A half that never comes is dropped.
    """

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._wire_type = np.dtype(_WIRE_TYPES[encoding])
        self._cut_sample = b""

    def decode(self, data: bytes) -> Samples:
        """Return the samples that are complete with these bytes."""
        data = self._cut_sample + data
        n_samples, n_left = divmod(len(data), self._wire_type.itemsize)
        self._cut_sample = data[len(data) - n_left :]
        wire = np.frombuffer(data, self._wire_type, n_samples)
        return _to_samples(wire, self._encoding)


def encode(samples: Samples, encoding: Encoding) -> bytes:
    """Write samples as a client would send them.

    What is outside of -1.0 to 1.0 is clipped, NaN becomes 0, and integers are rounded to the
    nearest: ``PcmDecoder`` gives back every value that it gave out.
    """
    clean = _clean(samples)
    match encoding:
        case Encoding.PCM_F32LE:
            return clean.astype("<f4").tobytes()
        case Encoding.PCM_S16LE:
            return _to_s16(clean).astype("<i2").tobytes()
        case Encoding.MULAW:
            return _mulaw_from_s16()[_to_s16(clean).view(np.uint16)].tobytes()


def _to_samples(wire: NDArray[np.generic], encoding: Encoding) -> Samples:
    match encoding:
        case Encoding.PCM_F32LE:
            return _clean(wire.astype(np.float32))
        case Encoding.PCM_S16LE:
            samples: Samples = np.multiply(wire, 1 / _S16_SCALE, dtype=np.float32)
            return samples
        case Encoding.MULAW:
            return _mulaw_to_float()[wire.astype(np.intp)]


def _clean(samples: Samples) -> Samples:
    return np.clip(np.nan_to_num(samples, nan=0.0), -1.0, 1.0)


def _to_s16(clean: Samples) -> NDArray[np.int16]:
    rounded: NDArray[np.float32] = np.rint(clean * np.float32(_S16_SCALE))
    return np.clip(rounded, -32_768, 32_767).astype(np.int16)


@cache
def _mulaw_to_float() -> Samples:
    """The sample that each of the 256 bytes stands for (G.711, table 2a)."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent = (code >> 4) & 0x07
    mantissa = (code & 0x0F).astype(np.int32)
    magnitude = (((mantissa << 3) + _MULAW_BIAS) << exponent) - _MULAW_BIAS
    signed = np.where(code & 0x80, -magnitude, magnitude)
    return (signed / _S16_SCALE).astype(np.float32)


@cache
def _mulaw_from_s16() -> NDArray[np.uint8]:
    """The byte for every 16-bit sample, found at the sample's bits read as unsigned."""
    value = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    lifted = np.minimum(np.abs(value), _MULAW_CLIP) + _MULAW_BIAS
    exponent = np.floor(np.log2(lifted)).astype(np.int32) - 7
    mantissa = (lifted >> (exponent + 3)) & 0x0F
    sign = np.where(value < 0, 0x80, 0)
    code: NDArray[np.int32] = sign | (exponent << 4) | mantissa
    return ~code.astype(np.uint8)
