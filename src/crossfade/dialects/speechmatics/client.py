"""The client's end of one connection, for the SDK and the gateway."""

import base64
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from crossfade.dialects.base import (
    AudioRules,
    ClientRequest,
    Frame,
    HttpResponse,
    TokenRequest,
)
from crossfade.dialects.speechmatics.configuration import (
    AudioFilteringConfig,
    ConversationConfig,
    Diarization,
    EnrolledSpeaker,
    FileFormat,
    RawFormat,
    SpeakerDiarizationConfig,
    TranscriptionConfig,
    VocabEntry,
    WireAudioFormat,
)
from crossfade.dialects.speechmatics.errors import cause_of, close_for, retry_after_s
from crossfade.dialects.speechmatics.hearing import TranscriptReader
from crossfade.dialects.speechmatics.messages import (
    AddChannelAudio,
    AddPartialTranscript,
    AddTranscript,
    AudioAdded,
    ChannelAudioAdded,
    EndOfChannel,
    EndOfStream,
    EndOfTranscript,
    EndOfUtterance,
    ErrorMessage,
    ForceEndOfUtterance,
    GetSpeakers,
    InfoMessage,
    Message,
    RecognitionStarted,
    ServerMessage,
    SetRecognitionConfig,
    SpeakersResult,
    StartRecognition,
    WarningMessage,
)
from crossfade.dialects.speechmatics.shortfalls import FEWEST_SPEAKERS, lost_changes, shortfalls
from crossfade.dialects.speechmatics.tokens import token_from, token_request
from crossfade.dialects.speechmatics.vendor import MAX_KEYTERMS
from crossfade.errors import ConfigError, CrossfadeError, ProtocolError, UpstreamError
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioFormat,
    ChannelEvent,
    ChannelEventKind,
    Command,
    ConfidenceEndpointing,
    Decline,
    Endpointing,
    Event,
    Finish,
    ForceTurn,
    InChannel,
    KeepAlive,
    KeyTerm,
    NoEndpointing,
    PunctuationEndpointing,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    SessionEnded,
    SessionStarted,
    SilenceEndpointing,
    Speaker,
    SpeakerLabels,
    SpeakersKnown,
    Start,
)

_MAX_TRIGGER_S = 2.0
_MAX_NOTES = 50
_MAX_TYPE_CHARS = 40
_MAX_DELAY_S = (0.7, 4.0)
_AHEAD_CHUNKS = 200  # section 9.5: a client runs at most 10 s of audio ahead; chunks have 50 ms
_MESSAGES = {kind.__struct_config__.tag for kind in ServerMessage.__args__}


