"""A recognizer that says what it is told, at the positions it is told: for tests, demos, docs.

It decodes nothing and counts bytes. Everything it reports depends on positions in the audio
alone: the same script and audio give the same events, however the audio is cut and however fast
it comes. Like the real ones it slows its feeder down when nobody fetches its events.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence

from msgspec.structs import replace

from crossfade.errors import ConfigError, RecognizerError
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    Finish,
    ForceTurn,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    SpeakersIgnored,
    SpeakersKnown,
    StreamEvent,
    Word,
)
from crossfade.recognizers.base import RecognizerInfo, RecognizerStream, StreamCommand
from crossfade.recognizers.play import Play

_CONTAINER_BYTES_PER_MS = 32
"""A container cannot be measured without decoding it: taken for 16 kHz, 16 bits."""

_COMMAND_BYTES = 64
"""What a command weighs in the queue besides its audio."""


class ScriptedRecognizer:
    """Every stream says the same words.

    Its levers are for tests: ``running``, when cleared, stops all streams as a busy engine would;
    ``fails_at_ms`` breaks them at a position in the audio.
    """

    def __init__(
        self,
        script: Sequence[Word],
        *,
        repeat_ms: int | None = None,
        languages: Sequence[str] = ("en",),
        queue_bytes: int = 64 * 1024 * 1024,
        fails_at_ms: int | None = None,
    ) -> None:
        """Learn the script.

        Args:
            script: Words by rising start, without overlaps.
            repeat_ms: Say it again and again, this far apart; at least the script's length.
            languages: Codes that it pretends to know.
            queue_bytes: Audio a stream holds before its feeder has to wait.
            fails_at_ms: Position in the audio at which every stream fails.
        """
        self._script = tuple(script)
        self._repeat_ms = repeat_ms
        self._queue_bytes = queue_bytes
        self._fails_at_ms = fails_at_ms
        self._info = RecognizerInfo(
            name="scripted",
            version="1",
            languages=frozenset(languages),
            has_keyterms=True,
            has_speaker_labels=any(word.speaker is not None for word in self._script),
        )
        self.running = asyncio.Event()
        self.running.set()
        self.n_open = 0
        """Streams that have not been closed."""

    @property
    def info(self) -> RecognizerInfo:
        """What it can do."""
        return self._info

    async def start(self) -> None:
        """Nothing to load."""

    def open(self, config: SessionConfig) -> RecognizerStream:
        """Open a stream.

        Raises:
            ConfigError: If the language is not among its own.
        """
        if config.language not in self._info.languages:
            raise ConfigError(f"no words for language {config.language}", field="language")
        return _ScriptedStream(self, config, self._words(), self._queue_bytes)

    async def aclose(self) -> None:
        """Nothing to free."""

    def fails_by(self, now_ms: int) -> bool:
        """Whether a stream that has come this far has failed."""
        return self._fails_at_ms is not None and now_ms >= self._fails_at_ms

    def _words(self) -> Iterator[Word]:
        shift_ms = 0
        while self._script:
            for word in self._script:
                yield _shifted(word, shift_ms)
            if self._repeat_ms is None:
                return
            shift_ms += self._repeat_ms


class _ScriptedStream:
    """Commands wait in a queue; ``events`` plays them."""

    def __init__(
        self,
        recognizer: ScriptedRecognizer,
        config: SessionConfig,
        words: Iterator[Word],
        queue_bytes: int,
    ) -> None:
        self._recognizer = recognizer
        self._bytes_per_ms = bytes_per_ms(config)
        self._play = Play(config, words)
        self._queue: deque[StreamCommand] = deque()
        self._room_bytes = queue_bytes
        self._arrived = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._received_bytes = 0
        self._played_bytes = 0
        self._speakers_asked = 0
        self._speakers_asked_at_end = False
        self._is_finished = False
        self._is_over = False
        self._is_closed = False
        recognizer.n_open += 1

    @property
    def audio_ms(self) -> int:
        return int(self._received_bytes / self._bytes_per_ms)

    @property
    def processing_s(self) -> float:
        return 0.0

    async def feed(self, command: StreamCommand) -> None:
        if isinstance(command, ReportSpeakers):
            self._speakers_asked += not command.at_end
            self._speakers_asked_at_end |= command.at_end
            self._arrived.set()
            return
        # A Finish needs no room: nothing comes after it.
        while self._room_bytes <= 0 and not (self._is_over or isinstance(command, Finish)):
            self._has_room.clear()
            await self._has_room.wait()
        if self._is_over:
            return
        if isinstance(command, Audio) and not self._is_finished:
            self._received_bytes += len(command.data)
        self._is_finished |= isinstance(command, Finish)
        self._room_bytes -= _weight(command)
        self._queue.append(command)
        self._arrived.set()

    async def events(self) -> AsyncIterator[StreamEvent]:
        number = 0
        if unreadable := self._play.cast.unreadable:
            yield SpeakersIgnored(labels=unreadable)
        while True:
            command = await self._next()
            for answer in self._answers():
                yield answer
            match command:
                case Audio():
                    number += 1
                    yield AudioAccepted(number=number)
                    for event in self._advance(len(command.data)):
                        yield event
                case ForceTurn():
                    for event in self._play.force(command.at_ms):
                        yield event
                case Reconfigure():
                    self._play.reconfigure(command)
                case Finish():
                    break
        for _ in range(sum(isinstance(late, Audio) for late in self._queue)):
            yield AudioIgnored()
        for event in self._play.finish():
            yield event
        for answer in self._answers(at_end=True):
            yield answer
        self._end()

    def speech_peak(self) -> float:
        return 1.0  # a script is spoken clearly

    async def aclose(self) -> None:
        self._end()
        if not self._is_closed:
            self._is_closed = True
            self._recognizer.n_open -= 1

    def _answers(self, *, at_end: bool = False) -> Iterator[SpeakersKnown]:
        speakers = self._play.cast.heard
        asked, self._speakers_asked = self._speakers_asked, 0
        for _ in range(asked):
            yield SpeakersKnown(speakers=speakers)
        if at_end and self._speakers_asked_at_end:
            yield SpeakersKnown(speakers=speakers, at_end=True)

    async def _next(self) -> StreamCommand | None:
        """The next command; ``None``: there is none, but a question about speakers."""
        while not (self._queue or self._speakers_asked):
            self._arrived.clear()
            await self._arrived.wait()
        await self._recognizer.running.wait()
        if not self._queue:
            return None
        command = self._queue.popleft()
        self._room_bytes += _weight(command)
        self._has_room.set()
        return command

    def _advance(self, n_bytes: int) -> Iterator[StreamEvent]:
        self._played_bytes += n_bytes
        yield from self._play.advance(int(self._played_bytes / self._bytes_per_ms))
        if self._recognizer.fails_by(self._play.now_ms):
            raise RecognizerError("the script says that the recognizer fails here")

    def _end(self) -> None:
        self._is_over = True
        self._queue.clear()
        self._has_room.set()


def spoken(text: str, *, start_ms: int = 500, word_ms: int = 300, gap_ms: int = 100) -> list[Word]:
    """Make a script of a sentence, its words at an even pace.

    A mark at the end of a word becomes its punctuation: ``spoken("Good morning. Welcome")``.
    """
    words = []
    for at, written in enumerate(text.split()):
        bare = written.rstrip(".,?!;:")
        begin_ms = start_ms + at * (word_ms + gap_ms)
        words.append(
            Word(
                text=bare,
                start_ms=begin_ms,
                end_ms=begin_ms + word_ms,
                confidence=0.95,
                punctuation=written[len(bare) :],
            )
        )
    return words


def _shifted(word: Word, shift_ms: int) -> Word:
    return replace(word, start_ms=word.start_ms + shift_ms, end_ms=word.end_ms + shift_ms)


def _weight(command: StreamCommand) -> int:
    return _COMMAND_BYTES + (len(command.data) if isinstance(command, Audio) else 0)


def bytes_per_ms(config: SessionConfig) -> float:
    """What a millisecond of a session's audio weighs, by whoever does not decode it."""
    if isinstance(config.audio, RawAudio):
        return config.audio.sample_rate_hz * config.audio.encoding.sample_bytes / 1000
    return _CONTAINER_BYTES_PER_MS
