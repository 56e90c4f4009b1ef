"""The benchmarks ``crossfade bench soak`` and ``fairness``, and their tables."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import click
from rich.table import Table

from crossfade.bench.added_lag import GatewayReport
from crossfade.bench.emulated import EmulatorReport
from crossfade.bench.material import SEED, make_streams, suitable
from crossfade.bench.neighbours import FairnessReport, Neighbourhood, measure_fairness
from crossfade.bench.playing import session_config
from crossfade.bench.pushed import PushReport
from crossfade.bench.soak import Footprint, SoakReport, measure_soak
from crossfade.bench.sockets import OverSockets
from crossfade.cli.benchmark_tables import cells, machine
from crossfade.cli.benchmarks import Result, Wanted
from crossfade.cli.model_files import progress_bar
from crossfade.dialects import DIALECTS
from crossfade.errors import CrossfadeError

LONG_SESSION_S = 30.0
"""What the long session says, over and over."""

N_SHORT_STREAMS = 4


async def soak(wanted: Wanted, *, n_sessions: int, at_once: int, seconds: float) -> Result:
    """Open and close sessions in every dialect, beside a long one."""
    recordings = suitable(wanted.recordings())
    streams = (
        *make_streams(recordings, 1, seconds=LONG_SESSION_S),
        *make_streams(recordings, N_SHORT_STREAMS, seconds=seconds),
    )
    async with wanted.target() as target:
        assert isinstance(target, OverSockets)  # a dialect was named
        with _progress(n_sessions + at_once) as advance:
            report = await measure_soak(
                _in_every_dialect(target),
                streams,
                session_config(max_delay_ms=wanted.max_delay_ms),
                url=target.url,
                n_sessions=n_sessions,
                at_once=at_once,
                advance=advance,
            )
    return Result(benchmark="soak", report=report, recordings=len(recordings), seed=SEED)


async def fairness(wanted: Wanted, *, n_streams: int, n_neighbours: int, seconds: float) -> Result:
    """Measure clients alone, and beside others that behave badly."""
    recordings = suitable(wanted.recordings())
    async with wanted.target() as target:
        assert isinstance(target, OverSockets)
        report = await measure_fairness(
            target,
            make_streams(recordings, n_streams, seconds=seconds),
            n_neighbours=n_neighbours,
            max_delay_ms=wanted.max_delay_ms,
            tell=lambda kind: click.echo(f"neighbours: {kind}", err=True),
        )
    return Result(benchmark="fairness", report=report, recordings=len(recordings), seed=SEED)


def judge(result: Result) -> None:
    """Fail where a limit was broken.

    Raises:
        CrossfadeError: With all of them.
    """
    report = result.report
    assert isinstance(
        report, SoakReport | FairnessReport | GatewayReport | EmulatorReport | PushReport
    )
    if report.limits_broken:
        raise CrossfadeError("; ".join(report.limits_broken))


def soak_table(result: Result) -> Table:
    """Lay out what the server held, before, half way and after."""
    report = result.report
    assert isinstance(report, SoakReport)
    title = f"{report.sessions} sessions in {report.seconds:g} s, {report.at_once} at once"
    caption = (
        f"Beside a session of {report.long_session_s:g} s with {report.long_session_words} words. "
        f"Memory grew by {report.growth:.1%} in the second half; {report.failed} sessions failed, "
        f"{report.refused} attempts found the server full."
    )
    table = Table(title=title, caption=f"{caption}\n{machine()}", caption_justify="left")
    for heading in ("", "memory (MB)", "open files", "tasks"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, held in (
        ("before", report.before),
        ("half way", report.half_way),
        ("after", report.after),
    ):
        table.add_row(name, *_held(held))
    return table


def fairness_table(result: Result) -> Table:
    """Lay out the lag of those who behave well, beside each kind of those who do not."""
    report = result.report
    assert isinstance(report, FairnessReport)
    title = f"{report.streams} streams of {report.seconds:g} s beside {report.neighbours} others"
    table = Table(title=title, caption=machine(), caption_justify="left")
    for heading in ("neighbours", "first sight p50", "p95 (ms)", "times", "final p50", "p95 (ms)"):
        table.add_column(heading, justify="left" if heading == "neighbours" else "right")
    for run in (*report.alone, *report.beside):
        table.add_row(run.kind, *_lags(run))
    return table


def _held(held: Footprint) -> tuple[str, ...]:
    return f"{held.resident_mb:.1f}", str(held.open_files), str(held.tasks)


def _lags(run: Neighbourhood) -> tuple[str, ...]:
    times = "" if run.ratio is None else f"{run.ratio:.2f}"
    return (*cells(run.partial_lag_ms), times, *cells(run.final_lag_ms))


def _in_every_dialect(target: OverSockets) -> list[OverSockets]:
    parts = urlsplit(target.url)
    url = f"{parts.scheme}://{parts.netloc}"
    return [
        OverSockets(
            url=url,
            spoken=dialect,
            key=target.key,
            chunk_ms=target.chunk_ms,
            pid=target.pid,
        )
        for dialect in DIALECTS
    ]


@contextmanager
def _progress(n_sessions: int) -> Iterator[Callable[[], None]]:
    n_done = 0
    with progress_bar() as report_progress:

        def advance() -> None:
            nonlocal n_done
            n_done += 1
            report_progress("sessions", min(n_done / n_sessions, 1.0))

        yield advance
