"""The WebSocket protocol below ASGI: uvicorn's, with six gaps closed.

uvicorn speaks ASGI upwards and websockets' sans-I/O core downwards; this subclass changes only
what ASGI cannot reach. It knows nothing of sessions or dialects. Each override says what goes
wrong without it; ``tests/server/test_wire.py`` shows each of them over a real socket.
"""

import os

REQUEST_LINE_BYTES = 128 * 1024
"""Longest request line. Some vendors put their whole configuration into the query, where a prompt
in a non-Latin script, percent-encoded, comes to roughly 80 KB."""

# websockets reads this knob, the documented one, when it is first imported: hence before the
# imports below. The slack is for the method and the protocol version around the target.
_LINE_SLACK_BYTES = 1024
os.environ.setdefault("WEBSOCKETS_MAX_LINE_LENGTH", str(REQUEST_LINE_BYTES + _LINE_SLACK_BYTES))

import asyncio  # noqa: E402 (after the environment is set, see above)
from collections.abc import Coroutine  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, cast  # noqa: E402

import websockets.http11  # noqa: E402
from starlette.types import ASGIApp  # noqa: E402
from uvicorn._types import ASGIReceiveEvent, ASGISendEvent  # noqa: E402
from uvicorn.config import Config  # noqa: E402
from uvicorn.protocols.websockets.websockets_sansio_impl import (  # noqa: E402
    WebSocketsSansIOProtocol,
)

# Somebody else in this process, an SDK for example, may have imported websockets before us, or an
# operator's variable may ask for less; the limit is read anew for every line.
websockets.http11.MAX_LINE_LENGTH = max(
    websockets.http11.MAX_LINE_LENGTH, REQUEST_LINE_BYTES + _LINE_SLACK_BYTES
)

REQUEST_HEAD_BYTES = REQUEST_LINE_BYTES + 32 * 1024
"""Longest request line and headers together, for h11, which reads every request first."""

MESSAGE_BYTES = 8 * 1024 * 1024
"""Longest WebSocket message; beyond it the socket is closed with 1009."""

PING_INTERVAL_S = 20.0
PING_TIMEOUT_S = 60.0

_FLUSH_S = 10.0
"""How long a peer may take to fetch what was written before its session ended."""

_UNREAD_S = 2.0
"""How long we read and drop what a peer sends that was told to stop."""

_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class WireProtocol(WebSocketsSansIOProtocol):
    """One connection, from its upgrade to its last byte."""

    _heard_at = 0.0
    _abort_timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Note the sign of life; answer a request that never became a handshake.

        uvicorn leaves such a connection open without a word: websockets gives no event for it.
        """
        self._heard_at = self.loop.time()
        if self.conn.parser_exc is not None:
            return  # it broke the protocol and was told so; the rest is not for us
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()) or _BAD_REQUEST)
            self.transport.close()

    def handle_parser_exception(self) -> None:
        """Say why (too big, not UTF-8, ...), then read on for a moment before closing.

        A socket that is closed with bytes unread is reset, and the reset may overtake the close
        frame: under load a client saw 1006 where we had said 1009.
        """
        close = self.conn.close_sent
        assert close is not None
        gone = {"type": "websocket.disconnect", "code": close.code, "reason": close.reason}
        self.queue.put_nowait(cast("ASGIReceiveEvent", gone))
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.read_paused = False
        self.transport.resume_reading()
        self.close_timer = self.loop.call_later(_UNREAD_S, self.transport.close)

    def handle_ping(self) -> None:
        """Answer, unless the peer does not read: it could fill our memory with its pongs."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def send(self, message: ASGISendEvent) -> Coroutine[Any, Any, None]:
        """Send what the application says; note when it has refused the handshake.

        uvicorn does not, and logs an error about a handshake that was never completed.
        """
        if message["type"] == "websocket.http.response.body":
            return self._deny(message)
        return super().send(message)

    async def _deny(self, message: ASGISendEvent) -> None:
        await super().send(message)
        self.handshake_complete = True

    def keepalive_timeout(self) -> None:
        """Let a peer live whose pong may be waiting behind audio that we have not read yet.

        A session that stops reading for good is ended by its own watchdog.
        """
        if not self.read_paused and self._heard_at <= self.ping_sent_at:
            super().keepalive_timeout()
            return
        self.pong_timer = None
        self.pending_ping_payload = None
        self.schedule_ping()

    async def run_asgi(self) -> None:
        """Run the application, then drop the connection if the peer does not fetch the rest.

        ``transport.close()`` alone waits for ever for a peer that stopped reading.
        """
        await super().run_asgi()
        if self.transport.get_write_buffer_size() > 0:
            self._abort_timer = self.loop.call_later(_FLUSH_S, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        super().connection_lost(exc)


def listener_config(
    app: ASGIApp, *, certfile: Path | None = None, keyfile: Path | None = None
) -> Config:
    """Say how uvicorn is to listen. Its own logs stay silent: they print the query string."""
    return Config(
        app,
        http="h11",
        ws=WireProtocol,
        ws_max_size=MESSAGE_BYTES,
        ws_ping_interval=PING_INTERVAL_S,
        ws_ping_timeout=PING_TIMEOUT_S,
        # Audio hardly shrinks; declining saves its CPU and any question of compressed bombs.
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=REQUEST_HEAD_BYTES,
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
        ssl_certfile=certfile,
        ssl_keyfile=keyfile,
    )
