"""A picture of a comparison: p95 partial lag over the number of streams, one line an engine.

Drawn as SVG by hand: one picture is not worth a plotting library, and this one is the same on
every machine, down to the byte.
"""

import math
from collections.abc import Iterator, Sequence
from html import escape

from msgspec import Struct

from crossfade.errors import CrossfadeError

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 176, 40, 52

HIGHEST_MS = 3000
"""Beyond it a line leaves the picture: nobody cares how late too late is."""

_STEP_MS = 500
_COLOURS = ("#0b6e4f", "#c8553d", "#3d5a80", "#8a6d1d", "#7a4988")
_GREY = "#666"


class Curve(Struct, frozen=True):
    """One engine."""

    name: str
    points: tuple[tuple[int, float], ...]
    """Streams and milliseconds, by streams."""


class NoCurvesError(CrossfadeError):
    """The results hold nothing to draw."""


def draw(curves: Sequence[Curve], *, limits_ms: Sequence[int], footing: str) -> str:
    """Draw it.

    Args:
        curves: At least one, with at least one point among them.
        limits_ms: Shown as broken lines.
        footing: What the figures rest on.

    Raises:
        NoCurvesError: If there is no point.
    """
    most = max((streams for curve in curves for streams, _ in curve.points), default=0)
    if not most:
        raise NoCurvesError("no engine was measured")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="system-ui, sans-serif" font-size="13" role="img">',
        "<title>p95 partial lag over the number of streams</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_axes(most),
        *(_limit(limit_ms) for limit_ms in limits_ms),
        *(part for number, curve in enumerate(curves) for part in _curve(curve, number, most)),
        _text(LEFT, HEIGHT - 8, footing, anchor="start", size=11),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axes(most: int) -> Iterator[str]:
    yield _text(LEFT, 22, "p95 partial lag (ms), by streams at once", anchor="start", size=14)
    for lag_ms in range(0, HIGHEST_MS + 1, _STEP_MS):
        yield _line(LEFT, _y(lag_ms), WIDTH - RIGHT, _y(lag_ms), "#e4e4e4")
        yield _text(LEFT - 8, _y(lag_ms) + 4, str(lag_ms), anchor="end")
    for power in range(math.floor(math.log2(most)) + 1):
        x = _x(2**power, most)
        yield _line(x, _y(0), x, _y(0) + 5, _GREY)
        yield _text(x, _y(0) + 20, str(2**power), anchor="middle")


def _limit(limit_ms: int) -> str:
    y = _y(limit_ms)
    return _line(LEFT, y, WIDTH - RIGHT, y, _GREY, dashes="6 4")


def _curve(curve: Curve, number: int, most: int) -> Iterator[str]:
    colour = _COLOURS[number % len(_COLOURS)]
    places = [(_x(streams, most), _y(min(lag_ms, HIGHEST_MS))) for streams, lag_ms in curve.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for x, y in places:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
    key = TOP + 20 * number
    yield f'<circle cx="{WIDTH - RIGHT + 16}" cy="{key}" r="5" fill="{colour}"/>'
    yield _text(WIDTH - RIGHT + 28, key + 4, curve.name, anchor="start")


def _x(streams: float, most: int) -> float:
    """Each doubling takes the same room."""
    share = math.log2(streams) / max(math.log2(most), 1.0)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(lag_ms: float) -> float:
    return HEIGHT - BOTTOM - max(lag_ms, 0.0) / HIGHEST_MS * (HEIGHT - TOP - BOTTOM)


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, *, dashes: str | None = None
) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}"{dashed}/>'


def _text(x: float, y: float, text: str, *, anchor: str, size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="#222">{escape(text)}</text>'
    )
