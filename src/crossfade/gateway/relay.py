"""One session over several backends, one after another.

What the session says goes onto a tape, what comes back goes onto a timeline: the same two that our
client's sessions use when a connection is lost. The next backend hears the tape again from before
the last final word, and the words that are known are left out.
"""

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from crossfade.audio import SAMPLE_RATE_HZ
from crossfade.client.conversation import changed
from crossfade.client.outgoing import Outgoing
from crossfade.client.tape import Tape
from crossfade.client.timeline import Timeline
from crossfade.dialects.base import AudioRules
from crossfade.errors import AudioError, ConfigError, CrossfadeError, UpstreamError
from crossfade.gateway.breaker import Breaker
from crossfade.gateway.deafness import Deafness
from crossfade.gateway.speakers import SpeakerQuestions
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    Encoding,
    Event,
    Final,
    Finish,
    ForceTurn,
    InChannel,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    Silence,
    SpeakersKnown,
    StreamEvent,
    TurnEnded,
)
from crossfade.recognizers.base import Recognizer, RecognizerStream, StreamCommand

logger = logging.getLogger("crossfade.gateway")

KEEP_S = 60.0
"""Audio that is kept behind the last final word, 2 MB at 16 kHz. Of a backend that tells no silence
the oldest is let go: it was heard long ago, and held no words."""

ATTEMPTS = 8
"""Backends that one session may use up, the same one counted anew."""

PAUSE_S = 0.25
"""Before a backend is tried again that has failed in this session."""

TAKE_S = 5.0
"""For a backend to connect, and to take one chunk."""

EVENTS_HELD = 64
"""Events that wait for our client."""

CHUNK_MS = 20
"""Audio is cut into whole samples of this length, so that it can be taken up at each border."""

DECODED = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=SAMPLE_RATE_HZ)
"""What a media stream becomes on the tape: it cannot be taken up in its middle, samples can."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One backend in the order, and how it has fared in this process."""

    name: str
    recognizer: Recognizer
    breaker: Breaker = field(default_factory=Breaker)


