"""The benchmarks behind ``crossfade bench``: who is measured, with what, and where it goes."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console, RenderableType

from crossfade.bench.accuracy import AccuracyReport, measure_accuracy
from crossfade.bench.added_lag import GatewayReport
from crossfade.bench.emulated import EmulatorReport
from crossfade.bench.endings import Endings, choose, measure_endings
from crossfade.bench.endurance import LongReport, measure_endurance
from crossfade.bench.in_process import InProcess
from crossfade.bench.load import LoadReport, compared, measure_load, wer_alone
from crossfade.bench.machine import environment, n_cores
from crossfade.bench.material import SEED, SpeechStream, make_streams, suitable
from crossfade.bench.neighbours import FairnessReport
from crossfade.bench.own_server import own_server
from crossfade.bench.peers.comparison import REST_S, PeersReport
from crossfade.bench.playing import Pacing
from crossfade.bench.pushed import PushReport
from crossfade.bench.recordings import Recording, default_manifest, read_manifest
from crossfade.bench.search import most
from crossfade.bench.soak import SoakReport
from crossfade.bench.sockets import OverSockets
from crossfade.bench.target import Target
from crossfade.bench.turn_curve import TurnCurve, measure_turn_curve
from crossfade.bench.turns import TurnConfidence, measure_turns
from crossfade.bench.turns import choose as choose_for_turns
from crossfade.bench.whole import WholeUtterances
from crossfade.cli.backends import open_recognizer
from crossfade.cli.model_files import model_files, progress_bar
from crossfade.dialects.base import Dialect
from crossfade.errors import CrossfadeError
from crossfade.recognizers.base import Recognizer
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
    report: (
        LoadReport
        | AccuracyReport
        | LongReport
        | PushReport
        | PeersReport
        | TurnCurve
        | SoakReport
        | FairnessReport
        | GatewayReport
        | EmulatorReport
    )
    recordings: int
    seed: int | None = None
    endings: Endings | None = None
    """Of a single stream: how soon ends were answered."""
    runs: tuple[LoadReport, ...] | tuple[AccuracyReport, ...] = ()
    """All runs of a search; the report is the largest that kept up, else the smallest. Of a
    measurement of accuracy with several delays, one for each; the report is the first."""

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
            command = [*serve_command(), *self.server_flags()]
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
        publish(result, table, self.json_file)

    @asynccontextmanager
    async def recognizer(self) -> AsyncIterator[Recognizer]:
        """Start the recognizer that the settings name, in this process."""
        recognizer = await open_recognizer(self.settings)
        try:
            await recognizer.start()
            yield recognizer
        finally:
            await recognizer.aclose()

    @asynccontextmanager
    async def _in_process(self) -> AsyncIterator[Target]:
        async with self.recognizer() as recognizer:
            yield InProcess(recognizer)

    def server_flags(self) -> list[str]:
        """Say the same to a server of our own."""
        settings = self.settings
        flags = ["--threads", str(settings.threads)]
        for name in settings.backend:
            flags += ["--backend", name]
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
        async with wanted.recognizer() as recognizer:
            alone = await wer_alone(
                InProcess(recognizer), streams, max_delay_ms=wanted.max_delay_ms
            )
        report = compared(report, alone)
    return Result(
        benchmark="capacity",
        report=report,
        recordings=len(recordings),
        seed=SEED,
        runs=tuple(runs.values()),
    )


async def latency(wanted: Wanted, seconds: float) -> Result:
    """Play one stream, then short sessions for the same time, of which ends are wanted."""
    recordings = suitable(wanted.recordings())
    async with wanted.target() as target:
        report = await _load(wanted, target, make_streams(recordings, 1, seconds=seconds))
        if report.failures:
            raise CrossfadeError(report.failures[0])
        endings = await measure_endings(
            target,
            choose(recordings, seconds=seconds),
            max_delay_ms=wanted.max_delay_ms,
            pacing=Pacing(),
        )
    return Result(
        benchmark="latency",
        report=report,
        recordings=len(recordings),
        seed=SEED,
        endings=endings,
    )


async def accuracy(wanted: Wanted, max_delays_ms: Sequence[int]) -> Result:
    """Stream every recording by itself, with each delay; then see what pauses are taken for."""
    recordings = [each for each in wanted.recordings() if not each.is_copy]
    paced = wanted.dialect is not None
    whole = None if paced else await _whole(wanted.settings)
    reports: list[AccuracyReport] = []
    turns: TurnConfidence | None = None
    async with wanted.target() as target:
        with _counted(len(recordings) * len(max_delays_ms)) as advance:
            for max_delay_ms in max_delays_ms:
                report = await measure_accuracy(
                    target,
                    recordings,
                    max_delay_ms=max_delay_ms,
                    pacing=Pacing(real_time=paced, spread_s=0.0),
                    at_once=AT_ONCE_PACED if paced else n_cores(),
                    whole=None if reports else whole,
                    advance=advance,
                )
                reports.append(report)
        if not paced:
            with _counted(len(choose_for_turns(recordings))) as advance:
                turns = await measure_turns(
                    target, recordings, max_delay_ms=max_delays_ms[0], advance=advance
                )
    return Result(
        benchmark="accuracy",
        report=msgspec.structs.replace(reports[0], turns=turns),
        recordings=len(recordings),
        runs=tuple(reports) if len(reports) > 1 else (),
    )


async def turns(wanted: Wanted, silence_ms: int) -> Result:
    """Stream the recordings whose silences have a known meaning."""
    recordings = choose_for_turns(wanted.recordings())
    async with wanted.target() as target:
        with _counted(len(recordings)) as advance:
            report = await measure_turn_curve(
                target,
                recordings,
                max_delay_ms=wanted.max_delay_ms,
                silence_ms=silence_ms,
                advance=advance,
            )
    return Result(benchmark="turns", report=report, recordings=len(recordings))


@contextmanager
def _counted(n_recordings: int) -> Iterator[Callable[[], None]]:
    """Show how many recordings were heard."""
    n_heard = 0
    with progress_bar() as report_progress:

        def advance() -> None:
            nonlocal n_heard
            n_heard += 1
            report_progress("listening", n_heard / n_recordings)

        yield advance


async def long(wanted: Wanted, *, speech_s: float, window_s: float, noise_s: float) -> Result:
    """Let one session hear speech for a long time, then noise."""
    recordings = suitable(wanted.recordings())
    heard_s = 0.0
    async with wanted.recognizer() as recognizer:
        with progress_bar() as report_progress:

            def advance(seconds: float) -> None:
                nonlocal heard_s
                heard_s += seconds
                report_progress("listening", min(heard_s / (speech_s + noise_s), 1.0))

            report = await measure_endurance(
                recognizer,
                recordings,
                speech_s=speech_s,
                window_s=window_s,
                noise_s=noise_s,
                max_delay_ms=wanted.max_delay_ms,
                advance=advance,
            )
    return Result(benchmark="long", report=report, recordings=len(recordings), seed=SEED)


def own_command(name: str) -> list[str]:
    """Say how to run a command with this very installation."""
    return [sys.executable, "-c", "import crossfade.cli; crossfade.cli.main()", name]


def serve_command() -> list[str]:
    """Say how to run ``crossfade serve`` with it."""
    return own_command("serve")


def publish(result: Result, table: Table, json_file: Path | None) -> None:
    """Show the table on stdout and write the JSON; or print that alone, for ``-``."""
    if json_file == Path("-"):
        click.echo(result.to_json(), nl=False)
        return
    Console().print(table(result))
    if json_file is not None:
        write(json_file, result.to_json())


def write(path: Path, data: bytes) -> None:
    """Write a result, and say where."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise CrossfadeError(f"cannot write {path}: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)


async def _load(wanted: Wanted, target: Target, streams: Sequence[SpeechStream]) -> LoadReport:
    pacing = Pacing()
    report = await measure_load(target, streams, max_delay_ms=wanted.max_delay_ms, pacing=pacing)
    if not report.kept_up:
        await asyncio.sleep(REST_S)  # a server that was overloaded refuses sessions for a moment
    return report


async def _whole(settings: Settings) -> WholeUtterances | None:
    """Load the model a second time, by itself; the scripted recognizer has none."""
    if settings.backend != ("local",):
        return None
    return WholeUtterances(await model_files(settings.model_dir))


def _tell(report: LoadReport) -> None:
    verdict = "kept up" if report.kept_up else "; ".join(report.limits_broken)
    click.echo(f"{report.streams} streams: {verdict}", err=True)
    for failure in report.failures:
        click.echo(f"  {failure}", err=True)
