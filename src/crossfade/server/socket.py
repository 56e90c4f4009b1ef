"""One client's socket, in frames. The only place that spells WebSocket messages as ASGI does."""

from collections.abc import Mapping

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

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

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self.address = address_of(websocket)
        """The client's, as far as it is known; behind a trusted proxy not that proxy's."""
        self.is_accepted = False

    def unheard_s(self) -> float:
        """For how long nothing has come from the client, pongs included; 0.0 if nobody knows."""
        asked = self._websocket.scope["extensions"].get(UNHEARD, {}).get("seconds")
        return asked() if callable(asked) else 0.0

    async def accept(self, headers: Mapping[str, str]) -> None:
        """Complete the handshake.

        Raises:
            ClientGone: If the client did not wait for it.
        """
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.is_accepted = True
        await self._websocket.accept(headers=pairs)

    async def reject(
        self, status: int, body: Frame, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer the handshake with an HTTP status instead."""
        response = Response(body, status, headers, media_type="application/json")
        try:
            await self._websocket.send_denial_response(response)
        except RuntimeError:  # an ASGI server without that extension: it says 403
            await self._websocket.close()

    async def receive(self) -> Frame:
        """Wait for the next frame. May be cancelled without losing one.

        Raises:
            ClientGone: If there will be none.
        """
        try:
            message = await self._websocket.receive()
        except WebSocketDisconnected:
            raise ClientGone(1006) from None
        if message["type"] == "websocket.disconnect":
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
        await self._send({"type": "websocket.send", kind: frame})

    async def close(self, code: int, reason: str) -> None:
        """Send the close frame; the answer is the listener's business.

        Raises:
            ClientGone: If the client was faster.
        """
        await self._send({"type": "websocket.close", "code": code, "reason": reason})

    def hang_up(self) -> None:
        """End the connection without a close frame, as if the network had failed.

        What was sent arrives. What still comes is dropped, and ``receive`` raises once the client
        has noticed.
        """
        ended = self._websocket.scope["extensions"].get(HANG_UP, {}).get("now")
        if callable(ended):
            ended()

    async def _send(self, message: dict[str, object]) -> None:
        try:
            await self._websocket.send(message)
        except WebSocketDisconnect as gone:
            raise ClientGone(gone.code) from None
        except RuntimeError:
            # Starlette once a close frame has passed it; uvicorn when it closed the socket on its
            # own (message too big, no pong) and we have not read of that yet.
            raise ClientGone(1006) from None


def address_of(connection: HTTPConnection) -> str:
    """The address that a request comes from; empty where there is none, at a Unix socket."""
    return connection.client.host if connection.client is not None else ""
