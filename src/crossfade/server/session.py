"""One client, from its handshake to its close frame.

    CONNECTED ──Start──▶ RECOGNIZING ──last event──▶ PARTING ──▶ closed
      no slot yet,         slot and stream,            slot given back;
      nothing said         one reader, one writer      late frames are read and dropped

The session moves frames and knows no vendor's words: the dialect turns them into commands, and
events into frames. Whatever goes wrong comes out in ``run``, once.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from crossfade.dialects.base import Frame, Goodbye, Handshake, ServerDialect
from crossfade.errors import CrossfadeError, IdleError, ProtocolError, RecognizerError
from crossfade.model import (
    Audio,
    Command,
    Event,
    Finish,
    KeepAlive,
    SessionConfig,
    SessionEnded,
    SessionLimits,
    SessionStarted,
    Start,
)
from crossfade.recognizers.base import Recognizer, RecognizerStream, StreamCommand
from crossfade.server.limits import Patience, Sessions, Slots
from crossfade.server.metrics import Metrics, Tally
from crossfade.server.socket import ClientGone, Socket
from crossfade.server.tokens import Authority, Principal
from crossfade.server.watchdog import Watchdog, capped

logger = logging.getLogger("crossfade.server")

_CLIPPED_CHARS = 200

_E = TypeVar("_E", bound=Exception)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What all sessions of a server share."""

    recognizer: Recognizer
    authority: Authority
    slots: Slots
    sessions: Sessions
    metrics: Metrics
    patience: Patience


