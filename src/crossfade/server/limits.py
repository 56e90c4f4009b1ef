"""How many sessions there may be, how long they are waited for, and the order to leave.

Counting only: no sockets, no dialects.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

from msgspec import Struct

from crossfade.errors import CapacityError
from crossfade.model import Usage


class Patience(Struct, frozen=True, kw_only=True):
    """How long the server waits for whom, in wall-clock seconds."""

    start_s: float = 60.0
    """For the message that starts a session, where a dialect has one."""
    stall_s: float = 60.0
    """For a client that does not read, or a recognizer that neither takes nor gives anything."""
    parting_s: float = 5.0
    """For an error and a close frame to leave; a client that is lost must not hold us."""
    dead_s: float = 180.0
    """For a client of whom nothing at all comes, not even the answer to a ping."""


class Bounds(Struct, frozen=True, kw_only=True):
    """What the server takes from strangers at most."""

    request_s: float = 10.0
    """From a connection to the end of its request; a WebSocket's handshake is one too."""
    message_bytes: int = 8 * 1024 * 1024
    """Longest WebSocket message; beyond it the socket is closed with 1009."""
    connections: int = 0
    """Open at once; 0: as many as the system's limit on open files has room for."""
    connections_per_address: int = 0
    """Of those, from one address; 0: half of them."""
    wrong_keys_per_minute: int = 20
    """Different ones from one address; 0: any number."""


class Slots:
    """What the recognizer has room for. Zero until ``total`` is set.

    A session takes one, or one for each of its channels: a channel is as much work as a session.
    """

    def __init__(
        self,
        total: int = 0,
        *,
        is_chosen: bool = False,
        is_overloaded: Callable[[], bool] = lambda: False,
    ) -> None:
        """Count from nothing.

        Args:
            total: Slots that there are.
            is_chosen: Whether somebody set that number; otherwise it was measured.
            is_overloaded: Whether those who are in are all that the recognizer has room for.
        """
        self.total = total
        self._is_overloaded = is_overloaded
        self._is_chosen = is_chosen
        self._closed = False
        self._sessions: Counter[str] = Counter()
        self.taken = 0
        """Slots that are held."""

    @property
    def free(self) -> int:
        """Slots that the next sessions can have."""
        return 0 if self._closed else max(0, self._room - self.taken)

    @property
    def _room(self) -> int:
        """Slots that there are now. What was measured at the start may have been too many."""
        # Nobody is kept out by those who have left: files at full speed leave a wait behind them.
        if self.taken == 0 or not self._is_overloaded():
            return self.total
        return min(self.taken, self.total)

    def close(self) -> None:
        """Give out no slot any more."""
        self._closed = True

    @asynccontextmanager
    async def slot(
        self, holder: str, *, at_most: int | None = None, n_channels: int = 1
    ) -> AsyncIterator[Usage | None]:
        """Hold what one session needs; gives how many sessions there are, where that is limited.

        Args:
            holder: Name of the key.
            at_most: Sessions that this key may have at once, each with any number of channels.
            n_channels: Slots that are needed.

        Raises:
            CapacityError: If there is no room, for anybody or for this holder.
        """
        if self.free < n_channels:
            raise CapacityError(slots=self._room)
        if at_most is not None and self._sessions[holder] >= at_most:
            raise CapacityError(slots=at_most)
        self._sessions[holder] += 1
        self.taken += n_channels
        try:
            yield self._usage(holder, at_most)
        finally:
            self.taken -= n_channels
            self._sessions[holder] -= 1
            if self._sessions[holder] == 0:
                del self._sessions[holder]  # names come and go; the table must not grow

    def _usage(self, holder: str, at_most: int | None) -> Usage | None:
        if at_most is not None:
            return Usage(sessions=self._sessions[holder], most=at_most)
        return Usage(sessions=self.taken, most=self.total) if self._is_chosen else None


class Sessions:
    """Who is connected, and the one order that goes to all of them: finish, and leave."""

    def __init__(self) -> None:
        self._present = 0
        self._open: dict[str, str | None] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self._order = asyncio.Event()
        self._deadline = 0.0

    @property
    def present(self) -> int:
        """Clients connected, with or without a slot."""
        return self._present

    @property
    def open(self) -> Mapping[str, str | None]:
        """Those that hold a slot: their ids, and what their clients call their requests."""
        return self._open

    @contextmanager
    def listed(self, session_id: str, request_id: str | None) -> Iterator[None]:
        """Be shown to operators."""
        self._open[session_id] = request_id
        try:
            yield
        finally:
            del self._open[session_id]

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Be counted as connected."""
        self._present += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._present -= 1
            if self._present == 0:
                self._empty.set()

    def drain(self, deadline: float) -> None:
        """Ask everybody to finish by ``deadline``, in the event loop's time."""
        self._deadline = deadline
        self._order.set()

    async def ordered_to_leave(self) -> float:
        """Wait for the order, and return its deadline."""
        await self._order.wait()
        return self._deadline

    async def emptied(self) -> None:
        """Wait until nobody is connected."""
        await self._empty.wait()