class SpeechmaticsClient:
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
        self._channel_chunks: Counter[str] = Counter()
        self._speakers_asked = 0
        # Without channels, one without a name.
        self._readers: defaultdict[str | None, TranscriptReader] = defaultdict(TranscriptReader)
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
        """Say where and how to connect; ``/v2`` is added to a URL without a path.

        Raises:
            ConfigError: If there are more key terms than the vendor takes.
        """
        if len(config.keyterms) > MAX_KEYTERMS:
            raise ConfigError(f"more than {MAX_KEYTERMS} key terms", field="keyterms")
        self._config = config
        self._notes = shortfalls(config, max_trigger_s=_MAX_TRIGGER_S, max_delay_s=_MAX_DELAY_S)
        parts = urlsplit(url)
        path = parts.path if parts.path.strip("/") else "/v2"
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return ClientRequest(url=urlunsplit(parts._replace(path=path)), headers=headers)

    def audio_rules(self) -> AudioRules:
        """Any size, any pace, 10 s ahead of what was acknowledged."""
        return AudioRules(ahead_chunks=_AHEAD_CHUNKS)

    def audio_format(self, wanted: SessionConfig) -> SessionConfig:
        """The same: this protocol carries all that we know."""
        return wanted

    def open(self) -> list[Frame]:
        """Say StartRecognition."""
        self._opened_at = self._now()
        config = self._asked
        return [
            _frame(
                StartRecognition(
                    audio_format=_wire_audio(config.audio),
                    transcription_config=_wire_config(config),
                )
            )
        ]

    def send(self, command: Command) -> list[Frame]:
        """Turn one command into frames."""
        match command:
            case Audio():
                self._chunks += 1
                self._audio_bytes += len(command.data)
                return [command.data]
            case ForceTurn():
                return [_frame(_force(command))]
            case Reconfigure():
                self._note(*lost_changes(command))
                change = _wire_change(command)
                return [_frame(SetRecognitionConfig(transcription_config=change))] if change else []
            case Finish():
                return [_frame(EndOfStream(last_seq_no=self._chunks))]
            case ReportSpeakers():
                self._speakers_asked += not command.at_end
                return [_frame(GetSpeakers(final=command.at_end))]
            case InChannel():
                return [_frame(self._in_channel(command.channel, command.command))]
            case Start() | KeepAlive() | Decline():
                # ``open`` has said it; WebSocket pings do that here; a client declines nothing.
                return []

    def receive(self, frame: Frame) -> list[Event]:
        """Turn one frame into events; messages of kinds that we do not know are skipped.

        Raises:
            UpstreamError: If it is an ``Error``; with the close code that will follow.
            ProtocolError: If it is binary, not JSON, or not as the protocol wants it.
        """
        message = _decode(frame)
        match message:
            case RecognitionStarted():
                self._ready = True
                return [self._started(message)]
            case AudioAdded():
                return [AudioAccepted(number=message.seq_no)]
            case ChannelAudioAdded():
                accepted = AudioAccepted(number=message.seq_no)
                return [ChannelEvent(channel=message.channel, event=accepted)]
            case AddTranscript() | AddPartialTranscript() | EndOfUtterance():
                return [self._heard(message)]
            case SpeakersResult():
                return [self._speakers_known(message)]
            case EndOfTranscript():
                self._ended = True
                return [self._session_ended()]
            case ErrorMessage():
                code = message.code or close_for(message.type).code
                text = f"{message.type}: {message.reason}"
                raise UpstreamError(text, code=code, cause=cause_of(code))
            case WarningMessage():
                # Its reason may hold names that a client chose.
                self._note(f"the server warned: {message.type[:_MAX_TYPE_CHARS]}")
                return []
            case InfoMessage() | None:
                return []

    def closed(self, code: int, reason: str) -> CrossfadeError | None:
        """Judge a close frame: clean after EndOfTranscript, whatever its code."""
        if self._ended:
            return None
        text = f"closed before EndOfTranscript: {code} {reason}".rstrip()
        return UpstreamError(text, code=code, cause=cause_of(code))

    def retry_after_s(self, code: int) -> float | None:
        """5 s where the vendor tells clients to come again."""
        return retry_after_s(code)

    def token_request(self, url: str, *, key: str, ttl_s: int) -> TokenRequest:
        """Ask for a temporary key."""
        return token_request(url, key=key, ttl_s=ttl_s)

    def token_from(self, answer: HttpResponse) -> str:
        """Read a temporary key."""
        return token_from(answer)

    def _note(self, *lines: str) -> None:
        new = tuple(line for line in lines if line not in self._notes)
        self._notes = (*self._notes, *new)[:_MAX_NOTES]

    @property
    def _asked(self) -> SessionConfig:
        if self._config is None:
            raise RuntimeError("request comes first")
        return self._config

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
        return SessionStarted(
            session_id=message.id, language=self._asked.language, started_at=int(self._now())
        )

    def _session_ended(self) -> SessionEnded:
        audio = self._asked.audio
        audio_ms = sum(reader.through_ms for reader in self._readers.values())
        if isinstance(audio, RawAudio):
            n_samples = self._audio_bytes // audio.encoding.sample_bytes
            audio_ms = n_samples * 1000 // audio.sample_rate_hz
        session_ms = round((self._now() - self._opened_at) * 1000)
        return SessionEnded(audio_ms=audio_ms, session_ms=max(session_ms, 0))


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


