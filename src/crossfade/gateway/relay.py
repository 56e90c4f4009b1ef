"""One session over several backends, one after another, or over several sessions with one.

What the session says goes onto a tape, what comes back goes onto a timeline: the same two that our
client's sessions use when a connection is lost. Here is what our client deals with; ``course`` goes
from backend to backend.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

from crossfade.audio import SAMPLE_RATE_HZ
from crossfade.client.outgoing import Outgoing
from crossfade.client.tape import Tape
from crossfade.client.timeline import Timeline
from crossfade.dialects.base import AudioRules
from crossfade.errors import CrossfadeError, UpstreamError
from crossfade.gateway.course import Course
from crossfade.gateway.news import News
from crossfade.gateway.place import Place
from crossfade.gateway.speakers import SpeakerQuestions
from crossfade.gateway.stage import Stage
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    Encoding,
    Finish,
    ForceTurn,
    InChannel,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    StreamEvent,
)
from crossfade.recognizers.base import RecognizerStream, StreamCommand

KEEP_S = 60.0
"""Audio that is kept behind the last final word, 2 MB at 16 kHz. Of a backend that tells no silence
the oldest is let go: it was heard long ago, and held no words."""

CHUNK_MS = 20
"""Audio is cut into whole samples of this length, so that it can be taken up at each border."""

DECODED = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=SAMPLE_RATE_HZ)
"""What a media stream becomes on the tape: it cannot be taken up in its middle, samples can."""


class RelayStream:
    """See ``RecognizerStream``. A task of its own goes from backend to backend."""

    def __init__(
        self,
        places: Sequence[Place],
        config: SessionConfig,
        on_tape: SessionConfig,
        *,
        is_alone: bool = False,
        first: RecognizerStream | None = None,
    ) -> None:
        """Begin with the first backend that is worth a try.

        Args:
            places: In order; all of them know the language.
            config: As our client has it.
            on_tape: The same with raw audio; what the backends are asked for.
            is_alone: See ``Stage``.
            first: See ``Stage``.
        """
        assert isinstance(on_tape.audio, RawAudio)
        rules = AudioRules(chunk_ms=CHUNK_MS)
        self._audio = Outgoing(given=config.audio, wire=on_tape.audio, rules=rules)
        bytes_per_s = on_tape.audio.sample_rate_hz * on_tape.audio.encoding.sample_bytes
        self._tape = Tape(bytes_per_s=bytes_per_s, keep_s=KEEP_S, waits_when_full=False)
        self._speakers = SpeakerQuestions()
        self._news = News()
        self._stage = Stage(
            on_tape,
            tape=self._tape,
            timeline=Timeline(),
            speakers=self._speakers,
            news=self._news,
            n_backends=len(places),
            is_alone=is_alone,
            first=first,
        )
        self._course = Course(places, self._stage)
        self._n_accepted = 0
        self._is_finished = False
        self._is_over = False
        self._failure: Exception | None = None
        self._running = asyncio.create_task(self._run())

    @property
    def audio_ms(self) -> int:
        """Audio that was received, but for a chunk that is not complete."""
        return self._tape.end_ms

    @property
    def processing_s(self) -> float:
        """What all backends took together."""
        return self._stage.processing_s

    def speech_peak(self) -> float:
        """What the present backend says."""
        leg = self._stage.leg
        return 0.0 if leg is None else leg.stream.speech_peak()

    async def feed(self, command: StreamCommand) -> None:
        """Take one command; waits while the backend is behind. See ``RecognizerStream.feed``.

        While no backend listens it goes on until ``KEEP_S`` of audio wait.
        """
        if isinstance(command, ReportSpeakers):
            await self._ask_for_speakers(command)
        elif self._is_finished or self._is_over:
            if isinstance(command, Audio) and not self._is_over:
                await self._news.tell(lambda: [AudioIgnored()])
        else:
            await self._record(command)

    async def events(self) -> AsyncIterator[StreamEvent]:
        """Yield what is recognized, by whomever; see ``RecognizerStream.events``."""
        async for event in self._news.read():
            yield event
        if self._failure is not None:
            raise self._failure

    async def aclose(self) -> None:
        """Let go of everything."""
        self._is_over = True
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self._audio.close()
        await self._stage.aclose()

    async def _record(self, command: Audio | ForceTurn | Reconfigure | Finish | InChannel) -> None:
        match command:
            case Audio(data=data):
                async for chunk in self._audio.push(data):
                    await self._tape.record(Audio(data=chunk))
                await self._news.tell(self._accepted)
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
        leg = self._stage.leg
        try:
            if leg is not None and leg.is_heard:  # else nobody is known yet
                await leg.stream.feed(command)
                return
        except CrossfadeError:  # it is lost this very moment
            pass
        await self._news.tell(self._speakers.answers)

    async def _run(self) -> None:
        try:
            await self._course.run()
            await self._news.tell(self._stage.end)
            await self._news.tell(self._speakers.answers_at_end)
        except Exception as error:  # to whoever reads the events, bugs included
            self._failure = error
            await self._news.tell(list)
        self._is_over = True
        self._tape.close(self._failure)
        await self._news.close()
