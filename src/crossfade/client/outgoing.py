"""From the audio that a caller has to the chunks that a dialect wants. No socket, no clock."""

from collections.abc import AsyncIterator

import numpy as np

from crossfade.audio import (
    SAMPLE_RATE_HZ,
    Rechunker,
    Resampler,
    Samples,
    encode,
    open_decoder,
)
from crossfade.dialects.base import AudioRules
from crossfade.errors import ConfigError
from crossfade.model import AudioFormat, RawAudio

_CONTAINER_CHUNK_BYTES = 8192


class Outgoing:
    """Converts, cuts and counts one session's audio. Owned by one task."""

    def __init__(self, *, given: AudioFormat, wire: AudioFormat, rules: AudioRules) -> None:
        """Prepare the way from ``given`` to ``wire``.

        Raises:
            ConfigError: If there is none; ``field`` is ``audio``.
        """
        self._wire = wire
        self._converter = None if given == wire else _converter(given, wire)
        self._chunks = Rechunker(_chunk_bytes(wire, rules.chunk_ms))
        self._sample_bytes = wire.encoding.sample_bytes if isinstance(wire, RawAudio) else 1
        self._shortest_bytes = _shortest_bytes(wire, rules.min_chunk_ms)

    async def push(self, data: bytes) -> AsyncIterator[bytes]:
        """Take the caller's bytes and yield the chunks that are complete."""
        async for converted in self._converted(data):
            for chunk in self._chunks.push(converted):
                yield chunk

    def mark(self) -> bytes:
        """Return what waits for the rest of its chunk, so that a mark can come behind it.

        It is nothing where the vendor takes no chunk as short as that; the mark then comes up to
        one chunk early.
        """
        rest = self._chunks.flush()
        if len(rest) >= self._shortest_bytes:
            return rest
        self._chunks.push(rest)
        return b""

    async def flush(self) -> AsyncIterator[bytes]:
        """Yield the rest, without half a sample that may be left of it.

        A tail shorter than the vendor allows is made longer with silence.
        """
        if self._converter is not None:
            async for converted in self._converter.finish():
                for chunk in self._chunks.push(converted):
                    yield chunk
        rest = self._chunks.flush()
        whole = rest[: len(rest) - len(rest) % self._sample_bytes]
        if whole:
            yield whole + self._silence(self._shortest_bytes - len(whole))

    def close(self) -> None:
        """Let go of everything, at once; may be called twice."""
        if self._converter is not None:
            self._converter.close()

    def _converted(self, data: bytes) -> AsyncIterator[bytes]:
        return _just(data) if self._converter is None else self._converter.convert(data)

    def _silence(self, n_bytes: int) -> bytes:
        if n_bytes <= 0 or not isinstance(self._wire, RawAudio):
            return b""
        n_samples = n_bytes // self._wire.encoding.sample_bytes
        return encode(np.zeros(n_samples, np.float32), self._wire.encoding)


class _Converter:
    """Decodes what the caller has and writes it as the wire wants it."""

    def __init__(self, given: AudioFormat, wire: RawAudio) -> None:
        self._decoder = open_decoder(given)
        self._resampler = Resampler(SAMPLE_RATE_HZ, wire.sample_rate_hz)
        self._encoding = wire.encoding

    async def convert(self, data: bytes) -> AsyncIterator[bytes]:
        async for samples in self._decoder.decode(data):
            yield self._written(samples)

    async def finish(self) -> AsyncIterator[bytes]:
        async for samples in self._decoder.finish():
            yield self._written(samples)
        yield encode(self._resampler.flush(), self._encoding)

    def close(self) -> None:
        self._decoder.close()

    def _written(self, samples: Samples) -> bytes:
        return encode(self._resampler.push(samples), self._encoding)


def _converter(given: AudioFormat, wire: AudioFormat) -> _Converter:
    if not isinstance(wire, RawAudio):
        raise ConfigError("raw audio cannot be sent as a media file", field="audio")
    return _Converter(given, wire)


def _chunk_bytes(wire: AudioFormat, chunk_ms: int) -> int:
    return _bytes(wire, chunk_ms) if isinstance(wire, RawAudio) else _CONTAINER_CHUNK_BYTES


def _shortest_bytes(wire: AudioFormat, min_chunk_ms: int | None) -> int:
    if not isinstance(wire, RawAudio) or min_chunk_ms is None:
        return 0
    return _bytes(wire, min_chunk_ms)


def _bytes(wire: RawAudio, length_ms: int) -> int:
    """Whole samples, and not a sample too few: a vendor's shortest chunk is no shorter."""
    n_samples = -(-wire.sample_rate_hz * length_ms // 1000)
    return n_samples * wire.encoding.sample_bytes


async def _just(data: bytes) -> AsyncIterator[bytes]:
    yield data
