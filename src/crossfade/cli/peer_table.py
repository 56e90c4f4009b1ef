"""A comparison of engines as people read it."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from crossfade.bench.machine import hardware
from crossfade.bench.peers.comparison import EngineResult, Level, PeersReport
from crossfade.cli.benchmarks import Result


def peers(result: Result) -> Group:
    """Lay out how many streams each engine served, and what each number of them was like."""
    report = result.report
    assert isinstance(report, PeersReport)
    lines = [_ratio(report, limit) for limit in report.ratios]
    missing = [f"{e.engine} was left out: {e.missing}" for e in report.engines if e.missing]
    return Group(_engines(report), *map(Text, lines + missing), _levels(report))


def _engines(report: PeersReport) -> Table:
    machine = hardware()
    table = Table(
        title="Most streams at once",
        caption=f"{report.seconds:g} s each, median of {report.runs_each}, chunks of "
        f"{report.pacing.chunk_ms} ms in real time\n{machine.cpu}, {machine.cores} cores",
        caption_justify="left",
    )
    table.add_column("p95 partial lag below")
    for limit in report.ratios:
        table.add_column(f"{limit} ms", justify="right")
    for engine in _present(report):
        counts = (str(engine.most_streams[limit]) for limit in report.ratios)
        table.add_row(engine.target or engine.engine, *counts)
    return table


def _levels(report: PeersReport) -> Table:
    table = Table(title="Each number of streams")
    for heading in ("", "streams", "lag p50", "p95 (ms)", "final p95", "WER %", "cores"):
        table.add_column(heading, justify="left" if not heading else "right")
    for engine in _present(report):
        for level in engine.levels:
            table.add_row(engine.engine, *_cells(level))
        table.add_section()
    return table


def _cells(level: Level) -> tuple[str, ...]:
    middle = sorted(level.runs, key=lambda run: run.partial_lag_ms.p95 or 0.0)[len(level.runs) // 2]
    return (
        str(level.streams),
        _whole(middle.partial_lag_ms.p50),
        "failed" if level.partial_p95_ms is None else _whole(level.partial_p95_ms),
        _whole(middle.final_lag_ms.p95),
        f"{100 * level.wer:.1f}",
        "-" if middle.cpu_cores is None else f"{middle.cpu_cores:.2f}",
    )


def _present(report: PeersReport) -> list[EngineResult]:
    return [engine for engine in report.engines if not engine.missing]


def _ratio(report: PeersReport, limit: str) -> str:
    ratio = report.ratios[limit]
    if ratio is None:
        return f"below {limit} ms: no other engine served a single stream"
    return f"below {limit} ms: {ratio:g} times the streams of the best other engine"


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
