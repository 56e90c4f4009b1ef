"""Word errors of one clip, by stretches of its reference, and of which kind the wrong words are.

Errors are those of ``scoring.word_errors``, edit by edit: summed up they give the same rate. They
are kept by stretches because chance is estimated from how much parts of the audio differ.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from crossfade.bench.matching import match, word_key
from crossfade.compare.heard import HeardSide
from crossfade.scoring import WordErrors, normalize

STRETCH_WORDS = 25
"""Long enough that the errors of one say little about those of the next."""

_ABBREVIATIONS = frozenset({"mr", "mrs", "ms", "dr", "st", "prof"})
_FIRST_PERSON = frozenset({"i", "im", "ill", "ive", "id"})
_SENTENCE_END = re.compile(r"[.?!:][\"'\u201d\u2019)]*$")


@dataclass(frozen=True, slots=True)
class Missed:
    """Of words of one kind: how many were said, and how many of them are wrong or missing."""

    said: int = 0
    missed: int = 0

    def __add__(self, other: "Missed") -> "Missed":
        return Missed(self.said + other.said, self.missed + other.missed)


@dataclass(frozen=True, slots=True)
class ClipErrors:
    """Of one side in one clip."""

    total: WordErrors
    stretches: tuple[int, ...]
    """Errors in each stretch of ``STRETCH_WORDS`` words of the reference; the last is shorter."""
    numbers: Missed
    """Digits, once both sides are normalised: ``twenty one`` is ``2 1``."""
    names: Missed
    """Words of the reference that are capitalised within a sentence."""


def clip_errors(reference: str, side: HeardSide) -> ClipErrors:
    """Compare what a side heard with what was said."""
    said, heard = normalize(reference).split(), normalize(side.text).split()
    edits = Levenshtein.editops(said, heard)
    kinds = [edit.tag for edit in edits]
    stretches = [0] * -(-max(len(said), 1) // STRETCH_WORDS)
    for edit in edits:
        # What is inserted behind the last word belongs to it.
        stretches[max(0, min(edit.src_pos, len(said) - 1)) // STRETCH_WORDS] += 1
    wrong = {edit.src_pos for edit in edits if edit.tag != "insert"}
    numbers = {place for place, word in enumerate(said) if any(map(str.isdigit, word))}
    return ClipErrors(
        total=WordErrors(
            substitutions=kinds.count("replace"),
            deletions=kinds.count("delete"),
            insertions=kinds.count("insert"),
            reference_words=len(said),
        ),
        stretches=tuple(stretches),
        numbers=Missed(len(numbers), len(numbers & wrong)),
        names=_names(reference.split(), side),
    )


def stretch_words(reference_words: int) -> tuple[int, ...]:
    """How many words of the reference each stretch has."""
    whole, rest = divmod(reference_words, STRETCH_WORDS)
    return (*[STRETCH_WORDS] * whole, *([rest] if rest or not whole else []))


def _names(written: Sequence[str], side: HeardSide) -> Missed:
    names = name_places(written)
    if not names:
        return Missed()
    matches = match([word.word for word in side.words], written)
    right = {found.reference for found in matches}
    return Missed(len(names), len(names - right))


def name_places(written: Sequence[str]) -> set[int]:
    """Find words that are capitalised though no sentence begins with them.

    Args:
        written: Words with their marks. Where all or none are capitalised, that tells nothing.
    """
    capitalised = {place for place, word in enumerate(written) if _is_capitalised(word)}
    if len(capitalised) == len(written):
        return set()
    inside = (place for place in capitalised if place and not _ends_sentence(written[place - 1]))
    return {place for place in inside if _plain(written[place]) not in _NOT_NAMES}


_NOT_NAMES = _FIRST_PERSON | _ABBREVIATIONS


def _is_capitalised(word: str) -> bool:
    first = next((sign for sign in word if sign.isalnum()), "")
    return first.isupper() and bool(word_key(word))


def _ends_sentence(word: str) -> bool:
    return bool(_SENTENCE_END.search(word)) and _plain(word) not in _ABBREVIATIONS


def _plain(word: str) -> str:
    return "".join(filter(str.isalpha, word)).lower()
