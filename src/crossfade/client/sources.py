"""Where audio comes from: media files, standard input. Each is an iterator of bytes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import BinaryIO

import numpy as np

from crossfade.audio import SAMPLE_RATE_HZ, Rechunker, encode, read_media
from crossfade.client.blocking import in_daemon
from crossfade.client.pacing import Pacer
from crossfade.model import Encoding, RawAudio

MEDIA_AUDIO = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=SAMPLE_RATE_HZ)
"""What ``media`` yields: 16-bit samples at 16 kHz."""

_READ_BYTES = 65_536


async def media(source: str | os.PathLike[str] | BinaryIO) -> AsyncIterator[bytes]:
    """Decode any media file, in a thread, about a second at a time.

    Args:
        source: A path, or an open file, which need not be seekable.

    Yields:
        Audio in the format ``MEDIA_AUDIO``.

    Raises:
        AudioError: If there is no such file or no audio in it.
    """
    blocks = read_media(source)
    while (samples := await in_daemon(lambda: next(blocks, None))) is not None:
        yield encode(samples, MEDIA_AUDIO.encoding)


async def stdin() -> AsyncIterator[bytes]:
    """Yield the bytes of standard input as they come, in no format that we would know."""
    while data := await in_daemon(lambda: os.read(sys.stdin.fileno(), _READ_BYTES)):
        yield data


async def in_real_time(
    chunks: AsyncIterator[bytes], audio: RawAudio, *, chunk_ms: int = 50
) -> AsyncIterator[bytes]:
    """Let audio through as a microphone would: whole buffers, no faster than it is spoken.

    Args:
        chunks: Audio in the format ``audio``, cut anywhere.
        audio: Its format.
        chunk_ms: Length of a buffer; silence fills the last one.
    """
    pacer, clock = Pacer(), asyncio.get_running_loop()
    n_samples = audio.sample_rate_hz * chunk_ms // 1000
    async for buffer in _buffers(chunks, encode(np.zeros(n_samples, np.float32), audio.encoding)):
        await asyncio.sleep(pacer.wait_s(chunk_ms / 1000, now_s=clock.time()))
        yield buffer


async def _buffers(chunks: AsyncIterator[bytes], silence: bytes) -> AsyncIterator[bytes]:
    """Cut audio into pieces as long as ``silence``, which fills the last one."""
    rechunker = Rechunker(len(silence))
    async for data in chunks:
        for buffer in rechunker.push(data):
            yield buffer
    if rest := rechunker.flush():
        yield rest + silence[len(rest) :]
