"""What one word with digits in it is, and how it was probably said. English only.

A table of forms, one function each: the first whose expression fits the whole word reads it.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Literal

from crossfade.text.numbers import (
    cardinal,
    clock,
    fraction,
    mixture,
    one_by_one,
    ordinal,
    plural,
    year,
)

EntityKind = Literal[
    "alphanum",
    "cardinal",
    "credit card",
    "date",
    "decimal",
    "electronic",
    "fraction",
    "measurement",
    "money",
    "ordinal",
    "percentage",
    "span",
    "telephone",
    "time",
]
Spoken = tuple[str, ...]

CURRENCIES: Mapping[str, tuple[str, str]] = {  # one, many
    "$": ("dollar", "dollars"),
    "£": ("pound", "pounds"),
    "€": ("euro", "euros"),
    "¥": ("yen", "yen"),
}
_COINS: Mapping[str, tuple[str, str]] = {"$": ("cent", "cents"), "£": ("penny", "pence")}
_SUFFIXES: Mapping[str, str] = {
    "k": "thousand",
    "m": "million",
    "mn": "million",
    "b": "billion",
    "bn": "billion",
    "t": "trillion",
}
UNITS: Mapping[str, str] = {  # sign → many of them
    "kg": "kilograms",
    "g": "grams",
    "mg": "milligrams",
    "lb": "pounds",
    "lbs": "pounds",
    "oz": "ounces",
    "km": "kilometers",
    "m": "meters",
    "cm": "centimeters",
    "mm": "millimeters",
    "ft": "feet",
    "mi": "miles",
    "mph": "miles per hour",
    "km/h": "kilometers per hour",
    "ml": "milliliters",
    "l": "liters",
    "kb": "kilobytes",
    "mb": "megabytes",
    "gb": "gigabytes",
    "tb": "terabytes",
    "hz": "hertz",
    "khz": "kilohertz",
    "mhz": "megahertz",
    "ghz": "gigahertz",
    "w": "watts",
    "kw": "kilowatts",
    "°": "degrees",
    "°c": "degrees Celsius",
    "°f": "degrees Fahrenheit",
}

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_LONG = 7
"""Digits from which on a bare number is read one by one, as a telephone number is."""

NUMBER = re.compile(rf"{_NUMBER}(?:\.\d+)?")
YEAR = re.compile(r"1[1-9]\d\d|20\d\d")

_Say = Callable[[re.Match[str]], Spoken]
_FORMS: list[tuple[EntityKind, re.Pattern[str], _Say]] = []


def read(text: str) -> tuple[EntityKind, Spoken] | None:
    """Read one word that holds a number or is an address; ``None`` if it does neither."""
    if not any(sign.isnumeric() or sign in "@." for sign in text):
        return None
    plain = unicodedata.normalize("NFKC", text)  # ½ becomes 1⁄2
    for kind, expression, say in _FORMS:
        if found := expression.fullmatch(plain):
            said = say(found)
            return (kind, said) if said else None
    return None


def _form(kind: EntityKind, expression: str) -> Callable[[_Say], _Say]:
    """Enter a function into the table."""

    def enter(say: _Say) -> _Say:
        _FORMS.append((kind, re.compile(expression, re.IGNORECASE), say))
        return say

    return enter


@_form(
    "money",
    rf"(?P<sign>[{''.join(CURRENCIES)}])(?P<whole>{_NUMBER})(?P<coins>\.\d+)?"
    rf"(?P<suffix>(?:{'|'.join(_SUFFIXES)})?)",
)
def _money(found: re.Match[str]) -> Spoken:
    one, many = CURRENCIES[found["sign"]]
    whole, coins, suffix = found["whole"], found["coins"] or "", found["suffix"].lower()
    if suffix:
        return (*cardinal(whole + coins), _SUFFIXES[suffix], many)
    if found["sign"] not in _COINS or len(coins) != len(".00"):
        return (*cardinal(whole + coins), one if whole + coins == "1" else many)
    said = (*cardinal(whole), one if whole == "1" else many)
    cents = str(int(coins[1:]))
    return said if cents == "0" else (*said, *cardinal(cents), _COINS[found["sign"]][cents != "1"])


@_form("percentage", rf"(?P<amount>[-+]?{_NUMBER}(?:\.\d+)?)%")
def _percentage(found: re.Match[str]) -> Spoken:
    return (*cardinal(found["amount"]), "percent")


@_form("time", r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?P<half>(?:[ap]\.?m\.?)?)")
@_form("time", r"(?P<hour>1[0-2]|0?[1-9])(?P<minute>)(?P<half>[ap]\.?m\.?)")
def _time(found: re.Match[str]) -> Spoken:
    half = found["half"]
    said = clock(found["hour"], found["minute"] or "00", whole=not half)
    return (*said, f"{half[0].lower()}.m.") if half else said


@_form("ordinal", r"(?P<digits>\d+)(?:st|nd|rd|th)")
def _ordinal(found: re.Match[str]) -> Spoken:
    return ordinal(found["digits"])


@_form("credit card", r"\d{4}-\d{4}-\d{4}-\d{4}")
@_form("telephone", r"(?:\+?\d{1,3}[-.])?\(?\d{3}\)?[-.]\d{3}[-.]\d{4}|\d{3}-\d{4}|\+\d{7,15}")
def _digits(found: re.Match[str]) -> Spoken:
    return one_by_one(found[0])


@_form("date", r"\d{1,2}/\d{1,2}/\d{2,4}|(?:1\d|20)\d\d-\d\d-\d\d")
def _date(found: re.Match[str]) -> Spoken:
    numbers = [re.sub(r"^0+(?=\d)", "", number) for number in re.findall(r"\d+", found[0])]
    return tuple(word for number in numbers for word in _year_or_number(number))


@_form("date", r"'?(?P<digits>(?:1[1-9]|20)\d0|\d0)'?s")
def _decade(found: re.Match[str]) -> Spoken:
    return plural(_year_or_number(found["digits"]))


@_form("fraction", r"(?P<above>\d+)[/\N{FRACTION SLASH}](?P<below>\d+)")
def _fraction(found: re.Match[str]) -> Spoken:
    return fraction(found["above"], found["below"])


@_form("span", rf"(?P<low>{_NUMBER})[-\N{{EN DASH}}](?P<high>{_NUMBER})")
def _span(found: re.Match[str]) -> Spoken:
    return (*_year_or_number(found["low"]), "to", *_year_or_number(found["high"]))


@_form("decimal", rf"[-+]?{_NUMBER}?\.\d+")
def _decimal(found: re.Match[str]) -> Spoken:
    return cardinal(found[0])


@_form("measurement", rf"(?P<amount>[-+]?{_NUMBER}(?:\.\d+)?)(?P<unit>{_UNIT})")
def _measurement(found: re.Match[str]) -> Spoken:
    return (*cardinal(found["amount"]), *UNITS[found["unit"].lower()].split())


@_form("cardinal", rf"[-+]?{_NUMBER}")
def _cardinal(found: re.Match[str]) -> Spoken:
    digits = found[0]
    return one_by_one(digits) if len(digits) >= _LONG and "," not in digits else cardinal(digits)


@_form("electronic", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|https?://\S+")
@_form("electronic", r"(?:[\w-]+\.)+(?:com|org|net|edu|gov|io)(?:/\S*)?")
def _address(found: re.Match[str]) -> Spoken:
    text = re.sub(r"^https?://", "", found[0])
    for sign, name in [
        ("@", "at"),
        (".", "dot"),
        ("/", "slash"),
        ("-", "dash"),
        ("_", "underscore"),
    ]:
        text = text.replace(sign, f" {name} ")
    return tuple(text.split())


@_form("alphanum", r"(?=\D*\d)(?=[\d-]*[^\W\d_])(?:[^\W_]|-)+")
def _alphanum(found: re.Match[str]) -> Spoken:
    return mixture(found[0])


def _year_or_number(digits: str) -> Spoken:
    return year(digits) if YEAR.fullmatch(digits) else cardinal(digits)
