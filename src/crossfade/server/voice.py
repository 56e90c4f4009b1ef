"""What one client hears: one event after the other, whoever has something to say.

The recognizer's events and the clock's come from different tasks. Here they become one sequence,
which ends with the dialect's last word.
"""

import asyncio
from collections.abc import Awaitable, Callable

from crossfade.dialects.base import Frame, Goodbye, ServerDialect
from crossfade.model import ChannelEvent, Event, Final


class Voice:
    """One task may ``say``; any number may ``interject``."""

    def __init__(self, dialect: ServerDialect, *, send: Callable[[Frame], Awaitable[None]]) -> None:
        """Say nothing yet.

        Args:
            dialect: Puts events into frames.
            send: Takes one frame; may wait for the client.
        """
        self._dialect = dialect
        self._send = send
        self._floor = asyncio.Lock()
        self._keeps_floor = False
        self._goodbye: Goodbye | None = None

    async def say(self, event: Event) -> Goodbye | None:
        """Say an event of the session's own course; what comes back is the last word."""
        if not self._keeps_floor:
            await self._floor.acquire()
        # Clients expect the partial that belongs to a final right behind it.
        self._keeps_floor = _has_sequel(event)
        try:
            await self._utter(event)
        finally:
            if not self._keeps_floor:
                self._floor.release()
        return self._goodbye

    async def interject(self, event: Event) -> None:
        """Say an event of another origin where it disturbs nothing; after the last word, nothing.

        Waits for its turn, as long as the client does not read.
        """
        async with self._floor:
            if self._goodbye is None:
                await self._utter(event)

    async def _utter(self, event: Event) -> None:
        for frame in self._dialect.send(event):
            if isinstance(frame, Goodbye):
                self._goodbye = frame
                return
            await self._send(frame)


def _has_sequel(event: Event) -> bool:
    return isinstance(event.event if isinstance(event, ChannelEvent) else event, Final)
