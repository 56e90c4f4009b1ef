"""The listening sockets: who may connect, before a byte is read.

Connections are counted here because here alone each of them is seen: one that never finishes its
TLS handshake reaches no protocol, and one that never sends a request reaches no route.
"""

import contextlib
import errno
import logging
import os
import socket
import time
from collections.abc import Callable

from crossfade.errors import ConfigError
from crossfade.server.addresses import Crowd

logger = logging.getLogger("crossfade.server")

AT_A_TIME = 64
"""Connections accepted in one turn of the event loop. Each takes about 30 µs, and while a burst of
them is let in no audio moves."""

_WAITING = 2048
"""Connections that the system keeps waiting for us."""

_QUIET_S = 60.0

_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE)

_RESERVED_FILES = 128
"""File descriptors that are not for clients: model, logs, the loop, whatever libraries open."""

_MOST = 10_000
_TOP_FILES = 65_536


class Door(socket.socket):
    """A listening socket that counts who is inside, and closes on whom there is no room for."""

    def __init__(
        self,
        listening: socket.socket,
        crowd: Crowd,
        *,
        is_trusted: Callable[[str], bool],
        turned_away: Callable[[], None],
    ) -> None:
        """Take over a listening socket.

        Args:
            listening: Not to be used any more by the caller.
            crowd: Counts; may be shared with other doors.
            is_trusted: Whether an address is a proxy's, which speaks for many.
            turned_away: Told of each connection that was closed.
        """
        super().__init__(listening.family, listening.type, listening.proto, listening.detach())
        self._crowd = crowd
        self._is_trusted = is_trusted
        self._turned_away = turned_away
        self._n_unsaid = 0
        self._said_at = -_QUIET_S
        self._spare: int | None = _spare()

    def listen(self, backlog: int = 0) -> None:
        """Listen; the backlog is always ours."""
        super().listen(_WAITING)

    def accept(self) -> tuple[socket.socket, object]:
        """Let the next one in.

        Raises:
            BlockingIOError: If nobody waits.
            ConnectionAbortedError: If there is no room; the event loop asks again in its next turn.
        """
        try:
            connection, address = super().accept()
        except OSError as exc:
            if exc.errno not in _OUT_OF_FILES or self._spare is None:
                raise
            self._shut_out()
            raise ConnectionAbortedError from exc
        host = str(address[0])
        if not self._crowd.enter(host, is_trusted=self._is_trusted(host)):
            connection.close()
            self._turned_away()
            self._say(host)
            raise ConnectionAbortedError
        return _Guest(connection, lambda: self._crowd.leave(host)), address

    def close(self) -> None:
        """Stop listening."""
        super().close()
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

    def _shut_out(self) -> None:
        """Close on whoever is next, by the file that was kept for it.

        Otherwise the event loop would look away for a second, again and again, with a traceback
        each time; and those who wait would learn nothing.
        """
        assert self._spare is not None
        os.close(self._spare)
        self._spare = None
        try:
            connection, address = super().accept()
            connection.close()
            self._turned_away()
            self._say(str(address[0]))
        finally:
            self._spare = _spare()

    def _say(self, host: str) -> None:
        """Log now and then: whoever floods us does not fill the log as well."""
        self._n_unsaid += 1
        now = time.monotonic()
        if now - self._said_at < _QUIET_S:
            return
        logger.warning(
            "no room for %d connections; the last came from %s, %d are open",
            self._n_unsaid,
            host,
            self._crowd.present,
        )
        self._n_unsaid, self._said_at = 0, now


def _spare() -> int | None:
    """Open a file for nothing; ``None``: there is none left."""
    with contextlib.suppress(OSError):
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    return None


class _Guest(socket.socket):
    """A connection that is counted until it is closed, however far it came."""

    def __init__(self, connection: socket.socket, leave: Callable[[], None]) -> None:
        self._leave: Callable[[], None] | None = leave
        super().__init__(connection.family, connection.type, connection.proto, connection.detach())

    def close(self) -> None:
        super().close()
        self._go()

    def detach(self) -> int:
        self._go()  # uvloop closes the file itself, and this is how it says so
        return super().detach()

    def _go(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()


class AddressError(ConfigError):
    """This server cannot listen there.

    Attributes:
        host: As it was given.
        port: As it was given.
        errno: The system's reason; ``None``: it knows no such address.
    """

    def __init__(self, host: str, port: int, errno: int | None) -> None:
        reason = "no address of this machine" if errno is None else os.strerror(errno)
        field = "host" if errno is None else "port"
        super().__init__(f"cannot listen on {host} port {port}: {reason}", field=field)
        self.host = host
        self.port = port
        self.errno = errno


def bind(host: str, port: int) -> socket.socket:
    """Take an address, without listening yet.

    Raises:
        AddressError: If it cannot be had.
    """
    try:
        # One address is enough; a name such as localhost may stand for two, and with port 0 they
        # would get two different ports.
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as exc:
        raise AddressError(host, port, None) from exc
    try:
        return socket.create_server(address[:2], family=family, backlog=_WAITING)
    except OSError as exc:
        raise AddressError(host, port, exc.errno) from exc


def room_for_connections() -> int:
    """How many connections the system's limit on open files leaves room for, 10,000 at most.

    Each of them may be open before there is a session: the limit is raised as far as this process
    may raise it, since 1024, which many systems start with, were chosen for `select`.
    """
    import resource  # POSIX only, like the rest of this server

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _TOP_FILES if hard == resource.RLIM_INFINITY else min(hard, _TOP_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft == resource.RLIM_INFINITY:
        return _MOST
    return max(1, min(_MOST, soft - _RESERVED_FILES))
