"""What a server of this protocol may say, message by message: section 8.

Written from the reference, not from our own messages, so that a slip there is not repeated here.
Fields that it does not name are nobody's business; those that it does are of their type.
"""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from crossfade.dialects.cases import expect
from crossfade.dialects.wire import check_shape, find_null

Milliseconds = Annotated[int, Meta(ge=0)]
Seconds = Annotated[int, Meta(ge=0)]
Order = Annotated[int, Meta(ge=0)]
Probability = Annotated[float, Meta(ge=0, le=1)]
Text = Annotated[str, Meta(min_length=1)]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]

MAY_BE_NULL = ("configuration",)
"""Where section 8.1 shows null: in the echo of what was applied."""


class Configuration(Struct, frozen=True, kw_only=True):
    """Section 8.1."""

    model: Text
    api_version: Text | UnsetType = UNSET
    speaker_labels: bool | UnsetType = UNSET
    redact_pii: bool | UnsetType = UNSET
    filter_profanity: bool | UnsetType = UNSET


class Message(Struct, frozen=True, kw_only=True, tag_field="type"):
    """One frame."""


class Begin(Message, frozen=True, kw_only=True, tag=True):
    """Section 8.1."""

    id: Uuid
    # Seconds, not milliseconds: clients make a date of it.
    expires_at: Annotated[int, Meta(ge=1_500_000_000, le=5_000_000_000)]
    configuration: Configuration | UnsetType = UNSET


class SpeechStarted(Message, frozen=True, kw_only=True, tag=True):
    """Section 8.2."""

    timestamp: Milliseconds
    confidence: Probability | UnsetType = UNSET


class Word(Struct, frozen=True, kw_only=True):
    """Section 8.3."""

    text: Text
    start: Milliseconds
    end: Milliseconds
    confidence: Probability
    word_is_final: bool
    speaker: Text | UnsetType = UNSET


class Turn(Message, frozen=True, kw_only=True, tag=True):
    """Section 8.3."""

    turn_order: Order
    turn_is_formatted: bool
    end_of_turn: bool
    transcript: str
    end_of_turn_confidence: Probability
    words: list[Word]
    utterance: str
    language_code: Text | UnsetType = UNSET
    language_confidence: Probability | UnsetType = UNSET
    speaker_label: Text | UnsetType = UNSET


class Heartbeat(Message, frozen=True, kw_only=True, tag=True):
    """Section 8.4."""

    total_audio_received_ms: Milliseconds
    total_duration_ms: Milliseconds
    realtime_factor: Annotated[float, Meta(ge=0)]
    max_speech_probability: Probability


class Silence(Message, frozen=True, kw_only=True, tag=True):
    """Section 8.5."""

    start_ms: Milliseconds
    end_ms: Milliseconds


class Revision(Struct, frozen=True, kw_only=True):
    """Section 8.6."""

    turn_order: Order
    speaker_label: str | None
    words: list[Word]


class SpeakerRevision(Message, frozen=True, kw_only=True, tag=True):
    """Section 8.6."""

    revisions: list[Revision]


class Warned(Message, frozen=True, kw_only=True, tag="Warning"):
    """Section 8.8."""

    warning_code: int
    warning: str


class Failed(Message, frozen=True, kw_only=True, tag="Error"):
    """Section 4.2."""

    error_code: int
    error: Annotated[str, Meta(pattern=r"^[A-Z][^:]*: \S")]


class Termination(Message, frozen=True, kw_only=True, tag=True):
    """Section 8.10."""

    audio_duration_seconds: Seconds
    session_duration_seconds: Seconds


ServerMessage = (
    Begin | SpeechStarted | Turn | Heartbeat | Silence | SpeakerRevision | Warned | Failed
    | Termination
)  # fmt: skip
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(ServerMessage)


def check(text: str) -> None:
    """Hold one message against the reference.

    Raises:
        UnmetError: If it is not as the reference says.
    """
    check_shape(_decoder, text)
    message = msgspec.json.decode(text)
    stray = "error" in message and message["type"] != "Error"
    expect(not stray, "the key error in Error alone (section 1)", f"one in {message['type']}")
    if message["type"] != "SpeakerRevision":
        null = find_null(message, apart_from=MAY_BE_NULL)
        expect(null is None, "no null in any message (section 1)", f"null at {null}")
    if message["type"] == "Turn":
        _check_turn(message)


def _check_turn(turn: dict[str, Any]) -> None:
    pair = {"language_code", "language_confidence"} & turn.keys()
    expect(len(pair) != 1, "both language fields or none (section 10.7)", "one of them")
    backwards = any(word["end"] < word["start"] for word in turn["words"])
    expect(not backwards, "words that end after they start (section 8.3)", "one that does not")
