"""From ``StartRecognition`` to a session: section 8 of the protocol reference.

What both of the vendor's protocols can ask for is decided where the older one does it.
"""

from collections.abc import Iterator, Sequence

from msgspec import UNSET, Struct
from msgspec.structs import replace

from crossfade.dialects.agent_stt.configuration import (
    FOREIGN_FIELDS,
    USELESS_FIELDS,
    AgentConfig,
    TurnDetectionMode,
)
from crossfade.dialects.agent_stt.messages import StartRecognition
from crossfade.dialects.agent_stt.profiles import Profile
from crossfade.dialects.base import DialectSettings
from crossfade.dialects.speechmatics import start as older
from crossfade.dialects.speechmatics.decoding import merged
from crossfade.dialects.speechmatics.errors import InvalidConfigError, InvalidLanguageError
from crossfade.dialects.speechmatics.languages import Language
from crossfade.dialects.speechmatics.messages import SetRecognitionConfig, WarningMessage
from crossfade.dialects.speechmatics.messages import StartRecognition as OlderStart
from crossfade.dialects.speechmatics.vendor import MAX_KEYTERMS
from crossfade.model import (
    Endpointing,
    NoEndpointing,
    SessionConfig,
    SessionLimits,
    SilenceEndpointing,
)
from crossfade.text.replacements import Replacements

_FORBIDDEN = ("translation_config", "audio_events_config")
_SHOWN_FIELDS = 10
_SHOWN_CHARS = 100


class Plan(Struct, frozen=True, kw_only=True):
    """What a session is going to be, and what its client hears about that."""

    wire: AgentConfig
    mode: TurnDetectionMode
    language: Language
    config: SessionConfig
    limits: SessionLimits
    replacements: Replacements
    warnings: tuple[WarningMessage, ...]
    """To be sent before ``RecognitionStarted``."""
    notes: tuple[str, ...]
    """What is accepted and has no effect; for the log."""


def plan(
    message: StartRecognition,
    settings: DialectSettings,
    profile: Profile,
    *,
    given: Sequence[str] = (),
    unknown: Sequence[str] = (),
) -> Plan:
    """Decide what a session is going to be.

    Args:
        message: What the client asks for.
        settings: What the operator chose.
        profile: What the path says.
        given: Names of the fields that stand in ``transcription_config``.
        unknown: Paths of what else the client sent.

    Raises:
        InvalidConfigError: If the configuration contradicts itself or asks for what there is not in
            this protocol; under ``strict_parameters``, if it has a field that the vendor rejects.
        InvalidAudioTypeError: If the sample rate is impossible.
        InvalidLanguageError: If the language is not one.
        ConfigError: If a replacement is malformed.
    """
    check_names(given, unknown, strict=settings.strict_parameters)
    if profile.is_preview and not _is_of_this_protocol(message):
        raise InvalidConfigError(
            "turn_config: required on this path; the preview's own messages are not spoken"
        )
    wire = message.transcription_config
    if wire.language == "multi":
        raise InvalidLanguageError("transcription_config.language: one language is possible")
    if "enable_partials" not in given:
        wire = replace(wire, enable_partials=settings.partials_default)
    surplus = len(wire.additional_vocab) - MAX_KEYTERMS
    wire = replace(wire, additional_vocab=wire.additional_vocab[:MAX_KEYTERMS])
    common = older.plan(
        OlderStart(audio_format=message.audio_format, transcription_config=wire),
        replace(settings, strict_parameters=False),  # what it is strict about is allowed here
    )
    mode = _mode(message, profile)
    return Plan(
        wire=wire,
        mode=mode,
        language=common.language,
        config=replace(
            common.config,
            endpointing=_endpointing(mode, settings),
            # Whoever cares for turns wants to hear of the first word at once, with partials or not.
            partials_wanted=True,
            voice_edges_wanted=mode == "vad",
            grade=None,  # models of this protocol are not those of the older one
            channels=(),
        ),
        limits=common.limits,
        replacements=common.replacements,
        warnings=(*common.dictionary_warnings, *_warnings(given, unknown, surplus)),
        notes=(*common.notes, *_notes(given, unknown, surplus)),
    )


def change(wire: AgentConfig, message: SetRecognitionConfig) -> AgentConfig:
    """Apply a change to a running session: partials can be switched, all else has to stay.

    Raises:
        InvalidConfigError: If a field is wrong, or one that cannot change would.
    """
    new = merged(wire, message.transcription_config)
    changed = [
        f"transcription_config.{name}"
        for name in wire.__struct_fields__
        if name != "enable_partials" and getattr(new, name) != getattr(wire, name)
    ]
    if changed:
        raise InvalidConfigError(f"{', '.join(changed)}: cannot change during a session")
    return new


def check_names(given: Sequence[str], unknown: Sequence[str], *, strict: bool) -> None:
    """Refuse names that the vendor's server refuses; a strict one of ours refuses more.

    Args:
        given: Fields of ``transcription_config`` that are there.
        unknown: Paths of what the protocol does not have.
        strict: Whether what has no effect is to be refused.

    Raises:
        InvalidConfigError: About the first of them.
    """
    rejected = [path for path in unknown if strict or path in _FORBIDDEN]
    if strict:
        rejected += [name for name in given if name in FOREIGN_FIELDS]
    if rejected:
        name = rejected[0].rpartition(".")[2][:_SHOWN_CHARS]
        raise InvalidConfigError(f"Additional property {name} is not allowed")


def _is_of_this_protocol(message: StartRecognition) -> bool:
    """Tell whether a client that opened a path of the preview speaks this protocol."""
    model = message.transcription_config.model or ""
    return message.turn_config is not UNSET or model.startswith("linden")


def _mode(message: StartRecognition, profile: Profile) -> TurnDetectionMode:
    turns = message.turn_config
    return profile.mode if turns is UNSET else (turns.turn_detection_mode or profile.mode)


def _endpointing(mode: TurnDetectionMode, settings: DialectSettings) -> Endpointing:
    if mode == "external":
        return NoEndpointing()
    return SilenceEndpointing(silence_ms=round(settings.turn_silence_s * 1000))


def _warnings(
    given: Sequence[str], unknown: Sequence[str], surplus: int
) -> Iterator[WarningMessage]:
    ignored = [path[:_SHOWN_CHARS] for path in (*unknown, *_useless(given))]
    if ignored:
        shown = ", ".join(ignored[:_SHOWN_FIELDS]) + (", ..." * (len(ignored) > _SHOWN_FIELDS))
        yield WarningMessage(reason=f"no effect: {shown}")
    if surplus > 0:
        yield WarningMessage(
            reason=f"transcription_config.additional_vocab: {surplus} dropped, {MAX_KEYTERMS} are"
            " possible"
        )


def _notes(given: Sequence[str], unknown: Sequence[str], surplus: int) -> Iterator[str]:
    for path in _useless(given):
        yield f"{path}: of the vendor's older protocol, no effect"
    if unknown:  # whose names are the client's
        yield f"{len(unknown)} unknown fields: no effect"
    if surplus > 0:
        yield f"transcription_config.additional_vocab: {surplus} dropped"


def _useless(given: Sequence[str]) -> list[str]:
    return [f"transcription_config.{name}" for name in USELESS_FIELDS if name in given]
