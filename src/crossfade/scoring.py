"""How good and how fast: word error rate and real-time factor.

Texts are compared after the Whisper English normaliser has been over both, so that spelling
("colour", "color"), numbers ("twenty one", "21") and contractions are no errors. It writes a row of
digits as one number, so they are parted again: one digit of ten that was misheard is one error of
ten, not one of one.
"""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from rapidfuzz.distance import Levenshtein

_BETWEEN_DIGITS = re.compile(r"(?<=\d)(?=\d)")


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Errors of a hypothesis against a reference, counted in words. ``+`` pools several."""

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    reference_words: int = 0

    def __add__(self, other: "WordErrors") -> "WordErrors":
        return WordErrors(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.reference_words + other.reference_words,
        )

    @property
    def total(self) -> int:
        """All three kinds."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """Word error rate: 0.0 is perfect, and insertions can take it above 1.0.

        Without any reference words it is 0.0 if nothing was inserted, infinite otherwise.
        """
        if self.reference_words == 0:
            return float("inf") if self.insertions else 0.0
        return self.total / self.reference_words


def word_errors(reference: str, hypothesis: str) -> WordErrors:
    """Compare what was recognized with what was said, both normalised first."""
    said, heard = normalize(reference).split(), normalize(hypothesis).split()
    edits = [edit.tag for edit in Levenshtein.editops(said, heard)]
    return WordErrors(
        substitutions=edits.count("replace"),
        deletions=edits.count("delete"),
        insertions=edits.count("insert"),
        reference_words=len(said),
    )


def normalize(text: str) -> str:
    """Lower case, no marks, numbers digit by digit, American spelling, contractions spelt out."""
    return _BETWEEN_DIGITS.sub(" ", _normalizer()(text)).strip()


def real_time_factor(processing_s: float, audio_s: float) -> float:
    """Processing time over audio time: below 1.0 keeps up.

    Raises:
        ValueError: If there is no audio.
    """
    if audio_s <= 0:
        raise ValueError("there is no audio to compare with")
    return processing_s / audio_s


@cache
def _normalizer() -> Callable[[str], str]:
    # Imported on first use: it takes 50 ms, and only benchmarks and tests score.
    with warnings.catch_warnings():
        # Version 0.1.15 holds an invalid escape, of which Python warns where it compiles.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", SyntaxWarning)
        from whisper_normalizer.english import EnglishTextNormalizer
    normalizer: Callable[[str], str] = EnglishTextNormalizer()
    return normalizer
