"""Audio that is there already: media files, standard input."""

import os
import sys
from collections.abc import AsyncIterator
from typing import BinaryIO

from crossfade.audio import SAMPLE_RATE_HZ, encode, read_media
from crossfade.client.blocking import in_daemon
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
