"""A client's bytes, in whatever format it announced, as samples at 16 kHz."""

from collections.abc import AsyncIterator
from typing import Final, Protocol

from crossfade.audio.container import ContainerDecoder
from crossfade.audio.packets import PacketDecoder
from crossfade.audio.pcm import SAMPLE_RATE_HZ, PcmDecoder, Samples
from crossfade.audio.resample import Resampler
from crossfade.errors import ConfigError
from crossfade.model import AudioFormat, ContainerAudio, PacketAudio, RawAudio

LOWEST_RATE_HZ: Final = 8_000
HIGHEST_RATE_HZ: Final = 96_000

_SLICE_BYTES: Final = 65_536
"""Most bytes decoded between two chances for other sessions: below 1 ms of work."""


class AudioDecoder(Protocol):
    """One stream's way from bytes to samples. Owned by one task.

        async for samples in decoder.decode(chunk): ...
        async for samples in decoder.finish(): ...

    Both are iterators, because a few bytes may hold hours of audio (digital silence does) and
    an MP4 with its index at the end gives nothing before the last byte: memory stays bounded
    only if samples are taken as they are made. Iterate each to its end before the next call;
    a caller that was cancelled on the way has lost samples and can only ``close``.
    """

    def decode(self, data: bytes) -> AsyncIterator[Samples]:
        """Take bytes, in order, and yield all samples that are certain by now.

        Yields:
            Mono, 16 kHz; perhaps nothing.

        Raises:
            AudioError: As soon as it is certain that the bytes are not the promised audio.
        """

    def finish(self) -> AsyncIterator[Samples]:
        """Yield the samples that were held back. No bytes may follow.

        Raises:
            AudioError: If the bytes were not the promised audio. No bytes at all are no error.
        """

    def close(self) -> None:
        """Let go of everything at once, in whatever state. May be called twice."""


def open_decoder(audio: AudioFormat) -> AudioDecoder:
    """Open the decoder for one stream.

    Raises:
        ConfigError: If the sample rate is not one that audio can have; ``field`` is ``audio``.
    """
    match audio:
        case RawAudio():
            return RawDecoder(audio)
        case ContainerAudio():
            return ContainerDecoder()
        case PacketAudio():
            return PacketDecoder(audio)


class RawDecoder:
    """Bare samples: every chunk gives its samples at once."""

    def __init__(self, audio: RawAudio) -> None:
        rate_hz = audio.sample_rate_hz
        if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
            raise ConfigError(
                f"a sample rate of {rate_hz} Hz is outside of {LOWEST_RATE_HZ} to "
                f"{HIGHEST_RATE_HZ} Hz",
                field="audio",
            )
        self._pcm = PcmDecoder(audio.encoding)
        self._resampler = Resampler(rate_hz, SAMPLE_RATE_HZ)

    async def decode(self, data: bytes) -> AsyncIterator[Samples]:
        """See ``AudioDecoder``."""
        for start in range(0, len(data), _SLICE_BYTES):
            samples = self._resampler.push(self._pcm.decode(data[start : start + _SLICE_BYTES]))
            if samples.size:
                yield samples

    async def finish(self) -> AsyncIterator[Samples]:
        """See ``AudioDecoder``."""
        samples = self._resampler.flush()
        if samples.size:
            yield samples

    def close(self) -> None:
        """See ``AudioDecoder``. There is nothing to let go of."""
