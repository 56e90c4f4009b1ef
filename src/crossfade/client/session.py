"""A session with any server that speaks one of our dialects.

    async with connect(url, key=key, dialect=name) as session:
        session.send_all(sources.media("interview.mp3"))
        async for event in session:
            ...

One task reads the socket; whoever calls ``send`` writes it. What the reader cannot pass on stays
in a queue of ``EVENTS_HELD`` events, and behind it in the socket: events must be read while
audio is sent.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, WebSocketException

from crossfade.client.outgoing import Outgoing
from crossfade.client.pacing import Pacer
from crossfade.client.refusals import explain, place
from crossfade.client.sources import MEDIA_AUDIO
from crossfade.dialects import DIALECTS
from crossfade.dialects.base import ClientDialect, ClientRequest, Dialect, Frame
from crossfade.errors import ConfigError, UpstreamError
from crossfade.model import (
    Audio,
    Command,
    Endpointing,
    Event,
    Finish,
    ForceTurn,
    KeyTerm,
    Reconfigure,
    SessionConfig,
    SessionEnded,
)

EVENTS_HELD = 4096
"""Events that wait for the caller; with frames of 50 ms, minutes of acknowledgements."""

OPEN_TIMEOUT_S = 10.0
"""For the socket, and again for the server's consent to audio."""

STALL_TIMEOUT_S = 60.0
"""A server that takes nothing for so long, while it owes nothing, is taken for dead."""

PING_TIMEOUT_S = 60.0
"""A pong waits behind the audio that the server has not read yet, so this is generous."""

CLOSE_TIMEOUT_S = 2.0
"""For the server's half of the closing handshake."""

_MAX_FRAME_BYTES = 16 * 1024 * 1024

DEFAULT_CONFIG = SessionConfig(language="en", audio=MEDIA_AUDIO)
"""English, 16-bit samples at 16 kHz."""


@asynccontextmanager
async def connect(
    url: str,
    *,
    key: str | None,
    dialect: str | Dialect,
    config: SessionConfig = DEFAULT_CONFIG,
) -> AsyncIterator["Session"]:
    """Open a session; leaving the context closes it.

    Args:
        url: ``ws://`` or ``wss://`` with host and port, perhaps a path.
        key: What the server knows the caller by; ``None`` where it asks nobody.
        dialect: Which protocol to speak: a name of the register, or the dialect itself.
        config: What is wanted; ``config.audio`` is the format of the bytes given to ``send``.

    Raises:
        ConfigError: If the dialect's protocol cannot carry ``config``, or is not known.
        UpstreamError: If the server cannot be reached or refuses; the sentence says what to do.
    """
    end = (_named(dialect) if isinstance(dialect, str) else dialect).client()
    on_wire = end.audio_format(config)
    request = end.request(url, key=key, config=on_wire)
    audio = Outgoing(given=config.audio, wire=on_wire.audio, rules=end.audio_rules())
    async with _socket(request) as socket:
        session = Session(socket, end, audio, where=place(request.url))
        try:
            await session._open()
            yield session
        finally:
            await session._stop()


