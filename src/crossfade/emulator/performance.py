"""From what a client asks to what is due when: by a script. No socket, no clock, no task."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Protocol

from crossfade.emulator.agenda import Due
from crossfade.emulator.script import Part, Script
from crossfade.errors import ConfigError, ProtocolError
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    ChannelEvent,
    Command,
    Decline,
    Declined,
    Finish,
    ForceTurn,
    Heartbeat,
    InChannel,
    KeepAlive,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    SessionEnded,
    SessionStarted,
    Speaker,
    SpeakersIgnored,
    SpeakersKnown,
    Start,
    StreamEvent,
)
from crossfade.recognizers.play import Play
from crossfade.recognizers.scripted import bytes_per_ms

_OF_ALL_CHANNELS = (SpeakersKnown, SpeakersIgnored, ChannelEvent)

_Staged = Iterator[tuple[int, StreamEvent]]


class Performance(Protocol):
    """What one session says. It is given commands, in order, and says what is due."""

    @property
    def now_ms(self) -> float:
        """How far the session has come."""

    @property
    def is_over(self) -> bool:
        """The client has finished: all that is due will be said, whatever its time."""

    def begin(self, started: SessionStarted) -> Iterable[Due]:
        """What is said before the client has sent any audio."""

    def hear(self, command: Command) -> Iterable[Due]:
        """What a command leads to.

        Raises:
            ProtocolError: If it is not allowed now.
        """

    def position_of_word(self, number: int) -> float | None:
        """Where the word with this number, from 1, has been said; ``None``: never."""

    def length_ms(self, command: Command) -> float:
        """How long the audio of a command is; 0.0 for any other."""


class ScriptPerformance:
    """Says a script's words when the audio reaches them."""

    def __init__(self, script: Script, config: SessionConfig, *, heartbeat_s: float | None) -> None:
        """Stand at the beginning.

        Args:
            script: What is said.
            config: What the client asked for.
            heartbeat_s: How often it wants a sign of life, here in seconds of audio.

        Raises:
            ConfigError: If the script knows no such language.
        """
        languages = script.options.languages
        if languages and config.language not in languages:
            raise ConfigError(f"no words for language {config.language}", field="language")
        self._part = script.part(None)
        self._say_rest = script.options.say_rest
        self._bytes_per_ms = bytes_per_ms(config)
        self._stages: Mapping[str | None, _Stage] = {
            channel: _Stage(script.part(channel), config, self._bytes_per_ms)
            for channel in config.channels or (None,)
        }
        self._heartbeat_ms = None if heartbeat_s is None else round(heartbeat_s * 1000)
        self._beats = 0
        self._speakers_wanted_at_end = False
        self.is_over = False

    @property
    def now_ms(self) -> int:
        """How far the audio has come; with several channels, the one that is furthest."""
        return max(stage.now_ms for stage in self._stages.values())

    def begin(self, started: SessionStarted) -> Iterator[Due]:
        """The session's first message, and what the recognizer would complain about."""
        yield Due(at_ms=0, what=started)
        unreadable = next(iter(self._stages.values())).play.cast.unreadable
        if unreadable:
            yield Due(at_ms=0, what=SpeakersIgnored(labels=unreadable))

    def hear(self, command: Command) -> Iterator[Due]:
        """See ``Performance.hear``."""
        match command:
            case Audio():
                yield from self._listen(None, command)
            case InChannel(channel=channel, command=Audio() as audio):
                yield from self._listen(channel, audio)
            case InChannel(channel=channel, command=ForceTurn() as force):
                yield from self._told(channel, self._stages[channel].force(force))
            case InChannel(channel=channel, command=Finish()):
                yield from self._finish_channels([channel])
            case ForceTurn():
                for each, stage in self._stages.items():
                    yield from self._told(each, stage.force(command))
            case Reconfigure():
                for stage in self._stages.values():
                    stage.play.reconfigure(command)
            case ReportSpeakers(at_end=True):
                self._speakers_wanted_at_end = True
            case ReportSpeakers():
                yield Due(at_ms=self.now_ms, what=SpeakersKnown(speakers=self._speakers()))
            case Finish():
                yield from self._finish_channels(list(self._stages))
            case Decline(why=why):
                yield Due(at_ms=self.now_ms, what=Declined(why=why))
            case KeepAlive():
                pass
            case Start():
                raise ProtocolError("the session has started already")

    def position_of_word(self, number: int) -> int | None:
        """See ``Performance.position_of_word``; words of all channels are counted."""
        return self._part.end_of_word(number)

    def length_ms(self, command: Command) -> float:
        """See ``Performance.length_ms``."""
        audio = command.command if isinstance(command, InChannel) else command
        return len(audio.data) / self._bytes_per_ms if isinstance(audio, Audio) else 0.0

    def _listen(self, channel: str | None, audio: Audio) -> Iterator[Due]:
        if channel not in self._stages:
            raise ProtocolError("audio of no channel in a session that has channels")
        yield from self._told(channel, self._stages[channel].listen(audio.data))
        yield from self._beat()

    def _beat(self) -> Iterator[Due]:
        while self._heartbeat_ms and self.now_ms >= (self._beats + 1) * self._heartbeat_ms:
            self._beats += 1
            at_ms = self._beats * self._heartbeat_ms
            yield Due(
                at_ms=at_ms,
                what=Heartbeat(
                    audio_ms=at_ms, session_ms=at_ms, realtime_factor=1.0, speech_probability=1.0
                ),
            )

    def _finish_channels(self, channels: list[str] | list[str | None]) -> Iterator[Due]:
        for channel in channels:
            finished = self._stages[channel].finish(say_rest=self._say_rest)
            yield from self._told(channel, finished)
        if all(stage.is_finished for stage in self._stages.values()) and not self.is_over:
            self.is_over = True
            yield from self._end()

    def _end(self) -> Iterator[Due]:
        now_ms = self.now_ms
        if self._speakers_wanted_at_end:
            yield Due(at_ms=now_ms, what=SpeakersKnown(speakers=self._speakers(), at_end=True))
        heard_ms = [stage.heard_ms for stage in self._stages.values()]
        yield Due(at_ms=now_ms, what=SessionEnded(audio_ms=sum(heard_ms), session_ms=max(heard_ms)))

    def _speakers(self) -> tuple[Speaker, ...]:
        return tuple(chain.from_iterable(stage.play.cast.heard for stage in self._stages.values()))

    @staticmethod
    def _told(channel: str | None, staged: _Staged) -> Iterator[Due]:
        for at_ms, event in staged:
            if channel is None or isinstance(event, _OF_ALL_CHANNELS):
                yield Due(at_ms=at_ms, what=event)
            else:
                yield Due(at_ms=at_ms, what=ChannelEvent(channel=channel, event=event))


