"""Personal information in a transcript: which words it is, and how they are covered. English only.

By patterns, so only what has a form is found: numbers, addresses of the net, dates, words of closed
lists. ``FINDABLE`` says what. Names of people, places and companies have no form; a model would be
needed that tells them apart, and whoever asks for those must be told that they stay.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple

from crossfade.text.pii_patterns import PATTERNS

FINDABLE = frozenset(pattern.entity for pattern in PATTERNS)
"""The entities that ``find`` knows."""

Substitution = Literal["hash", "entity_name"]

_MARKS = ".,;:!?…。，！？؟।"  # noqa: RUF001 (marks of many scripts)

# fmt: off
_UNITS = {word: number for number, word in enumerate((
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
))}
_TEENS = {word: number for number, word in enumerate((
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
), start=10)}
_TENS = {word: 10 * number for number, word in enumerate((
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
), start=2)}
_ORDINALS = {word: number for number, word in enumerate((
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth", "nineteenth", "twentieth",
), start=1)} | {"thirtieth": 30}
# fmt: on
_REPEATS = {"double": 2, "triple": 3}
_NOUGHT = ("oh", "o")


class Found(NamedTuple):
    """Words ``first`` to ``end`` (without it) are one piece of information."""

    first: int
    end: int
    entity: str


class _Piece(NamedTuple):
    """One or more words as they stand in the line."""

    text: str
    first: int
    end: int


class Redaction:
    """What is to be covered in every text of a session, and how."""

    def __init__(self, entities: Collection[str], *, substitution: Substitution = "hash") -> None:
        """Remember the choice; entities that are not ``FINDABLE`` are passed over."""
        self._entities = frozenset(entities) & FINDABLE
        self._substitution = substitution

    def entities(self, words: Sequence[str]) -> list[str | None]:
        """Name the entity that each word of a text belongs to; mostly ``None``."""
        named: list[str | None] = [None] * len(words)
        for first, end, entity in find(words, self._entities):
            named[first:end] = [entity] * (end - first)
        return named

    def cover(self, text: str, entity: str) -> str:
        """Write ``######,`` or ``[ENTITY],`` for a word; the mark behind it stays."""
        core = text.rstrip(_MARKS)
        covered = "#" * len(core) if self._substitution == "hash" else f"[{entity.upper()}]"
        return covered + text[len(core) :]


def find(words: Sequence[str], entities: Collection[str]) -> list[Found]:
    """Find personal information.

    Args:
        words: A text, word by word, as it is shown: marks and capitals help.
        entities: What to look for.

    Returns:
        Pieces that do not overlap, in order.
    """
    pieces = list(_pieces(words))
    line = " ".join(piece.text for piece in pieces)
    owners = _owners(pieces)
    taken = [False] * len(words)
    found: list[Found] = []
    for pattern in PATTERNS:
        if pattern.entity not in entities:
            continue
        for match in pattern.regex.finditer(line):
            group = "it" if match.groupdict().get("it") else 0
            first, end = match.span(group)
            if not pattern.is_right(match[group]):
                continue
            first_word, end_word = owners[first].first, owners[end - 1].end
            if not any(taken[first_word:end_word]):
                taken[first_word:end_word] = [True] * (end_word - first_word)
                found.append(Found(first_word, end_word, pattern.entity))
    return sorted(found)


def _owners(pieces: Sequence[_Piece]) -> list[_Piece]:
    """The piece behind each character of the line; a space belongs to the piece before it."""
    return [piece for piece in pieces for _ in range(len(piece.text) + 1)]


def _pieces(words: Sequence[str]) -> Iterator[_Piece]:
    """Write number words as digits; "twenty five" and "double five" become one piece."""
    at = 0
    while at < len(words):
        text, n_words = _written(words, at)
        yield _Piece(text, at, at + n_words)
        at += n_words


def _written(words: Sequence[str], at: int) -> tuple[str, int]:
    """Write the word at a place, perhaps with the one behind it; says how many these are."""
    word, mark = _parted(words[at])
    following, following_mark = _parted(words[at + 1]) if at + 1 < len(words) else ("", "")
    before = _parted(words[at - 1])[0] if at else ""
    if word in _REPEATS and following in _UNITS:
        return str(_UNITS[following]) * _REPEATS[word] + following_mark, 2
    if word in _NOUGHT and (_is_digit(before) or _is_digit(following)):
        return "0" + mark, 1
    if word in _TENS and not mark:
        if following in _UNITS and following != "zero":
            return str(_TENS[word] + _UNITS[following]) + following_mark, 2
        if following in _ORDINALS:
            return f"{_TENS[word] + _ORDINALS[following]}th{following_mark}", 2
    number = _number(word)
    return (words[at] if number is None else number + mark), 1


def _number(word: str) -> str | None:
    if word in _ORDINALS:
        return f"{_ORDINALS[word]}th"
    for numbers in (_UNITS, _TEENS, _TENS):
        if word in numbers:
            return str(numbers[word])
    tens, _, unit = word.partition("-")
    if tens in _TENS and unit in _UNITS:
        return str(_TENS[tens] + _UNITS[unit])
    return None


def _is_digit(word: str) -> bool:
    return word in _UNITS or (len(word) == 1 and word.isdigit()) or word in _NOUGHT


def _parted(word: str) -> tuple[str, str]:
    """A word in lower case, and the mark behind it."""
    core = word.rstrip(_MARKS)
    return core.lower(), word[len(core) :]
