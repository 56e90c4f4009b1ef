"""The configuration objects of section 8, spelled as the vendor spells them.

What the vendor's older protocol has as well is taken from there, and so is what this one does not
have any more: clients pass on what their users set, and it is honoured where that is possible.
"""

from typing import Literal

from msgspec import Struct

from crossfade.dialects.speechmatics.configuration import RawFormat, Text, VocabEntry
from crossfade.dialects.speechmatics.configuration import TranscriptionConfig as OlderConfig

TurnDetectionMode = Literal["vad", "external"]

__all__ = ["AgentConfig", "RawFormat", "TurnConfig", "TurnDetectionMode"]


class AgentConfig(OlderConfig, frozen=True, kw_only=True, omit_defaults=True):
    """``transcription_config``: what the client wants to be told."""

    language: Text
    diarization: Literal["none", "speaker"] = "none"
    additional_vocab: tuple[Text | VocabEntry, ...] = ()
    """Too many of them are warned of, not refused."""
    emit_sentences: bool = False
    """A segment ends with its sentence."""


class TurnConfig(Struct, frozen=True, kw_only=True):
    """``turn_config``: who decides that a turn is over; beside ``transcription_config``."""

    turn_detection_mode: TurnDetectionMode | None = None
    """``None``: the service does, or whoever the path says."""


FOREIGN_FIELDS = frozenset(
    {
        "max_delay",
        "max_delay_mode",
        "conversation_config",
        "punctuation_overrides",
        "enable_entities",
        "audio_filtering_config",
        "channel_diarization_labels",
    }
)
"""Fields of the older protocol that the vendor rejects here, section 8.4."""

USELESS_FIELDS = ("max_delay_mode", "conversation_config", "channel_diarization_labels")
"""Those of them that mean nothing here."""
