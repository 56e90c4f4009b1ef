"""One client, from its handshake to its close frame.

    CONNECTED ──Start──▶ RECOGNIZING ──last event──▶ PARTING ──▶ closed
      no slot yet,         slot and stream;            slot given back;
      nothing said         see conversation.py         late frames are read and dropped

The session moves frames and knows no vendor's words: the dialect turns them into commands, and
events into frames. Whatever goes wrong comes out in ``run``, once.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from crossfade.dialects.base import Frame, Goodbye, Handshake, Refusal, ServerDialect
from crossfade.errors import (
    AudioError,
    ConfigError,
    CrossfadeError,
    IdleError,
    LeavingError,
    ProtocolError,
    RecognizerError,
)
from crossfade.model import (
    Command,
    SessionConfig,
    SessionLimits,
    SessionStarted,
    Start,
    Usage,
)
from crossfade.recognizers import channels
from crossfade.recognizers.base import Recognizer, RecognizerStream
from crossfade.server.audio_limit import LimitedStream
from crossfade.server.conversation import Conversation
from crossfade.server.limits import Patience, Sessions, Slots
from crossfade.server.log_context import current_session
from crossfade.server.metrics import Metrics
from crossfade.server.socket import ClientGone, Socket
from crossfade.server.tally import Tally
from crossfade.server.tokens import Authority, Principal
from crossfade.server.voice import Voice
from crossfade.server.watchdog import Watchdog, capped
from crossfade.server.webhooks import Webhooks

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
    webhooks: Webhooks
    max_channels: int


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
        seated_at_handshake: bool = False,
    ) -> None:
        self.id = str(uuid.uuid4())
        self._socket = socket
        self._dialect = dialect
        self._dialect_name = dialect_name
        self._handshake = handshake
        self._service = service
        self._seated_at_handshake = seated_at_handshake
        clock = asyncio.get_running_loop()
        self._tally = Tally(service.metrics, dialect_name, now=clock.time)
        self._opened_at = clock.time()
        self._opened_unix = time.time()
        self._has_started = False
        self._n_noted = 0
        self._close_code: int | None = None
        self._is_traced = logger.isEnabledFor(logging.DEBUG)

    async def run(self) -> None:
        """Serve this client until it or we hang up. Raises nothing but a cancellation."""
        error: CrossfadeError | None = None
        current_session.set(self.id)
        with self._service.sessions.enter():
            try:
                await self._converse()
            except* ClientGone as gone:
                self._close_code = _first(gone).code
            except* CrossfadeError as errors:
                error = _first(errors)
            except* Exception as bugs:
                logger.exception("session %s: a bug ended it", self.id, exc_info=_first(bugs))
                error = CrossfadeError("an internal error ended the session")
            if error is not None and self._close_code is None:
                await self._refuse(error)
            self._post_webhook()
        if self._has_started:
            logger.info(
                "session %s closed: code=%s %s", self.id, self._close_code or "-", self._tally
            )

    async def _converse(self) -> None:
        gate = self._service.authority.seen_from(self._socket.address)
        principal = gate.admit(self._dialect.credential(self._handshake))
        commands = self._dialect.open(self._handshake)
        if self._seated_at_handshake:
            async with self._slot(principal, n_channels=1) as usage:
                self._service.authority.opened(principal)
                start, rest = await self._await_start(commands)
                self._check_channels(start.config)
                goodbye = await self._recognize(start, rest, principal, usage)
        else:
            start, rest = await self._await_start(commands)
            self._check_channels(start.config)
            n_channels = max(len(start.config.channels), 1)
            async with self._slot(principal, n_channels=n_channels) as usage:
                goodbye = await self._recognize(start, rest, principal, usage)
        await self._part(goodbye)

    def _slot(
        self, principal: Principal, *, n_channels: int
    ) -> AbstractAsyncContextManager[Usage | None]:
        return self._service.slots.slot(
            principal.name, at_most=principal.max_sessions, n_channels=n_channels
        )

    async def _await_start(self, commands: list[Command]) -> tuple[Start, list[Command]]:
        """Accept, and wait until the client has said what it wants, where it has not yet."""
        await self._accept()
        return _split(commands) or await self._read_start()

    async def _accept(self) -> None:
        await self._socket.accept({"request-id": self.id})

    async def _read_start(self) -> tuple[Start, list[Command]]:
        """Read frames until the dialect says how to start; the commands behind that come too."""
        start_s = self._service.patience.start_s
        async with asyncio.TaskGroup() as group:
            leaving = group.create_task(self._leave_when_ordered())
            timeout = group.create_task(_expire(start_s))
            while (found := _split(await self._hear())) is None:
                pass
            leaving.cancel()
            timeout.cancel()
        return found

    async def _leave_when_ordered(self) -> None:
        await self._service.sessions.ordered_to_leave()
        raise LeavingError("the server is shutting down")

    async def _recognize(
        self, start: Start, rest: list[Command], principal: Principal, usage: Usage | None
    ) -> Goodbye:
        """Hold a stream while this client is listened to."""
        service, config = self._service, start.config
        async with channels.opened(service.recognizer, config) as stream:
            if not self._seated_at_handshake:
                service.authority.opened(principal)
            with self._counted(principal, stream, config):
                limits = capped(start.limits, principal.session_s)
                watchdog = self._watchdog(limits)
                conversation = Conversation(
                    receive=self._hear,
                    voice=self._voice(watchdog),
                    stream=_limited(stream, config, limits),
                    watchdog=watchdog,
                    heartbeat_s=limits.heartbeat_s,
                    sessions=service.sessions,
                    tally=self._tally,
                    session_ms=self._session_ms,
                )
                return await conversation.run(self._started(config, limits, usage), rest)

    def _check_channels(self, config: SessionConfig) -> None:
        most = self._service.max_channels
        if len(config.channels) > most:
            raise ConfigError(f"more than {most} channels in one session", field="channels")

    def _watchdog(self, limits: SessionLimits) -> Watchdog:
        return Watchdog(
            limits,
            self._service.patience,
            opened_at=self._opened_at,
            unheard_s=self._socket.unheard_s,
        )

    def _voice(self, watchdog: Watchdog) -> Voice:
        async def send(frame: Frame) -> None:
            watchdog.sending()
            self._tally.sending()
            try:
                await self._send(frame)
            finally:
                self._tally.sent()
            watchdog.sent()

        return Voice(self._dialect, send=send)

    def _started(
        self, config: SessionConfig, limits: SessionLimits, usage: Usage | None
    ) -> SessionStarted:
        session_s = limits.session_s
        return SessionStarted(
            session_id=self.id,
            language=config.language,
            started_at=int(time.time()),
            expires_at=None if session_s is None else int(self._opened_unix + session_s),
            speaker_labels=(
                config.speaker_labels is not None
                and self._service.recognizer.info.has_speaker_labels
            ),
            usage=usage,
        )

    # Frames.

    async def _hear(self) -> list[Command]:
        """Wait for the next frame, and for what it asks."""
        frame = await self._socket.receive()
        if self._is_traced:
            logger.debug("session %s < %s", self.id, _clipped(frame))
        commands = self._dialect.receive(frame)
        if self._has_started and isinstance(frame, str):
            self._tell_notes()
        return commands

    async def _send(self, frame: Frame) -> None:
        if self._is_traced:
            logger.debug("session %s > %s", self.id, _clipped(frame))
        await self._socket.send(frame)

    # The end.

    async def _refuse(self, error: CrossfadeError) -> None:
        """Say in the dialect's words what went wrong, and close; a lost client is let go."""
        metrics = self._service.metrics
        count = metrics.failed if self._has_started else metrics.refused
        count(self._dialect_name, error)
        if isinstance(error, RecognizerError) and error.__cause__ is not None:
            # Whoever runs the engine wants to know where it broke; the client does not.
            logger.error("session %s: the recognizer failed", self.id, exc_info=error.__cause__)
        logger.info("session %s ends with %s", self.id, _told(error))
        logger.debug("session %s: %s", self.id, error)
        refusal = self._dialect.refuse(error)
        with suppress(ClientGone, TimeoutError):
            async with asyncio.timeout(self._service.patience.parting_s):
                if refusal.http_status is not None and not self._socket.is_accepted:
                    await self._reject(refusal, refusal.http_status)
                    return
                if not self._socket.is_accepted:
                    await self._accept()
            await self._await_frame(refusal.awaits_frame_s)
            async with asyncio.timeout(self._service.patience.parting_s):
                for frame in refusal.frames:
                    await self._send(frame)
            await self._part(refusal.goodbye)

    async def _reject(self, refusal: Refusal, status: int) -> None:
        """Refuse the handshake."""
        body = refusal.frames[0] if refusal.frames else b"{}"
        wait_s = refusal.retry_after_s
        headers = None if wait_s is None else {"retry-after": str(wait_s)}
        await self._socket.reject(status, body, headers=headers)

    async def _await_frame(self, patience_s: float) -> None:
        """Let a client speak first that only listens after it has."""
        if patience_s:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._socket.receive()

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

    def _post_webhook(self) -> None:
        webhook = self._dialect.webhook()
        if webhook is not None:
            self._service.webhooks.post(webhook, session_id=self.id)

    # What operators see of it.

    def _session_ms(self) -> int:
        return round((asyncio.get_running_loop().time() - self._opened_at) * 1000)

    def _tell_notes(self) -> None:
        """Log what the dialect has noted since the last time."""
        notes = self._dialect.notes
        self._go_without(notes[self._n_noted :])
        self._n_noted = len(notes)

    def _go_without(self, notes: Sequence[str]) -> None:
        for note in notes:
            logger.info("session %s goes without: %s", self.id, note)
            self._tally.unhonoured()

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
        self, principal: Principal, stream: RecognizerStream, config: SessionConfig
    ) -> Iterator[None]:
        """Show the session in metrics and logs while it holds a slot."""
        self._has_started = True
        logger.info(
            "session %s open: dialect=%s key=%s", self.id, self._dialect_name, principal.name
        )
        self._tell_notes()
        self._go_without(self._missing(config))
        listed = self._service.sessions.listed(self.id, self._handshake.headers.get("x-request-id"))
        try:
            with self._tally.session(config, key=principal.name), listed:
                yield
        finally:
            self._tally.ended(
                audio_ms=stream.audio_ms,
                session_ms=self._session_ms(),
                processing_s=stream.processing_s,
            )


def _limited(
    stream: RecognizerStream, config: SessionConfig, limits: SessionLimits
) -> RecognizerStream | LimitedStream:
    if limits.audio_s is None:
        return stream
    return LimitedStream(stream, config, limit_s=limits.audio_s)


async def _expire(start_s: float) -> None:
    await asyncio.sleep(start_s)
    raise IdleError(idle_s=start_s)


def _told(error: CrossfadeError) -> str:
    """What the log may say of an error: where a client is to blame, it quotes what that sent."""
    name = type(error).__name__
    if isinstance(error, ConfigError):
        return f"{name} ({error.field})"
    return name if isinstance(error, ProtocolError | AudioError) else f"{name}: {error}"


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