class _Stage:
    """One channel: its words against its audio."""

    def __init__(self, part: Part, config: SessionConfig, bytes_per_ms: float) -> None:
        self._part = part
        self._bytes_per_ms = bytes_per_ms
        self.play = Play(config, part.words(), cue=part.cue)
        self.heard_ms = 0
        """Audio received."""
        self.is_finished = False
        self._n_bytes = 0
        self._n_chunks = 0

    @property
    def now_ms(self) -> int:
        return self.play.now_ms

    def listen(self, data: bytes) -> _Staged:
        if self.is_finished:
            yield self.now_ms, AudioIgnored()
            return
        self._n_chunks += 1
        # Due where the chunk begins: it is taken before it is heard.
        yield self.now_ms, AudioAccepted(number=self._n_chunks)
        self._n_bytes += len(data)
        self.heard_ms = int(self._n_bytes / self._bytes_per_ms)
        yield from self._advance(self.heard_ms)

    def force(self, command: ForceTurn) -> _Staged:
        if not self.is_finished:
            for event in self.play.force(command.at_ms):
                yield self.now_ms, event

    def finish(self, *, say_rest: bool) -> _Staged:
        if self.is_finished:
            return
        self.is_finished = True
        if say_rest:
            yield from self._advance(max(self.now_ms, self._part.end_ms))
        for event in self.play.finish():
            yield self.now_ms, event

    def _advance(self, to_ms: int) -> _Staged:
        for event in self.play.advance(to_ms):
            yield self.play.now_ms, event
