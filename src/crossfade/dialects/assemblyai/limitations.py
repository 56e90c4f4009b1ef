"""What clients may ask for and get a session without. Nothing is dropped in silence."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from crossfade.dialects.assemblyai import messages, presets
from crossfade.dialects.assemblyai.models import RETIRED
from crossfade.dialects.assemblyai.parameters import Parameters
from crossfade.errors import ConfigError
from crossfade.text.pii import FINDABLE

_DONE_WITHOUT: Mapping[str, str] = {
    "prompt": "the recognizer takes no prompt",
    "agent_context": "the recognizer takes no context",
    "previous_context_n_turns": "the recognizer takes no context",
    "language_detection": "the session's one language is told, nothing is detected",
    "domain": "there is one model for every domain",
    "speaker_labels_revision_interval_ms": "a speaker is not changed once told",
    "voice_focus": "audio is not filtered",
    "llm_gateway": "no language model is called",
}

WARNING_NOT_REDACTED = 1
"""The vendor documents no code of its own."""


_READ_NAMES, _READ_CHARS = 10, 40
"""Of unknown names; a query may hold 80 KB of them."""


def notes(parameters: Parameters, unknown_names: Sequence[str] = ()) -> tuple[str, ...]:
    """Say what was asked for and will be missing, one sentence each, for the log.

    A name that is no parameter's may be anything, a key too: only what it is like is told.
    """
    missing = {name: f"{name}: {why}" for name, why in _missing(parameters).items()}
    name = parameters.speech_model
    if name in RETIRED:
        missing["speech_model"] = f"speech_model: {name} is retired, {RETIRED[name]} answers"
    return (*missing.values(), *_unknown(unknown_names))


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


def check(parameters: Parameters, *, strict: bool) -> None:
    """Refuse, with ``strict``, whatever is missing.

    Raises:
        ConfigError: If there is something to refuse.
    """
    for name, why in _missing(parameters).items() if strict else ():
        raise ConfigError(why, field=name)


def warnings(parameters: Parameters) -> tuple[messages.Warning, ...]:
    """Tell the client itself what it must not believe to be gone.

    The vendor warns of nothing that is known. But who asked for redaction may store what comes.
    """
    lacking = _not_redacted(parameters)
    if lacking is None:
        return ()
    warning = f"redact_pii_policies: {lacking}"
    return (messages.Warning(warning_code=WARNING_NOT_REDACTED, warning=warning),)


def _missing(parameters: Parameters) -> dict[str, str]:
    missing = {
        name: why
        for name, why in _DONE_WITHOUT.items()
        if getattr(parameters, name) not in (None, False, "")
    }
    if len(parameters.language_codes) > 1 or "multi" in parameters.language_codes:
        missing["language_codes"] = "one language is heard in a session"
    lacking = _not_redacted(parameters)
    if lacking is not None:
        missing["redact_pii_policies"] = lacking
    return missing


def _not_redacted(parameters: Parameters) -> str | None:
    """Name the policies that have no pattern; ``None``: each that was asked for has one."""
    without = [name for name in presets.policies(parameters) if name not in FINDABLE]
    return f"not found and so not redacted: {', '.join(without)}" if without else None
