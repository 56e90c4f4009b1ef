"""How many sessions there may be, how long they are waited for, and the order to leave.

Counting only: no sockets, no dialects.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from msgspec import Struct

from crossfade.errors import CapacityError


class Patience(Struct, frozen=True, kw_only=True):
    """How long the server waits for whom, in wall-clock seconds."""

    start_s: float = 60.0
    """For the message that starts a session, where a dialect has one."""
    stall_s: float = 60.0
    """For a client that does not read, or a recognizer that neither takes nor gives anything."""
    parting_s: float = 5.0
    """For an error and a close frame to leave; a client that is lost must not hold us."""


class Slots:
    """The sessions that the recognizer has room for. Zero until ``total`` is set."""

    def __init__(self, total: int = 0) -> None:
        self.total = total
        self._closed = False
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """Sessions that hold a slot."""
        return self._taken.total()

    @property
    def free(self) -> int:
        """Slots that the next sessions can have."""
        return 0 if self._closed else max(0, self.total - self.taken)

    def close(self) -> None:
        """Give out no slot any more."""
        self._closed = True

    @asynccontextmanager
    async def slot(self, holder: str, *, at_most: int | None = None) -> AsyncIterator[None]:
        """Hold one slot.

        Args:
            holder: Name of the key.
            at_most: Slots that this key may hold at once.

        Raises:
            CapacityError: If none is free, for anybody or for this holder.
        """
        if self.free == 0:
            raise CapacityError(slots=self.total)
        if at_most is not None and self._taken[holder] >= at_most:
            raise CapacityError(slots=at_most)
        self._taken[holder] += 1
        try:
            yield
        finally:
            self._taken[holder] -= 1
            if self._taken[holder] == 0:
                del self._taken[holder]  # names come and go; the table must not grow


class Sessions:
    """Who is connected, and the one order that goes to all of them: finish, and leave."""

    def __init__(self) -> None:
        self._present = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._order = asyncio.Event()
        self._deadline = 0.0

    @property
    def present(self) -> int:
        """Clients connected, with or without a slot."""
        return self._present

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
