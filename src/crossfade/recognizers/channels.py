"""Several channels in one session: a stream for each, over any recognizer, merged into one.

Every channel is heard alone, with its own clock, turns, acknowledgements and end, and costs as
much as a session. What the channels say is interleaved as it comes; within one its order stays.
A channel that fails ends the session.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from msgspec.structs import replace

from crossfade.errors import ProtocolError
from crossfade.model import (
    Audio,
    AudioIgnored,
    ChannelEvent,
    Finish,
    ForceTurn,
    InChannel,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    Speaker,
    SpeakersIgnored,
    SpeakersKnown,
    StreamEvent,
)
from crossfade.recognizers.base import Recognizer, RecognizerStream, StreamCommand

_WAITING_EVENTS = 32
"""Events of each channel that may wait for the session; then its recognition waits too."""


@asynccontextmanager
async def opened(recognizer: Recognizer, config: SessionConfig) -> AsyncIterator[RecognizerStream]:
    """Open a stream, or one for each channel that the configuration names; closed on leaving.

    Raises:
        ConfigError: If the recognizer cannot do what is asked.
    """
    async with AsyncExitStack() as stack:
        one = replace(config, channels=())
        if not config.channels:
            yield await stack.enter_async_context(aclosing(recognizer.open(one)))
            return
        streams = {
            channel: await stack.enter_async_context(aclosing(recognizer.open(one)))
            for channel in config.channels
        }
        merged = ChannelStreams(streams)
        # In a group of its own, a channel that fails takes the session down with it.
        async with asyncio.TaskGroup() as group:
            pumps = [group.create_task(merged.pump(channel)) for channel in streams]
            yield merged
            for pump in pumps:
                pump.cancel()


class ChannelStreams:
    """A ``RecognizerStream`` made of those of its channels. Somebody has to run the pumps."""

    def __init__(self, streams: Mapping[str, RecognizerStream]) -> None:
        """Begin.

        Args:
            streams: Of each channel, one; closed by whoever opened them.
        """
        self._streams = streams
        self._news: asyncio.Queue[StreamEvent | None] = asyncio.Queue(
            _WAITING_EVENTS * len(streams)
        )
        self._speakers = _SpeakersOfAll(streams)
        self._finished: set[str] = set()
        self._n_over = 0
        self._ignored_told = False

    @property
    def audio_ms(self) -> int:
        """Audio received so far, of all channels together."""
        return sum(stream.audio_ms for stream in self._streams.values())

    @property
    def processing_s(self) -> float:
        """What all channels together took."""
        return sum(stream.processing_s for stream in self._streams.values())

    def speech_peak(self) -> float:
        """The highest speech probability in any channel since the last call."""
        return max(stream.speech_peak() for stream in self._streams.values())

    async def feed(self, command: StreamCommand) -> None:
        """Pass a command on to its channel, or to all of them.

        Raises:
            ProtocolError: If it is audio of no channel.
            RecognizerError: If the engine has failed.
        """
        match command:
            case InChannel():
                await self._feed(command.channel, command.command)
            case Audio():
                raise ProtocolError("audio of no channel in a session that has channels")
            case ReportSpeakers():
                self._speakers.ask(command)
                for stream in self._streams.values():
                    await stream.feed(command)
            case ForceTurn() | Reconfigure() | Finish():
                for channel in self._streams:
                    await self._feed(channel, command)

    async def events(self) -> AsyncIterator[StreamEvent]:
        """Yield what the channels report, until the last of them is over."""
        while self._n_over < len(self._streams):
            event = await self._news.get()
            if event is None:
                self._n_over += 1
            else:
                yield event
        if self._speakers.wanted_at_end:
            yield self._speakers.at_end()

    async def aclose(self) -> None:
        """Let go of everything, in every channel."""
        for stream in self._streams.values():
            await stream.aclose()

    async def pump(self, channel: str) -> None:
        """Bring the events of one channel to those of the others, until it is over.

        Raises:
            AudioError: If its bytes are not audio.
            RecognizerError: If the engine failed.
        """
        async for event in self._streams[channel].events():
            for news in self._merged(channel, event):
                await self._news.put(news)
        for answer in self._speakers.leave(channel):
            await self._news.put(answer)
        await self._news.put(None)

    async def _feed(self, channel: str, command: Audio | ForceTurn | Reconfigure | Finish) -> None:
        if isinstance(command, Audio) and channel in self._finished:
            # Its stream may be over, and would tell nobody.
            if self._n_over < len(self._streams):
                await self._news.put(ChannelEvent(channel=channel, event=AudioIgnored()))
            return
        if isinstance(command, Finish):
            self._finished.add(channel)
        await self._streams[channel].feed(command)

    def _merged(self, channel: str, event: StreamEvent) -> Iterator[StreamEvent]:
        match event:
            case SpeakersKnown():
                yield from self._speakers.hear(channel, event)
            case SpeakersIgnored():  # the same in every channel
                if not self._ignored_told:
                    self._ignored_told = True
                    yield event
            case ChannelEvent():
                raise TypeError("a channel of a channel")
            case _:
                yield ChannelEvent(channel=channel, event=event)


class _SpeakersOfAll:
    """Makes one answer of those that the channels give to a question about speakers.

    Speakers are numbered in each channel anew: its first is called S1 in all of them.
    """

    def __init__(self, channels: Mapping[str, object]) -> None:
        self.wanted_at_end = False
        self._known: dict[str, tuple[Speaker, ...]] = dict.fromkeys(channels, ())
        self._answers: Counter[str] = Counter(dict.fromkeys(channels, 0))  # of who is not over
        self._n_asked = 0
        self._n_told = 0

    def ask(self, command: ReportSpeakers) -> None:
        if command.at_end:
            self.wanted_at_end = True
        else:
            self._n_asked += 1

    def hear(self, channel: str, answer: SpeakersKnown) -> Iterator[SpeakersKnown]:
        self._known[channel] = answer.speakers
        if not answer.at_end:
            self._answers[channel] += 1
            yield from self._told()

    def leave(self, channel: str) -> Iterator[SpeakersKnown]:
        """A channel is over: what it said last is its answer to every later question."""
        del self._answers[channel]
        yield from self._told()

    def at_end(self) -> SpeakersKnown:
        return SpeakersKnown(speakers=self._all(), at_end=True)

    def _told(self) -> Iterator[SpeakersKnown]:
        answered_by_all = min(self._answers.values(), default=self._n_asked)
        while self._n_told < answered_by_all:
            self._n_told += 1
            yield SpeakersKnown(speakers=self._all())

    def _all(self) -> tuple[Speaker, ...]:
        return tuple(speaker for speakers in self._known.values() for speaker in speakers)
