"""Values of parameters: what is accepted, and the vendor's sentence for what is not.

The vendor validates with Pydantic 2, so kinds and sentences are that library's. A value comes out
of a query (``str``) or out of JSON (``UpdateConfiguration``): every reader takes both.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from crossfade.dialects.assemblyai.errors import InputError

T = TypeVar("T")

Reader = Callable[[object], T]
"""Turns a raw value into a typed one, or raises ``BadValue``."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}(\.0*)?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

_QUOTED = r"""(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")"""
_PYTHON_LIST = re.compile(rf"\s*\[\s*{_QUOTED}\s*(?:,\s*{_QUOTED}\s*)*(?:,\s*)?\]\s*")
"""``str(list)``, as hand-written clients send it; the vendor refuses that."""

_BOOLEANS: Mapping[object, bool] = {
    **dict.fromkeys(("true", "1", "yes", "on", "t", "y"), True),
    **dict.fromkeys(("false", "0", "no", "off", "f", "n"), False),
}


class BadValue(ValueError):  # noqa: N818 (private to this folder; always translated)
    """A value that breaks its rule.

    Attributes:
        kind: Pydantic's name of the rule.
        context: The numbers in the sentence, as Pydantic names them.
        item: Position of the offending element of a list.
    """

    def __init__(
        self,
        kind: str,
        sentence: str,
        *,
        context: Mapping[str, float] | None = None,
        item: int | None = None,
    ) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.context = context or {}
        self.item = item


def boolean(value: object) -> bool:
    """Read a claim, in any case: the Python SDK writes ``True``, everybody else ``true``."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower() if isinstance(value, str | int) else None
    if text not in _BOOLEANS:
        sentence = "Input should be a valid boolean, unable to interpret input"
        raise BadValue("bool_parsing", sentence)
    return _BOOLEANS[text]


def integer(*, ge: int | None = None, le: int | None = None) -> Reader[int]:
    """Make a reader of integers from ``ge`` to ``le``; ``400.0`` is one."""

    def read(value: object) -> int:
        number = _integer(value)
        _check_range(number, ge, le)
        return number

    return read


def clamped_integer(low: int, high: int) -> Reader[int]:
    """Make a reader of integers that are moved into a range."""
    return lambda value: min(max(_integer(value), low), high)


def number(*, ge: float, le: float) -> Reader[float]:
    """Make a reader of numbers from ``ge`` to ``le``."""

    def read(value: object) -> float:
        number = _number(value)
        _check_range(number, ge, le)
        return number

    return read


def text(name: str = "", *, max_chars: int | None = None) -> Reader[str]:
    """Make a reader of texts. ``name`` is part of the sentence for a text that is too long."""

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise BadValue("string_type", "Input should be a valid string")
        if max_chars is not None and len(value) > max_chars:
            limit = f"maximum length of {max_chars} characters (got {len(value)})"
            raise value_error(f"{name} exceeds {limit}")
        return value

    return read


def matching(pattern: str) -> Reader[str]:
    """Make a reader of texts of a certain form."""
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            sentence = f"String should match pattern '{pattern}'"
            raise BadValue("string_pattern_mismatch", sentence)
        return value

    return read


def web_address(value: object) -> str:
    """Read an address that something can be posted to."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError
    except ValueError:  # the library's own, too: an IPv6 address without its bracket
        sentence = "Input should be a valid URL"
        raise BadValue("url_parsing", sentence) from None
    return str(value)


def choice(*allowed: str) -> Reader[str]:
    """Make a reader of one of several words."""
    *others, last = (f"'{each}'" for each in allowed)
    sentence = f"Input should be {', '.join(others)} or {last}" if others else None

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise BadValue("enum", sentence or f"Input should be {last}")
        return value

    return read


def items(
    read_item: Reader[str], *, max_items: int, split: Callable[[str], list[str]] | None = None
) -> Reader[tuple[str, ...]]:
    """Make a reader of lists.

    Args:
        read_item: Reads one element.
        max_items: The greatest length.
        split: Makes a list of a text that is not a JSON array; without it, that is an error.
    """

    def read(value: object) -> tuple[str, ...]:
        raw = _items(value, split)
        if len(raw) > max_items:
            raise value_error(f"Max {max_items} items")
        return tuple(_item(read_item, position, each) for position, each in enumerate(raw))

    return read


def json_object(value: object) -> Mapping[str, Any]:
    """Read an object, or the JSON text of one."""
    parsed = decode(value) if isinstance(value, str) else value
    if not isinstance(parsed, dict):
        raise value_error("Invalid JSON object")
    return parsed


def decode(frame: str) -> object:
    """Decode JSON.

    Raises:
        BadValue: If it is not JSON, or nested deeper than anybody means it.
    """
    try:
        return msgspec.json.decode(frame)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise BadValue("json_invalid", f"Invalid JSON: {exc}") from exc


def decode_object(frame: str) -> dict[str, object]:
    """Decode a control message.

    Raises:
        InputError: If it is not a JSON object.
    """
    try:
        message = decode(frame)
    except BadValue as exc:
        raise InputError(str(exc)) from exc
    if not isinstance(message, dict):
        raise InputError("Invalid Message", quote=frame)
    return message


def value_error(sentence: str) -> BadValue:
    """Make the error of a rule that the vendor wrote itself."""
    return BadValue("value_error", f"Value error, {sentence}")


def _integer(value: object) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value.strip().split(".")[0])
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    why = ", unable to parse string as an integer" if isinstance(value, str) else ""
    raise BadValue("int_parsing", f"Input should be a valid integer{why}")


def _number(value: object) -> float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    why = ", unable to parse string as a number" if isinstance(value, str) else ""
    raise BadValue("float_parsing", f"Input should be a valid number{why}")


def _check_range(number: float, ge: float | None, le: float | None) -> None:
    if ge is not None and number < ge:
        sentence = f"Input should be greater than or equal to {ge:.15g}"
        raise BadValue("greater_than_equal", sentence, context={"ge": ge})
    if le is not None and (number > le or math.isnan(number)):
        sentence = f"Input should be less than or equal to {le:.15g}"
        raise BadValue("less_than_equal", sentence, context={"le": le})


def _items(value: object, split: Callable[[str], list[str]] | None) -> Sequence[object]:
    if isinstance(value, str):
        if split is not None and not value.lstrip().startswith("["):
            return split(value)
        value = _listed(value)
    if not isinstance(value, list):
        raise value_error("Invalid JSON array")
    return value


def _listed(text: str) -> object:
    try:
        return decode(text)
    except BadValue as exc:
        if _PYTHON_LIST.fullmatch(text) is None:
            raise value_error("Invalid JSON array") from exc
        items = re.findall(_QUOTED, text)
        return [re.sub(r"\\(.)", r"\1", one or other) for one, other in items]


def _item(read: Reader[str], position: int, value: object) -> str:
    try:
        return read(value)
    except BadValue as exc:
        raise BadValue(exc.kind, str(exc), context=exc.context, item=position) from exc
