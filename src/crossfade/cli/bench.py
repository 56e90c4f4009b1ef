"""``crossfade bench``: how many streams, how late, how right."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from crossfade.cli.options import DialectName, example, load_settings, run, setting_options

if TYPE_CHECKING:  # imported where it is used: ``--help`` does not wait for numpy
    from crossfade.cli.benchmarks import Wanted
    from crossfade.dialects.base import Dialect

_Command = TypeVar("_Command", bound=Callable[..., Any])

SHORTEST_S, LONGEST_S = 1.0, 24 * 3600.0


@click.group(epilog=example("crossfade bench latency --seconds 30"))
def bench() -> None:
    """Measure this machine, or a server, with real speech in real time.

    In this process; with --dialect, over sockets: on a server started for it, or on the one at
    --url. Close other programs first, and trust the median of several runs.
    """


def _common(command: _Command) -> _Command:
    """Add the options that all benchmarks share."""
    options = [
        click.option(
            "--manifest",
            metavar="FILE",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Recordings to play, one JSON object a line: file, text, words with times.  "
            "[default: those of the checkout]",
        ),
        click.option("--language", default="en", show_default=True, help="Spoken language."),
        click.option(
            "--max-delay",
            "max_delay_ms",
            type=click.IntRange(300, 60_000),
            default=2000,
            show_default=True,
            metavar="MS",
            help="Longest wait of a word for its final, as the session asks for it.",
        ),
        click.option(
            "--dialect", type=DialectName(), help="Measure over sockets, in this protocol."
        ),
        click.option("--url", help="Measure the server at this address (ws:// or wss://)."),
        click.option(
            "--key", envvar="CROSSFADE_KEY", help="Key for that server.  [env: CROSSFADE_KEY]"
        ),
        click.option(
            "--json",
            "json_file",
            metavar="FILE",
            type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
            help="Write everything that was measured into this file; - prints it, and no table.",
        ),
        setting_options("model_dir", "threads", "backend"),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _paced(*, seconds: float) -> Callable[[_Command], _Command]:
    """Add the option of those benchmarks that take a chosen time."""
    return click.option(
        "--seconds",
        type=click.FloatRange(SHORTEST_S, LONGEST_S),
        default=seconds,
        show_default=True,
        help="Length of each stream.",
    )


@bench.command(
    epilog=example(
        "crossfade bench capacity",
        "crossfade bench capacity --streams 40 --dialect NAME --json 40-streams.json",
    )
)
@click.option(
    "--streams",
    type=click.IntRange(1, 100_000),
    help="Play just so many.  [default: search for the most that the machine keeps up with]",
)
@click.option(
    "--compare-alone",
    is_flag=True,
    help="Also stream the same audio without load, to tell what the load did to the word error "
    "rate. In process only; takes a while.",
)
@_paced(seconds=60.0)
@_common
def capacity(*, streams: int | None, compare_alone: bool, seconds: float, **common: Any) -> None:
    """Measure how many streams are served well at once.

    Well: 95 % of words are seen within 1 s of their end, and 95 % of utterances are final within
    1.5 s of theirs; no stream's p95 is over twice the median's; no stream fails.
    """
    from crossfade.cli import benchmark_tables, benchmarks

    wanted = _wanted(**common)
    if compare_alone and wanted.dialect is not None:
        raise click.UsageError("--compare-alone works in process only, without --dialect")
    found = run(benchmarks.capacity(wanted, streams, seconds, compare_alone=compare_alone))
    wanted.publish(found, benchmark_tables.load)


@bench.command(epilog=example("crossfade bench latency --seconds 30"))
@_paced(seconds=120.0)
@_common
def latency(*, seconds: float, **common: Any) -> None:
    """Measure how late words are in a single stream."""
    from crossfade.cli import benchmark_tables, benchmarks

    wanted = _wanted(**common)
    wanted.publish(run(benchmarks.latency(wanted, seconds)), benchmark_tables.load)


@bench.command(epilog=example("crossfade bench accuracy --max-delay 1000"))
@_common
def accuracy(**common: Any) -> None:
    """Measure word errors, streamed and on whole utterances; word times; confidence.

    In process as fast as the machine allows; over sockets in real time.
    """
    from crossfade.cli import benchmark_tables, benchmarks

    wanted = _wanted(**common)
    wanted.publish(run(benchmarks.accuracy(wanted)), benchmark_tables.accuracy)


def _wanted(
    *,
    config: Path | None,
    url: str | None,
    dialect: "Dialect | None",
    model_dir: str | None,
    threads: str | None,
    backend: str | None,
    **common: Any,
) -> "Wanted":
    from crossfade.cli.benchmarks import Wanted

    if url is not None and dialect is None:
        raise click.UsageError("--url needs --dialect: which protocol does the server speak?")
    flags: dict[str, object] = {"model_dir": model_dir, "threads": threads, "backend": backend}
    return Wanted(settings=load_settings(flags, config), url=url, dialect=dialect, **common)
