"""One client of the emulator, from its handshake to its close.

One task reads a frame, says everything that follows from it, and reads the next one. A real session
reads and says at the same time, and so its frames may fall in another order from run to run.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import TypeVar

from crossfade.dialects.base import Frame, Goodbye, Handshake, Refusal, ServerDialect
from crossfade.emulator.agenda import Agenda, Due, Lateness, Pace, Recorded
from crossfade.emulator.faults import Fault
from crossfade.emulator.performance import Performance
from crossfade.emulator.theatre import Theatre
from crossfade.errors import CrossfadeError, IdleError, LeavingError
from crossfade.model import Command, Event, SessionEnded, Start
from crossfade.server.log_context import current_session
from crossfade.server.session import Service
from crossfade.server.socket import ClientGone, Socket

logger = logging.getLogger("crossfade.emulator")

_E = TypeVar("_E", bound=Exception)


_Ending = Refusal | CrossfadeError | Goodbye | None
"""``None``: without a word."""


class _OverError(Exception):
    """The session ends here, in this way."""

    def __init__(self, ending: _Ending) -> None:
        super().__init__("the session is over")
        self.ending = ending


class EmulatedSession:
    """One client. Make it, then ``await run()`` once."""

    def __init__(
        self,
        socket: Socket,
        dialect: ServerDialect,
        *,
        dialect_name: str,
        handshake: Handshake,
        service: Service,
        theatre: Theatre,
        seated_at_handshake: bool = False,
    ) -> None:
        """Take the next part of the play.

        Args:
            socket: The client's, not accepted yet.
            dialect: A fresh server's end.
            dialect_name: Its name in the register.
            handshake: What the client asked for in its request.
            service: What all sessions of the server share; of it, only who may come in.
            theatre: Who knows what is played.
            seated_at_handshake: Of no interest: there is room for everybody.
        """
        self._socket = socket
        self._dialect = dialect
        self._handshake = handshake
        self._service = service
        self._theatre = theatre
        self._part = theatre.next_part(dialect_name)
        self._faults = self._part.faults
        self._pace = Pace(self._part.scenario.speed)
        self._agenda = Agenda()
        self._late: tuple[Lateness, ...] = ()
        self._intake_speed: float | None = None
        self._duplicates = False
        self._truncates = False
        self._is_mute = False

    async def run(self) -> None:
        """Serve this client until it or we hang up. Raises nothing but a cancellation."""
        part = self._part
        current_session.set(part.session_id)
        logger.info("session %d open: dialect=%s", part.number, part.dialect.name)
        with self._service.sessions.enter(), self._theatre.playing():
            ending = await self._ending()
            await self._end(ending)
        logger.info("session %d closed", part.number)

    async def _ending(self) -> _Ending:
        """Play, and say how it ended."""
        ending: _Ending = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._leave_when_ordered())
                group.create_task(self._leave_when_cut())
                await self._converse()
        except* ClientGone:
            pass
        except* _OverError as over:
            ending = _first(over).ending
        except* CrossfadeError as errors:
            ending = _first(errors)
        except* Exception as bugs:
            logger.exception("session %d: a bug ended it", self._part.number, exc_info=_first(bugs))
            ending = CrossfadeError("an internal error ended the session")
        return ending

    async def _leave_when_ordered(self) -> None:
        await self._service.sessions.ordered_to_leave()
        raise LeavingError("the server is shutting down")

    async def _leave_when_cut(self) -> None:
        await self._theatre.curtain()
        raise _OverError(None)

    async def _converse(self) -> None:
        credential = self._dialect.credential(self._handshake)
        self._strike_at("connect")
        self._service.authority.seen_from(self._socket.address).admit(credential)
        commands = self._dialect.open(self._handshake)
        await self._accept()
        start, rest = await self._start(commands)
        self._strike_at("start")
        self._pace.start()
        performance = self._part.performance(start)
        self._arm(performance)
        await self._say_what(performance, performance.begin(self._part.started(start)))
        await self._obey(performance, rest)
        while True:
            await self._obey(performance, self._dialect.receive(await self._receive(performance)))

    async def _start(self, commands: list[Command]) -> tuple[Start, list[Command]]:
        """Read until the dialect says how to start; what comes behind that is returned too."""
        start_s = self._service.patience.start_s
        try:
            async with asyncio.timeout(start_s):
                while True:
                    for at, command in enumerate(commands):
                        if isinstance(command, Start):
                            return command, commands[at + 1 :]
                    commands = self._dialect.receive(await self._socket.receive())
        except TimeoutError:
            raise IdleError(idle_s=start_s) from None

    async def _obey(self, performance: Performance, commands: list[Command]) -> None:
        for command in commands:
            await self._take_time(performance.length_ms(command))
            await self._say_what(performance, performance.hear(command))

    async def _take_time(self, length_ms: float) -> None:
        """Where the server is slow, take the audio at its speed."""
        if self._intake_speed is not None and length_ms:
            await asyncio.sleep(length_ms / 1000 / self._intake_speed)

    # What is due.

    async def _say_what(self, performance: Performance, news: Iterable[Due]) -> None:
        """Put what is new in its place, then say all that is due by now."""
        for due in news:
            self._schedule(due)
        if performance.is_over:
            self._agenda.forget_faults(performance.now_ms)
        await self._catch_up(float("inf") if performance.is_over else performance.now_ms)

    def _schedule(self, due: Due) -> None:
        for lateness in self._late:
            due = lateness.put_off(due)
        self._agenda.add(due)

    async def _catch_up(self, through_ms: float) -> None:
        for due in self._agenda.take(through_ms):
            await self._pace.until(due.at_ms)
            await self._perform(due)

    async def _receive(self, performance: Performance) -> Frame:
        """Wait for a frame; meanwhile say what was put off, when its time comes."""
        while self._late and (late := self._agenda.next_late()) is not None:
            wait_s = self._pace.seconds(late.at_ms - performance.now_ms)
            try:
                async with asyncio.timeout(wait_s):
                    return await self._socket.receive()
            except TimeoutError:
                await self._catch_up(late.at_ms)
        return await self._socket.receive()

    async def _perform(self, due: Due) -> None:
        match due.what:
            case Fault() as fault:
                self._strike(fault)
            case Recorded(said=said, is_last=is_last):
                if is_last:
                    self._strike_at("end")
                await self._utter([said])
            case event:
                await self._tell(event)

    async def _tell(self, event: Event) -> None:
        if isinstance(event, SessionEnded):
            self._strike_at("end")
        await self._utter(self._dialect.send(event))

    async def _utter(self, said: Iterable[Frame | Goodbye]) -> None:
        for frame in said:
            if isinstance(frame, Goodbye):
                if self._is_mute:
                    return
                raise _OverError(frame)
            await self._send(frame)

    async def _send(self, frame: Frame) -> None:
        if self._is_mute:
            return
        is_told_twice = self._duplicates and self._part.dialect.is_final(frame)
        if self._truncates:
            self._truncates = False
            frame = frame[: len(frame) // 2]
        await self._socket.send(frame)
        if is_told_twice:
            await self._socket.send(frame)

    # What goes wrong.

    def _arm(self, performance: Performance) -> None:
        """Put the faults in their places, now that it is known what is played."""
        for fault in self._faults:
            at_ms = float(fault.at_ms or 0)
            if fault.after_words is not None:
                found_ms = performance.position_of_word(fault.after_words)
                if found_ms is None:
                    continue
                at_ms = found_ms
            if fault.fault == "late_finals":
                self._late += (Lateness(from_ms=at_ms, by_ms=fault.ms),)
            elif fault.place(self._part.dialect) is None:
                self._agenda.add(Due(at_ms=at_ms, what=fault))

    def _strike_at(self, place: str) -> None:
        """Let happen what has this place."""
        for fault in self._faults:
            if fault.place(self._part.dialect) == place:
                self._strike(fault)

    def _strike(self, fault: Fault) -> None:
        """Let it happen.

        Raises:
            _OverError: If that is the end.
        """
        logger.info("session %d: fault %s", self._part.number, fault.fault)
        match fault.fault:
            case "stall":
                self._is_mute = True
            case "duplicate_finals":
                self._duplicates = True
            case "truncated_json":
                self._truncates = True
            case "slow_consumer":
                self._intake_speed = fault.speed
            case _:
                raise _OverError(fault.ending(self._part.dialect))

    # The end.

    async def _end(self, ending: _Ending) -> None:
        """Close as it was said; without a word, the client sees a lost socket."""
        if isinstance(ending, CrossfadeError):
            ending = self._dialect.refuse(ending)
        with suppress(ClientGone, TimeoutError):
            if isinstance(ending, Refusal):
                await self._refuse(ending)
            elif ending is not None:
                await self._part_with(ending)
            else:
                await self._hang_up()

    async def _refuse(self, refusal: Refusal) -> None:
        async with asyncio.timeout(self._patience_s):
            if refusal.http_status is not None and not self._socket.is_accepted:
                await self._reject(refusal, refusal.http_status)
                return
            if not self._socket.is_accepted:
                await self._accept()
        await self._await_frame(refusal.awaits_frame_s)
        async with asyncio.timeout(self._patience_s):
            for frame in refusal.frames:
                await self._socket.send(frame)
        await self._part_with(refusal.goodbye)

    async def _reject(self, refusal: Refusal, status: int) -> None:
        wait_s = refusal.retry_after_s
        headers = None if wait_s is None else {"retry-after": str(wait_s)}
        await self._socket.reject(
            status, refusal.frames[0] if refusal.frames else b"{}", headers=headers
        )

    async def _await_frame(self, patience_s: float) -> None:
        """Let a client speak first that only listens after it has."""
        if patience_s:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._socket.receive()

    async def _hang_up(self) -> None:
        if not self._socket.is_accepted:
            await self._accept()
        self._socket.hang_up()
        async with asyncio.timeout(self._patience_s):
            while True:
                await self._socket.receive()

    async def _part_with(self, goodbye: Goodbye) -> None:
        """Give the client time to close first, then close; what still comes is dropped."""
        with suppress(TimeoutError):
            async with asyncio.timeout(goodbye.linger_s):
                while True:
                    await self._socket.receive()
        async with asyncio.timeout(self._patience_s):
            await self._socket.close(goodbye.code, goodbye.reason)

    async def _accept(self) -> None:
        await self._socket.accept({"request-id": self._part.session_id})

    @property
    def _patience_s(self) -> float:
        return self._service.patience.parting_s


def _first(group: BaseExceptionGroup[_E]) -> _E:
    """One exception of a group, however deep."""
    error: BaseExceptionGroup[_E] | _E = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
