"""Lets connections in at a door, whatever the event loop.

``create_server`` of asyncio's own loops accepts through the socket that it is given, and so through
a ``Door``; uvloop's goes past it, to the file descriptor, where nobody counts.
"""

import asyncio
import socket
from asyncio import BaseProtocol
from collections.abc import Callable
from contextlib import suppress

from crossfade.server.doors import AT_A_TIME, Door
from crossfade.server.tls import HANDSHAKE_S, Tls

_SHUTDOWN_S = 5.0
"""How long a client may take to answer the end of TLS."""

_PAUSE_S = 1.0
"""After the system has failed us: it may be out of memory."""


class Accepting:
    """Accepts at one door from ``start`` to ``close``. To uvicorn, an ``asyncio.Server``."""

    def __init__(
        self,
        door: Door,
        tls: Tls | None,
        protocol: Callable[[], BaseProtocol],
        *,
        courtesy_s: Callable[[], float] | None = None,
    ) -> None:
        """Nobody is let in yet.

        Args:
            door: Closed with this.
            tls: ``None``: plain.
            protocol: Made for each connection.
            courtesy_s: How long others, who listen at the same door, go first; ``None``: there are
                none.
        """
        self._door = door
        self._tls = tls
        self._protocol = protocol
        self._courtesy_s = courtesy_s
        self._loop = asyncio.get_running_loop()
        self._entering: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Listen."""
        self._door.setblocking(False)
        self._door.listen()
        self._watch()

    def close(self) -> None:
        """Let nobody in any more; those whose TLS handshake is not over have to go."""
        if self._door.fileno() < 0:
            return
        self._loop.remove_reader(self._door.fileno())
        self._door.close()
        if self._pause is not None:
            self._pause.cancel()
        for task in self._entering:
            task.cancel()

    async def wait_closed(self) -> None:
        """Return: connections are counted by uvicorn."""

    def _watch(self) -> None:
        self._loop.add_reader(self._door.fileno(), self._knock)

    def _knock(self) -> None:
        wait_s = self._courtesy_s() if self._courtesy_s is not None else 0.0
        if wait_s:
            self._look_away(wait_s)
        else:
            self._accept()

    def _accept(self) -> None:
        for _ in range(AT_A_TIME):
            try:
                connection, _ = self._door.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                self._look_away(_PAUSE_S)
                return
            task = self._loop.create_task(self._let_in(connection))
            self._entering.add(task)
            task.add_done_callback(self._entering.discard)

    def _look_away(self, wait_s: float) -> None:
        self._loop.remove_reader(self._door.fileno())
        self._pause = self._loop.call_later(wait_s, self._look_back)

    def _look_back(self) -> None:
        self._watch()
        self._accept()

    async def _let_in(self, connection: socket.socket) -> None:
        tls = self._tls
        connection.setblocking(False)
        entered = False
        try:
            with suppress(OSError):  # TLS that fails, in time or not, is the client's affair
                await self._loop.connect_accepted_socket(
                    self._protocol,
                    connection,
                    ssl=None if tls is None else tls.context,
                    ssl_handshake_timeout=None if tls is None else HANDSHAKE_S,
                    ssl_shutdown_timeout=None if tls is None else _SHUTDOWN_S,
                )
                entered = True
        finally:
            if not entered:
                connection.close()
