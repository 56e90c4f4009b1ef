"""The benchmark ``crossfade bench emulator``, and its table."""

import asyncio

import click
from rich.table import Table

from crossfade.bench.emulated import EmulatorReport, measure_emulator
from crossfade.bench.own_server import own_server
from crossfade.cli.benchmark_tables import cells, machine
from crossfade.cli.benchmarks import Result, own_command
from crossfade.dialects.base import Dialect


async def emulator(dialect: Dialect, *, n_sessions: int, seconds: float, chunk_ms: int) -> Result:
    """Start an emulator in a process of its own, and measure it."""
    clock = asyncio.get_running_loop()
    began_s = clock.time()
    async with own_server(
        own_command("emulate"), dialect, chunk_ms=chunk_ms, max_sessions=n_sessions
    ) as target:
        report = await measure_emulator(
            target,
            n_sessions=n_sessions,
            seconds=seconds,
            ready_s=clock.time() - began_s,
            tell=lambda what: click.echo(what, err=True),
        )
    return Result(benchmark="emulator", report=report, recordings=0)


def emulator_table(result: Result) -> Table:
    """Lay out how late frames were."""
    report = result.report
    assert isinstance(report, EmulatorReport)
    title = f"{report.sessions} emulated sessions of {report.seconds:g} s in {report.dialect}"
    caption = (
        f"Ready in {report.ready_s:g} s. {report.identical} sessions were told the same byte for "
        f"byte; {report.failed} failed. The emulator kept {report.cpu_cores_emulator} cores busy."
    )
    table = Table(title=title, caption=f"{caption}\n{machine()}", caption_justify="left")
    for heading in ("", "p50", "p95 (ms)", "worst"):
        table.add_column(heading, justify="left" if not heading else "right")
    worst = "-" if report.worst_lag_ms is None else f"{report.worst_lag_ms:.0f}"
    table.add_row("lag of a frame", *cells(report.lag_ms), worst)
    table.add_row("of it, our own", *cells(report.send_late_ms), "")
    return table
