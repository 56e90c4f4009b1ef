"""Audio as it is spoken: in buffers, no faster than real time."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from crossfade.audio import Rechunker, encode
from crossfade.client.pacing import Pacer
from crossfade.model import RawAudio


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
