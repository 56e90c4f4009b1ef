"""What one decode heard: words with their tokens and places. No audio, no model, no memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from crossfade.model import Word
from crossfade.recognizers.onnx.alignment import TimedWord

WORD_MIN_MS = 20
"""Clients divide by durations; a word is never shorter."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word of a hypothesis and the tokens that it is made of."""

    word: Word
    first_token: int
    end_token: int


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What one decode heard in the whole buffer, settled words included."""

    tokens: tuple[int, ...]
    words: tuple[HeardWord, ...]
    through_ms: int
    """How far its audio reaches."""
    terminal_probability: float
    """The model's own probability that a sentence ends after the last word."""


def placed(timed: TimedWord, start_ms: int, through_ms: int) -> HeardWord:
    """Move a word from its buffer, which begins at ``start_ms``, into the session."""
    word = Word(
        text=timed.text,
        punctuation=timed.punctuation,
        start_ms=max(0, start_ms + round(timed.start_s * 1000)),
        end_ms=min(start_ms + round(timed.end_s * 1000), through_ms),
        confidence=timed.confidence,
    )
    return HeardWord(word, timed.first_token, timed.end_token)


def mean_confidence(words: Sequence[Word]) -> float:
    """How sure the model is of some words, 0.0 to 1.0; at least one."""
    return sum(word.confidence for word in words) / len(words)


def middle_ms(word: Word) -> int:
    """Where half of a word has been said."""
    return (word.start_ms + word.end_ms) // 2


def not_before(word: Word, floor_ms: int) -> Word:
    """Move a word's borders so that it begins at ``floor_ms`` at the earliest."""
    start_ms = max(word.start_ms, floor_ms)
    end_ms = max(word.end_ms, start_ms + WORD_MIN_MS)
    if (start_ms, end_ms) == (word.start_ms, word.end_ms):
        return word
    return structs.replace(word, start_ms=start_ms, end_ms=end_ms)


def common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """Count the leading tokens that two hypotheses share."""
    for n, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return n
    return min(len(left), len(right))
