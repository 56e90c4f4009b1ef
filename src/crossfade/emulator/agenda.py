"""What is due, in the order of its time, and how fast that time passes.

Time is a position in the session's audio (in a recorded session: since its beginning). It passes
as audio comes. With a pace it also passes no faster than the wall clock, or a multiple of it.
"""

import asyncio
import heapq
from collections.abc import Iterator
from itertools import count

from msgspec import Struct

from crossfade.dialects.base import Frame, Goodbye
from crossfade.emulator.faults import Fault
from crossfade.model import (
    AudioAccepted,
    ChannelEvent,
    Declined,
    Event,
    Final,
    Heartbeat,
    SessionStarted,
)


class Recorded(Struct, frozen=True):
    """What a server said once, as it stood on the wire."""

    said: Frame | Goodbye
    has_final_words: bool = False
    is_last: bool = False
    """It belongs to the end of a session that ended in order."""


class Due(Struct, frozen=True, kw_only=True):
    """One thing that happens at its time."""

    at_ms: float
    what: Event | Recorded | Fault
    is_late: bool = False
    """It was put off: if no audio comes, the wall clock's time counts for it too."""


class Agenda:
    """Things that are due, the earliest first, then in the order in which they were added.

    A fault comes behind what else is due at its time.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, bool, int, Due]] = []
        self._order = count()

    def add(self, due: Due) -> None:
        """Put something on it."""
        entry = (due.at_ms, isinstance(due.what, Fault), next(self._order), due)
        heapq.heappush(self._heap, entry)

    def next_late(self) -> Due | None:
        """The first of what was put off."""
        return min(
            (due for *_, due in self._heap if due.is_late), key=lambda due: due.at_ms, default=None
        )

    def take(self, through_ms: float) -> Iterator[Due]:
        """Take off what is due by then, one by one; more may be added in between."""
        while self._heap and self._heap[0][0] <= through_ms:
            yield heapq.heappop(self._heap)[-1]

    def forget_faults(self, after_ms: float) -> None:
        """Take off faults that are not due by then: their time will not come."""
        self._heap = [
            entry
            for entry in self._heap
            if entry[0] <= after_ms or not isinstance(entry[-1].what, Fault)
        ]
        heapq.heapify(self._heap)


class Lateness:
    """Puts off final words, and everything behind them that has to stay behind them."""

    def __init__(self, *, from_ms: float, by_ms: int) -> None:
        """Put off what is due from a position on."""
        self._from_ms = from_ms
        self._by_ms = by_ms
        self._held_ms = 0.0

    def put_off(self, due: Due) -> Due:
        """The same at the time at which it will be said."""
        if due.at_ms < self._from_ms or _stands_alone(due.what):
            return due
        if _is_final(due.what):
            self._held_ms = max(self._held_ms, due.at_ms + self._by_ms)
        if self._held_ms <= due.at_ms:
            return due
        return Due(at_ms=self._held_ms, what=due.what, is_late=True)


class Pace:
    """The wall clock of one session."""

    def __init__(self, speed: float | None) -> None:
        """Stand still.

        Args:
            speed: Seconds of the session in a second; ``None``: nothing is waited for.
        """
        self._speed = speed
        self._started_at = 0.0

    def start(self) -> None:
        """Run from here on."""
        self._started_at = asyncio.get_running_loop().time()

    async def until(self, at_ms: float) -> None:
        """Wait until a position can have been reached."""
        if self._speed is None:
            return
        due_at = self._started_at + at_ms / 1000 / self._speed
        wait_s = due_at - asyncio.get_running_loop().time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def seconds(self, length_ms: float) -> float:
        """How long so much of the session takes; without a pace, as in reality."""
        return length_ms / 1000 / (self._speed or 1.0)


def _stands_alone(what: Event | Recorded | Fault) -> bool:
    """It has no place among the words."""
    if isinstance(what, ChannelEvent):
        what = what.event
    return isinstance(what, AudioAccepted | Heartbeat | Declined | SessionStarted | Fault)


def _is_final(what: Event | Recorded | Fault) -> bool:
    if isinstance(what, Recorded):
        return what.has_final_words
    event = what.event if isinstance(what, ChannelEvent) else what
    return isinstance(event, Final)
