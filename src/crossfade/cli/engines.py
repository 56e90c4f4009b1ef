"""The two ways from a recording to its words: in this process, and on a server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from crossfade.audio import SAMPLE_RATE_HZ, encode, read_media
from crossfade.cli.model_files import open_recognizer
from crossfade.client import connect, sources
from crossfade.client.blocking import in_daemon
from crossfade.client.transcript import Transcript
from crossfade.dialects.base import Dialect
from crossfade.model import (
    Audio,
    Encoding,
    Final,
    Finish,
    RawAudio,
    SessionConfig,
)
from crossfade.recognizers.base import Recognizer, RecognizerStream
from crossfade.settings import Settings

Media = Path | BinaryIO
"""A file, or an open stream such as standard input."""

Advance = Callable[[float], None]
"""Called with the seconds of audio that were read since the last call."""

Transcriber = Callable[[Media, Advance], Awaitable[Transcript]]
"""From a recording to its words.

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

    async def transcribe(media: Media, advance: Advance) -> Transcript:
        return await _recognize(recognizer, config, media, advance)

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

    async def transcribe(media: Media, advance: Advance) -> Transcript:
        audio = _Counted(media, advance)
        async with connect(url, key=key, dialect=dialect, config=config) as session:
            session.send_all(audio)
            words = [w async for e in session if isinstance(e, Final) for w in e.words]
        return Transcript(name=media_name(media), audio_ms=audio.ms, words=tuple(words))

    yield transcribe


def media_name(media: Media) -> str:
    """Return what to call a recording: its file name."""
    return media.name if isinstance(media, Path) else "stdin"


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
    recognizer: Recognizer, config: SessionConfig, media: Media, advance: Advance
) -> Transcript:
    stream = recognizer.open(config)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_feed(stream, media, advance))
            words = [w async for e in stream.events() if isinstance(e, Final) for w in e.words]
        return Transcript(name=media_name(media), audio_ms=stream.audio_ms, words=tuple(words))
    finally:
        await stream.aclose()


async def _feed(stream: RecognizerStream, media: Media, advance: Advance) -> None:
    blocks = read_media(media)
    while (samples := await in_daemon(lambda: next(blocks, None))) is not None:
        await stream.feed(Audio(data=encode(samples, _SAMPLES.encoding)))
        advance(len(samples) / SAMPLE_RATE_HZ)
    await stream.feed(Finish())
