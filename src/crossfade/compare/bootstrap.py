"""How sure a word error rate is: drawing the audio anew, many times (Bisani and Ney, 2004).

Units of audio are drawn with replacement, the same ones for all sides, so that a difference
between sides is not blurred by how hard the audio is. The same input gives the same intervals.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

DRAWS = 2000
SEED = 20_250_101
LEVEL = 0.95

_DRAWS_AT_ONCE = 100


class Interval(Struct, frozen=True, kw_only=True):
    """Holds the true value with a probability of 95 %, for audio like this."""

    low: float
    high: float


class Intervals(Struct, frozen=True, kw_only=True):
    """Of the word error rates of some sides."""

    rates: tuple[Interval, ...]
    over_first: tuple[Interval, ...]
    """Of each side's rate less that of the first."""


def intervals(errors: Sequence[Sequence[int]], words: Sequence[int]) -> Intervals | None:
    """Draw.

    Args:
        errors: Shape (n_units, n_sides): errors of each side in each unit.
        words: Shape (n_units,): words of the reference in each.

    Returns:
        ``None`` if there are fewer than two units, or no words.
    """
    if len(words) < 2 or not sum(words):
        return None
    rates = _drawn(np.array(errors, np.float64), np.array(words, np.float64))
    return Intervals(
        rates=_between(rates),
        over_first=_between(rates - rates[:, :1]),
    )


def _drawn(errors: NDArray[np.float64], words: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rates of each draw, shape (n_draws, n_sides); a draw without words is left out."""
    chance = np.random.default_rng(SEED)
    n_units = len(words)
    rates = []
    for _ in range(0, DRAWS, _DRAWS_AT_ONCE):  # by and by: hours of audio have many units
        drawn = chance.multinomial(n_units, np.full(n_units, 1 / n_units), size=_DRAWS_AT_ONCE)
        said = drawn @ words
        rates.append((drawn @ errors)[said > 0] / said[said > 0, None])
    return np.concatenate(rates)


def _between(values: NDArray[np.float64]) -> tuple[Interval, ...]:
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(values, [tail, 100 - tail], axis=0)
    return tuple(
        Interval(low=round(float(one), 4), high=round(float(other), 4))
        for one, other in zip(low, high, strict=True)
    )
