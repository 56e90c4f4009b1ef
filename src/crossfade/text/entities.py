"""Which words that a recognizer wrote as digits belong together, and how they were probably said.

``$20 million`` is money, ``May 5, 2020`` a date. What a number stands for is a guess from the word
and its neighbours; nothing becomes digits that was not. English only.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from crossfade.model import Word
from crossfade.text.numbers import cardinal, one_by_one, ordinal, year
from crossfade.text.written import CURRENCIES, NUMBER, UNITS, YEAR, EntityKind, Spoken, read


class Entity(Struct, frozen=True, kw_only=True):
    """Words that are one thing."""

    kind: EntityKind
    words: tuple[Word, ...]
    """As written. The mark of the last one stands behind the entity, others are part of it."""
    spoken: Spoken
    """As it was probably said, word by word; at least one."""


class _Phrase(Struct, frozen=True):
    kind: EntityKind
    n_words: int
    spoken: Spoken


_MONTHS = frozenset(
    (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    )
)
_SCALES = frozenset(("hundred", "thousand", "million", "billion", "trillion"))
_MONEY = frozenset(
    ("dollar", "dollars", "cent", "cents", "euro", "euros", "pounds", "pence", "bucks", "yen")
)
_UNIT_WORDS = frozenset(
    word for name in UNITS.values() for word in name.split()[:1] if word != "pounds"
) | {"foot", "inch", "inches", "yards", "acres", "gallons", "tons", "volts"}
_HALVES_OF_DAY = frozenset(("am", "pm", "a.m", "p.m", "a.m.", "p.m."))
_BEFORE_YEARS = frozenset(("in", "since", "until", "till", "by", "from", "during", "year"))

_DAY = re.compile(r"(3[01]|[12]\d|[1-9])(?:st|nd|rd|th)?")
_HOUR = re.compile(r"1[0-2]|[1-9]|(?:1[0-2]|0?[1-9]):[0-5]\d")
_AREA = re.compile(r"\(?\d{3}\)?")
_SUBSCRIBER = re.compile(r"\d{3}-\d{4}")
_CARD_PART = re.compile(r"\d{4}")
_CARD_PARTS = 4
_LONGEST = 4
"""Words in a phrase."""


def grouped(words: Sequence[Word]) -> Iterator[Word | Entity]:
    """Yield all words in order, those that are one thing as an ``Entity``."""
    at = 0
    while at < len(words):
        entity = _entity_at(words, at)
        yield entity or words[at]
        at += len(entity.words) if entity else 1


def n_unfinished(words: Sequence[Word]) -> int:
    """How many words at the end may be the beginning of an entity that is still being said."""
    if not words or words[-1].punctuation.strip(","):
        return 0
    *_, last = grouped(words)
    if isinstance(last, Entity):
        return len(last.words)
    return int(last.text in _MONTHS)


def _entity_at(words: Sequence[Word], at: int) -> Entity | None:
    phrase = _date(_run(words, at, commas=True))
    if phrase is None:
        texts = _run(words, at)
        found = (rule(texts) for rule in _RULES)
        phrase = next(filter(None, found), None) or _single(words, at)
    if phrase is None:
        return None
    return Entity(
        kind=phrase.kind, words=tuple(words[at : at + phrase.n_words]), spoken=phrase.spoken
    )


def _run(words: Sequence[Word], at: int, *, commas: bool = False) -> list[str]:
    """The texts of one speaker's words from here on, as far as no mark stands between them."""
    texts: list[str] = []
    for word in words[at : at + _LONGEST]:
        if word.speaker != words[at].speaker:
            break
        texts.append(word.text)
        if word.punctuation and not (commas and word.punctuation == ","):
            break
    return texts


# Several words -----------------------------------------------------------------------------------


def _date(texts: list[str]) -> _Phrase | None:
    """``May 5, 2020``, ``5th of May``, ``May 2020``; with the year or without."""
    if texts[0] in _MONTHS:
        if len(texts) > 1 and (day := _DAY.fullmatch(texts[1])):
            return _with_year(texts, _Phrase("date", 2, (texts[0], *ordinal(day[1]))))
        dated = _with_year(texts, _Phrase("date", 1, (texts[0],)))
        return dated if dated.n_words > 1 else None
    day = _DAY.fullmatch(texts[0])
    link = texts[1:2] if texts[1:2] == ["of"] else []
    month = texts[len(link) + 1 : len(link) + 2]
    if day and month and month[0] in _MONTHS:
        spoken = (*ordinal(day[1]), *link, *month)
        return _with_year(texts, _Phrase("date", len(link) + 2, spoken))
    return None


def _with_year(texts: list[str], date: _Phrase) -> _Phrase:
    following = texts[date.n_words : date.n_words + 1]
    if following and YEAR.fullmatch(following[0]):
        return _Phrase("date", date.n_words + 1, (*date.spoken, *year(following[0])))
    return date


def _time(texts: list[str]) -> _Phrase | None:
    """``3:15 p.m.``, ``3 o'clock``."""
    if len(texts) == 1 or not _HOUR.fullmatch(texts[0]):
        return None
    half = texts[1].lower()
    if half not in _HALVES_OF_DAY and half != "o'clock":
        return None
    hour = read(texts[0] + "am")
    assert hour is not None  # the expression above is narrower
    return _Phrase("time", 2, (*hour[1][:-1], half))


def _amount(texts: list[str]) -> _Phrase | None:
    """A number with what it counts: ``$20 million``, ``5 million dollars``, ``20 percent``."""
    sign = texts[0][:1] if texts[0][:1] in CURRENCIES else ""
    number = texts[0][len(sign) :]
    if not NUMBER.fullmatch(number):
        return None
    scale = texts[1:2] if texts[1:2] and texts[1] in _SCALES else []
    spoken = (*cardinal(number), *scale)
    n_words = 1 + len(scale)
    if sign:
        return _Phrase("money", n_words, (*spoken, CURRENCIES[sign][1])) if scale else None
    unit = texts[n_words : n_words + 1]
    kind = _kind_of(unit[0]) if unit else None
    if kind is None:
        return _Phrase("cardinal", n_words, spoken) if scale else None
    return _Phrase(kind, n_words + 1, (*spoken, *UNITS.get(unit[0].lower(), unit[0]).split()))


def _kind_of(unit: str) -> EntityKind | None:
    word = unit.lower()
    if word in _MONEY:
        return "money"
    if word == "percent":
        return "percentage"
    is_sign = word in UNITS and (unit == word or len(word) > 1)
    return "measurement" if is_sign or word in _UNIT_WORDS else None


def _long_number(texts: list[str]) -> _Phrase | None:
    """``(555) 123-4567``; four times four digits."""
    if len(texts) > 1 and _AREA.fullmatch(texts[0]) and _SUBSCRIBER.fullmatch(texts[1]):
        return _Phrase("telephone", 2, one_by_one(texts[0] + texts[1]))
    if len(texts) == _CARD_PARTS and all(map(_CARD_PART.fullmatch, texts)):
        return _Phrase("credit card", _CARD_PARTS, one_by_one("".join(texts)))
    return None


_RULES: Sequence[Callable[[list[str]], _Phrase | None]] = (_time, _amount, _long_number)


# One word ----------------------------------------------------------------------------------------


def _single(words: Sequence[Word], at: int) -> _Phrase | None:
    text = words[at].text
    before = words[at - 1].text.lower() if at else ""
    if before in _BEFORE_YEARS and YEAR.fullmatch(text):
        return _Phrase("date", 1, year(text))
    found = read(text)
    return None if found is None else _Phrase(found[0], 1, found[1])
