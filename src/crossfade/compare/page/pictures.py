"""Waveforms and distributions, as what SVG wants: numbers and path data, no markup."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crossfade.audio import SAMPLE_RATE_HZ, Samples

WIDTH = 1000
"""Of a waveform; it is stretched to the width of the page."""

HALF = 30
"""Height of half a waveform."""

_BINS_PER_S = 25
_LEAST_BINS, _MOST_BINS = 400, 1000
_DECIMALS = 1

PLOT_WIDTH, PLOT_HEIGHT = 360, 220
LEFT, RIGHT, TOP, BOTTOM = 40, 16, 12, 28
_TAIL = 0.98
"""The slowest words would press all others into a corner."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Plot:
    """A distribution: the share of words that are no later."""

    name: str
    paths: tuple[tuple[int, str], ...]
    """Number of each side, and its path."""
    ticks: tuple[tuple[float, str], ...]
    """Places on the x axis, and what they are called."""
    zero_x: float | None
    """Where the word's end is, if anything is before it."""


class Peaks:
    """The loudest sample of each stretch, taken block by block."""

    def __init__(self, audio_ms: int) -> None:
        n_bins = min(_MOST_BINS, max(_LEAST_BINS, audio_ms * _BINS_PER_S // 1000))
        self._bins = np.zeros(n_bins, np.float32)
        self._per_bin = max(1.0, audio_ms * SAMPLE_RATE_HZ / 1000 / n_bins)
        self._n_samples = 0

    def push(self, samples: Samples) -> None:
        """Take the next samples."""
        places = ((np.arange(samples.size) + self._n_samples) / self._per_bin).astype(int)
        np.maximum.at(self._bins, np.minimum(places, self._bins.size - 1), np.abs(samples))
        self._n_samples += samples.size

    def path(self) -> str:
        """Draw them to both sides of the middle; the loudest of all reaches the border."""
        loudest = max(float(self._bins.max()), 0.05)
        heights = HALF * np.sqrt(self._bins / loudest)  # as the ear hears, not as a meter
        xs = np.linspace(0, WIDTH, self._bins.size)
        upper = [_at(x, HALF - height) for x, height in zip(xs, heights, strict=True)]
        lower = [_at(x, HALF + height) for x, height in zip(xs, heights, strict=True)]
        return f"M{' '.join([*upper, *reversed(lower)])}Z"


def plot(name: str, curves: Mapping[int, Points]) -> Plot | None:
    """Draw the distributions of one lag; ``None`` where nothing was measured.

    Args:
        name: What it is of.
        curves: Points of each side, by its number: milliseconds and share.
    """
    curves = {number: points for number, points in curves.items() if points}
    if not curves:
        return None
    least = min(points[0][0] for points in curves.values())
    most = max(_value_at(points, _TAIL) for points in curves.values())
    step = _step(most - min(least, 0.0))
    low, high = math.floor(min(least, 0.0) / step) * step, math.ceil(most / step) * step
    high = max(high, low + step)

    def x(value: float) -> float:
        return LEFT + (value - low) / (high - low) * (PLOT_WIDTH - LEFT - RIGHT)

    n_ticks = round((high - low) / step)
    ticks = [low + step * number for number in range(n_ticks + 1)]
    return Plot(
        name=name,
        paths=tuple(
            (
                number,
                "M" + " ".join(_at(x(value), y(share)) for value, share in points if value <= high),
            )
            for number, points in curves.items()
        ),
        ticks=tuple((round(x(tick), _DECIMALS), f"{tick:.0f}") for tick in ticks),
        zero_x=round(x(0.0), _DECIMALS) if low < 0 else None,
    )


def y(share: float) -> float:
    """Where a share of all words is."""
    return PLOT_HEIGHT - BOTTOM - share * (PLOT_HEIGHT - TOP - BOTTOM)


def _value_at(points: Points, share: float) -> float:
    return next((value for value, found in points if found >= share), points[-1][0])


def _step(span: float) -> float:
    """A round number that makes three to six steps of a span."""
    power = 10.0 ** math.floor(math.log10(max(span, 1.0) / 4))
    return next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= 5)


def _at(x: float, height: float) -> str:
    return f"{x:.{_DECIMALS}f},{height:.{_DECIMALS}f}"
