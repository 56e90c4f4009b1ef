"""The client's end of one connection, for the SDK and the gateway."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from crossfade.dialects.agent_stt import wishes
from crossfade.dialects.agent_stt.hearing import SegmentReader
from crossfade.dialects.agent_stt.messages import (
    AddPartialSegment,
    AddSegment,
    AudioAdded,
    EndOfStream,
    EndOfTranscript,
    EndOfTurn,
    ErrorMessage,
    ForceEndOfUtterance,
    GetSpeakers,
    InfoMessage,
    Message,
    RecognitionStarted,
    ServerMessage,
    SetRecognitionConfig,
    SpeakersResult,
    SpeechEnded,
    SpeechStarted,
    StartOfTurn,
    WarningMessage,
)
from crossfade.dialects.base import (
    AudioRules,
    ClientRequest,
    Frame,
    HttpResponse,
    TokenRequest,
)
from crossfade.dialects.speechmatics.errors import cause_of, close_for, retry_after_s
from crossfade.dialects.speechmatics.tokens import token_from, token_request
from crossfade.dialects.speechmatics.vendor import MAX_KEYTERMS
from crossfade.errors import (
    ConfigError,
    CrossfadeError,
    ProtocolError,
    UpstreamCause,
    UpstreamError,
)
from crossfade.model import (
    Audio,
    AudioAccepted,
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
    SessionEnded,
    SessionStarted,
    Speaker,
    SpeakersKnown,
    Start,
    VoiceStarted,
    VoiceStopped,
)

_AHEAD_CHUNKS = 200  # chunks have 50 ms: 10 s of audio, as in the older protocol
_MAX_NOTES = 50
_MAX_TYPE_CHARS = 40
_MESSAGES = {kind.__struct_config__.tag for kind in ServerMessage.__args__}
_RETRIED_LATER = {1012: 1.0, 1013: 5.0}
"""Seconds; how servers of this kind say that they are going or full."""
_CAUSES_OF_CLOSES: Mapping[int, UpstreamCause] = {1012: "gone", 1013: "capacity"}


class AgentClient:
    """``request``, then ``open`` once the socket is; ready from RecognitionStarted on.

    Args:
        now: Unix time in seconds. The protocol tells no time of day, and ``SessionStarted`` does.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._config: SessionConfig | None = None
        self._notes: tuple[str, ...] = ()
        self._opened_at = 0.0
        self._chunks = 0
        self._audio_bytes = 0
        self._forced_ms = -1
        self._speakers_asked = 0
        self._reader = SegmentReader()
        self._ready = False
        self._ended = False

    @property
    def ready(self) -> bool:
        """``True`` from RecognitionStarted on."""
        return self._ready

    @property
    def notes(self) -> tuple[str, ...]:
        """What this protocol cannot say of what was asked for, and what the server warned of."""
        return self._notes

    def request(self, url: str, *, key: str | None, config: SessionConfig) -> ClientRequest:
        """Say where and how to connect; ``/agent`` is added to a URL that does not have it.

        Raises:
            ConfigError: If there are more key terms than the vendor takes, or the audio format has
                no name in this protocol.
        """
        if len(config.keyterms) > MAX_KEYTERMS:
            raise ConfigError(f"more than {MAX_KEYTERMS} key terms", field="keyterms")
        wishes.start(config)  # only to see whether it can be said
        self._config = config
        self._notes = wishes.shortfalls(config)
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return ClientRequest(url=wishes.address(url), headers=headers)

    def audio_rules(self) -> AudioRules:
        """Any size, any pace, 10 s ahead of what was acknowledged."""
        return AudioRules(ahead_chunks=_AHEAD_CHUNKS)

    def audio_format(self, wanted: SessionConfig) -> SessionConfig:
        """Choose 16-bit samples at 16 kHz for all that this protocol does not carry."""
        return msgspec.structs.replace(wanted, audio=wishes.possible_audio(wanted.audio))

    def open(self) -> list[Frame]:
        """Say StartRecognition."""
        self._opened_at = self._now()
        return [_frame(wishes.start(self._asked))]

    def send(self, command: Command) -> list[Frame]:
        """Turn one command into frames."""
        match command:
            case Audio():
                self._chunks += 1
                self._audio_bytes += len(command.data)
                return [command.data]
            case ForceTurn():
                return self._force(command)
            case Reconfigure():
                return self._reconfigure(command)
            case Finish():
                return [_frame(EndOfStream(last_seq_no=self._chunks))]
            case ReportSpeakers():
                self._speakers_asked += not command.at_end
                return [_frame(GetSpeakers(final=command.at_end))]
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
        match _decode(frame):
            case RecognitionStarted() as started:
                return [self._started(started)]
            case AudioAdded(seq_no=number):
                return [AudioAccepted(number=number)]
            case (AddSegment() | AddPartialSegment() | StartOfTurn() | EndOfTurn()) as message:
                return [*self._reader.read(message)]
            case SpeechStarted(metadata=start):
                return [VoiceStarted(at_ms=round(start.start_time * 1000))]
            case SpeechEnded(metadata=end):
                return [VoiceStopped(at_ms=round(end.end_time * 1000))]
            case SpeakersResult() as result:
                return [self._speakers_known(result)]
            case EndOfTranscript():
                self._ended = True
                return [self._session_ended()]
            case ErrorMessage(type=kind, reason=reason):
                code = close_for(kind).code
                raise UpstreamError(f"{kind}: {reason}", code=code, cause=cause_of(code))
            case WarningMessage(type=kind):
                # Its reason may hold names that a client chose.
                self._note(f"the server warned: {kind[:_MAX_TYPE_CHARS] or 'of no type'}")
                return []
            case InfoMessage() | None:
                return []

    def closed(self, code: int, reason: str) -> CrossfadeError | None:
        """Judge a close frame: clean after EndOfTranscript, whatever its code."""
        if self._ended:
            return None
        text = f"closed before EndOfTranscript: {code} {reason}".rstrip()
        cause = _CAUSES_OF_CLOSES.get(code) or cause_of(code)
        return UpstreamError(text, code=code, cause=cause)

    def retry_after_s(self, code: int) -> float | None:
        """A moment where a server says so, else as in the vendor's older protocol."""
        return _RETRIED_LATER.get(code) or retry_after_s(code)

    def token_request(self, url: str, *, key: str, ttl_s: int) -> TokenRequest:
        """Ask for a temporary key."""
        return token_request(url, key=key, ttl_s=ttl_s)

    def token_from(self, answer: HttpResponse) -> str:
        """Read a temporary key."""
        return token_from(answer)

    @property
    def _asked(self) -> SessionConfig:
        if self._config is None:
            raise RuntimeError("request comes first")
        return self._config

    @property
    def _audio_ms(self) -> int:
        """Audio that was sent."""
        audio = self._asked.audio
        assert isinstance(audio, RawAudio)  # ``request`` has seen to that
        n_samples = self._audio_bytes // audio.encoding.sample_bytes
        return n_samples * 1000 // audio.sample_rate_hz

    def _force(self, command: ForceTurn) -> list[Frame]:
        """End the turn, where that is for the client to do; each time at a later position."""
        at_ms = self._audio_ms if command.at_ms is None else command.at_ms
        if wishes.mode(self._asked) == "vad" or at_ms <= self._forced_ms:
            self._note("a forced end: dropped, the server ends turns here, or has ended this one")
            return []
        self._forced_ms = at_ms
        return [_frame(ForceEndOfUtterance(timestamp=at_ms / 1000))]

    def _reconfigure(self, command: Reconfigure) -> list[Frame]:
        self._note(*wishes.lost_changes(command))
        if command.partials_wanted is None:
            return []
        change = {"enable_partials": command.partials_wanted}
        return [_frame(SetRecognitionConfig(transcription_config=change))]

    def _note(self, *lines: str) -> None:
        new = tuple(line for line in lines if line not in self._notes)
        self._notes = (*self._notes, *new)[:_MAX_NOTES]

    def _speakers_known(self, message: SpeakersResult) -> SpeakersKnown:
        """Read an answer: to the questions in their order, and then to that about the end."""
        at_end = self._speakers_asked == 0
        self._speakers_asked -= not at_end
        speakers = (
            Speaker(label=speaker.label, identifiers=speaker.speaker_identifiers)
            for speaker in message.speakers
        )
        return SpeakersKnown(speakers=tuple(speakers), at_end=at_end)

    def _started(self, message: RecognitionStarted) -> SessionStarted:
        self._ready = True
        if message.language_pack_info is not None:
            self._reader.delimiter = message.language_pack_info.word_delimiter
        return SessionStarted(
            session_id=message.id, language=self._asked.language, started_at=int(self._now())
        )

    def _session_ended(self) -> SessionEnded:
        session_ms = round((self._now() - self._opened_at) * 1000)
        return SessionEnded(audio_ms=self._audio_ms, session_ms=max(session_ms, 0))


def _decode(frame: Frame) -> ServerMessage | None:
    """Decode a message; ``None`` for one that the vendor has and we do without."""
    if isinstance(frame, bytes):
        raise ProtocolError("a binary frame; this protocol has none from the server")
    try:
        raw = msgspec.json.decode(frame, type=dict[str, Any])
        if raw.get("message") not in _MESSAGES and isinstance(raw.get("message"), str):
            return None
        # mypy reads a union as the value Any; the annotation gives the type back (PEP 747).
        message: ServerMessage = msgspec.convert(raw, ServerMessage)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as exc:
        raise ProtocolError("not a message of this protocol") from exc
    return message


def _frame(message: Message) -> str:
    return msgspec.json.encode(message).decode()
