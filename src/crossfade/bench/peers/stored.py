"""The file that a comparison was written to: what of it is drawn."""

from msgspec import Struct

from crossfade.bench.machine import Hardware
from crossfade.bench.peers.comparison import EngineResult
from crossfade.bench.plot import Curve, draw


class StoredComparison(Struct, frozen=True):
    """A comparison's JSON; fields that are not drawn are skipped."""

    engines: tuple[EngineResult, ...]
    ratios: dict[str, float | None]
    runs_each: int
    seconds: float
    hardware: Hardware
    time: str

    def draw(self) -> str:
        """Draw p95 partial lag over the number of streams, as SVG.

        Raises:
            NoCurvesError: If no engine served a single stream.
        """
        return draw(
            [_curve(engine) for engine in self.engines if engine.levels],
            limits_ms=[int(limit) for limit in self.ratios],
            footing=(
                f"{self.hardware.cpu}, {self.hardware.cores} cores; streams of {self.seconds:g} s, "
                f"median of {self.runs_each}; {self.time[:10]}"
            ),
        )


def _curve(engine: EngineResult) -> Curve:
    points = [
        (level.streams, level.partial_p95_ms)
        for level in engine.levels
        if level.partial_p95_ms is not None
    ]
    return Curve(engine.engine, tuple(points))
