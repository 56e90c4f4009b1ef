"""The same session without `async`: for scripts, notebooks and programs with threads.

    with sync.connect(url, key=key, dialect=name) as session:
        session.send_all(sources.media("interview.mp3"))
        for event in session:
            ...

Every session has an event loop in a thread of its own.
"""

import asyncio
import threading
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, Self, TypeVar

from crossfade.client import session as asynchronous
from crossfade.client.events import SessionEvent
from crossfade.client.retrying import Reconnect
from crossfade.dialects.base import Dialect
from crossfade.model import Endpointing, KeyTerm, SessionConfig

_T = TypeVar("_T")


@contextmanager
def connect(
    url: str,
    *,
    key: str | None,
    dialect: str | Dialect,
    config: SessionConfig = asynchronous.DEFAULT_CONFIG,
    reconnect: Reconnect | None = asynchronous.DEFAULT_RECONNECT,
    token_ttl_s: int | None = None,
) -> Iterator["Session"]:
    """Open a session; leaving the context closes it. Takes and raises what the other one does."""
    opening = asynchronous.connect(
        url, key=key, dialect=dialect, config=config, reconnect=reconnect, token_ttl_s=token_ttl_s
    )
    with _loop() as loop:
        session = loop.run(_enter(opening))
        try:
            yield Session(session, loop)
        finally:
            loop.run(_leave(opening))


class Session:
    """One conversation with a server, as the asynchronous one; every call waits.

    May be used by two threads, one that sends and one that iterates.
    """

    def __init__(self, session: asynchronous.Session, loop: "_Loop") -> None:
        self._session = session
        self._loop = loop

    @property
    def notes(self) -> tuple[str, ...]:
        """What this protocol cannot say of the configuration."""
        return self._session.notes

    @property
    def sent_ms(self) -> int:
        """How much audio was sent."""
        return self._session.sent_ms

    def send(self, data: bytes) -> None:
        """Send audio in the format of the session's configuration, cut anywhere."""
        self._loop.run(self._session.send(data))

    def send_all(self, source: AsyncIterable[bytes] | Iterable[bytes]) -> None:
        """Send everything that ``source`` yields, then ``finish``; returns at once."""
        self._loop.run(_call(lambda: self._session.send_all(source)))

    def finish(self) -> None:
        """Say that no more audio comes. The last events follow."""
        self._loop.run(self._session.finish())

    def force_turn(self) -> None:
        """End the open turn behind the audio that was sent so far."""
        self._loop.run(self._session.force_turn())

    def update(
        self,
        *,
        endpointing: Endpointing | None = None,
        partials_wanted: bool | None = None,
        max_delay_ms: int | None = None,
        keyterms: tuple[KeyTerm, ...] | None = None,
        vad_threshold: float | None = None,
    ) -> None:
        """Change settings for the audio that follows; ``None`` keeps one as it is."""
        self._loop.run(
            self._session.update(
                endpointing=endpointing,
                partials_wanted=partials_wanted,
                max_delay_ms=max_delay_ms,
                keyterms=keyterms,
                vad_threshold=vad_threshold,
            )
        )

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> SessionEvent:
        event = self._loop.run(_next(self._session))
        if event is None:
            raise StopIteration
        return event


class _Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon: a program that ends without leaving the context is not held up.
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine there and wait for it; Ctrl-C here cancels it there."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def _loop() -> Iterator[_Loop]:
    loop = _Loop()
    try:
        yield loop
    finally:
        loop.close()


async def _enter(opening: AbstractAsyncContextManager[_T]) -> _T:
    return await opening.__aenter__()


async def _leave(opening: AbstractAsyncContextManager[object]) -> None:
    await opening.__aexit__(None, None, None)


async def _next(session: asynchronous.Session) -> SessionEvent | None:
    # StopAsyncIteration cannot pass through a future.
    return await anext(session, None)


async def _call(work: Callable[[], None]) -> None:
    work()
