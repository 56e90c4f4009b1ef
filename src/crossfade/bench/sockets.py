"""A server behind a WebSocket, through our own client in one of its dialects."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from crossfade.bench.machine import process_cpu_s
from crossfade.bench.scraped import scrape
from crossfade.bench.target import Conversation
from crossfade.client import Reconnected, Reconnecting, Session, connect
from crossfade.dialects.base import (
    AudioRules,
    ClientDialect,
    ClientRequest,
    Dialect,
    Frame,
    HttpResponse,
    TokenRequest,
)
from crossfade.errors import CrossfadeError
from crossfade.model import Command, Event, SessionConfig

_MODEL_CPU = "crossfade_model_cpu_seconds_total"


@dataclass(frozen=True, kw_only=True)
class OverSockets:
    """A ``Target``."""

    url: str
    spoken: Dialect
    key: str | None = field(repr=False)
    chunk_ms: int
    """Length of the chunks that will be sent; as long as the dialect allows, they stay whole."""
    pid: int | None = None
    """The server's process, if it is on this machine."""
    token_ttl_s: int | None = None
    """Show a temporary token of this life instead of the key."""

    @property
    def name(self) -> str:
        """See ``Target.name``."""
        return f"{self.spoken.title} at {self.url}"

    @property
    def dialect(self) -> str | None:
        """See ``Target.dialect``."""
        return self.spoken.name

    @asynccontextmanager
    async def session(self, config: SessionConfig) -> AsyncIterator[Conversation]:
        """See ``Target.session``."""
        dialect = msgspec.structs.replace(
            self.spoken, client=lambda: _ChunksKept(self.spoken.client(), self.chunk_ms)
        )
        async with connect(
            self.url,
            key=self.key,
            dialect=dialect,
            config=config,
            reconnect=None,
            token_ttl_s=self.token_ttl_s,
        ) as session:
            yield _OverSocket(session)

    def cpu_s(self) -> float | None:
        """See ``Target.cpu_s``."""
        return None if self.pid is None else process_cpu_s(self.pid)

    async def model_cpu_s(self) -> float | None:
        """See ``Target.model_cpu_s``."""
        if self.pid is None:
            return None
        return (await scrape(self.url, [_MODEL_CPU]))[_MODEL_CPU]


class _OverSocket:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def send(self, chunk: bytes) -> None:
        await self._session.send(chunk)

    async def force_turn(self) -> None:
        await self._session.force_turn()

    async def finish(self) -> None:
        await self._session.finish()

    async def events(self) -> AsyncIterator[Event]:
        async for event in self._session:
            if not isinstance(event, Reconnecting | Reconnected):  # they do not happen here
                yield event


class _ChunksKept:
    """A client's end that leaves cutting and pacing to us. Everything else is the dialect's."""

    def __init__(self, end: ClientDialect, chunk_ms: int) -> None:
        self._end = end
        self._chunk_ms = chunk_ms

    def audio_rules(self) -> AudioRules:
        rules = self._end.audio_rules()
        longest_ms = rules.max_chunk_ms or self._chunk_ms
        chunk_ms = max(min(self._chunk_ms, longest_ms), rules.min_chunk_ms or 0)
        return msgspec.structs.replace(rules, chunk_ms=chunk_ms, paced=False)

    def request(self, url: str, *, key: str | None, config: SessionConfig) -> ClientRequest:
        return self._end.request(url, key=key, config=config)

    def audio_format(self, wanted: SessionConfig) -> SessionConfig:
        return self._end.audio_format(wanted)

    def open(self) -> list[Frame]:
        return self._end.open()

    @property
    def ready(self) -> bool:
        return self._end.ready

    def send(self, command: Command) -> list[Frame]:
        return self._end.send(command)

    def receive(self, frame: Frame) -> list[Event]:
        return self._end.receive(frame)

    def closed(self, code: int, reason: str) -> CrossfadeError | None:
        return self._end.closed(code, reason)

    @property
    def notes(self) -> tuple[str, ...]:
        return self._end.notes

    def retry_after_s(self, code: int) -> float | None:
        return self._end.retry_after_s(code)

    def token_request(self, url: str, *, key: str, ttl_s: int) -> TokenRequest:
        return self._end.token_request(url, key=key, ttl_s=ttl_s)

    def token_from(self, answer: HttpResponse) -> str:
        return self._end.token_from(answer)
