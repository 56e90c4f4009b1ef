"""What a server of the AssemblyAI protocol may say, to the letter: section 8 of the reference.

Stricter than any client: integers are integers, keys that must be there are, no others are, and
nothing is null but where the reference says so. Written from the reference, not from our messages.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Milliseconds = Annotated[int, Meta(ge=0)]
Seconds = Annotated[int, Meta(ge=0)]
Probability = Annotated[float, Meta(ge=0, le=1)]
Text = Annotated[str, Meta(min_length=1)]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
LanguageCode = Annotated[str, Meta(pattern=r"^[a-z]{2,3}$")]


class Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No key that is not named here."""


class Configuration(Strict, frozen=True, kw_only=True):
    model: Text
    mode: Literal["min_latency", "balanced", "max_accuracy"] | None
    api_version: Text
    speaker_labels: bool
    redact_pii: bool
    filter_profanity: bool
    domain: str | None
    voice_focus: str | None


class Message(Strict, frozen=True, kw_only=True, tag_field="type"):
    """One frame."""


class Begin(Message, frozen=True, kw_only=True, tag=True):
    id: Uuid
    expires_at: Annotated[int, Meta(ge=1_500_000_000, le=5_000_000_000)]
    configuration: Configuration


class SpeechStarted(Message, frozen=True, kw_only=True, tag=True):
    timestamp: Milliseconds
    confidence: Probability


class Word(Strict, frozen=True, kw_only=True):
    text: Text
    start: Milliseconds
    end: Milliseconds
    confidence: Probability
    word_is_final: bool
    speaker: Text | UnsetType = UNSET
    speaker_confidence: Probability | UnsetType = UNSET


class Turn(Message, frozen=True, kw_only=True, tag=True):
    turn_order: Annotated[int, Meta(ge=0)]
    turn_is_formatted: bool
    end_of_turn: bool
    transcript: str
    end_of_turn_confidence: Probability
    words: list[Word]
    utterance: str
    language_code: LanguageCode | UnsetType = UNSET
    language_confidence: Probability | UnsetType = UNSET
    speaker_label: Text | UnsetType = UNSET
    speaker_confidence: Probability | UnsetType = UNSET


class Heartbeat(Message, frozen=True, kw_only=True, tag=True):
    total_audio_received_ms: Milliseconds
    total_duration_ms: Milliseconds
    realtime_factor: Annotated[float, Meta(ge=0)]
    max_speech_probability: Probability


class Silence(Message, frozen=True, kw_only=True, tag=True):
    start_ms: Milliseconds
    end_ms: Milliseconds


class Revision(Strict, frozen=True, kw_only=True):
    turn_order: Annotated[int, Meta(ge=0)]
    speaker_label: Text
    words: list[Word]


class SpeakerRevision(Message, frozen=True, kw_only=True, tag=True):
    revisions: Annotated[list[Revision], Meta(min_length=1)]


class Warning(Message, frozen=True, kw_only=True, tag=True):  # noqa: A001 (the vendor's name)
    warning_code: int
    warning: Text


class Error(Message, frozen=True, kw_only=True, tag=True):
    error_code: Literal[1008, 3005, 3006, 3007, 3008, 3009]
    error: Annotated[str, Meta(pattern=r"^[A-Z][^:]*: \S")]


class Termination(Message, frozen=True, kw_only=True, tag=True):
    audio_duration_seconds: Seconds
    session_duration_seconds: Seconds


_decoder = msgspec.json.Decoder(
    Begin
    | SpeechStarted
    | Turn
    | Heartbeat
    | Silence
    | SpeakerRevision
    | Warning
    | Error
    | Termination
)


def check(frame: str) -> None:
    """Hold one text frame of a server against the reference.

    Raises:
        AssertionError: If it is not what the reference demands.
    """
    assert isinstance(frame, str), "frames are text: a browser cannot read JSON from a binary one"
    try:
        message = _decoder.decode(frame)
    except msgspec.DecodeError as exc:
        raise AssertionError(f"{exc}: {frame}") from exc
    assert isinstance(message, Error) or '"error":' not in frame, frame
    if isinstance(message, Silence):
        assert message.start_ms < message.end_ms, frame
    if isinstance(message, Turn):
        _check_turn(message, frame)


def _check_turn(turn: Turn, frame: str) -> None:
    starts = [word.start for word in turn.words]
    assert starts == sorted(starts), f"words are in time order: {frame}"
    assert all(word.start <= word.end for word in turn.words), frame
    told = turn.language_code is UNSET, turn.language_confidence is UNSET
    assert told in ((True, True), (False, False)), f"language fields come in pairs: {frame}"
    if turn.end_of_turn:
        assert all(word.word_is_final for word in turn.words), frame
        assert turn.transcript == " ".join(word.text for word in turn.words), frame
    else:
        assert turn.speaker_label is UNSET, f"partials carry no labels: {frame}"
        assert all(word.speaker is UNSET for word in turn.words), frame
        assert turn.language_code is UNSET or turn.utterance, frame
