"""One client while it is listened to: one reader, one writer, and the clocks beside them.

Begins when the session has its slot and its stream, ends with the dialect's last word. Knows
commands and events, no frames.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from crossfade.dialects.base import Goodbye
from crossfade.errors import LeavingError, ProtocolError
from crossfade.model import (
    Audio,
    AudioLimitReached,
    Command,
    Decline,
    Declined,
    Finish,
    Heartbeat,
    InChannel,
    KeepAlive,
    SessionEnded,
    SessionStarted,
    Start,
)
from crossfade.recognizers.base import RecognizerStream, StreamCommand
from crossfade.server.audio_limit import LimitedStream
from crossfade.server.limits import Sessions
from crossfade.server.tally import Tally
from crossfade.server.voice import Voice
from crossfade.server.watchdog import Watchdog


@dataclass(slots=True, kw_only=True)
class Conversation:
    """Make it, then ``await run()`` once."""

    receive: Callable[[], Awaitable[list[Command]]]
    """Wait for the client's next frame; gives what it asks for."""
    voice: Voice
    stream: RecognizerStream | LimitedStream
    """Closed by whoever opened it."""
    watchdog: Watchdog
    heartbeat_s: float | None
    sessions: Sessions
    tally: Tally
    session_ms: Callable[[], int]
    _feeding: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _client_finished: bool = field(init=False, default=False)
    _ended_by_server: bool = field(init=False, default=False)

    async def run(self, started: SessionStarted, rest: list[Command]) -> Goodbye:
        """Talk until the last word, which comes back.

        Args:
            started: What the client is told first.
            rest: What it has asked for already.

        Raises:
            ExceptionGroup: Of whatever went wrong; the client has not heard of it.
        """
        goodbye = await self.voice.say(started)
        if goodbye is not None:
            return goodbye
        async with asyncio.TaskGroup() as group:
            speaking = group.create_task(self._speak())
            others = [
                group.create_task(self._listen(rest)),
                group.create_task(self.watchdog.run()),
                group.create_task(self._warn()),
                group.create_task(self._beat()),
                group.create_task(self._finish_when_ordered()),
            ]
            goodbye = await speaking
            for task in others:
                task.cancel()
        return goodbye

    # One reader ...

    async def _listen(self, rest: list[Command]) -> None:
        """Pass on what the client says, until it hangs up."""
        for command in rest:
            await self._obey(command)
        while True:
            commands = await self.receive()
            self.watchdog.frame()
            for command in commands:
                await self._obey(command)

    async def _obey(self, command: Command) -> None:
        match command:
            case Audio() | InChannel(command=Audio()):
                self.watchdog.audio()
                self.tally.received(command)
            case KeepAlive():
                return
            case Decline(why=why):
                await self.voice.interject(Declined(why=why))
                return
            case Start():
                raise ProtocolError("the session has started already")
            case Finish():
                self._client_finished = True
        await self._feed(command)
        self.watchdog.received(self.stream.audio_ms)

    async def _feed(self, command: StreamCommand) -> None:
        # A full recognizer blocks here, the socket stays unread and TCP slows the client down.
        # The lock keeps a Finish of our own behind a chunk that is waiting for room.
        async with self._feeding:
            self.watchdog.feeding()
            await self.stream.feed(command)
            self.watchdog.fed()
        if isinstance(command, Finish):
            self.watchdog.finished()

    # ... one writer, which the clocks may interrupt ...

    async def _speak(self) -> Goodbye:
        """Tell the client what is recognized; return with the dialect's last word."""
        async for event in self.stream.events():
            self.watchdog.event()
            self.tally.count(event, self.stream.audio_ms)
            if isinstance(event, AudioLimitReached):
                self.watchdog.finished()
            goodbye = await self.voice.say(event)
            if goodbye is not None:
                return goodbye
        ended = SessionEnded(
            audio_ms=self.stream.audio_ms,
            session_ms=self.session_ms(),
            by_server=self._ended_by_server,
        )
        return await self.voice.say(ended) or Goodbye(code=1000)

    async def _warn(self) -> None:
        """Tell the client how much time is left, where its dialect does."""
        async for warning in self.watchdog.warnings():
            await self.voice.interject(warning)

    async def _beat(self) -> None:
        """Give signs of life, where the dialect does; fewer of them to who does not read."""
        if self.heartbeat_s is None:
            return
        now = asyncio.get_running_loop().time
        heard_ms, beat_at = 0, now()
        while True:
            await asyncio.sleep(self.heartbeat_s)
            before_ms, since = heard_ms, beat_at
            heard_ms, beat_at = self.stream.audio_ms, now()
            heartbeat = Heartbeat(
                audio_ms=heard_ms,
                session_ms=self.session_ms(),
                realtime_factor=(heard_ms - before_ms) / 1000 / (beat_at - since),
                speech_probability=self.stream.speech_peak(),
            )
            await self.voice.interject(heartbeat)

    # ... and one who waits for the order to leave.

    async def _finish_when_ordered(self) -> None:
        """Finish on the client's behalf when the server drains; give up at the deadline."""
        deadline = await self.sessions.ordered_to_leave()
        self._ended_by_server = not self._client_finished
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await self._feed(Finish())
                await asyncio.get_running_loop().create_future()  # cancelled with the last word
        raise LeavingError("the server shut down before the last words were recognized")