def _wire_audio(audio: AudioFormat) -> WireAudioFormat:
    if isinstance(audio, RawAudio):
        return RawFormat(encoding=audio.encoding.value, sample_rate=audio.sample_rate_hz)
    return FileFormat()


def _wire_config(config: SessionConfig) -> TranscriptionConfig:
    return TranscriptionConfig(
        language=config.language,
        enable_partials=config.partials_wanted,
        max_delay=_max_delay_s(config.max_delay_ms),
        additional_vocab=tuple(map(vocab_entry, config.keyterms)),
        conversation_config=ConversationConfig(
            end_of_utterance_silence_trigger=_trigger_s(config.endpointing)
        ),
        audio_filtering_config=(
            AudioFilteringConfig(volume_threshold=config.volume_threshold)
            if config.volume_wanted or config.volume_threshold
            else None
        ),
        diarization=_diarization(config),
        channel_diarization_labels=config.channels,
        speaker_diarization_config=speaker_config(config.speaker_labels),
    )


def speaker_config(labels: SpeakerLabels | None) -> SpeakerDiarizationConfig:
    """How speakers are to be told apart, on the wire."""
    if labels is None:
        return SpeakerDiarizationConfig()
    return SpeakerDiarizationConfig(
        max_speakers=_most_speakers(labels.max_speakers),
        speaker_sensitivity=labels.sensitivity,
        speakers=tuple(
            EnrolledSpeaker(label=known.label, speaker_identifiers=known.identifiers)
            for known in labels.known
            if known.identifiers
        ),
    )


def _most_speakers(most: int | None) -> int | None:
    return None if most is None else max(most, FEWEST_SPEAKERS)


def _diarization(config: SessionConfig) -> Diarization:
    if config.channels:
        return "channel" if config.speaker_labels is None else "channel_and_speaker"
    return "none" if config.speaker_labels is None else "speaker"


def _force(command: ForceTurn, channel: str | None = None) -> ForceEndOfUtterance:
    at_s = None if command.at_ms is None else command.at_ms / 1000
    return ForceEndOfUtterance(timestamp=at_s, channel=channel)


def _wire_change(command: Reconfigure) -> dict[str, object]:
    """What this protocol can change; key terms and the rest stay as they were."""
    change: dict[str, object] = {}
    if command.endpointing is not None:
        change["conversation_config"] = {
            "end_of_utterance_silence_trigger": _trigger_s(command.endpointing)
        }
    if command.partials_wanted is not None:
        change["enable_partials"] = command.partials_wanted
    if command.max_delay_ms is not None:
        change["max_delay"] = _max_delay_s(command.max_delay_ms)
    if command.volume_wanted or command.volume_threshold is not None:
        change["audio_filtering_config"] = {"volume_threshold": command.volume_threshold or 0.0}
    return change


def _trigger_s(endpointing: Endpointing) -> float:
    """The longest silence; this protocol knows no reason to end a turn sooner."""
    match endpointing:
        case NoEndpointing():
            return 0.0
        case SilenceEndpointing():
            return min(endpointing.silence_ms / 1000, _MAX_TRIGGER_S)
        case ConfidenceEndpointing() | PunctuationEndpointing():
            return min(endpointing.max_silence_ms / 1000, _MAX_TRIGGER_S)


def _max_delay_s(max_delay_ms: int) -> float:
    shortest_s, longest_s = _MAX_DELAY_S
    return min(max(max_delay_ms / 1000, shortest_s), longest_s)


def vocab_entry(term: KeyTerm) -> str | VocabEntry:
    """A key term, on the wire."""
    if not term.sounds_like:
        return term.text
    return VocabEntry(content=term.text, sounds_like=term.sounds_like)


def _frame(message: Message) -> str:
    return msgspec.json.encode(message).decode()
