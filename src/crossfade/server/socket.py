"""One client's socket, in frames. The only place that spells WebSocket messages as ASGI does."""

from collections.abc import Mapping

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from crossfade.dialects.base import Frame

UNHEARD = "crossfade.unheard"
"""An ASGI extension of our own listener: ``seconds``, called, says how long nothing has come."""

HANG_UP = "crossfade.hang_up"
"""Another one: ``now``, called, ends the connection without a close frame, once all is sent."""


class ClientGone(Exception):  # noqa: N818 (an outcome, not an error: clients may leave)
    """The client closed the socket, or vanished.

    Attributes:
        code: Its close code; 1005 or 1006 where it gave none.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"the client is gone, code {code}")
        self.code = code


class Socket:
    """Frames in, frames out. One task may receive while another sends."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._is_over = False
        self.address = address_of(HTTPConnection(scope))
        """The client's, as far as it is known; behind a trusted proxy not that proxy's."""
        self.is_accepted = False

    def unheard_s(self) -> float:
        """For how long nothing has come from the client, pongs included; 0.0 if nobody knows."""
        asked = self._scope["extensions"].get(UNHEARD, {}).get("seconds")
        return asked() if callable(asked) else 0.0

    async def accept(self, headers: Mapping[str, str]) -> None:
        """Complete the handshake.

        Raises:
            ClientGone: If the client did not wait for it.
        """
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.is_accepted = True
        await self._receive()  # that it wants to connect; nothing else comes before we agree
        await self._tell({"type": "websocket.accept", "headers": pairs})

    async def reject(
        self, status: int, body: Frame, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer the handshake with an HTTP status instead."""
        if "websocket.http.response" in self._scope["extensions"]:
            response = Response(body, status, headers, media_type="application/json")
            await response(self._scope, self._receive, self._send)
        else:  # it says 403
            await self._send({"type": "websocket.close"})

    async def receive(self) -> Frame:
        """Wait for the next frame. May be cancelled without losing one.

        Raises:
            ClientGone: If there will be none.
        """
        if self._is_over:
            raise ClientGone(1006)
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._is_over = True
            raise ClientGone(message.get("code") or 1005)
        text: str | None = message.get("text")
        data: bytes = message.get("bytes") or b""
        return data if text is None else text

    async def send(self, frame: Frame) -> None:
        """Send one frame; waits while the client does not read.

        Raises:
            ClientGone: If nobody will get it.
        """
        kind = "text" if isinstance(frame, str) else "bytes"
        await self._tell({"type": "websocket.send", kind: frame})

    async def close(self, code: int, reason: str) -> None:
        """Send the close frame; the answer is the listener's business.

        Raises:
            ClientGone: If the client was faster.
        """
        await self._tell({"type": "websocket.close", "code": code, "reason": reason})

    def hang_up(self) -> None:
        """End the connection without a close frame, as if the network had failed.

        What was sent arrives. What still comes is dropped, and ``receive`` raises once the client
        has noticed.
        """
        ended = self._scope["extensions"].get(HANG_UP, {}).get("now")
        if callable(ended):
            ended()

    async def _tell(self, message: dict[str, object]) -> None:
        try:
            await self._send(message)
        except (OSError, RuntimeError):
            # The connection is lost; or a close frame has gone out, ours or the listener's (message
            # too big, no pong), of which we have not read yet.
            raise ClientGone(1006) from None


def address_of(connection: HTTPConnection) -> str:
    """The address that a request comes from; empty where there is none, at a Unix socket."""
    return connection.client.host if connection.client is not None else ""
