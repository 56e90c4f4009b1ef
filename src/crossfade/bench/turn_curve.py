"""Turn confidence as a rule: of the silences at which it says "finished", how many are ends?

A turn by confidence ends at a short silence if the confidence is above a threshold. Each threshold
is a trade: ends that are believed wrongly cut a speaker off, ends that are not believed let the
listener wait for the long silence.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from crossfade.bench.recordings import Recording
from crossfade.bench.target import Target
from crossfade.bench.turns import Verdict, choose, hear_pauses

SILENCE_MS = 400
"""The shortest silence that ends a turn where a client of the protocols does not choose."""

THRESHOLDS = tuple(tenth / 10 for tenth in range(1, 10))


class CurvePoint(Struct, frozen=True, kw_only=True):
    """What one threshold would do."""

    threshold: float
    believed: int
    """Silences with more confidence than that."""
    right: float | None
    """Share of them that are ends of sentences or turns; ``None``: there are none."""
    found: float | None
    """Share of all such ends that are among them."""


class TurnCurve(Struct, frozen=True, kw_only=True):
    """All thresholds, over the silences whose meaning is known."""

    recordings: int
    silence_ms: int
    silences: int
    ends: int
    points: tuple[CurvePoint, ...]


async def measure_turn_curve(
    target: Target,
    recordings: Sequence[Recording],
    *,
    max_delay_ms: int,
    silence_ms: int = SILENCE_MS,
    advance: Callable[[], None] = lambda: None,
) -> TurnCurve:
    """Stream every recording whose silences have a known meaning.

    Args:
        target: Tells confidence as it is; a protocol in between may not.
        recordings: See ``choose``.
        max_delay_ms: Longest wait of a word for its final.
        silence_ms: Where the confidence is taken.
        advance: Called when one of them is done.

    Raises:
        CrossfadeError: If a session failed.
    """
    verdicts: list[Verdict] = []
    of_use = choose(recordings)
    for recording in of_use:
        verdicts += await hear_pauses(
            target, recording, max_delay_ms=max_delay_ms, silence_ms=silence_ms
        )
        advance()
    return TurnCurve(
        recordings=len(of_use),
        silence_ms=silence_ms,
        silences=len(verdicts),
        ends=sum(verdict.complete for verdict in verdicts),
        points=curve(verdicts),
    )


def curve(verdicts: Sequence[Verdict]) -> tuple[CurvePoint, ...]:
    """Judge every threshold."""
    return tuple(_point(verdicts, threshold) for threshold in THRESHOLDS)


def _point(verdicts: Sequence[Verdict], threshold: float) -> CurvePoint:
    believed = [verdict for verdict in verdicts if verdict.confidence > threshold]
    n_right = sum(verdict.complete for verdict in believed)
    n_ends = sum(verdict.complete for verdict in verdicts)
    return CurvePoint(
        threshold=threshold,
        believed=len(believed),
        right=round(n_right / len(believed), 3) if believed else None,
        found=round(n_right / n_ends, 3) if n_ends else None,
    )
