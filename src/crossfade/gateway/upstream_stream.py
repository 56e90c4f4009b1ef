"""One session with the far side, as a recognizer's stream.

It drives a session of our own client, which converts, cuts and paces the audio, keeps to the far
side's acknowledgements, and goes on over another connection where that is wanted.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

from crossfade.client import Reconnect, Reconnected, Reconnecting, Session, SessionEvent, connect
from crossfade.errors import CrossfadeError, UpstreamError
from crossfade.gateway.backend import Backend
from crossfade.gateway.complaints import complaint
from crossfade.gateway.fitting import Fitted, fitted_change
from crossfade.gateway.news import News
from crossfade.gateway.rollover import Ending
from crossfade.gateway.speakers import SpeakerQuestions
from crossfade.gateway.turns import FarTurns
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioFormat,
    AudioIgnored,
    AudioLimitReached,
    ChannelEvent,
    Declined,
    Final,
    Finish,
    ForceTurn,
    Heartbeat,
    InChannel,
    Partial,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SessionEnded,
    SessionStarted,
    Silence,
    SpeakersIgnored,
    SpeakersKnown,
    SpeechStarted,
    StreamEvent,
    TimeRunsOut,
    TurnEnded,
    VoiceStarted,
    VoiceStopped,
)
from crossfade.recognizers.base import StreamCommand

logger = logging.getLogger("crossfade.gateway")

FORCE_PATIENCE_S = 0.6
"""How long a far side that is silent about empty turns may take to end one. A vendor's server took
about 270 ms on the wire; other vendors' clients wait a second for us."""

FORCE_PATIENCE_WITH_WORDS_S = 2.0
"""The same where words are open, which have to be decoded first."""


