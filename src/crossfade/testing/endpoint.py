"""An endpoint for conformance cases: WebSockets and HTTP, as plain as they are."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from crossfade.audio import Samples
from crossfade.client.refusals import explain, is_loopback, place
from crossfade.dialects.cases import Answer, HungUpError, Socket, TurnedAwayError
from crossfade.errors import UpstreamError

MAX_FRAME_BYTES = 1 << 20
"""Published clients take no longer message: one that is ends the socket with 1009."""

CLOSE_TIMEOUT_S = 2.0

_UNREAD = 4096
"""Messages that may wait to be read by a case; then the server has to wait."""

_LOST = 1006
"""What a close without a close frame is called."""


class RemoteEndpoint(Struct, frozen=True, kw_only=True):
    """A server at an address, as ``crossfade.dialects.cases.Endpoint`` has it."""

    url: str
    speech: Samples
    key: str | None = None
    paced: bool = True
    patience_s: float = 10.0

    async def reach(self) -> None:
        """See whether anything listens there.

        Raises:
            UpstreamError: If not; the sentence says what to do.
        """
        parts = urlsplit(self.url)
        secure = parts.scheme == "wss"
        try:
            async with asyncio.timeout(self.patience_s):
                _, writer = await asyncio.open_connection(
                    parts.hostname,
                    parts.port or (443 if secure else 80),
                    ssl=ssl.create_default_context() if secure else None,
                )
        except (OSError, ValueError) as error:
            raise explain(error, self.url) from error
        writer.close()

    @asynccontextmanager
    async def dial(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Socket]:
        """Open a socket; it is closed when the context is left.

        Raises:
            TurnedAwayError: If the endpoint refuses the handshake.
            UpstreamError: If it cannot be reached.
        """
        socket = await self._connect(url, headers)
        try:
            yield _OpenSocket(socket)
        finally:
            await socket.close()

    async def fetch(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """Make an HTTP request.

        Raises:
            UpstreamError: If the endpoint cannot be reached.
        """
        try:
            async with httpx.AsyncClient(
                timeout=self.patience_s, trust_env=not is_loopback(url)
            ) as http:
                answer = await http.request(method, url, headers=dict(headers), content=body)
        except httpx.HTTPError as error:
            # Not the library's sentence: it may hold the URL, and an URL may hold a key.
            message = f"no answer from {place(url)}: {type(error).__name__}"
            raise UpstreamError(message, cause="gone") from None
        return Answer(status=answer.status_code, body=_json(answer.content))

    async def _connect(self, url: str, headers: Mapping[str, str]) -> ClientConnection:
        try:
            return await connect(
                url,
                additional_headers=dict(headers),
                compression=None,
                max_size=MAX_FRAME_BYTES,
                max_queue=_UNREAD,
                open_timeout=self.patience_s,
                ping_interval=None,
                close_timeout=CLOSE_TIMEOUT_S,
                proxy=None if is_loopback(url) else True,
            )
        except InvalidStatus as error:
            raise TurnedAwayError(error.response.status_code) from None
        except (OSError, EOFError, ValueError, WebSocketException) as error:
            raise explain(error, url) from error


class _OpenSocket:
    """A ``Socket`` over the library's."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, frame: str | bytes | Sequence[bytes]) -> None:
        with suppress(ConnectionClosed):  # what the server said before is to be read
            await self._socket.send(frame)

    async def receive(self) -> str | bytes:
        try:
            return await self._socket.recv()
        except ConnectionClosed:
            raise self._hung_up() from None

    async def ping(self) -> None:
        try:
            await (await self._socket.ping())
        except ConnectionClosed:
            raise self._hung_up() from None

    def _hung_up(self) -> HungUpError:
        return HungUpError(self._socket.close_code or _LOST, self._socket.close_reason or "")


def _json(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