class Session:
    """One client. Make it, then ``await run()`` once."""

    def __init__(
        self,
        socket: Socket,
        dialect: ServerDialect,
        *,
        dialect_name: str,
        handshake: Handshake,
        service: Service,
    ) -> None:
        self.id = str(uuid.uuid4())
        self._socket = socket
        self._dialect = dialect
        self._dialect_name = dialect_name
        self._handshake = handshake
        self._service = service
        self._tally = Tally(service.metrics, dialect_name)
        self._opened_at = asyncio.get_running_loop().time()
        self._opened_unix = time.time()
        self._feeding = asyncio.Lock()
        self._has_started = False
        self._close_code: int | None = None
        self._is_traced = logger.isEnabledFor(logging.DEBUG)

    async def run(self) -> None:
        """Serve this client until it or we hang up. Raises nothing but a cancellation."""
        error: CrossfadeError | None = None
        with self._service.sessions.enter():
            try:
                await self._converse()
            except* ClientGone as gone:
                self._close_code = _first(gone).code
            except* CrossfadeError as errors:
                error = _first(errors)
            except* Exception as bugs:
                logger.exception("session %s: a bug ended it", self.id, exc_info=_first(bugs))
                error = RecognizerError("an internal error ended the session")
            if error is not None and self._close_code is None:
                await self._refuse(error)
        if self._has_started:
            logger.info(
                "session %s closed: code=%s %s", self.id, self._close_code or "-", self._tally
            )

    async def _converse(self) -> None:
        principal = self._service.authority.admit(self._dialect.credential(self._handshake))
        commands = self._dialect.open(self._handshake)
        await self._accept()
        start, rest = _split(commands) or await self._read_start()
        goodbye = await self._recognize(start, rest, principal)
        await self._part(goodbye)

    async def _accept(self) -> None:
        await self._socket.accept({"request-id": self.id})

    async def _read_start(self) -> tuple[Start, list[Command]]:
        """Read frames until the dialect says how to start; the commands behind that come too."""
        start_s = self._service.patience.start_s
        async with asyncio.TaskGroup() as group:
            leaving = group.create_task(self._leave_when_ordered())
            timeout = group.create_task(_expire(start_s))
            while (found := _split(self._receive(await self._socket.receive()))) is None:
                pass
            leaving.cancel()
            timeout.cancel()
        return found

    async def _recognize(self, start: Start, rest: list[Command], principal: Principal) -> Goodbye:
        """Hold a slot and a stream while this client is listened to."""
        service = self._service
        limits = capped(start.limits, principal.session_s)
        slot = service.slots.slot(principal.name, at_most=principal.max_sessions)
        async with slot, aclosing(service.recognizer.open(start.config)) as stream:
            watchdog = Watchdog(limits, opened_at=self._opened_at, stall_s=service.patience.stall_s)
            with self._counted(principal, stream, self._missing(start.config)):
                async with asyncio.TaskGroup() as group:
                    speaking = group.create_task(
                        self._speak(self._started(start, limits), stream, watchdog)
                    )
                    others = [
                        group.create_task(self._listen(rest, stream, watchdog)),
                        group.create_task(self._finish_when_ordered(stream, watchdog)),
                        group.create_task(watchdog.run()),
                    ]
                    goodbye = await speaking
                    for task in others:
                        task.cancel()
        return goodbye

    # One reader ...

    async def _listen(
        self, rest: list[Command], stream: RecognizerStream, watchdog: Watchdog
    ) -> None:
        """Pass on what the client says, until it hangs up."""
        for command in rest:
            await self._obey(command, stream, watchdog)
        while True:
            frame = await self._socket.receive()
            watchdog.frame()
            for command in self._receive(frame):
                await self._obey(command, stream, watchdog)

    def _receive(self, frame: Frame) -> list[Command]:
        if self._is_traced:
            logger.debug("session %s < %s", self.id, _clipped(frame))
        return self._dialect.receive(frame)

    async def _obey(self, command: Command, stream: RecognizerStream, watchdog: Watchdog) -> None:
        if isinstance(command, Audio):
            watchdog.audio()
        elif isinstance(command, KeepAlive):
            return
        elif isinstance(command, Start):
            raise ProtocolError("the session has started already")
        await self._feed(command, stream, watchdog)

    async def _feed(
        self, command: StreamCommand, stream: RecognizerStream, watchdog: Watchdog
    ) -> None:
        # A full recognizer blocks here, the socket stays unread and TCP slows the client down.
        # The lock keeps a Finish of our own behind a chunk that is waiting for room.
        async with self._feeding:
            with watchdog.feeding():
                await stream.feed(command)
        if isinstance(command, Finish):
            watchdog.finished()

    # ... one writer ...

    async def _speak(
        self, started: SessionStarted, stream: RecognizerStream, watchdog: Watchdog
    ) -> Goodbye:
        """Tell the client what is recognized; return with the dialect's last word."""
        goodbye = await self._say(started, watchdog)
        if goodbye is not None:
            return goodbye
        async for event in stream.events():
            watchdog.event()
            self._tally.count(event, stream.audio_ms)
            goodbye = await self._say(event, watchdog)
            if goodbye is not None:
                return goodbye
        ended = SessionEnded(audio_ms=stream.audio_ms, session_ms=self._session_ms())
        return await self._say(ended, watchdog) or Goodbye(code=1000)

    async def _say(self, event: Event, watchdog: Watchdog) -> Goodbye | None:
        for frame in self._dialect.send(event):
            if isinstance(frame, Goodbye):
                return frame
            with watchdog.sending():
                await self._send(frame)
        return None

    async def _send(self, frame: Frame) -> None:
        if self._is_traced:
            logger.debug("session %s > %s", self.id, _clipped(frame))
        await self._socket.send(frame)

    def _started(self, start: Start, limits: SessionLimits) -> SessionStarted:
        session_s = limits.session_s
        return SessionStarted(
            session_id=self.id,
            language=start.config.language,
            started_at=int(time.time()),
            expires_at=None if session_s is None else int(self._opened_unix + session_s),
            speaker_labels=(
                start.config.speaker_labels is not None
                and self._service.recognizer.info.has_speaker_labels
            ),
        )

    # ... and one who waits for the order to leave.

    async def _leave_when_ordered(self) -> None:
        await self._service.sessions.ordered_to_leave()
        raise RecognizerError("the server is shutting down")

    async def _finish_when_ordered(self, stream: RecognizerStream, watchdog: Watchdog) -> None:
        """Finish on the client's behalf when the server drains; give up at the deadline."""
        deadline = await self._service.sessions.ordered_to_leave()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await self._feed(Finish(), stream, watchdog)
                await asyncio.get_running_loop().create_future()  # cancelled with the last word
        raise RecognizerError("the server shut down before the last words were recognized")

    # The end.

    async def _refuse(self, error: CrossfadeError) -> None:
        """Say in the dialect's words what went wrong, and close; a lost client is let go."""
        metrics = self._service.metrics
        count = metrics.failed if self._has_started else metrics.refused
        count(self._dialect_name, error)
        logger.info("session %s ends with %s: %s", self.id, type(error).__name__, error)
        refusal = self._dialect.refuse(error)
        with suppress(ClientGone, TimeoutError):
            async with asyncio.timeout(self._service.patience.parting_s):
                if refusal.http_status is not None and not self._socket.is_accepted:
                    body = refusal.frames[0] if refusal.frames else b"{}"
                    await self._socket.reject(refusal.http_status, body)
                    return
                if not self._socket.is_accepted:
                    await self._accept()
                for frame in refusal.frames:
                    await self._send(frame)
            await self._part(refusal.goodbye)

    async def _part(self, goodbye: Goodbye) -> None:
        """Give the client time to close first, then close.

        What still comes is read, for the pings and the close frame behind it, and dropped.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(goodbye.linger_s):
                while True:
                    await self._socket.receive()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._service.patience.parting_s):
                await self._socket.close(goodbye.code, goodbye.reason)
                self._close_code = goodbye.code

    # What operators see of it.

    def _session_ms(self) -> int:
        return round((asyncio.get_running_loop().time() - self._opened_at) * 1000)

    def _missing(self, config: SessionConfig) -> tuple[str, ...]:
        """Say what the client asked for and this recognizer cannot do."""
        info = self._service.recognizer.info
        unmet = {
            "speaker labels": config.speaker_labels is not None and not info.has_speaker_labels,
            "key terms": bool(config.keyterms) and not info.has_keyterms,
        }
        return tuple(
            f"{name}: {info.name} has none" for name, is_unmet in unmet.items() if is_unmet
        )

    @contextmanager
    def _counted(
        self, principal: Principal, stream: RecognizerStream, missing: tuple[str, ...]
    ) -> Iterator[None]:
        """Show the session in metrics and logs while it holds a slot."""
        self._has_started = True
        logger.info(
            "session %s open: dialect=%s key=%s", self.id, self._dialect_name, principal.name
        )
        notes = (*self._dialect.notes, *missing)
        for note in notes:
            logger.info("session %s goes without: %s", self.id, note)
        try:
            with self._tally.session(n_notes=len(notes)):
                yield
        finally:
            self._tally.ended(audio_ms=stream.audio_ms, session_ms=self._session_ms())


async def _expire(start_s: float) -> None:
    await asyncio.sleep(start_s)
    raise IdleError(idle_s=start_s)


def _split(commands: list[Command]) -> tuple[Start, list[Command]] | None:
    """The start and what comes after it; ``None`` if there is no start."""
    for at, command in enumerate(commands):
        if isinstance(command, Start):
            return command, commands[at + 1 :]
    return None


def _clipped(frame: Frame) -> str:
    return frame[:_CLIPPED_CHARS] if isinstance(frame, str) else f"{len(frame)} bytes"


def _first(group: BaseExceptionGroup[_E]) -> _E:
    """One exception of a group, however deep; with several, whichever failed first."""
    error: BaseExceptionGroup[_E] | _E = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
