"""What the client's ends of this vendor's protocols have in common: the course of a session.

Each protocol adds its own configuration, and its own words for what is said.
"""

import time
from collections.abc import Callable
from functools import cache
from typing import Any, get_args

import msgspec

from crossfade.dialects.base import (
    AudioRules,
    ClientRequest,
    Frame,
    HttpResponse,
    TokenRequest,
)
from crossfade.dialects.speechmatics.errors import cause_of, close_for, retry_after_s
from crossfade.dialects.speechmatics.messages import (
    AudioAdded,
    EndOfStream,
    EndOfTranscript,
    ErrorMessage,
    GetSpeakers,
    InfoMessage,
    Message,
    RecognitionStarted,
    SpeakersResult,
    WarningMessage,
)
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
    Event,
    RawAudio,
    ReportSpeakers,
    SessionConfig,
    SessionEnded,
    SessionStarted,
    Speaker,
    SpeakersKnown,
)

_AHEAD_CHUNKS = 200  # section 9.5: a client runs at most 10 s of audio ahead; chunks have 50 ms
_MAX_NOTES = 50
_MAX_TYPE_CHARS = 40

CommonMessage = (
    RecognitionStarted
    | AudioAdded
    | SpeakersResult
    | EndOfTranscript
    | InfoMessage
    | WarningMessage
    | ErrorMessage
)
"""What servers of every protocol of this vendor say."""


class ClientBase:
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
        self._speakers_asked = 0
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

    def audio_rules(self) -> AudioRules:
        """Any size, any pace, 10 s ahead of what was acknowledged."""
        return AudioRules(ahead_chunks=_AHEAD_CHUNKS)

    def closed(self, code: int, reason: str) -> CrossfadeError | None:
        """Judge a close frame: clean after EndOfTranscript, whatever its code."""
        if self._ended:
            return None
        text = f"closed before EndOfTranscript: {code} {reason}".rstrip()
        return UpstreamError(text, code=code, cause=self._cause_of_close(code))

    def retry_after_s(self, code: int) -> float | None:
        """5 s where the vendor tells clients to come again."""
        return retry_after_s(code)

    def token_request(self, url: str, *, key: str, ttl_s: int) -> TokenRequest:
        """Ask for a temporary key."""
        return token_request(url, key=key, ttl_s=ttl_s)

    def token_from(self, answer: HttpResponse) -> str:
        """Read a temporary key."""
        return token_from(answer)

    # For the protocols' own ends.

    def _connect(self, address: str, *, key: str | None, config: SessionConfig) -> ClientRequest:
        """Keep what is wanted, and say where and how to connect.

        Raises:
            ConfigError: If there are more key terms than the vendor takes.
        """
        if len(config.keyterms) > MAX_KEYTERMS:
            raise ConfigError(f"more than {MAX_KEYTERMS} key terms", field="keyterms")
        self._config = config
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return ClientRequest(url=address, headers=headers)

    @property
    def _asked(self) -> SessionConfig:
        if self._config is None:
            raise RuntimeError("request comes first")
        return self._config

    def _open(self, start: Message) -> list[Frame]:
        self._opened_at = self._now()
        return [encoded(start)]

    def _note(self, *lines: str) -> None:
        new = tuple(line for line in lines if line not in self._notes)
        self._notes = (*self._notes, *new)[:_MAX_NOTES]

    def _send_audio(self, audio: Audio) -> list[Frame]:
        self._chunks += 1
        self._audio_bytes += len(audio.data)
        return [audio.data]

    def _finish(self) -> list[Frame]:
        return [encoded(EndOfStream(last_seq_no=self._chunks))]

    def _ask_for_speakers(self, command: ReportSpeakers) -> list[Frame]:
        self._speakers_asked += not command.at_end
        return [encoded(GetSpeakers(final=command.at_end))]

    def _receive_common(self, message: CommonMessage) -> list[Event]:
        """Turn a message into events.

        Raises:
            UpstreamError: If it is an ``Error``; with the close code that will follow.
        """
        match message:
            case RecognitionStarted():
                self._ready = True
                return [self._started(message)]
            case AudioAdded():
                return [AudioAccepted(number=message.seq_no)]
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
                self._note(f"the server warned: {message.type[:_MAX_TYPE_CHARS] or 'of no type'}")
                return []
            case InfoMessage():
                return []

    def _cause_of_close(self, code: int) -> UpstreamCause:
        return cause_of(code)

    def _started(self, message: RecognitionStarted) -> SessionStarted:
        return SessionStarted(
            session_id=message.id, language=self._asked.language, started_at=int(self._now())
        )

    def _speakers_known(self, message: SpeakersResult) -> SpeakersKnown:
        """Read an answer: to the questions in their order, and then to that about the end."""
        at_end = self._speakers_asked == 0
        self._speakers_asked -= not at_end
        speakers = (
            Speaker(label=speaker.label, identifiers=speaker.speaker_identifiers)
            for speaker in message.speakers
        )
        return SpeakersKnown(speakers=tuple(speakers), at_end=at_end)

    def _session_ended(self) -> SessionEnded:
        session_ms = round((self._now() - self._opened_at) * 1000)
        return SessionEnded(audio_ms=self._audio_ms, session_ms=max(session_ms, 0))

    @property
    def _audio_ms(self) -> int:
        """Audio that was sent."""
        audio = self._asked.audio
        assert isinstance(audio, RawAudio)  # who takes another format counts otherwise
        n_samples = self._audio_bytes // audio.encoding.sample_bytes
        return n_samples * 1000 // audio.sample_rate_hz


def decoded(frame: Frame, kinds: Any) -> Any:
    """Decode a message of the server's.

    Args:
        frame: What came.
        kinds: The union of the messages that are known.

    Returns:
        One of them; ``None`` for one that the vendor has and we do without.

    Raises:
        ProtocolError: If it is binary, not JSON, or not as the protocol wants it.
    """
    if isinstance(frame, bytes):
        raise ProtocolError("a binary frame; this protocol has none from the server")
    try:
        raw = msgspec.json.decode(frame, type=dict[str, Any])
        if raw.get("message") not in _tags(kinds) and isinstance(raw.get("message"), str):
            return None
        return msgspec.convert(raw, kinds)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as exc:
        raise ProtocolError("not a message of this protocol") from exc


@cache
def _tags(kinds: Any) -> frozenset[str]:
    return frozenset(kind.__struct_config__.tag for kind in get_args(kinds))


def encoded(message: Message) -> str:
    """A message, as a frame."""
    return msgspec.json.encode(message).decode()
