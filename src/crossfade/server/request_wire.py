"""Plain requests below ASGI: uvicorn's protocol with its gaps closed, time and size of a request.

uvicorn speaks ASGI upwards and h11 downwards; this subclass changes only what ASGI cannot reach.
Every connection begins here, WebSockets too. ``tests/server/test_bounds.py`` shows each override
over a real socket.
"""

import asyncio
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from crossfade.server.pieces import InPieces

REQUEST_LINE_BYTES = 128 * 1024
"""Longest request line. Some vendors put their whole configuration into the query, where a prompt
in a non-Latin script, percent-encoded, comes to roughly 80 KB."""

REQUEST_HEAD_BYTES = REQUEST_LINE_BYTES + 32 * 1024
"""Longest request line and headers together, for h11, which reads every request first."""

HEADER_LINES = 128
"""Most headers of a request; websockets has the same limit for handshakes."""

UNREAD_S = 2.0
"""How long we read and drop what a peer sends that was told to stop."""

_ANSWER_S = 60.0
"""How long an answer to a plain request may take to be made and fetched."""

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LONG_URL = b"HTTP/1.1 414 URI Too Long\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_MANY_HEADERS = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class RequestProtocol(H11Protocol):
    """One connection from its first byte to its upgrade, or to its last answer."""

    _timer: asyncio.TimerHandle | None = None
    _timed: RequestResponseCycle | None = None
    _is_silent = True
    _is_deaf = False
    _is_upgraded = False
    _n_lines = 0
    _n_head_bytes = 0
    _head_end = b""

    def __init__(self, *arguments: Any, request_s: float, **named: Any) -> None:
        """Be uvicorn's, with a time limit.

        Args:
            arguments: As uvicorn's.
            request_s: Seconds from the first byte of a request to its last; for the first one,
                from the connection.
            named: As uvicorn's.
        """
        super().__init__(*arguments, **named)
        self._request_s = request_s

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock: a client that says nothing, or a byte a minute, is let go."""
        super().connection_made(transport)
        self._run_the_clock(None)

    def data_received(self, data: bytes) -> None:
        """Refuse a head that is too long before h11 takes it apart, at 2 µs a header.

        h11 has a limit too, for what it has not understood yet: it depends on how the bytes fall
        into pieces, and its answer is always 400.
        """
        self._is_silent = False
        if self._is_deaf:
            return
        if self.conn.their_state is h11.IDLE and (answer := self._too_long(data)):
            self._hang_up(answer)
            return
        super().data_received(data)
        if not (self._is_upgraded or self.transport.is_closing()):
            self._look_at_the_clock()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Stop the clock: from here on the WebSocket has its own."""
        super().handle_websocket_upgrade(event)
        self._is_upgraded = True
        self._stop_the_clock()
        # A ``WireProtocol``: to name it here would import websockets before ``wire`` has set it up.
        socket: Any = self.transport.get_protocol()
        self.transport.set_protocol(
            InPieces(socket, is_full=lambda: socket.read_paused, transport=self.transport)
        )

    def on_response_complete(self) -> None:
        """Stop the clock once the answer is on its way; uvicorn's waits for the next request.

        One that the client does not fetch keeps it running.
        """
        super().on_response_complete()
        if self._asked() is not None:
            self._look_at_the_clock()
        elif self.transport.get_write_buffer_size() == 0:
            self._stop_the_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._stop_the_clock()
        super().connection_lost(exc)

    def _too_long(self, data: bytes) -> bytes | None:
        """Count what came of the head; the answer, if that is too much."""
        seen, n_before = self._head_end + data, len(self._head_end)
        end = seen.find(b"\r\n\r\n")
        head = seen[n_before : end if end >= 0 else None]
        self._head_end = seen[-3:]  # its end may come in two pieces
        self._n_head_bytes += len(head)
        self._n_lines += head.count(b"\n")
        if self._n_head_bytes > REQUEST_HEAD_BYTES and self._n_lines == 0:
            return _TOO_LONG_URL
        is_too_long = self._n_head_bytes > REQUEST_HEAD_BYTES or self._n_lines > HEADER_LINES
        return _TOO_MANY_HEADERS if is_too_long else None

    def _look_at_the_clock(self) -> None:
        asked = self._asked()
        if self._timer is None or asked is not self._timed:
            self._run_the_clock(asked)  # a clock that runs for the same is not set back

    def _asked(self) -> RequestResponseCycle | None:
        """The request that was read to its end and has no answer yet."""
        # uvicorn's annotation leaves out that there is none before the first request.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete or cycle.more_body:
            return None
        return cycle

    def _run_the_clock(self, asked: RequestResponseCycle | None) -> None:
        """Wait for the answer to a request, or for a request."""
        self._stop_the_clock()
        self._timed = asked
        if asked is not None:
            self._n_lines = self._n_head_bytes = 0
            self._head_end = b""
        seconds = self._request_s if asked is None else _ANSWER_S
        self._timer = self.loop.call_later(seconds, self._give_up)

    def _stop_the_clock(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self._timed is not None or self.transport.is_closing():
            self.transport.abort()
        elif self._is_silent or self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()  # a browser that connected in advance did not ask for a 408
        else:
            self._hang_up(_TOO_SLOW)

    def _hang_up(self, answer: bytes) -> None:
        """Answer, and read on for a moment: see ``WireProtocol.handle_parser_exception``."""
        self._is_deaf = True
        self.transport.write(answer)
        if self.transport.can_write_eof():  # TLS has no half-closed connections
            self.transport.write_eof()
        self._stop_the_clock()
        self._timer = self.loop.call_later(UNREAD_S, self.transport.abort)
