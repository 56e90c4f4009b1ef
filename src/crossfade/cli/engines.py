"""The two ways from a recording to its words: in this process, and on a server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from crossfade.audio import SAMPLE_RATE_HZ, encode, read_media
from crossfade.cli.backends import open_recognizer
from crossfade.client import connect, sources
from crossfade.client.blocking import in_daemon
from crossfade.dialects.base import Dialect
from crossfade.model import (
    Audio,
    Encoding,
    Final,
    Finish,
    RawAudio,
    SessionConfig,
    Word,
)
from crossfade.recognizers.base import Recognizer, RecognizerStream
from crossfade.settings import Settings

Media = Path | BinaryIO
"""A file, or an open stream such as standard input."""

Advance = Callable[[float], None]
"""Called with the seconds of audio that were read since the last call."""

Heard = Callable[[Sequence[Word]], None]
"""Called with words as soon as they are final, in order."""

Transcriber = Callable[[Media, Advance, Heard], Awaitable[int]]
"""From a recording to its words, and its length in milliseconds.

Raises ``AudioError`` where there is no audio in it, and what an engine raises.
"""

Engine = AbstractAsyncContextManager[Transcriber]
"""Open as long as there are recordings."""

_SAMPLES = RawAudio(encoding=Encoding.PCM_F32LE, sample_rate_hz=SAMPLE_RATE_HZ)
_SAMPLE_BYTES = sources.MEDIA_AUDIO.encoding.sample_bytes
_MAX_DELAY_MS = 600_000
"""Nobody waits for single words of a file, so no word has to be settled before its context."""


@asynccontextmanager
async def in_process(settings: Settings, language: str) -> AsyncIterator[Transcriber]:
    """Load the recognizer that the settings name, for recordings one by one or at once.

    Raises:
        ModelError: If its files cannot be had.
    """
    recognizer = await open_recognizer(settings)
    config = SessionConfig(
        language=language, audio=_SAMPLES, partials_wanted=False, max_delay_ms=_MAX_DELAY_MS
    )

    async def transcribe(media: Media, advance: Advance, heard: Heard) -> int:
        return await _recognize(recognizer, config, media, advance, heard)

    try:
        await recognizer.start()
        yield transcribe
    finally:
        await recognizer.aclose()


@asynccontextmanager
async def on_server(
    url: str, dialect: Dialect, key: str | None, language: str
) -> AsyncIterator[Transcriber]:
    """Stream each recording to a server, in a session of its own."""
    config = SessionConfig(language=language, audio=sources.MEDIA_AUDIO, partials_wanted=False)

    async def transcribe(media: Media, advance: Advance, heard: Heard) -> int:
        audio = _Counted(media, advance)
        async with connect(url, key=key, dialect=dialect, config=config) as session:
            session.send_all(audio)
            async for event in session:
                if isinstance(event, Final):
                    heard(event.words)
        return audio.ms

    yield transcribe


class _Counted:
    """A recording as ``sources.media`` gives it; knows how much of it was read."""

    def __init__(self, media: Media, advance: Advance) -> None:
        self._media = media
        self._advance = advance
        self._n_bytes = 0

    @property
    def ms(self) -> int:
        return self._n_bytes * 1000 // (_SAMPLE_BYTES * SAMPLE_RATE_HZ)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in sources.media(self._media):
            self._n_bytes += len(data)
            self._advance(len(data) / _SAMPLE_BYTES / SAMPLE_RATE_HZ)
            yield data


async def _recognize(
    recognizer: Recognizer, config: SessionConfig, media: Media, advance: Advance, heard: Heard
) -> int:
    stream = recognizer.open(config)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_feed(stream, media, advance))
            async for event in stream.events():
                if isinstance(event, Final):
                    heard(event.words)
        return stream.audio_ms
    finally:
        await stream.aclose()


async def _feed(stream: RecognizerStream, media: Media, advance: Advance) -> None:
    blocks = read_media(media)
    while (samples := await in_daemon(lambda: next(blocks, None))) is not None:
        await stream.feed(Audio(data=encode(samples, _SAMPLES.encoding)))
        advance(len(samples) / SAMPLE_RATE_HZ)
    await stream.feed(Finish())
