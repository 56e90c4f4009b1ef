"""One backend's part of a session: what it is told, and what it says until that counts."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from msgspec.structs import replace

from crossfade.client.tape import Entry
from crossfade.gateway.deafness import Deafness
from crossfade.gateway.losses import StalledError
from crossfade.gateway.place import Place, now_s
from crossfade.model import (
    Final,
    ForceTurn,
    Partial,
    RawAudio,
    SessionConfig,
    Silence,
    StreamEvent,
)
from crossfade.recognizers.base import Recognizer, RecognizerStream, StreamCommand

MOST_ENTRIES = 6000
"""Commands that wait for a session that is being opened: two minutes of audio in chunks of 20 ms,
twice as much as is kept."""


@runtime_checkable
class CatchesUp(Protocol):
    """A recognizer that may pace audio, and can be told how much of it is there already."""

    @property
    def is_paced(self) -> bool:
        """It takes audio no faster than in real time, or hardly."""

    def open_behind(self, config: SessionConfig, *, behind_s: float) -> RecognizerStream:
        """Open a stream, the first ``behind_s`` of which may be sent faster than real time."""


def is_paced(recognizer: Recognizer) -> bool:
    """Tell whether it costs time to hear audio again."""
    return isinstance(recognizer, CatchesUp) and recognizer.is_paced


def open_stream(
    recognizer: Recognizer, config: SessionConfig, *, behind_s: float
) -> RecognizerStream:
    """Open a stream in the middle of a session.

    Raises:
        ConfigError: If it cannot do what is asked.
        CapacityError: If as many are open as there may be.
    """
    if isinstance(recognizer, CatchesUp):
        return recognizer.open_behind(config, behind_s=behind_s)
    return recognizer.open(config)


@dataclass(eq=False, kw_only=True)
class Leg:
    """A stream with its place in the session. Owned by a ``Stage``."""

    place: Place
    stream: RecognizerStream
    wire: RawAudio
    at_ms: int
    """Position of its first sample in the session."""
    n_chunks_before: int
    backlog: deque[Entry] = field(default_factory=deque)
    """What it has to be told before it goes on with the tape."""
    kept: list[StreamEvent] = field(default_factory=list)
    """What it said before its turn has come; of partials in a row only the last."""
    heard_ms: int = 0
    """How far it has come, on the session's clock, as far as it tells."""
    is_end_told: bool = False
    is_heard: bool = False
    """It has said something."""
    alive_s: float = 0.0
    """When it last did."""
    task: asyncio.Task[None] = field(init=False)
    """Its life."""
    player: asyncio.Task[None] | None = None
    """Who tells it; part of its life."""
    more: asyncio.Event = field(default_factory=asyncio.Event)
    """The backlog grew, or there is the tape to go on with."""
    deafness: Deafness = field(init=False)

    def __post_init__(self) -> None:
        self.deafness = Deafness(self.wire, now_s=now_s())

    def begin(self, life: Coroutine[Any, Any, None], *, on_end: Callable[[], None]) -> None:
        """Let it live, in a task of its own."""
        self.task = asyncio.create_task(life)
        self.task.add_done_callback(lambda _: on_end())

    async def end(self) -> None:
        """Let go of it, whatever it is at."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.stream.aclose()  # its life may have ended before it began

    def add(self, entries: Iterable[Entry]) -> None:
        """Let it be told these too.

        A leg that is so far behind that there is no room for them is over: it would never come to
        its turn.
        """
        self.backlog.extend(entries)
        self.more.set()
        if len(self.backlog) > MOST_ENTRIES:
            self.task.cancel()

    def keep(self, event: StreamEvent) -> None:
        """Put by what it says until its turn has come."""
        if isinstance(event, Partial) and self.kept and isinstance(self.kept[-1], Partial):
            self.kept[-1] = event
        else:
            self.kept.append(event)

    def note(self, event: StreamEvent) -> None:
        """See that it listens, and how far it has come."""
        self.is_heard = True
        self.alive_s = now_s()
        self.deafness.heard(now_s=now_s())
        match event:
            case Final(through_ms=through_ms) | Partial(through_ms=through_ms):
                self.heard_ms = max(self.heard_ms, self.at_ms + through_ms)
            case Silence(end_ms=end_ms):
                self.heard_ms = max(self.heard_ms, self.at_ms + end_ms)
            case _:
                pass  # nothing about audio that was heard

    async def feed(
        self,
        command: StreamCommand,
        *,
        patience_s: float | None,
        is_excused: Callable[[], bool],
    ) -> None:
        """Tell it one command of the session.

        Args:
            command: With positions on the session's clock.
            patience_s: How long it may take if that is its own fault; ``None``: any time.
            is_excused: Says whether it is somebody else's.

        Raises:
            StalledError: If it takes nothing.
        """
        feeding = asyncio.ensure_future(self.stream.feed(self._there(command)))
        try:
            while not (await asyncio.wait([feeding], timeout=patience_s))[0]:
                if not is_excused():
                    message = f"the backend {self.place.name} takes nothing"
                    raise StalledError(message, cause="gone")
            feeding.result()
        finally:
            feeding.cancel()

    def _there(self, command: StreamCommand) -> StreamCommand:
        """The same on the stream's own clock."""
        if isinstance(command, ForceTurn) and command.at_ms is not None:
            return replace(command, at_ms=max(0, command.at_ms - self.at_ms))
        return command
