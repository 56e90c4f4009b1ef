"""From ``StartRecognition`` to a session: what is honoured, what is done without, what is refused.

Everything that the configuration can ask for is decided here, once; the server end only keeps the
result. Sections 8 and 13 of the protocol reference.
"""

from collections.abc import Sequence

from msgspec import Struct

from crossfade.dialects.base import DialectSettings
from crossfade.dialects.speechmatics.configuration import (
    RawFormat,
    TranscriptionConfig,
    VocabEntry,
    WireAudioFormat,
)
from crossfade.dialects.speechmatics.decoding import merged
from crossfade.dialects.speechmatics.errors import InvalidAudioTypeError, InvalidConfigError
from crossfade.dialects.speechmatics.languages import Language, find_language
from crossfade.dialects.speechmatics.limitations import (
    dictionary_warnings,
    done_without,
    fits,
    is_short,
    translation_warnings,
    unknown,
)
from crossfade.dialects.speechmatics.messages import (
    SetRecognitionConfig,
    StartRecognition,
    WarningMessage,
)
from crossfade.errors import ConfigError
from crossfade.model import (
    AudioFormat,
    ContainerAudio,
    Encoding,
    Endpointing,
    Grade,
    KeyTerm,
    NoEndpointing,
    RawAudio,
    Reconfigure,
    SessionConfig,
    SessionLimits,
    SilenceEndpointing,
    Speaker,
    SpeakerLabels,
)
from crossfade.text.replacements import Replacements

_SESSION_S = 48 * 3600.0
"""The vendor's longest session."""
_MAX_DELAY_S = (0.7, 20.0)
"""Some clients ask for 8 by default, older ones for less than 0.7: section 8.2."""
_MAX_IDENTIFIERS = 50
_IDLE_WARNINGS_S = (900.0, 600.0, 300.0)
_SESSION_WARNINGS_S = (2700.0, 1800.0, 900.0)

_CHANGEABLE = {
    "max_delay",
    "max_delay_mode",
    "audio_filtering_config",
    "enable_partials",
    "conversation_config",
}
_MODEL_NAMES = {"model", "operating_point"}


class Plan(Struct, frozen=True, kw_only=True):
    """What a session is going to be, and what its client hears about that."""

    wire: TranscriptionConfig
    language: Language
    config: SessionConfig
    limits: SessionLimits
    replacements: Replacements
    """Ready for use; the channels of a session share them."""
    dictionary_warnings: tuple[WarningMessage, ...]
    """To be sent before ``RecognitionStarted``."""
    translation_warnings: tuple[WarningMessage, ...]
    """To be sent after it."""
    notes: tuple[str, ...]
    """Which fields are accepted and have no effect; for the log."""


def plan(
    message: StartRecognition, settings: DialectSettings, unknown_fields: Sequence[str] = ()
) -> Plan:
    """Decide what a session is going to be.

    Args:
        message: What the client asks for.
        settings: What the operator chose.
        unknown_fields: Paths of what else the client sent.

    Raises:
        InvalidConfigError: If the configuration contradicts itself.
        InvalidAudioTypeError: If the sample rate is impossible.
        InvalidLanguageError: If the language is not one.
        ConfigError: If a replacement is malformed; or, under ``strict_parameters``, if it asks for
            anything that would be done without.
    """
    wire = message.transcription_config
    language = find_language(wire.language)
    _check_speakers(wire)
    _check_channels(wire)
    without = done_without(message)
    if settings.strict_parameters and (without or unknown_fields):
        reasons = (*without, *unknown(unknown_fields))
        raise ConfigError("; ".join(reasons), field="configuration")
    if unknown_fields:  # their names are the client's, and not for the log
        without += (f"{len(unknown_fields)} unknown fields: no effect",)
    return Plan(
        wire=wire,
        language=language,
        config=_session_config(wire, language, message.audio_format),
        limits=SessionLimits(
            idle_s=settings.idle_s,
            idle_reset_by_audio_only=True,
            session_s=_SESSION_S if settings.session_s is None else settings.session_s,
            audio_s=settings.audio_s,
            idle_warnings_s=_IDLE_WARNINGS_S,
            session_warnings_s=_SESSION_WARNINGS_S,
        ),
        replacements=_replacements(wire),
        dictionary_warnings=tuple(dictionary_warnings(message)),
        translation_warnings=tuple(translation_warnings(message)),
        notes=without,
    )


