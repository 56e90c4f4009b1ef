"""Events on their way to the one who reads them: bounded, and never two groups of them mixed."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import cast

from crossfade.model import Event, StreamEvent

EVENTS_HELD = 64
"""Events that wait for the reader; behind them whoever tells, and then its socket."""


class News:
    """Told by several tasks, read by one."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[StreamEvent | None] = asyncio.Queue(EVENTS_HELD)
        self._telling = asyncio.Lock()
        self._untold: deque[Event] = deque()  # of one event, mostly empty

    @property
    def is_full(self) -> bool:
        """The reader does not read."""
        return self._queue.full()

    async def tell(self, make: Callable[[], Iterable[Event]]) -> None:
        """Put events where the reader gets them, in one piece; ``make`` runs when it is its turn.

        Whoever tells may be cancelled meanwhile: what was made by then is told first, next time.
        """
        async with self._telling:
            self._untold.extend(make())
            while self._untold:
                # What becomes of a stream's event on its way is a stream's event too.
                await self._queue.put(cast("StreamEvent", self._untold[0]))
                self._untold.popleft()

    async def close(self) -> None:
        """Nothing comes any more."""
        await self._queue.put(None)

    async def read(self) -> AsyncIterator[StreamEvent]:
        """Yield all that is told, until it is closed."""
        while (event := await self._queue.get()) is not None:
            yield event
