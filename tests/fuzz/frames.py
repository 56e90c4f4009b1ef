"""Frames that nobody should send, made from those that everybody does. Knows no dialect."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from crossfade.dialects.base import Frame

Message = dict[str, Any]

ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, -0.5, 1e-9, 1e308, -1e308, 2**31, 2**63, 2**64, -(2**63),
    10**400, float("nan"), float("inf"), "", " ", "a", "\x00", "😀", "\ud800", "x" * 5000, "en",
    "null", "-1", "1e9", [], [[]], {}, [None], {"": None}, {"a": {"b": []}}, [1, "a", None],
)  # fmt: skip

ODD_TEXTS = (
    "", " ", "null", "true", "0", "-", '"', '"a"', "[]", "[[]]", "{}", "{", "}", '{"a"', '{"a":}',
    "NaN", "{'a': 1}", '{"message"', '{"message": NaN}', '{"type": 1e999}', "\x00", "\ufeff{}",
    '{"message": "\\ud800"}', '{"type": "\\u0000"}', '"{\\"message\\": \\"Bogus\\"}"',
    '{"message": "StartRecognition", "message": "EndOfStream"}', "[" * 20_000, '{"a":' * 5000,
    "[" * 500 + "]" * 500, '"' + "[" * 1000 + '"', "9" * 5000, '{"type": ' + "9" * 5000 + "}",
)  # fmt: skip


def odd_frame(random: Random, lawful: Callable[[], Message]) -> Frame:
    """A lawful message that something has happened to, or no message at all."""
    match random.randrange(6):
        case 0:
            return random.choice(ODD_TEXTS)
        case 1:
            return random.randbytes(random.choice((0, 1, 2, 3, 7, 160, 4096, 70_000)))
        case 2:
            return cut_up(random, json.dumps(lawful()))
        case _:
            return json.dumps(mutated(random, lawful()))


def chunk(random: Random) -> bytes:
    """Audio as short as nothing and as long as half a second, of odd lengths too."""
    return random.randbytes(random.choice((0, 1, 3, 160, 320, 320, 3200, 3200, 16_000)))


def cut_up(random: Random, text: str) -> str:
    """The same text with a piece missing, doubled, or replaced."""
    start = random.randrange(len(text))
    end = random.randrange(start, len(text)) + 1
    piece = random.choice(("", text[start:end] * 2, text[::-1][:20], '"', "\\", "😀", "\x7f"))
    return text[:start] + piece + text[end:]


def mutated(random: Random, value: Any) -> Any:
    """The same value with one thing changed, at whatever depth."""
    if isinstance(value, dict) and value and random.random() < 0.8:
        key = random.choice(list(value))
        match random.randrange(5):
            case 0:
                return {name: inner for name, inner in value.items() if name != key}
            case 1:
                return value | {random.choice(("", "new", key.upper(), key + " ")): value[key]}
            case _:
                return value | {key: mutated(random, value[key])}
    if isinstance(value, list) and value and random.random() < 0.6:
        at = random.randrange(len(value))
        return [*value[:at], mutated(random, value[at]), *value[at + 1 :] * random.randrange(3)]
    return random.choice(ODD_VALUES)