def change(
    wire: TranscriptionConfig, message: SetRecognitionConfig
) -> tuple[TranscriptionConfig, Reconfigure]:
    """Apply a change to a running session.

    Returns:
        The configuration from now on, and what the recognizer has to know.

    Raises:
        InvalidConfigError: If a field is wrong, or one that cannot change would.
    """
    new = merged(wire, message.transcription_config)
    fixed = set(wire.__struct_fields__) - _CHANGEABLE - _MODEL_NAMES
    changed = [name for name in sorted(fixed) if getattr(new, name) != getattr(wire, name)]
    if new.effective_model != wire.effective_model:
        changed.append("model")
    if changed:
        names = ", ".join(f"transcription_config.{name}" for name in changed)
        raise InvalidConfigError(f"{names}: cannot change during a session")
    is_filtered_as_before = new.audio_filtering_config == wire.audio_filtering_config
    return new, Reconfigure(
        endpointing=_endpointing(new),
        partials_wanted=new.enable_partials,
        max_delay_ms=max_delay_ms(new),
        volume_wanted=None if is_filtered_as_before else new.audio_filtering_config is not None,
        volume_threshold=None if is_filtered_as_before else _volume_threshold(new),
    )


def max_delay_ms(wire: TranscriptionConfig) -> int:
    """The longest wait for a final, brought into the range that is served."""
    shortest_s, longest_s = _MAX_DELAY_S
    return round(min(max(wire.max_delay, shortest_s), longest_s) * 1000)


def _session_config(
    wire: TranscriptionConfig, language: Language, audio_format: WireAudioFormat
) -> SessionConfig:
    return SessionConfig(
        language=language.code,
        audio=_audio(audio_format),
        endpointing=_endpointing(wire),
        partials_wanted=wire.enable_partials,
        max_delay_ms=max_delay_ms(wire),
        keyterms=tuple(_key_term(entry) for entry in wire.additional_vocab if fits(entry)),
        speaker_labels=_speaker_labels(wire),
        volume_wanted=wire.audio_filtering_config is not None,
        volume_threshold=_volume_threshold(wire),
        grade=_grade(wire),
        domain=wire.domain,
        channels=wire.channel_diarization_labels if wire.has_channels else (),
    )


def _grade(wire: TranscriptionConfig) -> Grade | None:
    match wire.effective_model:
        case "standard" | "enhanced" as grade:
            return grade
        case _:
            return None


def _audio(audio_format: WireAudioFormat) -> AudioFormat:
    if not isinstance(audio_format, RawFormat):
        return ContainerAudio()
    rate_hz = audio_format.sample_rate
    if rate_hz <= 0 or not rate_hz.is_integer():
        raise InvalidAudioTypeError("audio_format.sample_rate: expected a positive whole number")
    return RawAudio(encoding=Encoding(audio_format.encoding), sample_rate_hz=int(rate_hz))


def _endpointing(wire: TranscriptionConfig) -> Endpointing:
    trigger_s = wire.conversation_config.end_of_utterance_silence_trigger
    return SilenceEndpointing(silence_ms=round(trigger_s * 1000)) if trigger_s else NoEndpointing()


def _volume_threshold(wire: TranscriptionConfig) -> float:
    filtering = wire.audio_filtering_config
    return 0.0 if filtering is None else filtering.volume_threshold


def _replacements(wire: TranscriptionConfig) -> Replacements:
    path = "transcript_filtering_config.replacements"
    rules = wire.transcript_filtering_config.replacements
    return Replacements(
        [(rule.pattern, rule.to) for rule in rules], field=f"transcription_config.{path}"
    )


def _key_term(entry: str | VocabEntry) -> KeyTerm:
    if isinstance(entry, str):
        return KeyTerm(text=entry)
    return KeyTerm(text=entry.content, sounds_like=tuple(filter(is_short, entry.sounds_like or ())))


def _speaker_labels(wire: TranscriptionConfig) -> SpeakerLabels | None:
    if not wire.has_speakers:
        return None
    wanted = wire.speaker_diarization_config
    return SpeakerLabels(
        max_speakers=wanted.max_speakers,
        sensitivity=wanted.speaker_sensitivity,
        known=tuple(
            Speaker(label=speaker.label, identifiers=speaker.speaker_identifiers)
            for speaker in wanted.speakers
        ),
    )


def _check_speakers(wire: TranscriptionConfig) -> None:
    path = "transcription_config.speaker_diarization_config.speakers"
    speakers = wire.speaker_diarization_config.speakers
    if any(len(set(s.speaker_identifiers)) < len(s.speaker_identifiers) for s in speakers):
        raise InvalidConfigError(f"{path}: speaker_identifiers must be unique")
    if sum(len(speaker.speaker_identifiers) for speaker in speakers) > _MAX_IDENTIFIERS:
        raise InvalidConfigError(f"{path}: more than {_MAX_IDENTIFIERS} identifiers")


def _check_channels(wire: TranscriptionConfig) -> None:
    if not wire.has_channels:
        return
    labels = wire.channel_diarization_labels
    if not labels or len(set(labels)) < len(labels):
        raise InvalidConfigError(
            "transcription_config.channel_diarization_labels: expected one unique label a channel"
        )
