"""The measurement behind ``crossfade bench gateway``, and its table."""

import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text

from crossfade.bench.added_lag import (
    LIMITS_MS,
    GatewayReport,
    Pair,
    PairReport,
    judged,
    measure_pair,
)
from crossfade.bench.machine import hardware
from crossfade.bench.material import SEED, make_streams, suitable
from crossfade.bench.own_server import own_server
from crossfade.bench.playing import Pacing
from crossfade.bench.sockets import OverSockets
from crossfade.cli.benchmarks import Result, Wanted, serve_command
from crossfade.dialects import DIALECTS
from crossfade.dialects.base import Dialect
from crossfade.errors import CrossfadeError

MOST_SESSIONS = 8
"""Of each server: two are needed."""


async def gateway(wanted: Wanted, *, seconds: float) -> Result:
    """Measure every protocol in front of every one that a vendor speaks, one pair after another.

    The JSON file holds what there is after each pair: whoever cuts this off loses one.
    """
    recordings = suitable(wanted.recordings())
    [stream] = make_streams(recordings, 1, seconds=seconds)
    vendors = [dialect for dialect in DIALECTS if dialect.vendor is not None]
    behinds = vendors if wanted.dialect is None else [wanted.dialect]
    n_pairs = len(behinds) * len(vendors)
    pairs: list[PairReport] = []
    result = partial(_result, wanted, pairs, n_pairs, seconds=seconds, recordings=len(recordings))
    async with _server([*serve_command(), *wanted.server_flags()], vendors[0]) as far:
        for behind in behinds:
            async with _gateway(behind, far) as near:
                for front in vendors:
                    _announce(front, behind, len(pairs) + 1, n_pairs, seconds)
                    pair = Pair(
                        through=_at(near, front),
                        direct_front=_at(far, front),
                        direct_behind=_at(far, behind),
                    )
                    report = await measure_pair(
                        pair, stream, max_delay_ms=wanted.max_delay_ms, pacing=Pacing()
                    )
                    _tell(report)
                    pairs.append(report)
                    _keep(wanted.json_file, result())
    return result()


def _result(
    wanted: Wanted, pairs: Sequence[PairReport], n_pairs: int, *, seconds: float, recordings: int
) -> Result:
    report = GatewayReport(
        pairs=tuple(pairs),
        n_pairs=n_pairs,
        limits_ms=LIMITS_MS,
        limits_broken=judged(pairs),
        seconds=seconds,
        backend=", ".join(wanted.settings.backend),
        pacing=Pacing(),
        max_delay_ms=wanted.max_delay_ms,
    )
    return Result(benchmark="gateway", report=report, recordings=recordings, seed=SEED)


def _keep(path: Path | None, result: Result) -> None:
    """Write what there is so far; never half of it."""
    if path is None or path == Path("-"):
        return
    draft = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(result.to_json())
        draft.replace(path)
    except OSError as error:
        raise CrossfadeError(f"cannot write {path}: {error.strerror}") from error


def gateway_table(result: Result) -> Group:
    """Lay out what is added, pair by pair."""
    report = result.report
    assert isinstance(report, GatewayReport)
    machine = hardware()
    table = Table(
        title="Lag that a gateway adds (ms)",
        caption=f"{report.seconds:g} s of speech in real time, far side: {report.backend}\n"
        "own: above the client's own protocol, were it spoken by the far side\n"
        f"{machine.cpu}, {machine.cores} cores",
        caption_justify="left",
    )
    table.add_column("client", no_wrap=True)
    table.add_column("far side", no_wrap=True)
    for heading in ("words", "p50", "p95", "final p95", "own p95", "cores"):
        table.add_column(heading, justify="right")
    for pair in report.pairs:
        table.add_row(*_cells(pair))
    return Group(table, *map(Text, report.limits_broken or ("all limits were held",)))


def _cells(pair: PairReport) -> Sequence[str]:
    cores = "-" if pair.gateway_cores is None else f"{pair.gateway_cores:.3f}"
    return (
        pair.front,
        pair.behind,
        f"{pair.words}/{pair.direct_words}",
        _number(pair.added.partial_ms.p50),
        _number(pair.added.partial_ms.p95),
        _number(pair.added.final_ms.p95),
        _number(pair.added_to_front.partial_ms.p95),
        cores,
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


@asynccontextmanager
async def _gateway(behind: Dialect, far: OverSockets) -> AsyncIterator[OverSockets]:
    with tempfile.TemporaryDirectory(prefix="crossfade-bench-") as folder:
        config = Path(folder) / "crossfade.toml"
        config.touch(mode=0o600)
        section = {"vendor": behind.name, "url": _at(far, behind).url, "key": far.key}
        lines = [f"{name} = {json.dumps(value)}" for name, value in section.items()]
        config.write_text("\n".join(["[backends.far]", *lines, ""]), encoding="utf-8")
        command = [*serve_command(), "--config", str(config), "--backend", "far"]
        async with _server(command, behind) as near:
            yield near


@asynccontextmanager
async def _server(command: Sequence[str], dialect: Dialect) -> AsyncIterator[OverSockets]:
    async with own_server(
        command, dialect, chunk_ms=Pacing().chunk_ms, max_sessions=MOST_SESSIONS
    ) as server:
        yield server


def _at(server: OverSockets, dialect: Dialect) -> OverSockets:
    """The same server, spoken to in another protocol."""
    where = urlsplit(server.url)
    url = f"{where.scheme}://{where.netloc}{dialect.paths[0]}"
    return replace(server, url=url, spoken=dialect)


def _announce(front: Dialect, behind: Dialect, number: int, n_pairs: int, seconds: float) -> None:
    click.echo(
        f"{number} of {n_pairs}: {front.name} over {behind.name}, {seconds:g} s ...", err=True
    )


def _tell(report: PairReport) -> None:
    p95 = _number(report.added.partial_ms.p95)
    click.echo(f"  {p95} ms are added at p95", err=True)
    for failure in report.failures:
        click.echo(f"  {failure}", err=True)
