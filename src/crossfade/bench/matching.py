"""Recognized words against those of a reference: how right are times and confidence?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from crossfade.bench.lags import Spread, spread
from crossfade.model import Word
from crossfade.scoring import normalize

BINS = 10


@dataclass(frozen=True, slots=True)
class Match:
    """A recognized word, and the place in the reference of the one that it is."""

    word: Word
    reference: int | None
    """``None``: it is wrong."""


class TimeErrors(Struct, frozen=True, kw_only=True):
    """How far word times are from the reference, in milliseconds without sign."""

    words: int
    mean: float | None
    start: Spread
    end: Spread


class ConfidenceQuality(Struct, frozen=True, kw_only=True):
    """What a word's confidence is worth."""

    words: int
    auc: float | None
    """Probability that a right word has more of it than a wrong one; ``None``: all are alike."""
    ece: float | None
    """Expected calibration error: how far it is from the share of right words, in ten bins."""


def match(words: Sequence[Word], reference: Sequence[str]) -> list[Match]:
    """Align recognized words with the words that were said.

    Both are compared as the word error rate compares them, word by word; words of which that
    leaves nothing ("um") are left out.
    """
    heard = [(word, key) for word in words if (key := word_key(word.text))]
    said = [(place, key) for place, text in enumerate(reference) if (key := word_key(text))]
    right: dict[int, int] = {}
    for block in Levenshtein.opcodes([key for _, key in heard], [key for _, key in said]):
        if block.tag == "equal":
            pairs = zip(
                range(block.src_start, block.src_end),
                range(block.dest_start, block.dest_end),
                strict=True,
            )
            right.update(pairs)
    return [
        Match(word, said[right[place]][0] if place in right else None)
        for place, (word, _) in enumerate(heard)
    ]


def time_errors(pairs: Sequence[tuple[Word, float, float]]) -> TimeErrors:
    """Compare times.

    Args:
        pairs: A recognized word, and where its twin starts and ends, in seconds.
    """
    starts = [abs(word.start_ms - 1000 * start) for word, start, _ in pairs]
    ends = [abs(word.end_ms - 1000 * end) for word, _, end in pairs]
    return TimeErrors(
        words=len(pairs),
        mean=round(float(np.mean([*starts, *ends])), 1) if pairs else None,
        start=spread(starts),
        end=spread(ends),
    )


def confidence_quality(matches: Sequence[Match]) -> ConfidenceQuality:
    """Judge the confidence by which words are right."""
    scores = np.array([match.word.confidence for match in matches], float)
    right = np.array([match.reference is not None for match in matches], bool)
    return ConfidenceQuality(
        words=len(matches), auc=auc(scores, right), ece=_calibration_error(scores, right)
    )


@lru_cache(maxsize=65_536)
def word_key(text: str) -> str:
    """What is compared of one word: as the word error rate has it, without spaces."""
    return normalize(text).replace(" ", "")


def auc(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> float | None:
    """Area under the ROC curve, by ranks; ties count half. ``None``: all are alike."""
    n_right, n_wrong = int(right.sum()), int((~right).sum())
    if not n_right or not n_wrong:
        return None
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # the mean rank of those that are equal
    area = ranks[places][right].sum() - n_right * (n_right + 1) / 2
    return round(float(area / (n_right * n_wrong)), 4)


def _calibration_error(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> float | None:
    if not scores.size:
        return None
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    gaps = (
        (bins == number).mean() * abs(scores[bins == number].mean() - right[bins == number].mean())
        for number in np.unique(bins)
    )
    return round(float(sum(gaps)), 4)
