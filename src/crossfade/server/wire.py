"""The WebSocket protocol below ASGI: uvicorn's, with eight gaps closed.

uvicorn speaks ASGI upwards and websockets' sans-I/O core downwards; this subclass changes only
what ASGI cannot reach. It knows nothing of sessions or dialects. Each override says what goes
wrong without it; ``tests/server/test_wire.py`` shows each of them over a real socket.
"""

import os

from crossfade.server.request_wire import (
    REQUEST_HEAD_BYTES,
    REQUEST_LINE_BYTES,
    UNREAD_S,
    RequestProtocol,
)

# websockets reads this knob, the documented one, when it is first imported: hence before the
# imports below. The slack is for the method and the protocol version around the target.
_LINE_SLACK_BYTES = 1024
os.environ.setdefault("WEBSOCKETS_MAX_LINE_LENGTH", str(REQUEST_LINE_BYTES + _LINE_SLACK_BYTES))

import asyncio  # noqa: E402 (after the environment is set, see above)
from collections.abc import Coroutine, Sequence  # noqa: E402
from http import HTTPStatus  # noqa: E402
from typing import Any, Literal, cast  # noqa: E402

import websockets.http11  # noqa: E402
from starlette.types import ASGIApp  # noqa: E402
from uvicorn._types import ASGIReceiveEvent, ASGISendEvent  # noqa: E402
from uvicorn.config import Config  # noqa: E402
from uvicorn.protocols.websockets.websockets_sansio_impl import (  # noqa: E402
    WebSocketsSansIOProtocol,
)
from websockets.frames import Frame  # noqa: E402
from websockets.http11 import Request  # noqa: E402

from crossfade.server.limits import Bounds  # noqa: E402
from crossfade.server.socket import HANG_UP, UNHEARD  # noqa: E402

# Somebody else in this process, an SDK for example, may have imported websockets before us, or an
# operator's variable may ask for less; the limit is read anew for every line.
websockets.http11.MAX_LINE_LENGTH = max(
    websockets.http11.MAX_LINE_LENGTH, REQUEST_LINE_BYTES + _LINE_SLACK_BYTES
)

PING_INTERVAL_S = 20.0
PING_TIMEOUT_S = 180.0
"""For a connection without a session; a session whose client is silent ends sooner, and says so."""

_FLUSH_S = 10.0
"""How long a peer may take to fetch what was written before its session ended."""

_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class WireProtocol(WebSocketsSansIOProtocol):
    """One connection, from its upgrade to its last byte."""

    _heard_at = 0.0
    _joined: bytearray | None = None
    _abort_timer: asyncio.TimerHandle | None = None
    _is_lost = False
    _has_hung_up = False

    def data_received(self, data: bytes) -> None:
        """Note the sign of life; answer a request that never became a handshake.

        uvicorn leaves such a connection open without a word: websockets gives no event for it.
        """
        self._heard_at = self.loop.time()
        if self.conn.parser_exc is not None or self._has_hung_up:
            return  # it broke the protocol and was told so, or we left; the rest is not for us
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()) or _BAD_REQUEST)
            self.transport.close()

    def unheard_s(self) -> float:
        """For how long nothing has come; what waits behind audio that we have not read is life."""
        return 0.0 if self.read_paused else self.loop.time() - self._heard_at

    def handle_connect(self, event: Request) -> None:
        """Let the application ask when the peer was heard last: pongs never reach it."""
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.scope["extensions"][UNHEARD] = {"seconds": self.unheard_s}
            self.scope["extensions"][HANG_UP] = {"now": self.hang_up}

    def hang_up(self) -> None:
        """End the connection without a close frame, for who plays a network that fails.

        Reads on: a socket that is closed with bytes unread is reset, and the reset overtakes what
        was sent before it.
        """
        if self.transport.is_closing():
            return
        self._has_hung_up = True
        self.stop_keepalive()
        self.read_paused = False
        self.transport.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:  # over TLS there is no half of a connection
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
        self.close_timer = self.loop.call_later(UNREAD_S, self.transport.close)

    def handle_cont(self, event: Frame) -> None:
        """Join fragments as they come.

        uvicorn keeps a list: eight million fragments of one byte, a lawful message, took 400 MB,
        and empty ones, which no limit counts, as much as the client cared to send.
        """
        if self._joined is None:
            self._joined = bytearray().join(self.frames)
        self._joined += event.data
        self.frames = []
        if event.fin:
            self.frames = [bytes(self._joined)]
            self._joined = None
            self.send_receive_event_to_app()

    def send_receive_event_to_app(self) -> None:
        """Hand a message over; close on text that is not UTF-8 without a word in the log.

        It is the client's slip; uvicorn logs a traceback for it, as if it were ours. It also stops
        reading at each message and starts again when that is fetched, three system calls more for
        each chunk; this reads on until a second one waits.
        """
        (data,), self.frames = self.frames, []
        if self.close_sent:
            return
        try:
            message = _received(self.curr_msg_data_type, data)
        except UnicodeDecodeError:
            self.conn.send_close(1007)
            self.handle_parser_exception()
            return
        self.queue.put_nowait(message)
        if self.queue.qsize() > 1 and not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

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
        if not self._is_lost and self._unsent_bytes() > 0:
            self._abort_timer = self.loop.call_later(_FLUSH_S, self.transport.abort)

    def _unsent_bytes(self) -> int:
        try:
            return self.transport.get_write_buffer_size()
        except AttributeError:  # asyncio's transport of TLS, once it was closed twice
            return 0

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._is_lost = True
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        super().connection_lost(exc)


def _received(kind: Literal["text", "bytes"], data: bytes) -> ASGIReceiveEvent:
    if kind == "text":
        return {"type": "websocket.receive", "text": data.decode()}
    return {"type": "websocket.receive", "bytes": data}


def listener_config(app: ASGIApp, bounds: Bounds, *, trusted_proxies: Sequence[str] = ()) -> Config:
    """Say how uvicorn is to serve. Its own logs stay silent: they print the query string.

    Args:
        app: What to serve.
        bounds: What is taken from strangers at most.
        trusted_proxies: Addresses and networks whose ``X-Forwarded-For`` is believed.
    """
    return Config(
        app,
        http=RequestProtocol,
        ws=WireProtocol,
        ws_max_size=bounds.message_bytes,
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
        # Given in any case: without it uvicorn would read FORWARDED_ALLOW_IPS.
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_graceful_shutdown=5,
    )
