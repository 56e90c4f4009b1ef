"""What clients may ask for and get a session without. Nothing is dropped in silence."""

from collections.abc import Mapping

from crossfade.dialects.assemblyai.parameters import Parameters
from crossfade.errors import ConfigError

_DONE_WITHOUT: Mapping[str, str] = {
    "session_heartbeat": "no Heartbeat messages are sent",
    "acknowledge_silence": "no Silence messages are sent",
    "prompt": "the recognizer takes no prompt",
    "agent_context": "the recognizer takes no context",
    "previous_context_n_turns": "the recognizer takes no context",
    "language_detection": "the language is not detected",
    "domain": "there is one model for every domain",
    "filter_profanity": "profanity is not masked",
    "speaker_labels_revision_interval_ms": "labels are not revised",
    "voice_focus": "audio is not filtered",
    "llm_gateway": "no language model is called",
    "webhook_url": "no webhook is called",
}


def notes(parameters: Parameters) -> tuple[str, ...]:
    """Say what was asked for and will be missing, one sentence each, for the log."""
    return tuple(f"{name}: {why}" for name, why in _missing(parameters).items())


def check(parameters: Parameters, *, strict: bool) -> None:
    """Refuse what must not be done without; with ``strict``, whatever is missing.

    Raises:
        ConfigError: If there is something to refuse.
    """
    if parameters.redact_pii:
        # Whoever asks for this may not store what comes without it.
        raise ConfigError("this server does not redact", field="redact_pii")
    for name, why in _missing(parameters).items() if strict else ():
        raise ConfigError(why, field=name)


def _missing(parameters: Parameters) -> dict[str, str]:
    missing = {
        name: why
        for name, why in _DONE_WITHOUT.items()
        if getattr(parameters, name) not in (None, False, "")
    }
    if len(parameters.language_codes) > 1 or "multi" in parameters.language_codes:
        missing["language_codes"] = "one language is heard in a session"
    return missing
