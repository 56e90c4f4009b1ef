"""The client's end of one connection, for the SDK and the gateway."""

import base64
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from crossfade.dialects.base import ClientRequest, Frame
from crossfade.dialects.speechmatics import wishes
from crossfade.dialects.speechmatics.client_base import ClientBase, decoded, encoded
from crossfade.dialects.speechmatics.hearing import TranscriptReader
from crossfade.dialects.speechmatics.messages import (
    AddChannelAudio,
    AddPartialTranscript,
    AddTranscript,
    ChannelAudioAdded,
    EndOfChannel,
    EndOfUtterance,
    ForceEndOfUtterance,
    Message,
    ServerMessage,
    SetRecognitionConfig,
)
from crossfade.dialects.speechmatics.shortfalls import lost_changes, shortfalls
from crossfade.model import (
    Audio,
    AudioAccepted,
    ChannelEvent,
    ChannelEventKind,
    Command,
    Decline,
    Event,
    Finish,
    ForceTurn,
    InChannel,
    KeepAlive,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    Start,
)


class SpeechmaticsClient(ClientBase):
    """A session of one channel, or of several."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__(now)
        self._channel_chunks: Counter[str] = Counter()
        # Without channels, one without a name.
        self._readers: defaultdict[str | None, TranscriptReader] = defaultdict(TranscriptReader)

    def request(self, url: str, *, key: str | None, config: SessionConfig) -> ClientRequest:
        """Say where and how to connect; ``/v2`` is added to a URL without a path.

        Raises:
            ConfigError: If there are more key terms than the vendor takes.
        """
        parts = urlsplit(url)
        path = parts.path if parts.path.strip("/") else "/v2"
        self._notes = shortfalls(config)
        return self._connect(urlunsplit(parts._replace(path=path)), key=key, config=config)

    def audio_format(self, wanted: SessionConfig) -> SessionConfig:
        """The same: this protocol carries all that we know."""
        return wanted

    def open(self) -> list[Frame]:
        """Say StartRecognition."""
        return self._open(wishes.start(self._asked))

    def send(self, command: Command) -> list[Frame]:
        """Turn one command into frames."""
        match command:
            case Audio():
                return self._send_audio(command)
            case ForceTurn():
                return [encoded(_force(command))]
            case Reconfigure():
                return self._reconfigure(command)
            case Finish():
                return self._finish()
            case ReportSpeakers():
                return self._ask_for_speakers(command)
            case InChannel():
                return [encoded(self._in_channel(command.channel, command.command))]
            case Start() | KeepAlive() | Decline():
                # ``open`` has said it; WebSocket pings do that here; a client declines nothing.
                return []

    def receive(self, frame: Frame) -> list[Event]:
        """Turn one frame into events; messages of kinds that we do not know are skipped.

        Raises:
            UpstreamError: If it is an ``Error``; with the close code that will follow.
            ProtocolError: If it is binary, not JSON, or not as the protocol wants it.
        """
        message: ServerMessage | None = decoded(frame, ServerMessage)
        match message:
            case ChannelAudioAdded():
                accepted = AudioAccepted(number=message.seq_no)
                return [ChannelEvent(channel=message.channel, event=accepted)]
            case AddTranscript() | AddPartialTranscript() | EndOfUtterance():
                return [self._heard(message)]
            case None:
                return []
            case _:
                return self._receive_common(message)

    def _reconfigure(self, command: Reconfigure) -> list[Frame]:
        self._note(*lost_changes(command))
        change = wishes.change(command)
        return [encoded(SetRecognitionConfig(transcription_config=change))] if change else []

    def _in_channel(self, channel: str, command: Audio | ForceTurn | Finish) -> Message:
        match command:
            case Audio():
                self._channel_chunks[channel] += 1
                self._audio_bytes += len(command.data)
                data = base64.b64encode(command.data).decode()
                return AddChannelAudio(channel=channel, data=data)
            case ForceTurn():
                return _force(command, channel)
            case Finish():
                n_chunks = self._channel_chunks[channel]
                return EndOfChannel(channel=channel, last_seq_no=n_chunks)

    def _heard(
        self, message: AddTranscript | AddPartialTranscript | EndOfUtterance
    ) -> ChannelEvent | ChannelEventKind:
        event = self._readers[message.channel].read(message)
        if message.channel is None:
            return event
        return ChannelEvent(channel=message.channel, event=event)

    @property
    def _audio_ms(self) -> int:
        if isinstance(self._asked.audio, RawAudio):
            return super()._audio_ms
        return sum(reader.through_ms for reader in self._readers.values())


def _force(command: ForceTurn, channel: str | None = None) -> ForceEndOfUtterance:
    at_s = None if command.at_ms is None else command.at_ms / 1000
    return ForceEndOfUtterance(timestamp=at_s, channel=channel)
