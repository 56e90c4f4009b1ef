"""A session's share of audio: what comes beyond it is acknowledged, and nobody hears it."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator

from msgspec.structs import replace

from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioLimitReached,
    ChannelEvent,
    Event,
    Final,
    Finish,
    InChannel,
    RawAudio,
    SessionConfig,
    StreamEvent,
)
from crossfade.recognizers.base import RecognizerStream, StreamCommand

_Channel = str | None
"""``None`` in a session that has none."""


class LimitedStream:
    """A recognizer's stream that is finished once its session has had its share."""

    def __init__(self, stream: RecognizerStream, config: SessionConfig, *, limit_s: float) -> None:
        """Begin with nothing heard.

        Args:
            stream: The recognizer's; closed by whoever opened it.
            config: Of the session. The limit is exact for raw audio; a container's audio is only
                measured when it is decoded.
            limit_s: Seconds of audio, of all channels together.
        """
        self._stream = stream
        self._limit_s = limit_s
        self._room_bytes = _bytes_of(config, limit_s)
        self._is_finished = False
        self._is_full = False
        self._full_told = False
        self._fed: Counter[_Channel] = Counter()
        self._accepted: Counter[_Channel] = Counter()
        self._beyond: Counter[_Channel] = Counter()

    @property
    def audio_ms(self) -> int:
        """Audio that was heard."""
        return self._stream.audio_ms

    @property
    def processing_s(self) -> float:
        """See ``RecognizerStream.processing_s``."""
        return self._stream.processing_s

    def speech_peak(self) -> float:
        """See ``RecognizerStream.speech_peak``."""
        return self._stream.speech_peak()

    async def feed(self, command: StreamCommand) -> None:
        """Take one command; see ``RecognizerStream.feed``."""
        self._is_finished |= isinstance(command, Finish)
        audio = _audio_of(command)
        if audio is None or self._is_finished:
            await self._stream.feed(command)
            return
        channel = command.channel if isinstance(command, InChannel) else None
        if self._is_full or not self._has_room(audio):
            self._beyond[channel] += 1
            await self._fill()
            return
        self._fed[channel] += 1
        heard = self._within(command, audio)
        await self._stream.feed(heard)
        if heard is not command:
            await self._fill()

    async def events(self) -> AsyncIterator[Event]:
        """Yield what the stream reports, and that the share is used up."""
        async for event in self._stream.events():
            yield event
            channel, inner = _apart(event)
            if isinstance(inner, AudioAccepted):
                self._accepted[channel] = inner.number
            if not isinstance(inner, Final):  # its partial has to follow at once
                for news in self._news():
                    yield news
        self._accepted = self._fed  # nothing more will be
        for news in self._news():
            yield news

    def _has_room(self, audio: Audio) -> bool:
        if self._room_bytes is not None:
            return self._room_bytes > 0 or not audio.data
        return self._stream.audio_ms < self._limit_s * 1000

    def _within(self, command: StreamCommand, audio: Audio) -> StreamCommand:
        """The same command, or one with as much of its audio as there is room for."""
        if self._room_bytes is None:
            return command
        if len(audio.data) <= self._room_bytes:
            self._room_bytes -= len(audio.data)
            return command
        heard = replace(audio, data=audio.data[: self._room_bytes])
        self._room_bytes = 0
        return replace(command, command=heard) if isinstance(command, InChannel) else heard

    async def _fill(self) -> None:
        if not self._is_full:
            self._is_full = True
            await self._stream.feed(Finish())

    def _news(self) -> Iterator[Event]:
        if self._is_full and not self._full_told:
            self._full_told = True
            yield AudioLimitReached(limit_s=self._limit_s)
        for channel in [*self._beyond]:
            # Not before those of the chunks that were heard.
            if self._accepted[channel] >= self._fed[channel]:
                for _ in range(self._beyond.pop(channel)):
                    self._fed[channel] += 1
                    self._accepted[channel] = self._fed[channel]
                    yield _acknowledged(channel, self._fed[channel])


def _apart(event: StreamEvent) -> tuple[_Channel, StreamEvent]:
    return (event.channel, event.event) if isinstance(event, ChannelEvent) else (None, event)


def _acknowledged(channel: _Channel, number: int) -> Event:
    accepted = AudioAccepted(number=number)
    return accepted if channel is None else ChannelEvent(channel=channel, event=accepted)


def _audio_of(command: StreamCommand) -> Audio | None:
    inner = command.command if isinstance(command, InChannel) else command
    return inner if isinstance(inner, Audio) else None


def _bytes_of(config: SessionConfig, limit_s: float) -> int | None:
    """Bytes of so much audio, in whole samples; ``None``: nobody can tell."""
    if not isinstance(config.audio, RawAudio):
        return None
    return int(limit_s * config.audio.sample_rate_hz) * config.audio.encoding.sample_bytes
