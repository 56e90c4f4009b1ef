"""The benchmark ``crossfade bench long`` over a socket, and its table."""

import click
from rich.table import Table

from crossfade.bench.material import SEED, suitable
from crossfade.bench.playing import session_config
from crossfade.bench.pushed import PushReport, hear_in_process, judge, push
from crossfade.bench.sockets import OverSockets
from crossfade.bench.unbroken import UnbrokenSpeech
from crossfade.cli.benchmark_tables import cells, machine
from crossfade.cli.benchmarks import Result, Wanted


async def pushed(wanted: Wanted, *, speech_s: float) -> Result:
    """Push speech to a server at full speed, then hear the same in this process."""
    recordings = suitable(wanted.recordings())
    speech = UnbrokenSpeech(recordings, seconds=speech_s)
    config = session_config(max_delay_ms=wanted.max_delay_ms, language=wanted.language)
    async with wanted.target() as target:
        assert isinstance(target, OverSockets)  # a dialect was named
        click.echo(f"pushing {speech.seconds / 60:.1f} minutes", err=True)
        had = await push(target, speech, config)
    click.echo("the same in process", err=True)
    async with wanted.recognizer() as recognizer:
        expected = await hear_in_process(recognizer, target, speech, config)
    report = judge(
        had,
        expected,
        target=target,
        seconds=speech.seconds,
        max_delay_ms=wanted.max_delay_ms,
    )
    return Result(benchmark="long", report=report, recordings=len(recordings), seed=SEED)


def push_table(result: Result) -> Table:
    """Lay out what a client had that pushed a long recording."""
    report = result.report
    assert isinstance(report, PushReport)
    title = f"{report.seconds / 60:.1f} minutes of speech at full speed: {report.target}"
    rules = f"chunks of {report.chunk_ms} ms, max_delay {report.max_delay_ms} ms"
    table = Table(title=title, caption=f"{rules}\n{machine()}", caption_justify="left")
    table.add_column()
    table.add_column(justify="right")
    p50, p95 = cells(report.pong_ms)
    for name, value in (
        ("words", str(report.words)),
        ("... other than in process", str(report.different_words)),
        ("time taken (s)", f"{report.wall_s:.1f}"),
        ("real-time factor", f"{report.realtime_factor:.3f}"),
        (f"{report.pongs} pings to pong, p50 / p95 (ms)", f"{p50} / {p95}"),
        ("... the slowest (ms)", f"{report.worst_pong_ms:.0f}"),
        ("server's memory, at most (MB)", _megabytes(report.peak_resident_mb)),
        ("... added by the session (MB)", _megabytes(report.growth_mb)),
    ):
        table.add_row(name, value)
    for broken in report.limits_broken:
        table.add_row(broken, "")
    return table


def _megabytes(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
