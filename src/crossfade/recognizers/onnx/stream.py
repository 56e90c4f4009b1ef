"""One session's stream: commands in, events out, decodes in between.

Nothing runs but the consumer of ``events``: it pulls audio through the transcriber, hands jobs to
the scheduler and yields what they gave. A consumer that stops pulling stops everything, so a slow
reader costs its own session time and nobody memory.

The audio clock waits for the decode that is due: it moves on past a waiting partial only once
that is late. So a file pushed at full speed is heard as if it came in real time.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator

from crossfade.audio.pcm import Samples
from crossfade.audio.volume import GatedDecoder
from crossfade.errors import RecognizerError
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioFormat,
    AudioIgnored,
    Finish,
    ForceTurn,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SpeakersIgnored,
    SpeakersKnown,
    StreamEvent,
)
from crossfade.recognizers.base import StreamCommand
from crossfade.recognizers.onnx.jobs import Heard, Job
from crossfade.recognizers.onnx.scheduler import Scheduler, Ticket
from crossfade.recognizers.onnx.segment import SAMPLES_PER_MS
from crossfade.recognizers.onnx.transcriber import Transcriber
from crossfade.recognizers.onnx.vad import WINDOW_SAMPLES

INBOX_BYTES = 128 << 20
"""Audio that may wait; beyond it ``feed`` waits, the socket stays unread, and the client slows."""

INBOX_COMMANDS = 50_000
"""Commands that may wait, about 10 MB beside their audio: else chunks of one sample fill memory."""

ACCEPTED_AHEAD_MS = 10_000
"""Chunks are acknowledged at once while less audio than this waits before them."""

SLICE_SAMPLES = 12 * WINDOW_SAMPLES
"""Audio taken at a time: 384 ms, about 0.5 ms of work on the event loop."""

LATE_S = 0.1
"""A partial that has waited this long is late: the audio clock moves on."""

CONTAINER_BYTES_PER_MS = 32
"""What a compressed byte is worth when only its count is known: as if it were 16 kHz PCM."""


class EmbeddedStream:
    """A ``RecognizerStream`` of the embedded recognizer."""

    def __init__(
        self,
        transcriber: Transcriber,
        decoder: GatedDecoder,
        scheduler: Scheduler,
        audio: AudioFormat,
    ) -> None:
        """Start with no audio. Made by ``EmbeddedRecognizer.open``."""
        self._transcriber = transcriber
        self._decoder = decoder
        self._scheduler = scheduler
        self._raw = isinstance(audio, RawAudio)
        self._bytes_per_s = (
            audio.sample_rate_hz * audio.encoding.sample_bytes
            if isinstance(audio, RawAudio)
            else CONTAINER_BYTES_PER_MS * 1000
        )
        self._inbox: deque[StreamCommand] = deque()
        self._waiting: deque[int] = deque()  # where the chunks that are not accepted yet begin
        self._received_bytes = 0
        self._heard_bytes = 0
        self._heard_samples = 0
        self._listened_samples = 0  # since others went on
        self._accepted = 0
        self._ignored = 0
        self._speakers_asked = 0
        self._speakers_asked_at_end = False
        self._finished = False
        self._closed = False
        self._ticket: Ticket | None = None
        self._processing_s = 0.0
        self._outcome: tuple[Job | None, Heard | BaseException] | None = None
        self._wake = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def audio_ms(self) -> int:
        """Audio received so far; of a container, as much as was decoded."""
        if self._raw:
            return self._received_bytes * 1000 // self._bytes_per_s
        return self._heard_samples // SAMPLES_PER_MS

    @property
    def processing_s(self) -> float:
        """See ``RecognizerStream.processing_s``."""
        return self._processing_s

    @property
    def inbox_s(self) -> float:
        """Audio that was received and not yet heard."""
        if self._closed:
            return 0.0
        return (self._received_bytes - self._heard_bytes) / self._bytes_per_s

    async def feed(self, command: StreamCommand) -> None:
        """See ``RecognizerStream.feed``."""
        if isinstance(command, ReportSpeakers):
            self._speakers_asked += not command.at_end
            self._speakers_asked_at_end |= command.at_end
            self._wake.set()
            return
        if self._finished:
            self._ignored += isinstance(command, Audio)
            self._wake.set()
            return
        if not isinstance(command, Finish):  # that one is the last
            await self._wait_for_room()
        if isinstance(command, Audio):
            self._waiting.append(self._received_bytes)
            self._received_bytes += len(command.data)
        self._finished = isinstance(command, Finish)
        self._inbox.append(command)
        self._wake.set()

    async def events(self) -> AsyncIterator[StreamEvent]:
        """See ``RecognizerStream.events``."""
        hearing = self._hear()
        try:
            if unreadable := self._transcriber.unreadable_speakers():
                yield SpeakersIgnored(labels=unreadable)
            while not self._closed:
                for event in self._news():
                    yield event
                if self._transcriber.done:
                    return
                if not await self._move(hearing):
                    await self._wake.wait()
                    self._wake.clear()
        finally:
            await self.aclose()
            await hearing.aclose()

    def speech_peak(self) -> float:
        """See ``RecognizerStream.speech_peak``."""
        return self._transcriber.speech_peak()

    async def aclose(self) -> None:
        """See ``RecognizerStream.aclose``."""
        self._closed = True
        self._finished = True
        if self._ticket is not None:
            self._ticket.cancel()
        self._decoder.close()
        self._inbox.clear()
        self._wake.set()
        self._room.set()

    async def _wait_for_room(self) -> None:
        while self._is_full and not self._closed:
            self._room.clear()
            await self._room.wait()
        if self._closed:
            raise RecognizerError("the stream is closed")

    @property
    def _is_full(self) -> bool:
        n_bytes = self._received_bytes - self._heard_bytes
        return n_bytes > INBOX_BYTES or len(self._inbox) >= INBOX_COMMANDS

    def _news(self) -> list[StreamEvent]:
        """Collect what there is to tell: acknowledgements, then words."""
        news: list[StreamEvent] = []
        ahead = ACCEPTED_AHEAD_MS * self._bytes_per_s // 1000
        while self._waiting and self._waiting[0] - self._heard_bytes < ahead:
            self._waiting.popleft()
            self._accepted += 1
            news.append(AudioAccepted(number=self._accepted))
        while self._ignored:
            self._ignored -= 1
            news.append(AudioIgnored())
        news += self._transcriber.take_events()
        news += self._speakers_known()
        return news

    def _speakers_known(self) -> list[StreamEvent]:
        """Answer those who asked; never between a final and its partial."""
        if not (self._speakers_asked or self._speakers_asked_at_end):
            return []
        speakers = self._transcriber.speakers()
        answers: list[StreamEvent] = [SpeakersKnown(speakers=speakers)] * self._speakers_asked
        self._speakers_asked = 0
        if self._speakers_asked_at_end and self._transcriber.done:
            self._speakers_asked_at_end = False
            answers.append(SpeakersKnown(speakers=speakers, at_end=True))
        return answers

    async def _move(self, hearing: AsyncIterator[bool]) -> bool:
        """Make one step of progress; ``False`` if there is nothing to do but wait."""
        if self._outcome is not None:
            self._apply(*self._outcome)
            return True
        if not self._may_go_on or (self._transcriber.starved and not await anext(hearing)):
            return False
        if self._may_go_on:  # still: hearing may have taken a while
            self._transcriber.step(late=self._ticket is not None, has_room=self._has_room)
            self._submit()
        return True

    @property
    def _may_go_on(self) -> bool:
        """The audio clock may move on: no decode is due, or one that is late and has not begun."""
        ticket = self._ticket
        return ticket is None or not (ticket.begun or ticket.urgent or ticket.waited_s <= LATE_S)

    @property
    def _has_room(self) -> bool:
        """All audio was heard as it came, and a thread has nothing to do."""
        return not self._inbox and self._scheduler.has_room

    def _submit(self) -> None:
        """Queue the decode that is due; a final takes the place of the partial before it."""
        wanted = self._transcriber.wanted
        if wanted is None:
            return
        if self._ticket is not None:
            if self._ticket.urgent == wanted.kind.urgent:
                return
            self._ticket.cancel()
        ticket = Ticket(
            urgent=wanted.kind.urgent,
            take=self._transcriber.take_job,
            done=self._done,
        )
        self._ticket = self._scheduler.submit(ticket)

    def _done(self, ticket: Ticket, job: Job | None, result: Heard | BaseException) -> None:
        self._processing_s += ticket.cpu_s
        self._outcome = (job, result)
        self._wake.set()

    def _apply(self, job: Job | None, result: Heard | BaseException) -> None:
        self._outcome = self._ticket = None
        if isinstance(result, BaseException):
            raise RecognizerError("the decoder failed") from result
        assert job is not None  # it gave a result
        self._transcriber.apply(job, result)

    async def _hear(self) -> AsyncGenerator[bool]:
        """Obey command after command.

        Yields:
            ``True`` when there is something new to look at, ``False`` while no command waits.
        """
        while True:
            if not self._inbox:
                yield False
                continue
            command = self._inbox.popleft()
            self._room.set()
            match command:
                case Audio():
                    async for piece in _pieces(self._decoder.decode(command.data)):
                        await self._listen(piece)
                        yield True
                    self._heard_bytes += len(command.data)
                    self._room.set()
                    if not self._waiting:  # to be accepted, now that this one is heard
                        continue
                case Finish():
                    async for piece in _pieces(self._decoder.finish()):
                        await self._listen(piece)
                        yield True
                    self._transcriber.finish()
                case ForceTurn():
                    self._transcriber.force(command.at_ms)
                case Reconfigure():
                    if command.volume_threshold is not None:
                        self._decoder.threshold = command.volume_threshold
                    self._transcriber.reconfigure(command)
            yield True

    async def _listen(self, piece: Samples) -> None:
        """Hear a piece of audio, and let others go on once in a slice or in four small pieces.

        Long chunks, and many at once, must not keep other sessions waiting.
        """
        self._heard_samples += piece.size
        try:
            self._transcriber.hear(piece)
        except Exception as exc:  # whatever a network's runtime raises; the session cannot go on
            raise RecognizerError("the speech detector failed") from exc
        self._listened_samples += max(piece.size, SLICE_SAMPLES // 4)
        if self._listened_samples >= SLICE_SAMPLES:
            self._listened_samples = 0
            await asyncio.sleep(0)


async def _pieces(blocks: AsyncIterator[Samples]) -> AsyncIterator[Samples]:
    """Cut long blocks of audio into slices."""
    async for block in blocks:
        for start in range(0, block.size, SLICE_SAMPLES):
            yield block[start : start + SLICE_SAMPLES]
