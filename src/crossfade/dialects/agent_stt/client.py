"""The client's end of one connection, for the SDK and the gateway."""

import time
from collections.abc import Callable, Mapping

import msgspec

from crossfade.dialects.agent_stt import wishes
from crossfade.dialects.agent_stt.hearing import SegmentReader
from crossfade.dialects.agent_stt.messages import (
    AddPartialSegment,
    AddSegment,
    EndOfTurn,
    ForceEndOfUtterance,
    RecognitionStarted,
    ServerMessage,
    SetRecognitionConfig,
    SpeechEnded,
    SpeechStarted,
    StartOfTurn,
)
from crossfade.dialects.base import ClientRequest, Frame
from crossfade.dialects.speechmatics.client_base import ClientBase, decoded, encoded
from crossfade.errors import UpstreamCause
from crossfade.model import (
    Audio,
    Command,
    Decline,
    Event,
    Finish,
    ForceTurn,
    InChannel,
    KeepAlive,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    SessionStarted,
    Start,
    VoiceStarted,
    VoiceStopped,
)

_RETRIED_LATER = {1012: 1.0, 1013: 5.0}
"""Seconds; how servers of this kind say that they are going or full."""
_CAUSES_OF_CLOSES: Mapping[int, UpstreamCause] = {1012: "gone", 1013: "capacity"}


class AgentClient(ClientBase):
    """A session of the one channel that there is."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__(now)
        self._forced_ms = -1
        self._reader = SegmentReader()

    def request(self, url: str, *, key: str | None, config: SessionConfig) -> ClientRequest:
        """Say where and how to connect; ``/agent`` is added to a URL that does not have it.

        Raises:
            ConfigError: If there are more key terms than the vendor takes, or the audio format has
                no name in this protocol.
        """
        wishes.start(config)  # only to see whether it can be said
        self._notes = wishes.shortfalls(config)
        return self._connect(wishes.address(url), key=key, config=config)

    def audio_format(self, wanted: SessionConfig) -> SessionConfig:
        """Choose 16-bit samples at 16 kHz for all that this protocol does not carry."""
        return msgspec.structs.replace(wanted, audio=wishes.possible_audio(wanted.audio))

    def open(self) -> list[Frame]:
        """Say StartRecognition."""
        return self._open(wishes.start(self._asked))

    def send(self, command: Command) -> list[Frame]:
        """Turn one command into frames."""
        match command:
            case Audio():
                return self._send_audio(command)
            case ForceTurn():
                return self._force(command)
            case Reconfigure():
                return self._reconfigure(command)
            case Finish():
                return self._finish()
            case ReportSpeakers():
                return self._ask_for_speakers(command)
            case Start() | KeepAlive() | Decline() | InChannel():
                # ``open`` has said it; WebSocket pings do that here; a client declines nothing, and
                # there is one channel.
                return []

    def receive(self, frame: Frame) -> list[Event]:
        """Turn one frame into events; messages of kinds that we do not know are skipped.

        Raises:
            UpstreamError: If it is an ``Error``; with the close code that will follow.
            ProtocolError: If it is binary, not JSON, or not as the protocol wants it.
        """
        message: ServerMessage | None = decoded(frame, ServerMessage)
        match message:
            case AddSegment() | AddPartialSegment() | StartOfTurn() | EndOfTurn():
                return [*self._reader.read(message)]
            case SpeechStarted(metadata=start):
                return [VoiceStarted(at_ms=round(start.start_time * 1000))]
            case SpeechEnded(metadata=end):
                return [VoiceStopped(at_ms=round(end.end_time * 1000))]
            case None:
                return []
            case _:
                return self._receive_common(message)

    def retry_after_s(self, code: int) -> float | None:
        """A moment where a server says so, else as in the vendor's older protocol."""
        return _RETRIED_LATER.get(code) or super().retry_after_s(code)

    def _cause_of_close(self, code: int) -> UpstreamCause:
        return _CAUSES_OF_CLOSES.get(code) or super()._cause_of_close(code)

    def _force(self, command: ForceTurn) -> list[Frame]:
        """End the turn, where that is for the client to do; each time at a later position."""
        at_ms = self._audio_ms if command.at_ms is None else command.at_ms
        if wishes.mode(self._asked) == "vad" or at_ms <= self._forced_ms:
            self._note("a forced end: dropped, the server ends turns here, or has ended this one")
            return []
        self._forced_ms = at_ms
        return [encoded(ForceEndOfUtterance(timestamp=at_ms / 1000))]

    def _reconfigure(self, command: Reconfigure) -> list[Frame]:
        self._note(*wishes.lost_changes(command))
        if command.partials_wanted is None:
            return []
        change = {"enable_partials": command.partials_wanted}
        return [encoded(SetRecognitionConfig(transcription_config=change))]

    def _started(self, message: RecognitionStarted) -> SessionStarted:
        if message.language_pack_info is not None:
            self._reader.delimiter = message.language_pack_info.word_delimiter
        return super()._started(message)
