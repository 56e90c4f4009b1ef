"""The messages that only this protocol has, spelled as the vendor spells them; times in seconds.

Sections 7, 10 and 15 of the protocol reference. The others are the same as in the vendor's older
protocol, and come from there.
"""

from msgspec import UNSET, Struct, UnsetType

from crossfade.dialects.agent_stt.configuration import AgentConfig, RawFormat, TurnConfig
from crossfade.dialects.speechmatics.messages import (
    AddChannelAudio,
    AudioAdded,
    EndOfChannel,
    EndOfStream,
    EndOfTranscript,
    ErrorMessage,
    ForceEndOfUtterance,
    GetSpeakers,
    InfoMessage,
    Message,
    RecognitionStarted,
    SetRecognitionConfig,
    SpeakersResult,
    WarningMessage,
)

__all__ = [
    "AddChannelAudio",
    "AddPartialSegment",
    "AddSegment",
    "AudioAdded",
    "ClientMessage",
    "EndOfChannel",
    "EndOfStream",
    "EndOfTranscript",
    "EndOfTurn",
    "EndsAt",
    "ErrorMessage",
    "ForceEndOfUtterance",
    "GetSpeakers",
    "InfoMessage",
    "Message",
    "RecognitionStarted",
    "Segment",
    "ServerMessage",
    "SetRecognitionConfig",
    "Span",
    "SpeakersResult",
    "SpeechEnded",
    "SpeechStarted",
    "StartOfTurn",
    "StartRecognition",
    "StartsAt",
    "UpdateSpeakerFocus",
    "WarningMessage",
]

# What the client says -----------------------------------------------------------------------------


class StartRecognition(Message, frozen=True, kw_only=True, tag="StartRecognition"):
    """The first message."""

    audio_format: RawFormat
    transcription_config: AgentConfig
    turn_config: TurnConfig | UnsetType = UNSET


class UpdateSpeakerFocus(Message, frozen=True, kw_only=True, tag="UpdateSpeakerFocus"):
    """Of the vendor's preview of this protocol: whom to listen to."""


ClientMessage = (
    StartRecognition
    | AddChannelAudio
    | EndOfStream
    | EndOfChannel
    | ForceEndOfUtterance
    | SetRecognitionConfig
    | GetSpeakers
    | UpdateSpeakerFocus
)


# What the server says -----------------------------------------------------------------------------


class Segment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one speaker said within a turn."""

    transcript: str
    """Punctuated, without a delimiter at its ends; never empty."""
    speaker: str = ""
    """Empty: unknown; it is not sent then."""


class Span(Struct, frozen=True, kw_only=True):
    """From the start of the first word to the end of the last."""

    start_time: float
    end_time: float


class StartsAt(Struct, frozen=True, kw_only=True):
    """Where something begins. There is no end beside it: a client reads one time an event."""

    start_time: float


class EndsAt(Struct, frozen=True, kw_only=True):
    """Where something ends."""

    end_time: float


class AddSegment(Message, frozen=True, kw_only=True, tag="AddSegment"):
    """Words that are final, once."""

    segment: Segment
    metadata: Span


class AddPartialSegment(Message, frozen=True, kw_only=True, tag="AddPartialSegment"):
    """Everything after the last segment, as it is believed now."""

    segment: Segment
    metadata: Span


class StartOfTurn(Message, frozen=True, kw_only=True, tag="StartOfTurn"):
    """The first word of a turn was recognised."""

    metadata: StartsAt


class EndOfTurn(Message, frozen=True, kw_only=True, tag="EndOfTurn"):
    """The turn is over; all its words were sent."""

    metadata: EndsAt


class SpeechStarted(Message, frozen=True, kw_only=True, tag="SpeechStarted"):
    """A voice is heard."""

    metadata: StartsAt


class SpeechEnded(Message, frozen=True, kw_only=True, tag="SpeechEnded"):
    """It is heard no more."""

    metadata: EndsAt


ServerMessage = (
    RecognitionStarted
    | AudioAdded
    | AddSegment
    | AddPartialSegment
    | StartOfTurn
    | EndOfTurn
    | SpeechStarted
    | SpeechEnded
    | SpeakersResult
    | EndOfTranscript
    | InfoMessage
    | WarningMessage
    | ErrorMessage
)
