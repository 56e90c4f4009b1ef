"""The benchmarks behind ``crossfade bench``: who is measured, with what, and where it goes."""

import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console, RenderableType

from crossfade.bench.accuracy import AccuracyReport, measure_accuracy
from crossfade.bench.in_process import InProcess
from crossfade.bench.load import LoadReport, measure_load, wer_alone
from crossfade.bench.machine import environment, n_cores
from crossfade.bench.material import SEED, SpeechStream, make_streams, suitable
from crossfade.bench.own_server import own_server
from crossfade.bench.playing import Pacing
from crossfade.bench.recordings import Recording, default_manifest, read_manifest
from crossfade.bench.search import most
from crossfade.bench.sockets import OverSockets
from crossfade.bench.target import Target
from crossfade.bench.whole import WholeUtterances
from crossfade.cli.model_files import model_files, open_recognizer, progress_bar
from crossfade.dialects.base import Dialect
from crossfade.errors import CrossfadeError
from crossfade.settings import Settings

MOST_STREAMS = 1024
"""The search goes no further, and a server of our own admits no more."""

FIRST_PER_CORE = 4
"""Where the search begins: any machine that is fit for the model does this many."""

AT_ONCE_PACED = 8
"""Recordings at a time where they are played in real time: far from any load."""

Table = Callable[[Any], RenderableType]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a benchmark gives: its report, how it came about."""

    benchmark: str
    report: LoadReport | AccuracyReport
    recordings: int
    seed: int | None = None
    runs: tuple[LoadReport, ...] = ()
    """All runs of a search; the report is the largest that kept up, else the smallest."""

    def to_json(self) -> bytes:
        """Write everything side by side, with machine, versions and commit."""
        parts = msgspec.to_builtins(self)
        report = parts.pop("report")
        flat = {**parts, **report, **msgspec.to_builtins(environment())}
        return msgspec.json.format(msgspec.json.encode(flat)) + b"\n"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the command line asks for."""

    settings: Settings
    manifest: Path | None
    language: str
    max_delay_ms: int
    dialect: Dialect | None
    url: str | None
    key: str | None = field(repr=False)
    json_file: Path | None

    def recordings(self) -> tuple[Recording, ...]:
        """Read what there is to play."""
        return read_manifest(self.manifest or default_manifest(), language=self.language)

    @asynccontextmanager
    async def target(self) -> AsyncIterator[Target]:
        """Open what is to be measured."""
        if self.dialect is None:
            async with self._in_process() as target:
                yield target
        elif self.url is None:
            command = [*serve_command(), *self._server_flags()]
            async with own_server(
                command, self.dialect, chunk_ms=Pacing().chunk_ms, max_sessions=MOST_STREAMS
            ) as target:
                yield target
        else:
            yield OverSockets(
                url=self.url, spoken=self.dialect, key=self.key, chunk_ms=Pacing().chunk_ms
            )

    def publish(self, result: Result, table: Table) -> None:
        """Show the table on stdout and write the JSON; or print that alone."""
        if self.json_file == Path("-"):
            click.echo(result.to_json(), nl=False)
            return
        Console().print(table(result))
        if self.json_file is not None:
            _write(self.json_file, result.to_json())

    @asynccontextmanager
    async def _in_process(self) -> AsyncIterator[Target]:
        recognizer = await open_recognizer(self.settings)
        try:
            await recognizer.start()
            yield InProcess(recognizer)
        finally:
            await recognizer.aclose()

    def _server_flags(self) -> list[str]:
        settings = self.settings
        flags = ["--backend", settings.backend, "--threads", str(settings.threads)]
        if settings.model_dir is not None:
            flags += ["--model-dir", str(settings.model_dir)]
        return flags


async def capacity(
    wanted: Wanted, n_streams: int | None, seconds: float, *, compare_alone: bool
) -> Result:
    """Play a number of streams, or find the largest number that is served well."""
    recordings = suitable(wanted.recordings())
    runs: dict[int, LoadReport] = {}
    async with wanted.target() as target:

        async def keeps_up(n: int) -> bool:
            streams = make_streams(recordings, n, seconds=seconds)
            runs[n] = await _load(wanted, target, streams)
            _tell(runs[n])
            return runs[n].kept_up

        if n_streams is None:
            best = await most(keeps_up, first=FIRST_PER_CORE * n_cores(), limit=MOST_STREAMS)
        else:
            best = n_streams
            await keeps_up(n_streams)
        report = runs[best or min(runs)]
        if compare_alone:
            streams = make_streams(recordings, report.streams, seconds=seconds)
            alone = await wer_alone(target, streams, max_delay_ms=wanted.max_delay_ms)
            report = msgspec.structs.replace(report, wer_alone=alone)
    return Result(
        benchmark="capacity",
        report=report,
        recordings=len(recordings),
        seed=SEED,
        runs=tuple(runs.values()),
    )


async def latency(wanted: Wanted, seconds: float) -> Result:
    """Play one stream."""
    recordings = suitable(wanted.recordings())
    async with wanted.target() as target:
        report = await _load(wanted, target, make_streams(recordings, 1, seconds=seconds))
    if report.failures:
        raise CrossfadeError(report.failures[0])
    return Result(benchmark="latency", report=report, recordings=len(recordings), seed=SEED)


async def accuracy(wanted: Wanted) -> Result:
    """Stream every recording by itself."""
    recordings = wanted.recordings()
    paced = wanted.dialect is not None
    async with wanted.target() as target:
        with progress_bar() as report_progress:
            n_done = 0

            def advance() -> None:
                nonlocal n_done
                n_done += 1
                report_progress("listening", n_done / len(recordings))

            report = await measure_accuracy(
                target,
                recordings,
                max_delay_ms=wanted.max_delay_ms,
                pacing=Pacing(real_time=paced, spread_s=0.0),
                at_once=AT_ONCE_PACED if paced else n_cores(),
                whole=None if paced else await _whole(wanted.settings),
                advance=advance,
            )
    return Result(benchmark="accuracy", report=report, recordings=len(recordings))


def serve_command() -> list[str]:
    """Say how to run ``crossfade serve`` with this very installation."""
    return [sys.executable, "-c", "import crossfade.cli; crossfade.cli.main()", "serve"]


async def _load(wanted: Wanted, target: Target, streams: Sequence[SpeechStream]) -> LoadReport:
    return await measure_load(target, streams, max_delay_ms=wanted.max_delay_ms, pacing=Pacing())


async def _whole(settings: Settings) -> WholeUtterances | None:
    """Load the model a second time, by itself; the scripted recognizer has none."""
    if settings.backend != "local":
        return None
    return WholeUtterances(await model_files(settings.model_dir))


def _tell(report: LoadReport) -> None:
    verdict = "kept up" if report.kept_up else "; ".join(report.limits_broken)
    click.echo(f"{report.streams} streams: {verdict}", err=True)
    for failure in report.failures:
        click.echo(f"  {failure}", err=True)


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise CrossfadeError(f"cannot write {path}: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)
