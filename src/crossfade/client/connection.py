"""One socket with a dialect's client end on it: from the first frame to the last.

It knows nothing of what came before it or may come after it; that is the session's.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, WebSocketException

from crossfade.client.refusals import explain, is_loopback, place
from crossfade.client.tokens import mint
from crossfade.dialects.base import ClientDialect, ClientRequest, Dialect
from crossfade.errors import UpstreamError
from crossfade.model import Command, Event, SessionConfig, SessionEnded, SessionStarted

logger = logging.getLogger("crossfade.client")

OPEN_TIMEOUT_S = 10.0
"""For the socket, and again for the server's consent to audio."""

STALL_TIMEOUT_S = 60.0
"""A server that takes nothing for so long is taken for dead."""

PING_TIMEOUT_S = 60.0
"""A pong waits behind the audio that the server has not read yet, so this is generous."""

CLOSE_TIMEOUT_S = 2.0
"""For the server's half of the closing handshake."""

_MAX_FRAME_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Whom to talk to, and by what right."""

    url: str
    dialect: Dialect
    key: str | None = field(repr=False)
    token_ttl_s: int | None = None
    """Show a temporary token instead of the key, a new one for each connection."""

    async def connect(self, config: SessionConfig) -> "Connection":
        """Open a connection on which audio may be sent.

        Raises:
            ConfigError: If the dialect's protocol cannot carry ``config``.
            UpstreamError: If the server cannot be reached or refuses.
        """
        end = self.dialect.client()
        request = end.request(self.url, key=await self._credential(), config=config)
        connection = Connection(
            await _socket(request), end, where=place(request.url), title=self.dialect.title
        )
        try:
            await connection.open()
        except BaseException:
            await connection.aclose()
            raise
        return connection

    async def _credential(self) -> str | None:
        if self.key is None or self.token_ttl_s is None:
            return self.key
        return await mint(self.url, key=self.key, dialect=self.dialect, ttl_s=self.token_ttl_s)


class Connection:
    """One reader and one writer, which may be different tasks."""

    def __init__(
        self, socket: ClientConnection, end: ClientDialect, *, where: str, title: str
    ) -> None:
        self._socket = socket
        self._end = end
        self._where = where
        self._title = title
        self._n_noted: int | None = None  # of the dialect's notes; the session logs the first
        self._early: list[Event] = []
        self._failure: Exception | None = None
        self.session_id = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the dialect could not say of the configuration."""
        return self._end.notes

    def retry_after_s(self, code: int) -> float | None:
        """What the vendor says about coming again after a code."""
        return self._end.retry_after_s(code)

    async def open(self) -> None:
        """Say what the protocol begins with and wait until audio may be sent.

        Raises:
            UpstreamError: If the server refuses, or says nothing for ``OPEN_TIMEOUT_S``.
        """
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                for frame in self._end.open():
                    with suppress(ConnectionClosed):  # what the server said before is to be read
                        await self._socket.send(frame)
                while not self._end.ready:
                    self._early += await self._receive()
        except TimeoutError:
            message = f"{self._where} opened no session in {OPEN_TIMEOUT_S:g} s"
            raise UpstreamError(message, cause="gone") from None
        started = (event for event in self._early if isinstance(event, SessionStarted))
        self.session_id = next((event.session_id for event in started), "")
        self._n_noted = len(self._end.notes)

    async def say(self, command: Command) -> None:
        """Send one command.

        Raises:
            ConfigError: If the protocol cannot say it.
            ConnectionClosed: If the connection is lost; ``events`` tells why.
            UpstreamError: If the server takes nothing for ``STALL_TIMEOUT_S``.
        """
        for frame in self._end.send(command):
            try:
                async with asyncio.timeout(STALL_TIMEOUT_S):
                    await self._socket.send(frame)
            except TimeoutError:
                raise self.stalled() from None
        self._log_notes()

    def stalled(self) -> UpstreamError:
        """What to say of a server that takes nothing."""
        return UpstreamError(
            f"{self._where} took nothing for {STALL_TIMEOUT_S:g} s; are its events read?",
            cause="gone",
        )

    def fail(self, error: Exception) -> None:
        """Cut the connection; ``events`` raises ``error``."""
        self._failure = self._failure or error
        self.drop()

    def drop(self) -> None:
        """Cut the connection."""
        self._socket.transport.abort()

    async def events(self) -> AsyncIterator[Event]:
        """Yield what the server reports, until the end of its session.

        Raises:
            UpstreamError: If it reports an error or the connection is lost.
            ProtocolError: If it speaks another protocol.
        """
        while True:
            for event in self._early or await self._receive():
                yield event
                if isinstance(event, SessionEnded):
                    return
            self._early = []

    async def aclose(self) -> None:
        """Close the socket; the server has ``CLOSE_TIMEOUT_S`` for its half."""
        await self._socket.close()

    async def _receive(self) -> list[Event]:
        try:
            events = self._end.receive(await self._socket.recv())
        except ConnectionClosed:
            code, reason = self._socket.close_code, self._socket.close_reason
        else:
            self._log_notes()
            return events
        failure = self._failure or self._end.closed(code or 1006, reason or "")
        raise failure or UpstreamError("the session is over", code=code)

    def _log_notes(self) -> None:
        """Log what the dialect has noted since audio may be sent, each line once."""
        if self._n_noted is None:
            return
        for note in self._end.notes[self._n_noted :]:
            logger.warning("%s: %s", self._title, note)
        self._n_noted = len(self._end.notes)


async def _socket(request: ClientRequest) -> ClientConnection:
    try:
        return await open_socket(
            request.url,
            additional_headers=dict(request.headers),
            compression=None,  # audio does not shrink
            max_size=_MAX_FRAME_BYTES,
            open_timeout=OPEN_TIMEOUT_S,
            ping_timeout=PING_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            proxy=None if is_loopback(request.url) else True,
        )
    except (OSError, EOFError, ValueError, WebSocketException) as error:
        raise explain(error, request.url) from error