class UpstreamStream:
    """One session with the far side. See ``RecognizerStream``.

    A task of its own connects and reads; ``feed`` writes. What both have to tell goes through one
    queue, where no acknowledgement comes between a final and its partial.
    """

    def __init__(
        self,
        backend: Backend,
        wanted: Fitted,
        *,
        reconnect: Reconnect,
        behind_s: float,
        on_closed: Callable[["UpstreamStream"], None],
    ) -> None:
        self._backend = backend
        self._vendor = backend.vendor
        self._wanted = wanted
        self._reconnect = reconnect
        self._behind_s = behind_s
        self._on_closed = on_closed
        self._turns = FarTurns(wanted.config, tells_forced_ends=self._vendor.tells_forced_ends)
        self._speakers = SpeakerQuestions()
        self._bytes_per_s = _bytes_per_s(wanted.config.audio)
        self._received_bytes = 0
        self._n_accepted = 0
        self._is_finished = False
        self._is_over = False
        self._speech_peak = 0.0
        self._failure: Exception | None = None
        self._news = News()
        self.ending = Ending()
        self._told_s: float | None = None  # how long its sessions last, as the far side says
        self._opened: asyncio.Future[Session] = asyncio.get_running_loop().create_future()
        self._waits: set[asyncio.Task[None]] = set()  # for answers to forced ends
        self._running = asyncio.create_task(self._run())

    @property
    def audio_ms(self) -> int:
        """Audio received; of a media file, as much as was decoded and sent."""
        if self._bytes_per_s is not None:
            return self._received_bytes * 1000 // self._bytes_per_s
        return self._opened.result().sent_ms if _is_done(self._opened) else 0

    @property
    def processing_s(self) -> float:
        """Nothing: it decodes elsewhere."""
        return 0.0

    def speech_peak(self) -> float:
        """What the far side says, or whether it heard words since the last call."""
        peak, self._speech_peak = self._speech_peak, 0.0
        return peak

    async def feed(self, command: StreamCommand) -> None:
        """Take one command; waits while the far side is behind, or our client does not read.

        Raises:
            AudioError: If the bytes are not the audio that the configuration promised.
            RecognizerError: If the far session has failed.
        """
        if isinstance(command, ReportSpeakers):
            await self._ask_for_speakers(command)
        elif self._is_finished or self._is_over:
            if isinstance(command, Audio) and not self._is_over:
                await self._news.tell(lambda: [AudioIgnored()])
        else:
            await self._say(command)

    async def events(self) -> AsyncIterator[StreamEvent]:
        """Yield what the far side recognizes; see ``RecognizerStream.events``."""
        if unreadable := self._unreadable_speakers:
            yield SpeakersIgnored(labels=unreadable)
        async for event in self._news.read():
            yield event
        if self._failure is not None:
            raise self._failure

    async def aclose(self) -> None:
        """Hang up."""
        self._is_over = True
        self._open_no_more()
        tasks = [self._running, *self._waits]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._on_closed(self)

    # Towards the far side.

    async def _say(self, command: Audio | ForceTurn | Reconfigure | Finish | InChannel) -> None:
        self._is_finished = isinstance(command, Finish)
        session = await self._session()
        try:
            await self._say_to(session, command)
        except CrossfadeError as error:
            if self._is_finished and isinstance(error, UpstreamError):
                return  # all was said; whether it was heard, ``events`` tells
            # Without its cause, which a log would show: what the far side wrote may hold words.
            raise complaint(self._backend.name, error) from None

    async def _say_to(
        self, session: Session, command: Audio | ForceTurn | Reconfigure | Finish | InChannel
    ) -> None:
        match command:
            case Audio(data=data):
                self._received_bytes += len(data)
                await session.send(data)
                await self._news.tell(self._accepted)
            case ForceTurn():
                self._turns.force()
                await session.say(command)
                self._await_forced_end()
            case Reconfigure():
                self._turns.reconfigure(command)
                await session.say(fitted_change(command, self._vendor))
            case Finish():
                if self._speakers.are_wanted_at_end and self._vendor.tells_speakers:
                    await session.say(ReportSpeakers(at_end=True))
                await session.finish()
                self._turns.end_of_audio(session.sent_ms)
            case InChannel():
                raise TypeError("a stream has one channel")

    async def _ask_for_speakers(self, command: ReportSpeakers) -> None:
        if self._is_over:
            return
        self._speakers.ask(command)
        if command.at_end:
            return
        if self._is_finished or not self._vendor.tells_speakers:
            await self._news.tell(self._speakers.answers)
        else:
            await (await self._session()).say(command)

    def _accepted(self) -> list[StreamEvent]:
        self._n_accepted += 1
        return [AudioAccepted(number=self._n_accepted)]

    def _await_forced_end(self) -> None:
        if self._vendor.tells_forced_ends:
            return
        task = asyncio.create_task(self._answer_in_time())
        self._waits.add(task)
        task.add_done_callback(self._waits.discard)

    async def _answer_in_time(self) -> None:
        await asyncio.sleep(FORCE_PATIENCE_S)
        if self._turns.awaits_forced_end and self._turns.hears_words:
            await asyncio.sleep(FORCE_PATIENCE_WITH_WORDS_S - FORCE_PATIENCE_S)
        if not self._is_over:
            await self._news.tell(self._turns.answer_force)

    async def _session(self) -> Session:
        try:
            return await asyncio.shield(self._opened)
        except CrossfadeError:
            raise self._failure or UpstreamError("the session is over") from None

    # ... and back.

    async def _run(self) -> None:
        """Open the session, read it to its end, hang up."""
        try:
            await self._converse()
            await self._news.tell(self._turns.finish)
            await self._news.tell(self._speakers.answers_at_end)
        except CrossfadeError as error:
            self._failure = complaint(self._backend.name, error)
            # Whatever the far side wrote may hold a key or words.
            logger.info("%s", self._failure)
            logger.debug("backend %s said: %s", self._backend.name, self._scrubbed(error))
        except Exception as error:  # a bug: whoever reads the events is to see it
            self._failure = error
        self._is_over = True
        self._open_no_more()
        await self._news.close()

    def _open_no_more(self) -> None:
        """Let nobody wait for a session: not by a cancellation, which would be taken for theirs."""
        if not self._opened.done():
            self._opened.set_exception(self._failure or UpstreamError("the session is over"))
            self._opened.exception()  # it is seen, even if nothing is ever fed

    async def _converse(self) -> None:
        backend = self._backend
        for note in self._wanted.notes:
            logger.warning("%s: %s", backend.name, note)
        async with connect(
            backend.url,
            key=backend.key,
            dialect=backend.dialect,
            config=self._wanted.config,
            reconnect=self._reconnect,
            token_ttl_s=backend.token_ttl_s,
            behind_s=self._behind_s,
        ) as session:
            self._opened.set_result(session)
            async for event in session:
                await self._hear(event)

    async def _hear(self, event: SessionEvent) -> None:
        match event:
            case Final() | Partial() | TurnEnded() | Silence() | SpeechStarted():
                if isinstance(event, Final | Partial) and event.words:
                    self._speech_peak = 1.0
                await self._news.tell(partial(self._turns.take, event))
            case VoiceStarted() | VoiceStopped():
                if self._wanted.config.voice_edges_wanted:
                    await self._news.tell(lambda: [*self._turns.flush(), event])
            case SpeakersKnown():
                await self._news.tell(partial(self._speakers.hear, event))
            case Heartbeat():
                self._speech_peak = max(self._speech_peak, event.speech_probability)
            case AudioAccepted():
                await self._news.tell(self._turns.flush)
            case SessionStarted():
                logger.info("backend %s opened session %s", self._backend.name, event.session_id)
                if event.expires_at is not None:
                    self._told_s = event.expires_at - time.time()
                self._began()
            case Reconnecting():
                logger.info(
                    "backend %s is lost (%s); attempt %d in %.1f s",
                    *(self._backend.name, event.code or "-", event.attempt, event.wait_s),
                )
            case Reconnected():
                logger.info("backend %s is back after %.1f s", self._backend.name, event.outage_s)
                self._began()
            case (
                SessionEnded()
                | AudioIgnored()
                | SpeakersIgnored()
                | TimeRunsOut()
                | AudioLimitReached()
                | Declined()
                | ChannelEvent()
            ):
                pass  # about the far session, of which our client knows nothing

    def _began(self) -> None:
        longest_s = self._backend.longest_s
        self.ending.began(_now_s(), lasts_s=longest_s, told_s=self._told_s)

    @property
    def _unreadable_speakers(self) -> tuple[str, ...]:
        labels = self._wanted.config.speaker_labels
        if labels is None or self._vendor.tells_speakers:
            return ()
        return tuple(speaker.label for speaker in labels.known if speaker.identifiers)

    def _scrubbed(self, error: CrossfadeError) -> str:
        key = self._backend.key
        return str(error).replace(key, "KEY") if key else str(error)


def _bytes_per_s(audio: AudioFormat) -> int | None:
    """``None``: nobody can tell before it is decoded."""
    if not isinstance(audio, RawAudio):
        return None
    return audio.sample_rate_hz * audio.encoding.sample_bytes


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _is_done(future: asyncio.Future[Session]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