class RelayStream:
    """See ``RecognizerStream``. A task of its own goes from backend to backend."""

    def __init__(
        self, places: Sequence[Place], config: SessionConfig, on_tape: SessionConfig
    ) -> None:
        """Begin with the first backend that is worth a try.

        Args:
            places: In order; all of them know the language.
            config: As our client has it.
            on_tape: The same with raw audio; what the backends are asked for.
        """
        assert isinstance(on_tape.audio, RawAudio)
        self._places = places
        self._config = on_tape
        self._wire = on_tape.audio
        rules = AudioRules(chunk_ms=CHUNK_MS)
        self._audio = Outgoing(given=config.audio, wire=on_tape.audio, rules=rules)
        bytes_per_s = self._wire.sample_rate_hz * self._wire.encoding.sample_bytes
        self._tape = Tape(bytes_per_s=bytes_per_s, keep_s=KEEP_S, waits_when_full=False)
        self._timeline = Timeline()
        self._speakers = SpeakerQuestions()
        self._stream: RecognizerStream | None = None
        self._processing_s = 0.0  # of the streams before
        self._n_accepted = 0
        self._is_finished = False
        self._is_end_told = False
        self._is_over = False
        self._failure: Exception | None = None
        self._news: asyncio.Queue[StreamEvent | None] = asyncio.Queue(EVENTS_HELD)
        self._telling = asyncio.Lock()
        self._untold: deque[Event] = deque()  # of one event, mostly empty
        self._running = asyncio.create_task(self._run())

    @property
    def audio_ms(self) -> int:
        """Audio that was received, but for a chunk that is not complete."""
        return self._tape.end_ms

    @property
    def processing_s(self) -> float:
        """What all backends took together."""
        return self._processing_s + (0.0 if self._stream is None else self._stream.processing_s)

    def speech_peak(self) -> float:
        """What the present backend says."""
        return 0.0 if self._stream is None else self._stream.speech_peak()

    async def feed(self, command: StreamCommand) -> None:
        """Take one command; waits while the backend is behind. See ``RecognizerStream.feed``.

        While no backend listens it goes on until ``KEEP_S`` of audio wait.
        """
        if isinstance(command, ReportSpeakers):
            await self._ask_for_speakers(command)
        elif self._is_finished or self._is_over:
            if isinstance(command, Audio) and not self._is_over:
                await self._tell(lambda: [AudioIgnored()])
        else:
            await self._record(command)

    async def events(self) -> AsyncIterator[StreamEvent]:
        """Yield what is recognized, by whomever; see ``RecognizerStream.events``."""
        while (event := await self._news.get()) is not None:
            yield event
        if self._failure is not None:
            raise self._failure

    async def aclose(self) -> None:
        """Let go of everything."""
        self._is_over = True
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    # What the session says.

    async def _record(self, command: Audio | ForceTurn | Reconfigure | Finish | InChannel) -> None:
        match command:
            case Audio(data=data):
                async for chunk in self._audio.push(data):
                    await self._tape.record(Audio(data=chunk))
                await self._tell(self._accepted)
            case ForceTurn():
                if rest := self._audio.mark():
                    await self._tape.record(Audio(data=rest))
                await self._tape.record(command)
            case Reconfigure():
                await self._tape.record(command)
            case Finish():
                self._is_finished = True
                async for chunk in self._audio.flush():
                    await self._tape.record(Audio(data=chunk))
                if self._speakers.are_wanted_at_end:
                    await self._tape.record(ReportSpeakers(at_end=True))
                await self._record_end()
            case InChannel():
                raise TypeError("a stream has one channel")

    async def _record_end(self) -> None:
        try:
            await self._tape.record(Finish())
        except UpstreamError:
            if self._failure is not None:  # else all was said before we came to look
                raise

    def _accepted(self) -> list[StreamEvent]:
        self._n_accepted += 1
        return [AudioAccepted(number=self._n_accepted)]

    async def _ask_for_speakers(self, command: ReportSpeakers) -> None:
        if self._is_over:
            return
        self._speakers.ask(command)
        if command.at_end:
            return
        if self._stream is None:
            await self._tell(self._speakers.answers)
        else:
            await self._stream.feed(command)

    # From backend to backend.

    async def _run(self) -> None:
        try:
            await self._relay()
            await self._tell(self._speakers.answers_at_end)
        except Exception as error:  # to whoever reads the events, bugs included
            self._failure = error
            await self._tell(list)
        self._is_over = True
        self._tape.close(self._failure)
        await self._news.put(None)

    async def _relay(self) -> None:
        """Hear the session out.

        Raises:
            CrossfadeError: The last reason, once every way was tried often enough.
        """
        turn = self._order()
        place = next(turn)
        for attempt in itertools.count(1):
            loss = await self._attempt(place)
            if loss is None:
                return
            if attempt == ATTEMPTS or self._tape.is_closed:
                raise loss
            failed, place = place, next(turn)
            if attempt >= len(self._places):
                await asyncio.sleep(PAUSE_S)
            self._rewind()
            logger.warning(
                "backend %s failed (%s); going on with %s from %d ms, move %d",
                *(failed.name, type(loss).__name__, place.name, self._timeline.settled_ms, attempt),
            )

    def _order(self) -> Iterator[Place]:
        """Round and round; a backend that is known to be down is passed by, unless all are."""
        for place in itertools.cycle(self._places):
            if place.breaker.allows(_now_s()) or not self._any_is_closed():
                yield place

    def _any_is_closed(self) -> bool:
        return any(place.breaker.is_closed(_now_s()) for place in self._places)

    async def _attempt(self, place: Place) -> CrossfadeError | None:
        """Go on with one backend: to the end (``None``), or until it fails (why).

        Raises:
            AudioError: If the fault is our client's, not the backend's.
        """
        try:
            await self._converse(place)
        except AudioError:
            place.breaker.let_go()
            raise
        except ConfigError as error:  # this session is not for it; others may be
            place.breaker.let_go()
            return error
        except CrossfadeError as error:
            place.breaker.failed(_now_s())
            return error
        except asyncio.CancelledError:
            place.breaker.let_go()
            raise
        finally:
            self._tape.stop()
        place.breaker.let_go()
        return None

    async def _converse(self, place: Place) -> None:
        stream = place.recognizer.open(self._config)
        self._stream = stream
        self._is_end_told = False
        deafness = Deafness(self._wire, now_s=_now_s())
        try:
            async with asyncio.TaskGroup() as group:
                player = group.create_task(self._play(stream, deafness, place))
                await self._listen(stream, deafness, place)
                player.cancel()
        except* CrossfadeError as errors:
            raise _first(errors) from None
        finally:
            self._processing_s += stream.processing_s
            self._stream = None
            await stream.aclose()

    async def _listen(self, stream: RecognizerStream, deafness: Deafness, place: Place) -> None:
        async for event in stream.events():
            if isinstance(event, AudioAccepted):
                continue  # these are our chunks, not our client's
            deafness.heard(now_s=_now_s())
            place.breaker.succeeded()
            await self._tell(partial(self._heard, event))
        if not self._is_end_told:
            raise UpstreamError(f"the backend {place.name} ended early", cause="gone")

    def _heard(self, event: StreamEvent) -> list[Event]:
        """Put an event on the timeline, and forget what need not be heard again; all or nothing."""
        if isinstance(event, SpeakersKnown):
            return [*self._speakers.hear(event)]
        told = self._timeline.take(event)
        match event:
            case TurnEnded(forced=True):
                self._tape.answered()
            case Final() | Silence():
                self._tape.trim(self._timeline.replay_from_ms)
            case _:
                pass  # the others change nothing about what has to be heard again
        return told

    async def _play(self, stream: RecognizerStream, deafness: Deafness, place: Place) -> None:
        """Let a backend hear what is on the tape, as fast as it takes it."""
        while True:
            entry = await self._tape.next()
            command = entry.command
            if isinstance(command, Audio) and deafness.push(command.data, now_s=_now_s()):
                raise UpstreamError(f"the backend {place.name} hears no words", cause="gone")
            if isinstance(command, Reconfigure):
                self._config = changed(self._config, command)
            self._is_end_told |= isinstance(command, Finish)
            # Before it is: the answer may be here before we are back.
            self._tape.play(entry)
            await self._feed(stream, self._timeline.there(command), place)

    async def _feed(self, stream: RecognizerStream, command: StreamCommand, place: Place) -> None:
        """Give one command to a backend; not longer than ``TAKE_S`` if it is its own fault.

        Raises:
            UpstreamError: If it takes nothing.
        """
        feeding = asyncio.ensure_future(stream.feed(command))
        try:
            while not (await asyncio.wait([feeding], timeout=TAKE_S))[0]:
                if not self._news.full():  # else it waits for our client, who does not read
                    raise UpstreamError(f"the backend {place.name} takes nothing", cause="gone")
            feeding.result()
        finally:
            feeding.cancel()

    def _rewind(self) -> None:
        at_ms, n_chunks = self._tape.rewind(self._timeline.replay_from_ms)
        self._timeline.resume(at_ms=at_ms, chunks_before=n_chunks, session_ms=0)

    async def _tell(self, make: Callable[[], Iterable[Event]]) -> None:
        """Put events where our client gets them, in one piece.

        A backend that fails may cancel us: what counts as told by then is told first, next time.
        """
        async with self._telling:
            self._untold.extend(make())
            while self._untold:
                # What the timeline makes of a stream's event is a stream's event too.
                await self._news.put(cast("StreamEvent", self._untold[0]))
                self._untold.popleft()


def _first(group: BaseExceptionGroup[CrossfadeError]) -> CrossfadeError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _now_s() -> float:
    return asyncio.get_running_loop().time()
