"""From a text frame to a client's message, and from a wrong one to the vendor's complaint."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, TypeVar, get_args

import msgspec

from crossfade.dialects.speechmatics.configuration import (
    Diarization,
    MaxDelayMode,
    TranscriptionConfig,
    WireEncoding,
    without_nulls,
)
from crossfade.dialects.speechmatics.errors import (
    InvalidAudioTypeError,
    InvalidConfigError,
    InvalidMessageError,
)
from crossfade.dialects.speechmatics.messages import ClientMessage, SetRecognitionConfig

_CONFIGURATION = {
    "transcription_config",
    "translation_config",
    "audio_events_config",
    "turn_config",  # of the vendor's newer protocol
}

Choices = Mapping[str, tuple[str, ...]]
"""Values that a field may have, to be named in a complaint."""

CHOICES: Choices = {
    "encoding": get_args(WireEncoding),
    "type": ("raw", "file"),
    "diarization": get_args(Diarization),
    "max_delay_mode": get_args(MaxDelayMode),
}
_Config = TypeVar("_Config", bound=TranscriptionConfig)

_PASTED = {"message", "type"}
"""``type`` stands in the vendor's snippets, beside ``message`` and in formats; it says nothing."""

# How msgspec words its complaints; the tests hold them to it.
_COMPLAINT = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>\$.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<field>\w+)`")


def decode(text: str) -> ClientMessage:
    """Decode one text frame.

    Raises:
        InvalidMessageError: If it is not JSON, or not a message of this protocol.
        InvalidConfigError: If a field of a configuration object is wrong; ``str`` names it.
        InvalidAudioTypeError: If ``audio_format`` is wrong.
    """
    # mypy reads a union as the value Any; the annotation gives the type back (PEP 747).
    message: ClientMessage = decode_as(ClientMessage, text, CHOICES)
    return message


def decode_as(kinds: Any, text: str, choices: Choices) -> Any:
    """Decode one text frame as one of these message types.

    Raises:
        InvalidMessageError: If it is not JSON, or none of ``kinds``.
        InvalidConfigError: If a field of a configuration object is wrong; ``str`` names it.
        InvalidAudioTypeError: If ``audio_format`` is wrong.
    """
    try:
        raw = parse(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as exc:
        raise InvalidMessageError("the message is not JSON") from exc
    try:
        return msgspec.convert(raw, kinds)
    except msgspec.ValidationError as exc:
        _complain(exc, choices)


def unknown_fields(text: str, message: msgspec.Struct) -> tuple[str, ...]:
    """Name what else stands in the frame that ``message`` was decoded from."""
    return tuple(_unknown(parse(text), message))


def unknown_in_change(
    text: str, message: SetRecognitionConfig, config: msgspec.Struct
) -> tuple[str, ...]:
    """The same of a change, which has been applied to ``config``."""
    inside = _unknown(message.transcription_config, config, "transcription_config.")
    return (*unknown_fields(text, message), *inside)


def parse(text: str) -> Any:
    """Read JSON, without what is ``null``."""
    raw = msgspec.json.decode(text)
    if isinstance(raw, str):  # one old client encodes its messages twice
        raw = msgspec.json.decode(raw)
    return without_nulls(raw)


def _unknown(raw: Any, known: object, path: str = "") -> Iterator[str]:
    """Find the paths of fields that the protocol does not have, except inside lists."""
    if not isinstance(raw, dict) or not isinstance(known, msgspec.Struct):
        return
    fields = {field.encode_name: field.name for field in msgspec.structs.fields(known)}
    for name, value in raw.items():
        if name in fields:
            yield from _unknown(value, getattr(known, fields[name]), f"{path}{name}.")
        elif name not in _PASTED:
            yield path + name


def merged(config: _Config, change: dict[str, Any], choices: Choices = CHOICES) -> _Config:
    """Apply the fields that are present in ``change``, at any depth.

    Raises:
        InvalidConfigError: If one of them is wrong.
    """
    try:
        return msgspec.convert(_merged(msgspec.to_builtins(config), change), type(config))
    except msgspec.ValidationError as exc:
        _complain(exc, choices, inside="transcription_config")


def _merged(current: Any, change: Any) -> Any:
    if isinstance(current, dict) and isinstance(change, dict):
        return current | {key: _merged(current.get(key), value) for key, value in change.items()}
    return change


def _complain(exc: msgspec.ValidationError, choices: Choices, *, inside: str = "") -> NoReturn:
    what, path = _place(str(exc), inside, choices)
    root = path.partition(".")[0]
    reason = f"{path}: {what}" if path else what
    if root in _CONFIGURATION:
        raise InvalidConfigError(reason) from exc
    if root == "audio_format" and (path, what) != ("audio_format", _ABSENT):
        raise InvalidAudioTypeError(reason) from exc
    raise InvalidMessageError(reason) from exc


_ABSENT = "required, and absent"


def _place(complaint: str, inside: str, choices: Choices) -> tuple[str, str]:
    """Split a complaint into what is wrong and the path of the field."""
    match = _COMPLAINT.fullmatch(complaint)
    assert match is not None  # the expression matches any text
    steps = [inside, (match["path"] or "$")[1:].lstrip(".")]
    what = match["what"].replace(" | null", "")  # null was taken for absent long before
    field = steps[-1].rpartition(".")[2]
    if what.startswith("Invalid") and field in choices:
        what = f"expected one of {', '.join(choices[field])}"
    if missing := _MISSING.fullmatch(what):
        steps.append(missing["field"])
        what = _ABSENT
    return what, ".".join(filter(None, steps))
