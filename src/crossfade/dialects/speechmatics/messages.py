"""Every message of the protocol, spelled as the vendor spells it; times in seconds.

The server's end decodes the client's messages and encodes the server's; the client's end the
reverse. An optional field that does not apply is left out, never ``null``. Sections 7, 10, 11 and
14 of the protocol reference.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossfade.dialects.speechmatics.configuration import (
    AudioEventsConfig,
    TranscriptionConfig,
    TranslationConfig,
    WireAudioFormat,
)


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="message"):
    """The base of all: ``message`` names the type."""


# What the client says -----------------------------------------------------------------------------


class StartRecognition(Message, frozen=True, kw_only=True, tag="StartRecognition"):
    """The first message."""

    audio_format: WireAudioFormat
    transcription_config: TranscriptionConfig
    translation_config: TranslationConfig | None = None
    audio_events_config: AudioEventsConfig | None = None


class AddChannelAudio(Message, frozen=True, kw_only=True, tag="AddChannelAudio"):
    """Audio of one channel, in base64."""

    channel: str
    data: str


class EndOfStream(Message, frozen=True, kw_only=True, tag="EndOfStream"):
    """No more audio. ``last_seq_no`` is written and never read: clients disagree on it."""

    last_seq_no: Any = None


class EndOfChannel(Message, frozen=True, kw_only=True, tag="EndOfChannel"):
    """No more audio on one channel."""

    channel: str
    last_seq_no: Any = None


class ForceEndOfUtterance(Message, frozen=True, kw_only=True, tag="ForceEndOfUtterance"):
    """End the utterance here."""

    timestamp: float | None = None
    """Seconds of audio; often a guess of the client's."""
    channel: str | None = None


class SetRecognitionConfig(Message, frozen=True, kw_only=True, tag="SetRecognitionConfig"):
    """Change parts of the configuration; fields that are absent keep their value."""

    transcription_config: dict[str, Any]


class GetSpeakers(Message, frozen=True, kw_only=True, tag="GetSpeakers"):
    """Ask who was heard, now or at the end."""

    final: bool = False


ClientMessage = (
    StartRecognition
    | AddChannelAudio
    | EndOfStream
    | EndOfChannel
    | ForceEndOfUtterance
    | SetRecognitionConfig
    | GetSpeakers
)


# What the server says -----------------------------------------------------------------------------

FORMAT = "2.9"
"""Version of the JSON output format."""


class LanguagePackInfo(Struct, frozen=True, kw_only=True):
    """What the server knows about the session's language."""

    adapted: bool
    itn: bool
    """Numbers can be written as digits."""
    language_description: str
    word_delimiter: str
    writing_direction: Literal["left-to-right", "right-to-left"]


class RecognitionStarted(Message, frozen=True, kw_only=True, tag="RecognitionStarted"):
    """Audio may come."""

    orchestrator_version: str = ""
    id: str = ""
    language_pack_info: LanguagePackInfo | None = None
    channel_ids: tuple[str, ...] = ()
    """The vendor's specification has this name for them, its prose the next."""
    channels: tuple[str, ...] = ()


class AudioAdded(Message, frozen=True, kw_only=True, tag="AudioAdded"):
    """One binary message was read."""

    seq_no: int


class ChannelAudioAdded(Message, frozen=True, kw_only=True, tag="ChannelAudioAdded"):
    """One ``AddChannelAudio`` was read; each channel is counted apart."""

    channel: str
    seq_no: int


class Display(Struct, frozen=True, kw_only=True):
    """How a word is to be set."""

    direction: Literal["ltr", "rtl"]


class Alternative(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said; the service sends exactly one for each item."""

    content: str
    confidence: Annotated[float, Meta(ge=0, le=1)]
    language: str | None = None
    speaker: str | None = None
    tags: tuple[str, ...] = ()
    display: Display | None = None
    """Of languages that are written from right to left."""


class Item(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A word, a mark, or words that are one thing; section 11.1."""

    type: Literal["word", "punctuation", "entity"]
    start_time: float
    end_time: float
    attaches_to: Literal["previous", "next", "both", "none"] | None = None
    is_eos: bool | None = None
    volume: float | None = None
    """0 to 100, of words and entities, if the client configured audio filtering."""
    entity_class: str | None = None
    spoken_form: "tuple[Item, ...]" = ()
    """Of an entity: what was said."""
    written_form: "tuple[Item, ...]" = ()
    """Of an entity: its content, word by word."""
    alternatives: Annotated[tuple[Alternative, ...], Meta(min_length=1)]


class TranscriptMetadata(Struct, frozen=True, kw_only=True):
    """The window of audio that a transcript covers, and its text."""

    start_time: float
    end_time: float
    transcript: str


class AddTranscript(Message, frozen=True, kw_only=True, tag="AddTranscript"):
    """Words that are final."""

    format: str | None = None
    results: tuple[Item, ...]
    metadata: TranscriptMetadata
    forced: bool = False
    channel: str | None = None


class AddPartialTranscript(Message, frozen=True, kw_only=True, tag="AddPartialTranscript"):
    """Everything after the last final, as it is believed now."""

    format: str | None = None
    results: tuple[Item, ...]
    metadata: TranscriptMetadata
    forced: bool = False
    channel: str | None = None


class Moment(Struct, frozen=True, kw_only=True):
    """A position in the audio; both times are the same."""

    start_time: float
    end_time: float


class EndOfUtterance(Message, frozen=True, kw_only=True, tag="EndOfUtterance"):
    """Nothing was said for as long as the client chose, or it forced the end."""

    format: str | None = None
    metadata: Moment
    forced: bool = False
    channel: str | None = None


class Speaker(Struct, frozen=True, kw_only=True):
    """A voice and how to recognise it in another session."""

    label: str
    speaker_identifiers: Annotated[tuple[str, ...], Meta(min_length=1)]


class SpeakersResult(Message, frozen=True, kw_only=True, tag="SpeakersResult"):
    """The answer to ``GetSpeakers``."""

    speakers: tuple[Speaker, ...]


class EndOfTranscript(Message, frozen=True, kw_only=True, tag="EndOfTranscript"):
    """The last message."""


class InfoMessage(Message, frozen=True, kw_only=True, tag="Info"):
    """Something that changes nothing."""

    type: str
    reason: str = ""
    quality: Literal["broadcast", "telephony"] | None = None
    usage: int | None = None
    quota: int | None = None
    last_updated: str | None = None
    region: str | None = None


class WarningMessage(Message, frozen=True, kw_only=True, tag="Warning"):
    """Something was left out; the session goes on."""

    type: str = ""
    reason: str = ""
    duration_limit: float | None = None
    """Seconds of audio."""


class ErrorMessage(Message, frozen=True, kw_only=True, tag="Error"):
    """The session is over; a close frame follows."""

    type: str
    reason: str = ""
    code: int | None = None


ServerMessage = (
    RecognitionStarted
    | AudioAdded
    | ChannelAudioAdded
    | AddTranscript
    | AddPartialTranscript
    | EndOfUtterance
    | SpeakersResult
    | EndOfTranscript
    | InfoMessage
    | WarningMessage
    | ErrorMessage
)
