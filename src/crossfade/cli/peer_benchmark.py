"""The comparison behind ``crossfade bench peers``, and its picture."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
import msgspec

from crossfade.bench.machine import n_cores
from crossfade.bench.material import SEED, suitable
from crossfade.bench.peers.comparison import Contender, Level, Load, compare
from crossfade.bench.peers.process import PeerName, peer
from crossfade.bench.peers.stored import StoredComparison
from crossfade.cli.benchmarks import FIRST_PER_CORE, MOST_STREAMS, Result, Wanted, write
from crossfade.errors import CrossfadeError


async def peers(
    wanted: Wanted, others: Sequence[PeerName], *, seconds: float, n_runs: int
) -> Result:
    """Put our server and other engines under the same load, one after the other."""
    recordings = [recording for recording in suitable(wanted.recordings()) if recording.words]
    ours = Contender(name="crossfade", open=wanted.target, first=FIRST_PER_CORE * n_cores())
    contenders = [
        Contender(name=other.name, open=partial(peer, other), first=1) for other in others
    ]
    load = Load(
        recordings=recordings,
        seconds=seconds,
        runs=n_runs,
        max_delay_ms=wanted.max_delay_ms,
        most_streams=MOST_STREAMS,
    )
    report = await compare([ours, *contenders], load, tell=_tell_level)
    return Result(benchmark="peers", report=report, recordings=len(recordings), seed=SEED)


def plot(results: Path, output: Path) -> None:
    """Draw the results of a comparison.

    Raises:
        CrossfadeError: If they cannot be read, or the picture cannot be written.
    """
    try:
        stored = msgspec.json.decode(results.read_bytes(), type=StoredComparison)
    except OSError as error:
        raise CrossfadeError(f"cannot read {results}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise CrossfadeError(f"{results} is no result of crossfade bench peers: {error}") from error
    picture = stored.draw().encode()
    if output == Path("-"):
        click.echo(picture, nl=False)
    else:
        write(output, picture)


def _tell_level(engine: str, level: Level) -> None:
    lag_ms = level.partial_p95_ms
    outcome = "not all were served" if lag_ms is None else f"p95 partial lag {lag_ms:.0f} ms"
    click.echo(f"{engine}, {level.streams} streams: {outcome}", err=True)
    for failure in {failure for run in level.runs for failure in run.failures}:
        click.echo(f"  {failure}", err=True)
