"""Every parameter of a session: its name, its type, its limits. No meaning: that is ``presets``.

They come in the query of the upgrade request and, some of them, in ``UpdateConfiguration``; the
rules are the same. A name that is not here is ignored, as the vendor ignores it: clients send
names of other years (``formatted_finals``) and misspelled ones.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from crossfade.dialects.assemblyai.errors import InputError
from crossfade.dialects.assemblyai.models import (
    LANGUAGE_CODES,
    NAMES,
    Model,
)
from crossfade.dialects.assemblyai.policies import PII_POLICIES
from crossfade.dialects.assemblyai.values import (
    BadValue,
    Reader,
    boolean,
    choice,
    clamped_integer,
    integer,
    items,
    json_object,
    matching,
    number,
    text,
    value_error,
    web_address,
)

MIN_SAMPLE_RATE_HZ, MAX_SAMPLE_RATE_HZ = 8_000, 96_000
MAX_KEYTERMS = 100
MAX_KEYTERM_CHARS = 50
MIN_TURN_SILENCE_MS = (50, 10_000)
MAX_TURN_SILENCE_MS = (1, 60_000)
MAX_SPEAKERS = 10

ENCODINGS = ("pcm_s16le", "pcm_mulaw", "opus", "ogg_opus", "aac")

_MAX_PROMPT_CHARS = 1750

# What RFC 9110, sections 5.1 and 5.5, lets stand there; a line break would begin another header.
_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEADER_VALUE = r"[\t\x20-\x7e]*"


class Parameters(Struct, frozen=True, kw_only=True):
    """What the client said, in the vendor's names. ``None``: not said."""

    speech_model: str | None = None
    sample_rate: int = 16_000
    encoding: str = "pcm_s16le"

    format_turns: bool = False
    end_of_turn_confidence_threshold: float | None = None
    min_turn_silence: int | None = None
    max_turn_silence: int | None = None
    vad_threshold: float | None = None
    mode: str | None = None
    interruption_delay: int | None = None
    continuous_partials: bool | None = None
    include_partial_turns: bool | None = None
    turn_left_pad_ms: int | None = None
    max_turn_duration: int | None = None
    session_heartbeat: bool = False
    acknowledge_silence: bool = False

    keyterms_prompt: tuple[str, ...] = ()
    prompt: str | None = None
    agent_context: str | None = None
    previous_context_n_turns: int | None = None
    language_codes: tuple[str, ...] = ()
    language_detection: bool = False
    language: str | None = None
    domain: str | None = None
    filter_profanity: bool = False

    speaker_labels: bool = False
    max_speakers: int | None = None
    speaker_labels_revision_interval_ms: int | None = None
    redact_pii: bool = False
    redact_pii_policies: tuple[str, ...] = ()
    redact_pii_sub: str | None = None
    voice_focus: str | None = None
    voice_focus_threshold: float | None = None
    inactivity_timeout: int | None = None
    llm_gateway: Mapping[str, Any] | None = None
    webhook_url: str | None = None
    webhook_auth_header_name: str | None = None
    webhook_auth_header_value: str | None = None
    customer_support_audio_capture: bool = False


_ALIASES: Mapping[str, str] = {
    "min_end_of_turn_silence_when_confident": "min_turn_silence",
    "keyterms": "keyterms_prompt",
    "language_code": "language_codes",
    "noise_suppression_model": "voice_focus",
    "noise_suppression_threshold": "voice_focus_threshold",
    "_customer_support_audio_capture": "customer_support_audio_capture",
}
"""Old name → new name. Where both are given, the new one wins."""

_UPDATABLE = frozenset(
    {
        "end_of_turn_confidence_threshold",
        "min_turn_silence",
        "max_turn_silence",
        "vad_threshold",
        "format_turns",
        "filter_profanity",
        "keyterms_prompt",
        "prompt",
        "agent_context",
        "mode",
        "continuous_partials",
        "interruption_delay",
        "turn_left_pad_ms",
        "language_codes",
        "session_heartbeat",
        "acknowledge_silence",
    }
)
"""What ``UpdateConfiguration`` may change; everything else is settled when the socket opens."""


