"""Sentences from which words were taken out: marks and capitals are mended."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from crossfade.model import Word

_PAUSES = frozenset(",;:-–—")  # noqa: RUF001 (dashes as recognizers write them)


class Mended(Struct, frozen=True, kw_only=True):
    """What is left."""

    words: tuple[Word, ...]
    owes_capital: bool = False
    """A sentence lost its first word, and its next has not come yet."""


def without(
    words: Sequence[Word],
    unwanted: Sequence[bool],
    *,
    sentence_marks: frozenset[str],
    owes_capital: bool = False,
) -> Mended:
    """Leave out words and mend what they leave behind.

    A mark that ends a sentence moves to the word before; a pair of commas around a word goes with
    it; a capital moves to the word after. Without its hesitations, ``Um, I, uh, think, er.`` is
    ``I think.``

    Args:
        words: In order.
        unwanted: Which of them are left out.
        sentence_marks: Those that end a sentence.
        owes_capital: As the words before these left it.
    """
    kept: list[Word] = []
    for word, is_unwanted in zip(words, unwanted, strict=True):
        if is_unwanted:
            if kept:
                kept[-1] = _followed(kept[-1], word.punctuation, sentence_marks)
            began = owes_capital or word.text[:1].isupper()
            owes_capital = began and not sentence_marks & set(word.punctuation)
        else:
            kept.append(_capitalised(word) if owes_capital else word)
            owes_capital = False
    return Mended(words=tuple(kept), owes_capital=owes_capital)


def _followed(word: Word, punctuation: str, sentence_marks: frozenset[str]) -> Word:
    """Give a word the mark of the one taken out behind it, where that is the stronger one."""
    if sentence_marks & set(word.punctuation):
        return word
    if sentence_marks & set(punctuation):
        return replace(word, punctuation=punctuation)
    if word.punctuation and punctuation and set(word.punctuation + punctuation) <= _PAUSES:
        return replace(word, punctuation="")
    return word


def _capitalised(word: Word) -> Word:
    return replace(word, text=word.text[:1].upper() + word.text[1:])
