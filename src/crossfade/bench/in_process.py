"""A recognizer in this process, without sockets and dialects around it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crossfade.bench.target import Conversation
from crossfade.model import Audio, Event, Finish, ForceTurn, SessionConfig
from crossfade.recognizers.base import Recognizer, RecognizerStream
from crossfade.recognizers.load import Loaded


class InProcess:
    """A ``Target``. Its CPU time includes the small part that playing the audio takes."""

    dialect: str | None = None

    def __init__(self, recognizer: Recognizer) -> None:
        """Measure a recognizer that has been started."""
        self._recognizer = recognizer

    @property
    def name(self) -> str:
        """See ``Target.name``."""
        return f"{self._recognizer.info.name}, in process"

    @asynccontextmanager
    async def session(self, config: SessionConfig) -> AsyncIterator[Conversation]:
        """See ``Target.session``."""
        stream = self._recognizer.open(config)
        try:
            yield _Stream(stream)
        finally:
            await stream.aclose()

    def cpu_s(self) -> float | None:
        """See ``Target.cpu_s``."""
        return time.process_time()

    async def model_cpu_s(self) -> float | None:
        """See ``Target.model_cpu_s``."""
        load = self._recognizer.load() if isinstance(self._recognizer, Loaded) else None
        return None if load is None else load.model_cpu_s


class _Stream:
    def __init__(self, stream: RecognizerStream) -> None:
        self._stream = stream

    async def send(self, chunk: bytes) -> None:
        await self._stream.feed(Audio(data=chunk))

    async def force_turn(self) -> None:
        await self._stream.feed(ForceTurn())

    async def finish(self) -> None:
        await self._stream.feed(Finish())

    def events(self) -> AsyncIterator[Event]:
        return self._stream.events()