def from_query(pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Read the query.

    An empty value counts as absent; of a repeated one the last is taken, and a repeated list is a
    list.

    Raises:
        InputError: About the first parameter, in the order of the query, that breaks its rule.
    """
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if value and _new_name(name) in _READERS:
            given.setdefault(name, []).append(value)
    values: dict[str, object] = {
        name: each if len(each) > 1 and _new_name(name) in _LISTS else each[-1]
        for name, each in given.items()
    }
    parameters = msgspec.convert(_read(values), Parameters)
    if parameters.voice_focus_threshold is not None and parameters.voice_focus is None:
        sentence = "Value error, voice_focus_threshold requires voice_focus"
        raise invalid("voice_focus_threshold", sentence)
    return parameters


def unknown_names(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Names in a query that say nothing to us, each once, in order."""
    names = dict.fromkeys(name for name, _ in pairs)
    return tuple(name for name in names if name != "token" and _new_name(name) not in _READERS)


def settled_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names of parameters that no ``UpdateConfiguration`` changes, each once, as they are now."""
    new_names = dict.fromkeys(map(_new_name, names))
    return tuple(name for name in new_names if name in _READERS and name not in _UPDATABLE)


def updated(parameters: Parameters, changes: Mapping[str, object], model: Model) -> Parameters:
    """Apply an ``UpdateConfiguration``; a ``null`` changes nothing.

    Choosing a ``mode`` brings back that mode's own times, whatever had been set before; models
    that have no modes pass over it.

    Raises:
        InputError: If a value breaks its rule, which ends the session.
    """
    values = _read(
        {
            name: value
            for name, value in changes.items()
            if value is not None and _new_name(name) in _UPDATABLE
        }
    )
    if "mode" in values and model.has_modes:
        values = dict.fromkeys(_SET_BY_MODE) | values
    return msgspec.structs.replace(parameters, **values)


def invalid(name: str, sentence: str) -> InputError:
    """Make the error about one parameter."""
    return InputError(f"Invalid '{name}': {sentence}")


def _new_name(name: str) -> str:
    return _ALIASES.get(name, name)


def _read(values: Mapping[str, object]) -> dict[str, object]:
    """Read each value by its rule; the result has new names only."""
    read: dict[str, object] = {}
    for name, value in values.items():
        new_name = _new_name(name)
        result = _read_one(name, _READERS[new_name], value)
        if name == new_name or new_name not in values:
            read[new_name] = result
    return read


def _read_one(name: str, reader: Reader[object], value: object) -> object:
    try:
        return reader(value)
    except BadValue as exc:
        item = "" if exc.item is None else f".{exc.item}"
        raise invalid(f"{name}{item}", str(exc)) from exc


def _sample_rate(value: object) -> int:
    rate_hz = integer()(value)
    if rate_hz < MIN_SAMPLE_RATE_HZ:
        raise value_error(f"sample_rate must be at least {MIN_SAMPLE_RATE_HZ:,} Hz")
    if rate_hz > MAX_SAMPLE_RATE_HZ:
        raise value_error(f"sample_rate must be at most {MAX_SAMPLE_RATE_HZ:,} Hz")
    return rate_hz


def _encoding(value: object) -> str:
    if value not in ENCODINGS:
        raise value_error(f"'{str(value)[:20]}' is not a valid Encoding")
    return str(value)


def _keyterms(value: object) -> tuple[str, ...]:
    """Read key terms; the vendor passes over long ones without a word."""
    terms = items(text(), max_items=MAX_KEYTERMS)(value)
    return tuple(term for term in terms if 0 < len(term.strip()) <= MAX_KEYTERM_CHARS)


def _language_codes(value: object) -> tuple[str, ...]:
    codes = items(choice(*LANGUAGE_CODES), max_items=10, split=lambda code: [code])(value)
    if "multi" in codes and len(codes) > 1:
        raise value_error("'multi' cannot be combined with other language codes")
    return codes


def _prompt(name: str) -> Reader[str]:
    return text(name, max_chars=_MAX_PROMPT_CHARS)


def _split_at_commas(names: str) -> list[str]:
    return [name.strip() for name in names.split(",")]


_READERS: Mapping[str, Callable[[object], object]] = {
    "speech_model": choice(*NAMES),
    "sample_rate": _sample_rate,
    "encoding": _encoding,
    "format_turns": boolean,
    "end_of_turn_confidence_threshold": number(ge=0, le=1),
    "min_turn_silence": clamped_integer(*MIN_TURN_SILENCE_MS),
    "max_turn_silence": integer(ge=MAX_TURN_SILENCE_MS[0], le=MAX_TURN_SILENCE_MS[1]),
    "vad_threshold": number(ge=0, le=1),
    "mode": choice("min_latency", "balanced", "max_accuracy"),
    "interruption_delay": integer(ge=0, le=1000),
    "continuous_partials": boolean,
    "include_partial_turns": boolean,
    "turn_left_pad_ms": integer(),
    "max_turn_duration": integer(),
    "session_heartbeat": boolean,
    "acknowledge_silence": boolean,
    "keyterms_prompt": _keyterms,
    "prompt": _prompt("prompt"),
    "agent_context": _prompt("agent_context"),
    "previous_context_n_turns": integer(ge=0, le=100),
    "language_codes": _language_codes,
    "language_detection": boolean,
    "language": text(),
    "domain": choice("medical-v1"),
    "filter_profanity": boolean,
    "speaker_labels": boolean,
    "max_speakers": integer(ge=1, le=MAX_SPEAKERS),
    "speaker_labels_revision_interval_ms": integer(ge=0, le=86_400_000),
    "redact_pii": boolean,
    "redact_pii_policies": items(
        choice(*PII_POLICIES), max_items=len(PII_POLICIES), split=_split_at_commas
    ),
    "redact_pii_sub": choice("hash", "entity_name"),
    "voice_focus": choice("near-field", "far-field"),
    "voice_focus_threshold": number(ge=0, le=1),
    "inactivity_timeout": integer(ge=5, le=3600),
    "llm_gateway": json_object,
    "webhook_url": web_address,
    "webhook_auth_header_name": matching(_HEADER_NAME),
    "webhook_auth_header_value": matching(_HEADER_VALUE),
    "customer_support_audio_capture": boolean,
}

_LISTS = frozenset({"keyterms_prompt", "language_codes", "redact_pii_policies"})

_SET_BY_MODE = ("min_turn_silence", "max_turn_silence", "interruption_delay")
