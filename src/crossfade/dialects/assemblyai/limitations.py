"""What clients may ask for and get a session without. Nothing is dropped in silence."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches

from crossfade.dialects.assemblyai import messages, presets
from crossfade.dialects.assemblyai.models import RETIRED, Family, Model
from crossfade.dialects.assemblyai.parameters import Parameters, settled_names, unknown_names
from crossfade.errors import ConfigError
from crossfade.text.pii import FINDABLE

_DONE_WITHOUT: Mapping[str, str] = {
    "prompt": "the recognizer takes no prompt",
    "agent_context": "the recognizer takes no context",
    "previous_context_n_turns": "the recognizer takes no context",
    "language_detection": "the session's one language is told, nothing is detected",
    "domain": "only a vendor behind this server may know it",
    "speaker_labels_revision_interval_ms": "a speaker is not changed once told",
    "voice_focus": "audio is not filtered",
    "llm_gateway": "no language model is called",
    "turn_left_pad_ms": "a turn begins where it is heard to begin",
    "max_turn_duration": "the longest turn cannot be chosen",
    "customer_support_audio_capture": "audio is never recorded",
}

_UNIVERSAL_3_ALONE = (
    "interruption_delay",
    "continuous_partials",
    "acknowledge_silence",
    "language_codes",
)
_NOT_UNIVERSAL_3 = ("end_of_turn_confidence_threshold",)
"""Parameters that the other models pass over, the vendor's own too."""

_NEEDS: Mapping[str, str] = {
    "max_speakers": "speaker_labels",
    "redact_pii_policies": "redact_pii",
    "redact_pii_sub": "redact_pii",
    "webhook_auth_header_name": "webhook_url",
    "webhook_auth_header_value": "webhook_url",
}
"""Parameter → the one without which it says nothing."""

_UNSAID = Parameters()

_ONE_LANGUAGE = "one language is heard in a session"
_FIXED_LANGUAGE = "the language of a session cannot change"

WARNING_NOT_REDACTED = 1
"""The vendor documents no code of its own."""


_READ_NAMES, _READ_CHARS = 10, 40
"""Of unknown names; a query may hold 80 KB of them."""


def notes(
    parameters: Parameters, model: Model, unknown_names: Sequence[str] = ()
) -> tuple[str, ...]:
    """Say what was asked for and will be missing, one sentence each, for the log.

    A name that is no parameter's may be anything, a key too: only what it is like is told.
    """
    missing = {name: f"{name}: {why}" for name, why in _missing(parameters, model).items()}
    name = parameters.speech_model
    if name in RETIRED:
        missing["speech_model"] = f"speech_model: {name} is retired, {RETIRED[name]} answers"
    return (*missing.values(), *_idle(parameters, model), *_unknown(unknown_names))


def update_notes(
    before: Parameters, now: Parameters, model: Model, names: Collection[str]
) -> tuple[str, ...]:
    """Say the same of a change: there are only so many sentences, however many changes come.

    Args:
        before: What the session went by until now.
        now: What it goes by from now on.
        model: What it is heard by.
        names: What the change has a value for.
    """
    has_unknown = bool(unknown_names((name, "") for name in names))
    return (
        *notes(now, model),
        *(f"{name}: settled when the session opens" for name in settled_names(names)),
        *([f"language_codes: {_FIXED_LANGUAGE}"] if _is_other_language(before, now, model) else []),
        *(["unknown names in UpdateConfiguration: no effect"] if has_unknown else []),
    )


def _idle(parameters: Parameters, model: Model) -> Iterator[str]:
    """Say what has no effect beside everything else that was asked for."""
    is_universal_3 = model.family is Family.UNIVERSAL_3
    for name in _NOT_UNIVERSAL_3 if is_universal_3 else _UNIVERSAL_3_ALONE:
        if _is_said(parameters, name):
            yield f"{name}: no effect with {model.name}"
    for name, needed in _NEEDS.items():
        if _is_said(parameters, name) and not getattr(parameters, needed):
            yield f"{name}: no effect without {needed}"


def _is_said(parameters: Parameters, name: str) -> bool:
    return bool(getattr(parameters, name) != getattr(_UNSAID, name))


def _unknown(names: Sequence[str]) -> Iterator[str]:
    if not names:
        return
    known = Parameters.__struct_fields__
    alike = {
        match: None
        for name in names[:_READ_NAMES]
        for match in get_close_matches(name[:_READ_CHARS], known, n=1)
    }
    like = f" (like {', '.join(alike)})" if alike else ""
    yield f"unknown names in the query{like}: {len(names)}, no effect"


def check(parameters: Parameters, model: Model) -> None:
    """Refuse whatever is missing, for an operator who wants that.

    Raises:
        ConfigError: If there is something to refuse.
    """
    for name, why in _missing(parameters, model).items():
        raise ConfigError(why, field=name)


def check_update(before: Parameters, now: Parameters, model: Model) -> None:
    """Refuse whatever is missing of a change.

    Raises:
        ConfigError: If there is something to refuse.
    """
    check(now, model)
    if _is_other_language(before, now, model):
        raise ConfigError(_FIXED_LANGUAGE, field="language_codes")


def _is_other_language(before: Parameters, now: Parameters, model: Model) -> bool:
    languages = {presets.session_config(each, model).language for each in (before, now)}
    return len(languages) > 1


def warnings(parameters: Parameters) -> tuple[messages.Warning, ...]:
    """Tell the client itself what it must not believe to be gone.

    The vendor warns of nothing that is known. But who asked for redaction may store what comes.
    """
    lacking = _not_redacted(parameters)
    if lacking is None:
        return ()
    warning = f"redact_pii_policies: {lacking}"
    return (messages.Warning(warning_code=WARNING_NOT_REDACTED, warning=warning),)


def _missing(parameters: Parameters, model: Model) -> dict[str, str]:
    missing = {
        name: why
        for name, why in _DONE_WITHOUT.items()
        if getattr(parameters, name) not in (None, False, "")
    }
    codes = parameters.language_codes if model.family is Family.UNIVERSAL_3 else ()
    if len(codes) > 1 or "multi" in codes:
        missing["language_codes"] = _ONE_LANGUAGE
    if parameters.language not in (None, "en"):
        missing["language"] = _ONE_LANGUAGE
    lacking = _not_redacted(parameters)
    if lacking is not None:
        missing["redact_pii_policies"] = lacking
    return missing


def _not_redacted(parameters: Parameters) -> str | None:
    """Name the policies that have no pattern; ``None``: each that was asked for has one."""
    without = [name for name in presets.policies(parameters) if name not in FINDABLE]
    return f"not found and so not redacted: {', '.join(without)}" if without else None
