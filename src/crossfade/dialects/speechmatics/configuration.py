"""The configuration objects of section 8, spelled as the vendor spells them.

A field that is absent, or ``null``, has the vendor's default. Ranges are part of the types, so that
decoding checks them; ``max_delay`` alone has none, because it is clamped. Names of models, domains
and locales are plain text: the vendor adds to them, and all lead to the model that we have.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Text = Annotated[str, Meta(min_length=1)]
Mark = Annotated[str, Meta(pattern=r"^(?:.|all)\Z")]
Diarization = Literal["none", "speaker", "channel", "channel_and_speaker"]
MaxDelayMode = Literal["flexible", "fixed"]
WireEncoding = Literal["pcm_f32le", "pcm_s16le", "mulaw"]


class RawFormat(Struct, frozen=True, kw_only=True, tag_field="type", tag="raw"):
    """Bare samples, one channel."""

    encoding: WireEncoding
    sample_rate: float
    """Hz. A whole number, but some clients write ``44100.0``."""


class FileFormat(Struct, frozen=True, kw_only=True, tag_field="type", tag="file"):
    """A media file, headers included."""


WireAudioFormat = RawFormat | FileFormat


class VocabEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A word of the custom dictionary, with other spellings that sound like it."""

    content: Text
    sounds_like: Annotated[tuple[Text, ...], Meta(min_length=1)] | None = None


class EnrolledSpeaker(Struct, frozen=True, kw_only=True):
    """A voice that the client knows from an earlier session."""

    label: Annotated[str, Meta(pattern=r"^(?!(?:S\d+|UU|\s.*|.*\s)$).")]
    speaker_identifiers: Annotated[tuple[Text, ...], Meta(min_length=1)]


class SpeakerDiarizationConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How speakers are told apart."""

    max_speakers: Annotated[int, Meta(ge=2)] | None = None
    prefer_current_speaker: bool = False
    speaker_sensitivity: Annotated[float, Meta(ge=0, le=1)] = 0.5
    get_speakers: bool = False
    speakers: tuple[EnrolledSpeaker, ...] = ()


class AudioFilteringConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Its presence, even empty, asks for the volume of each word."""

    volume_threshold: Annotated[float, Meta(ge=0, le=100)] = 0


class Replacement(Struct, frozen=True, kw_only=True, rename={"pattern": "from"}):
    """A word to be written in another way."""

    pattern: str
    to: str


class TranscriptFilteringConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be changed in the text."""

    remove_disfluencies: bool = False
    replacements: tuple[Replacement, ...] = ()


class PunctuationOverrides(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which marks are wanted, and how many of them."""

    permitted_marks: tuple[Mark, ...] = ("all",)
    sensitivity: Annotated[float, Meta(ge=0, le=1)] = 0.5


class ConversationConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When an utterance is over."""

    end_of_utterance_silence_trigger: Annotated[float, Meta(ge=0, le=2)] = 0
    """Seconds without a word; 0 switches it off."""


class TranscriptionConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the client wants to be told, section 8.2."""

    language: str
    model: str | None = None
    operating_point: str | None = None
    """The older name of ``model``, which wins."""
    domain: str | None = None
    output_locale: Text | None = None
    additional_vocab: Annotated[tuple[Text | VocabEntry, ...], Meta(max_length=1000)] = ()
    diarization: Diarization = "none"
    speaker_diarization_config: SpeakerDiarizationConfig = SpeakerDiarizationConfig()
    channel_diarization_labels: tuple[Text, ...] = ()
    max_delay: float = 4
    """Seconds; clamped."""
    max_delay_mode: MaxDelayMode = "flexible"
    enable_partials: bool = False
    enable_entities: bool = False
    audio_filtering_config: AudioFilteringConfig | None = None
    transcript_filtering_config: TranscriptFilteringConfig = TranscriptFilteringConfig()
    punctuation_overrides: PunctuationOverrides = PunctuationOverrides()
    conversation_config: ConversationConfig = ConversationConfig()

    @property
    def effective_model(self) -> str:
        """The model asked for, by whichever name."""
        return self.model or self.operating_point or "standard"

    @property
    def has_channels(self) -> bool:
        """Audio comes in several channels, each by its name."""
        return self.diarization in ("channel", "channel_and_speaker")

    @property
    def has_speakers(self) -> bool:
        """Words tell who spoke."""
        return self.diarization in ("speaker", "channel_and_speaker")


class TranslationConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Translate into these languages; some clients always send an empty list."""

    target_languages: Annotated[tuple[str, ...], Meta(max_length=5)] = ()
    enable_partials: bool = False


class AudioEventsConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Report these sounds; none named means all."""

    types: tuple[str, ...] = ()


def without_nulls(value: Any) -> Any:
    """Leave out what is ``null``, at any depth: the vendor's clients mean "absent" by it."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value]
    return value
