"""What a server of Speechmatics Agent STT may say, written down from the reference.

Nothing of ``crossfade`` is used, so that a slip there is not repeated here. Sections 6, 10, 11, 12
and 15 of ``docs/protocols/speechmatics-agent-stt.md``; what is the same in the vendor's older
protocol is written down in ``speechmatics_schema``.

    checked(frame)            one frame: every field, its type, its range
    SessionRules().hear(...)  a whole session: what may follow what
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from speechmatics_schema import (
    AudioAdded,
    EndOfTranscript,
    Exact,
    LanguagePackInfo,
    Message,
    Seconds,
    SpeakersResult,
    Text,
    Uuid,
)


class RecognitionStarted(Message, frozen=True, kw_only=True, tag="RecognitionStarted"):
    id: Uuid
    orchestrator_version: Text
    language_pack_info: LanguagePackInfo


class Segment(Exact, frozen=True, kw_only=True):
    transcript: Annotated[str, Meta(pattern=r"^\S(?:.*\S)?$")]
    # Absent where nobody is told apart: a null, or an empty one, is an error.
    speaker: Text | UnsetType = UNSET


class Span(Exact, frozen=True, kw_only=True):
    start_time: Seconds
    end_time: Seconds


class StartTime(Exact, frozen=True, kw_only=True):
    start_time: Seconds


class EndTime(Exact, frozen=True, kw_only=True):
    end_time: Seconds


class AddSegment(Message, frozen=True, kw_only=True, tag="AddSegment"):
    segment: Segment
    metadata: Span


class AddPartialSegment(Message, frozen=True, kw_only=True, tag="AddPartialSegment"):
    segment: Segment
    metadata: Span


class SpeechStarted(Message, frozen=True, kw_only=True, tag="SpeechStarted"):
    metadata: StartTime


class StartOfTurn(Message, frozen=True, kw_only=True, tag="StartOfTurn"):
    metadata: StartTime


class SpeechEnded(Message, frozen=True, kw_only=True, tag="SpeechEnded"):
    metadata: EndTime


class EndOfTurn(Message, frozen=True, kw_only=True, tag="EndOfTurn"):
    metadata: EndTime


class Info(Message, frozen=True, kw_only=True, tag="Info"):
    type: Literal["recognition_quality", "concurrent_session_usage"]
    reason: Text
    quality: Literal["broadcast", "telephony"] | UnsetType = UNSET
    usage: int | UnsetType = UNSET
    quota: int | UnsetType = UNSET
    last_updated: Text | UnsetType = UNSET
    region: Text | UnsetType = UNSET


class Warned(Message, frozen=True, kw_only=True, tag="Warning"):
    reason: Text
    type: (
        Literal[
            "duration_limit_exceeded",
            "idle_timeout",
            "session_timeout",
            "add_audio_after_eos",
            "speaker_id",
            "validation_warning",
        ]
        | UnsetType
    ) = UNSET
    duration_limit: float | UnsetType = UNSET


class Failed(Message, frozen=True, kw_only=True, tag="Error"):
    type: Literal[
        "invalid_message",
        "invalid_config",
        "invalid_audio_type",
        "invalid_language",
        "invalid_model",
        "not_authorised",
        "not_allowed",
        "protocol_error",
        "start_recognition_timeout",
        "job_error",
        "idle_timeout",
        "session_timeout",
        "unknown_error",
    ]
    reason: Text


_Said = (
    RecognitionStarted
    | AudioAdded
    | AddSegment
    | AddPartialSegment
    | SpeechStarted
    | StartOfTurn
    | SpeechEnded
    | EndOfTurn
    | SpeakersResult
    | EndOfTranscript
    | Info
    | Warned
    | Failed
)


def checked(frame: object) -> dict[str, Any]:
    """Decode a frame, and check it by itself."""
    assert isinstance(frame, str), "the server says nothing in binary"
    msgspec.json.decode(frame, type=_Said)
    raw: dict[str, Any] = msgspec.json.decode(frame)
    for time in raw.get("metadata", {}).values():
        assert round(time, 2) == time, "two decimals"
    return raw


class SessionRules:
    """Everything that one session says, in order: the guarantees of section 6.

    ``partials`` may be changed on the way: they are on, or off; ``None``: not known.
    """

    def __init__(
        self, *, mode: Literal["vad", "external"] | None = None, partials: bool | None = None
    ) -> None:
        self.mode = mode
        self.partials = partials
        self.heard: list[dict[str, Any]] = []
        self._started = False
        self._ended = False
        self._acknowledged = 0
        self._turn: float | None = None
        self._turn_has_segments = False
        self._settled = 0.0
        self._is_speech = False

    def hear(self, frame: object) -> dict[str, Any]:
        """Check the next frame by itself, and in its place."""
        raw = checked(frame)
        assert not self._ended, "nothing comes after EndOfTranscript or Error"
        self.heard.append(raw)
        self._check_start(raw["message"])
        match raw["message"]:
            case "AudioAdded":
                self._acknowledged += 1
                assert raw["seq_no"] == self._acknowledged
            case "StartOfTurn":
                self._hear_start(raw["metadata"]["start_time"])
            case "AddPartialSegment":
                assert self.partials is not False
                self._check_span(**raw["metadata"])
            case "AddSegment":
                self._check_span(**raw["metadata"])
                self._settled = raw["metadata"]["end_time"]
                self._turn_has_segments = True
            case "EndOfTurn":
                self._hear_end(raw["metadata"]["end_time"])
            case "SpeechStarted" | "SpeechEnded" as kind:
                assert self.mode != "external", "no detector runs"
                assert self._is_speech == (kind == "SpeechEnded"), "they alternate"
                self._is_speech = not self._is_speech
            case "EndOfTranscript" | "Error":
                self._ended = True
        return raw

    def _check_start(self, kind: str) -> None:
        if kind == "RecognitionStarted":
            assert not self._started
            self._started = True
        elif not self._started:
            assert kind in ("Info", "Warning", "Error")

    def _hear_start(self, start: float) -> None:
        assert self._turn is None, "turns never nest"
        assert start >= self._settled
        self._turn, self._turn_has_segments = start, False

    def _check_span(self, start_time: float, end_time: float) -> None:
        assert self._turn is not None, "every segment lies within a turn"
        assert self._settled <= start_time < end_time
        if not self._turn_has_segments:
            assert start_time == self._turn, "the first segment starts with its turn"

    def _hear_end(self, end: float) -> None:
        assert self._turn is not None, "StartOfTurn and EndOfTurn alternate"
        assert end == (self._settled if self._turn_has_segments else self._turn)
        self._turn = None
