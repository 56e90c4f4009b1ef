"""What a server of this protocol may say, message by message: sections 10, 11 and 14.

Written from the reference, not from our own messages, so that a slip there is not repeated here.
Fields that it does not name are nobody's business; those that it does are of their type, and never
null.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from crossfade.dialects.cases import expect
from crossfade.dialects.wire import check_shape, find_null

Seconds = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=1)]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]


class Alternative(Struct, frozen=True, kw_only=True):
    """Section 11.1."""

    content: Text
    confidence: Annotated[float, Meta(ge=0, le=1)]
    speaker: Text | UnsetType = UNSET
    tags: Annotated[list[Text], Meta(min_length=1)] | UnsetType = UNSET


class Item(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Section 11.1."""

    start_time: Seconds
    end_time: Seconds
    alternatives: Annotated[list[Alternative], Meta(min_length=1)]


class Word(Item, frozen=True, kw_only=True, tag="word"):
    """Section 11.1."""

    volume: Annotated[float, Meta(ge=0, le=100)] | UnsetType = UNSET


class Punctuation(Item, frozen=True, kw_only=True, tag="punctuation"):
    """Section 11.1."""

    attaches_to: Literal["previous", "next", "both", "none"]
    is_eos: bool


class Entity(Item, frozen=True, kw_only=True, tag="entity"):
    """Section 11.5."""

    entity_class: Text
    spoken_form: Annotated[list[Word | Punctuation], Meta(min_length=1)]
    written_form: Annotated[list[Word], Meta(min_length=1)]


class Window(Struct, frozen=True, kw_only=True):
    """Section 10.3."""

    start_time: Seconds
    end_time: Seconds
    transcript: str


class Moment(Struct, frozen=True, kw_only=True):
    """Section 10.4."""

    start_time: Seconds
    end_time: Seconds


class LanguagePackInfo(Struct, frozen=True, kw_only=True):
    """Section 10.1."""

    word_delimiter: Literal[" ", ""]


class Message(Struct, frozen=True, kw_only=True, tag_field="message"):
    """One frame."""


class RecognitionStarted(Message, frozen=True, kw_only=True, tag=True):
    """Section 10.1."""

    id: Uuid
    language_pack_info: LanguagePackInfo | UnsetType = UNSET


class AudioAdded(Message, frozen=True, kw_only=True, tag=True):
    """Section 10.2."""

    seq_no: Count


class ChannelAudioAdded(Message, frozen=True, kw_only=True, tag=True):
    """Section 10.2."""

    channel: Text
    seq_no: Count


class Transcript(Message, frozen=True, kw_only=True):
    """Section 10.3."""

    results: list[Word | Punctuation | Entity]
    metadata: Window
    channel: Text | UnsetType = UNSET
    forced: Literal[True] | UnsetType = UNSET


class AddTranscript(Transcript, frozen=True, kw_only=True, tag=True):
    """Section 10.3."""


class AddPartialTranscript(Transcript, frozen=True, kw_only=True, tag=True):
    """Section 10.3."""


class EndOfUtterance(Message, frozen=True, kw_only=True, tag=True):
    """Section 10.4."""

    metadata: Moment
    channel: Text | UnsetType = UNSET
    forced: Literal[True] | UnsetType = UNSET


class Translated(Struct, frozen=True, kw_only=True):
    """Section 10.5."""

    content: str
    start_time: Seconds
    end_time: Seconds


class AddTranslation(Message, frozen=True, kw_only=True, tag=True):
    """Section 10.5."""

    language: Text
    results: list[Translated]


class AddPartialTranslation(AddTranslation, frozen=True, kw_only=True, tag=True):
    """Section 10.5."""


class AudioEventStarted(Message, frozen=True, kw_only=True, tag=True):
    """Section 10.6."""

    event: dict[str, Any]


class AudioEventEnded(AudioEventStarted, frozen=True, kw_only=True, tag=True):
    """Section 10.6."""


class KnownSpeaker(Struct, frozen=True, kw_only=True):
    """Section 10.7."""

    label: Text
    speaker_identifiers: Annotated[list[Text], Meta(min_length=1)]


class SpeakersResult(Message, frozen=True, kw_only=True, tag=True):
    """Section 10.7."""

    speakers: list[KnownSpeaker]


class EndOfTranscript(Message, frozen=True, kw_only=True, tag=True):
    """Section 10.8."""


class Info(Message, frozen=True, kw_only=True, tag=True):
    """Section 14.1."""

    type: Text
    reason: Text
    code: int | UnsetType = UNSET
    seq_no: int | UnsetType = UNSET


class Warned(Info, frozen=True, kw_only=True, tag="Warning"):
    """Section 14.2."""


class Failed(Info, frozen=True, kw_only=True, tag="Error"):
    """Section 14.3."""


_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    RecognitionStarted | AudioAdded | ChannelAudioAdded | AddTranscript | AddPartialTranscript
    | EndOfUtterance | AddTranslation | AddPartialTranslation | AudioEventStarted
    | AudioEventEnded | SpeakersResult | EndOfTranscript | Info | Warned | Failed
)  # fmt: skip


def check(text: str) -> None:
    """Hold one message against the reference.

    Raises:
        UnmetError: If it is not as the reference says.
    """
    check_shape(_decoder, text)
    null = find_null(msgspec.json.decode(text))
    expect(null is None, "no null in any message (section 10)", f"null at {null}")
