"""What was probably said where a recognizer wrote digits. English only.

The spoken form is a reconstruction: ``1995`` may have been one number or two. What digits stand for
(a year, a price, ...) is decided in ``written.py`` and ``entities.py``; here they are read aloud.
"""

import re
from typing import Literal

from num2words import num2words

_LONGEST = 15
"""Longer numbers are read digit by digit."""
_DIGITS = ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_RUNS = re.compile(r"\d+|[^\W\d_]+")
_LONGEST_CAPITALS = 3
_TENS = 2


def _said(number: int, kind: Literal["cardinal", "ordinal", "year"]) -> tuple[str, ...]:
    text: str = num2words(number, lang="en", to=kind)
    return tuple(text.replace("-", " ").replace(",", "").split())


def cardinal(text: str) -> tuple[str, ...]:
    """Read ``312``, ``1,000``, ``-5`` or ``3.50`` as a number: ``three point five zero``."""
    sign = ("minus",) if text[0] == "-" else ()
    digits = text.lstrip("-+").replace(",", "")
    whole, _, decimals = digits.partition(".")
    if len(whole) > _LONGEST or (len(whole) > 1 and whole[0] == "0"):
        said = one_by_one(whole)
    else:
        said = _said(int(whole or 0), "cardinal")
    if not decimals:
        return sign + said
    return (*sign, *said, "point", *("zero" if d == "oh" else d for d in one_by_one(decimals)))


def ordinal(digits: str) -> tuple[str, ...]:
    """Read ``21`` as ``twenty first``."""
    if len(digits) > _LONGEST:
        return one_by_one(digits)
    return _said(int(digits), "ordinal")


def year(digits: str) -> tuple[str, ...]:
    """Read ``1995`` as ``nineteen ninety five``."""
    return _said(int(digits), "year")


def one_by_one(text: str) -> tuple[str, ...]:
    """Read each digit, and nothing else: ``five five five``."""
    return tuple(_DIGITS[int(digit)] for digit in text if digit.isdecimal())


def plural(said: tuple[str, ...]) -> tuple[str, ...]:
    """Make the last word a plural: ``nineteen nineties``."""
    last = said[-1]
    ending = "ies" if last.endswith("y") else "es" if last.endswith(("x", "s")) else "s"
    return (*said[:-1], last.removesuffix("y") + ending if ending == "ies" else last + ending)


def fraction(numerator: str, denominator: str) -> tuple[str, ...]:
    """Read ``3/4`` as ``three quarters``; ``24/7``, which is no part of one, as two numbers."""
    if max(len(numerator), len(denominator)) > _LONGEST:
        return one_by_one(numerator + denominator)
    above, below = int(numerator), int(denominator)
    if below <= above or below < 2:
        return cardinal(numerator) + cardinal(denominator)
    parts = {2: ("half",), 4: ("quarter",)}.get(below) or ordinal(denominator)
    if above > 1:
        parts = ("halves",) if below == 2 else plural(parts)
    return cardinal(numerator) + parts


def clock(hour: str, minute: str, *, whole: bool) -> tuple[str, ...]:
    """Read ``3:05`` as ``three oh five``; ``whole``: ``3:00`` as ``three o'clock``."""
    if int(minute) == 0:
        return (*cardinal(str(int(hour))), *(("o'clock",) if whole else ()))
    tens = ("oh",) if minute[0] == "0" and len(minute) == _TENS else ()
    return (*cardinal(str(int(hour))), *tens, *cardinal(str(int(minute))))


def mixture(text: str) -> tuple[str, ...]:
    """Read letters and digits: ``B52`` as ``B fifty two``, ``COVID-19`` as ``COVID nineteen``."""
    said: list[str] = []
    for run in _RUNS.findall(text):
        if run.isdecimal():
            said += cardinal(run) if len(run) <= _TENS else one_by_one(run)
        else:
            said += run if run.isupper() and len(run) <= _LONGEST_CAPITALS else [run]
    return tuple(said)
