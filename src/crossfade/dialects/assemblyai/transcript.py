"""Words on the wire: formatted, as they were recognized, or raw, as the vendor shows them early."""

from collections.abc import Callable, Iterable

from crossfade.dialects.assemblyai import messages
from crossfade.model import Word

Style = Callable[[Word], str]
"""How a word is written."""

_EDGE_MARKS = ".,;:!?…\"'“”‘’«»()[]{}<>-–—¿¡。、，；：！？؟।"  # noqa: RUF001 (marks of many scripts)

_PRECISION = 6
"""Decimals of a confidence, as the vendor rounds it."""


def formatted(word: Word) -> str:
    """Write a word with its capitals and its mark."""
    return word.text + word.punctuation


def raw(word: Word) -> str:
    """Write a word in lower case and without marks at its edges.

    Marks inside stay, since they are part of the word: ``don't``, ``3.5``, ``twenty-nine``.
    """
    return word.text.strip(_EDGE_MARKS).lower() or word.text.lower()


def text_of(words: Iterable[Word], style: Style) -> str:
    """Write words as one text."""
    return " ".join(style(word) for word in words)


def wire_words(words: Iterable[Word], style: Style, *, final: bool) -> tuple[messages.Word, ...]:
    """Write words as items of a ``Turn``."""
    return tuple(
        messages.Word(
            text=style(word),
            start=word.start_ms,
            end=word.end_ms,
            confidence=round_confidence(word.confidence),
            word_is_final=final,
        )
        for word in words
    )


def round_confidence(confidence: float) -> float:
    """Round as the vendor does."""
    return round(confidence, _PRECISION)