class Session:
    """One conversation with a server. Made by ``connect``; belongs to one task.

    Iterating gives canonical events until the session is over. What goes wrong is raised by
    the iteration and by every later call.
    """

    def __init__(
        self, socket: ClientConnection, dialect: ClientDialect, audio: Outgoing, *, where: str
    ) -> None:
        self._socket = socket
        self._where = where
        self._dialect = dialect
        self._audio = audio
        self._pacer = Pacer() if dialect.audio_rules().paced else None
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(EVENTS_HELD)
        self._failure: Exception | None = None
        self._ready = asyncio.Event()
        self._finished = False
        self._reader: asyncio.Task[None] | None = None
        self._sender: asyncio.Task[None] | None = None

    async def send(self, data: bytes) -> None:
        """Send audio in the format of the session's configuration, cut anywhere.

        Waits while the server is busy, and where the dialect wants audio no faster than real
        time.

        Raises:
            UpstreamError: If the session is over.
        """
        async for chunk in self._audio.push(data):
            await self._send_chunk(chunk)

    def send_all(self, source: AsyncIterable[bytes]) -> None:
        """Send everything that ``source`` yields, then ``finish``; returns at once.

        The work goes on while events are read. What the source raises ends the session and is
        raised by the iteration.
        """
        self._sender = asyncio.create_task(self._send_all(source))

    async def finish(self) -> None:
        """Say that no more audio comes. The last events follow. May be called twice."""
        if self._finished:
            return
        self._finished = True
        async for chunk in self._audio.flush():
            await self._send_chunk(chunk)
        await self._command(Finish())

    async def force_turn(self) -> None:
        """End the open turn behind the audio that was sent so far."""
        if rest := self._audio.mark():
            await self._send_chunk(rest)
        await self._command(ForceTurn())

    async def update(
        self,
        *,
        endpointing: Endpointing | None = None,
        partials_wanted: bool | None = None,
        max_delay_ms: int | None = None,
        keyterms: tuple[KeyTerm, ...] | None = None,
        vad_threshold: float | None = None,
    ) -> None:
        """Change settings for the audio that follows; ``None`` keeps one as it is."""
        command = Reconfigure(
            endpointing=endpointing,
            partials_wanted=partials_wanted,
            max_delay_ms=max_delay_ms,
            keyterms=keyterms,
            vad_threshold=vad_threshold,
        )
        await self._command(command)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        event = await self._events.get()
        if event is not None:
            return event
        self._events.put_nowait(None)  # for whoever asks again; the reader is gone, there is room
        if self._failure is not None:
            raise self._failure
        raise StopAsyncIteration

    async def _open(self) -> None:
        # Not a TaskGroup: it would wrap what the caller's own code raises inside the context
        # in an ExceptionGroup. `_stop` is the one place where both tasks end.
        self._reader = asyncio.create_task(self._read())
        for frame in self._dialect.open():
            await self._send_frame(frame)
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await self._ready.wait()
        except TimeoutError:
            message = f"{self._where} opened no session in {OPEN_TIMEOUT_S:g} s"
            raise UpstreamError(message) from None
        if self._failure is not None:
            raise self._failure

    async def _stop(self) -> None:
        tasks = [task for task in (self._sender, self._reader) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_all(self, source: AsyncIterable[bytes]) -> None:
        try:
            async for data in source:
                await self.send(data)
            await self.finish()
        except Exception as error:  # whatever a source raises is its caller's to see
            self._failure = self._failure or error
            if self._reader is not None:
                self._reader.cancel()

    async def _send_chunk(self, chunk: bytes) -> None:
        if self._pacer is not None:
            now_s = asyncio.get_running_loop().time()
            length_s = self._audio.length_s(chunk)
            await asyncio.sleep(self._pacer.wait_s(length_s, now_s=now_s))
        await self._command(Audio(data=chunk))

    async def _command(self, command: Command) -> None:
        for frame in self._dialect.send(command):
            await self._send_frame(frame)

    async def _send_frame(self, frame: Frame) -> None:
        try:
            async with asyncio.timeout(STALL_TIMEOUT_S):
                await self._socket.send(frame)
        except ConnectionClosed:
            raise await self._why_closed() from None
        except TimeoutError:
            message = f"{self._where} took nothing for {STALL_TIMEOUT_S:g} s; are its events read?"
            raise UpstreamError(message) from None

    async def _why_closed(self) -> Exception:
        """Let the reader come to what the server said before it closed."""
        if self._reader is not None:
            await asyncio.wait([self._reader], timeout=1.0)
        return self._failure or UpstreamError("the session is over", code=self._socket.close_code)

    async def _read(self) -> None:
        try:
            await self._read_frames()
        except Exception as error:  # to the caller, bugs of a dialect included
            self._failure = self._failure or error
        except asyncio.CancelledError:
            # The session is being left or has failed: nobody misses these events, and without
            # room for its end mark the task would wait for ever.
            while self._events.full():
                self._events.get_nowait()
            raise
        finally:
            self._ready.set()
            await self._events.put(None)

    async def _read_frames(self) -> None:
        try:
            async for frame in self._socket:
                for event in self._dialect.receive(frame):
                    await self._events.put(event)
                    if isinstance(event, SessionEnded):
                        return
                if self._dialect.ready:
                    self._ready.set()
        except ConnectionClosed:
            pass  # judged below, like an orderly close
        code, reason = self._socket.close_code, self._socket.close_reason
        if failure := self._dialect.closed(code or 1006, reason or ""):
            raise failure


def _named(name: str) -> Dialect:
    for dialect in DIALECTS:
        if dialect.name == name:
            return dialect
    known = ", ".join(dialect.name for dialect in DIALECTS)
    raise ConfigError(f"there is no dialect {name!r}, only {known}", field="dialect")


@asynccontextmanager
async def _socket(request: ClientRequest) -> AsyncIterator[ClientConnection]:
    try:
        socket = await open_socket(
            request.url,
            additional_headers=dict(request.headers),
            compression=None,  # audio does not shrink
            max_size=_MAX_FRAME_BYTES,
            open_timeout=OPEN_TIMEOUT_S,
            ping_timeout=PING_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            proxy=None if _is_loopback(request.url) else True,
        )
    except (OSError, EOFError, ValueError, WebSocketException) as error:
        raise explain(error, request.url) from error
    try:
        yield socket
    finally:
        await socket.close()


def _is_loopback(url: str) -> bool:
    """Nobody means to reach their own machine through a proxy, whatever the environment says."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
