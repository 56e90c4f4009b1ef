"""``crossfade bench``: how many streams, how late, how right."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossfade.cli.bench_options import (
    JSON_FILE_OPTION,
    MAX_DELAY_OPTION,
    MAX_DELAYS_OPTION,
    asked_for,
    common_options,
    paced,
)
from crossfade.cli.options import DialectName, example, run

if TYPE_CHECKING:  # imported where it is used: ``--help`` does not wait for numpy
    from crossfade.dialects.base import Dialect

LEAST_MINUTES, MOST_MINUTES = 0.05, 24 * 60.0
PEERS = ("moonshine-voice", "faster-whisper")

_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@click.group(epilog=example("crossfade bench latency --seconds 30"))
def bench() -> None:
    """Measure this machine, or a server, with real speech in real time.

    In this process; with --dialect, over sockets: on a server started for it, or on the one at
    --url. Close other programs first, and trust the median of several runs.
    """
    # Each of a hundred sessions would say the same about what its protocol cannot carry.
    logging.getLogger("crossfade.client").setLevel(logging.ERROR)


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
    "rate: no more than half a point. Not with --url; takes a while.",
)
@paced(seconds=60.0)
@MAX_DELAY_OPTION
@common_options
def capacity(*, streams: int | None, compare_alone: bool, seconds: float, **common: Any) -> None:
    """Measure how many streams are served well at once.

    Well: 95 % of words are seen within 1 s of their end, and 95 % of utterances are final within
    1.5 s of theirs; no stream's p95 is over twice the median's; no stream fails.
    """
    from crossfade.cli import benchmark_tables, benchmarks

    wanted = asked_for(**common)
    if compare_alone and wanted.url is not None:
        raise click.UsageError("--compare-alone needs our own recognizer, not one at a --url")
    found = run(benchmarks.capacity(wanted, streams, seconds, compare_alone=compare_alone))
    wanted.publish(found, benchmark_tables.load)


@bench.command(epilog=example("crossfade bench latency --seconds 30"))
@paced(seconds=120.0)
@MAX_DELAY_OPTION
@common_options
def latency(*, seconds: float, **common: Any) -> None:
    """Measure how late words are in a single stream."""
    from crossfade.cli import benchmark_tables, benchmarks

    wanted = asked_for(**common)
    wanted.publish(run(benchmarks.latency(wanted, seconds)), benchmark_tables.load)


@bench.command(epilog=example("crossfade bench accuracy --max-delay 1000 --max-delay 4000"))
@MAX_DELAYS_OPTION
@common_options
def accuracy(*, max_delays_ms: tuple[int, ...], **common: Any) -> None:
    """Measure word errors, streamed and on whole utterances; word times; confidence.

    In process as fast as the machine allows; over sockets in real time.
    """
    from crossfade.cli import benchmark_tables, benchmarks

    wanted = asked_for(max_delay_ms=max_delays_ms[0], **common)
    found = run(benchmarks.accuracy(wanted, max_delays_ms))
    wanted.publish(found, benchmark_tables.accuracy)


@bench.command(epilog=example("crossfade bench turns --silence-ms 800"))
@click.option(
    "--silence-ms",
    type=click.IntRange(50, 10_000),
    default=400,
    show_default=True,
    help="Silence at which the confidence is taken.",
)
@MAX_DELAY_OPTION
@common_options
def turns(*, silence_ms: int, **common: Any) -> None:
    """Measure what turn confidence is worth as a rule: which silences are ends?

    In process, as fast as the machine allows, with the recordings that say where sentences end.
    """
    from crossfade.cli import benchmark_tables, benchmarks

    wanted = asked_for(**common)
    if wanted.dialect is not None:
        raise click.UsageError("turns works in process only, without --dialect")
    wanted.publish(run(benchmarks.turns(wanted, silence_ms)), benchmark_tables.turns)


@bench.command(
    epilog=example(
        "crossfade bench long --minutes 10 --noise-minutes 9",
        "crossfade bench long --minutes 60 --dialect NAME",
    )
)
@click.option(
    "--minutes",
    type=click.FloatRange(LEAST_MINUTES, MOST_MINUTES),
    default=30.0,
    show_default=True,
    help="Length of the speech.",
)
@click.option(
    "--window-minutes",
    type=click.FloatRange(LEAST_MINUTES, MOST_MINUTES),
    default=5.0,
    show_default=True,
    help="Parts of it that are compared with each other; in process.",
)
@click.option(
    "--noise-minutes",
    type=click.FloatRange(LEAST_MINUTES, MOST_MINUTES),
    default=60.0,
    show_default=True,
    help="Length of all noises together; in process.",
)
@MAX_DELAY_OPTION
@common_options
def long(*, minutes: float, window_minutes: float, noise_minutes: float, **common: Any) -> None:
    """Measure what long sessions cost, and whether words are made of noise.

    In process, as fast as the machine allows: speech without a pause, then hiss, hum, tones, keys,
    chords, clicks, and the quiet parts of the recordings. With --dialect the speech alone, pushed
    over a socket at full speed. That fails if a word is another than in process, if a ping is not
    answered within 1 s, or if the session adds more than 250 MB to the server.
    """
    from crossfade.cli import benchmark_tables, benchmarks, push_benchmark, steadiness

    wanted = asked_for(**common)
    if wanted.dialect is not None:
        found = run(push_benchmark.pushed(wanted, speech_s=60 * minutes))
        wanted.publish(found, push_benchmark.push_table)
        steadiness.judge(found)
        return
    found = run(
        benchmarks.long(
            wanted,
            speech_s=60 * minutes,
            window_s=60 * window_minutes,
            noise_s=60 * noise_minutes,
        )
    )
    wanted.publish(found, benchmark_tables.long)


@bench.command(
    epilog=example("crossfade bench soak --backend scripted", "crossfade bench soak --sessions 200")
)
@click.option(
    "--sessions",
    "n_sessions",
    type=click.IntRange(2, 10_000_000),
    default=2000,
    show_default=True,
    help="How many are opened and closed; the second half must not make the server grow.",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="How many of them are open at the same time.",
)
@paced(seconds=6.0)
@MAX_DELAY_OPTION
@common_options
def soak(*, n_sessions: int, at_once: int, seconds: float, **common: Any) -> None:
    """Measure whether a server grows with its sessions: memory, open files, tasks.

    Sessions in every protocol, as fast as the server takes their audio, beside a long one in real
    time. Fails if memory grows by more than 2 %, or a file or a task stays.
    """
    from crossfade.cli import steadiness
    from crossfade.dialects import DIALECTS

    wanted = asked_for(**common | {"dialect": common["dialect"] or DIALECTS[0]})
    work = steadiness.soak(wanted, n_sessions=n_sessions, at_once=at_once, seconds=seconds)
    found = run(work)
    wanted.publish(found, steadiness.soak_table)
    steadiness.judge(found)


@bench.command(epilog=example("crossfade bench fairness --streams 8 --neighbours 8"))
@click.option(
    "--streams",
    "n_streams",
    type=click.IntRange(1, 1000),
    default=4,
    show_default=True,
    help="Clients that behave well; they are measured.",
)
@click.option(
    "--neighbours",
    "n_neighbours",
    type=click.IntRange(1, 1000),
    default=4,
    show_default=True,
    help="Clients that do not.",
)
@paced(seconds=60.0)
@MAX_DELAY_OPTION
@common_options
def fairness(*, n_streams: int, n_neighbours: int, seconds: float, **common: Any) -> None:
    """Measure what clients that behave badly do to the lag of others.

    Four kinds, one after the other: they read nothing, say nothing, send without a pause, or stop
    in the middle of a message. Fails if the p95 of the others is over 1.2 times as long as without
    them.
    """
    from crossfade.cli import steadiness
    from crossfade.dialects import DIALECTS

    wanted = asked_for(**common | {"dialect": common["dialect"] or DIALECTS[0]})
    work = steadiness.fairness(
        wanted, n_streams=n_streams, n_neighbours=n_neighbours, seconds=seconds
    )
    found = run(work)
    wanted.publish(found, steadiness.fairness_table)
    steadiness.judge(found)


@bench.command(
    epilog=example(
        "crossfade bench gateway --backend scripted",
        "crossfade bench gateway --seconds 120 --json gateway.json",
    )
)
@paced(seconds=60.0)
@MAX_DELAY_OPTION
@common_options
def gateway(*, seconds: float, **common: Any) -> None:
    """Measure how much later words come through a gateway.

    A server of our own is the far side, another one the gateway; the same speech goes to both at
    once, with clients of each protocol and each protocol in between; with --dialect, only that one
    in between. Fails if more than 60 ms are added at p95 where both protocols are the same, or more
    than 250 ms where they are not.
    """
    from crossfade.cli import gateway_benchmark, steadiness

    wanted = asked_for(**common)
    if wanted.url is not None:
        raise click.UsageError("gateway measures servers of its own, without --url")
    found = run(gateway_benchmark.gateway(wanted, seconds=seconds))
    wanted.publish(found, gateway_benchmark.gateway_table)
    steadiness.judge(found)


@bench.command(epilog=example("crossfade bench emulator --sessions 500 --json emulator.json"))
@click.option(
    "--sessions",
    "n_sessions",
    type=click.IntRange(1, 10_000),
    default=500,
    show_default=True,
    help="How many at once.",
)
@click.option(
    "--chunk-ms",
    type=click.IntRange(50, 1000),
    default=100,
    show_default=True,
    metavar="MS",
    help="Length of the chunks of audio.",
)
@click.option("--dialect", type=DialectName(), help="What they speak.  [default: the first]")
@paced(seconds=20.0)
@JSON_FILE_OPTION
def emulator(
    *,
    n_sessions: int,
    chunk_ms: int,
    dialect: "Dialect | None",
    seconds: float,
    json_file: Path | None,
) -> None:
    """Measure how late an emulator is with many sessions, and whether all are told the same.

    The emulator runs in a process of its own, the clients in this one. Fails if 5 % of all messages
    come more than 100 ms after the audio that led to them, or a session is told anything else than
    one that is alone.
    """
    from crossfade.cli import emulator_benchmark, steadiness
    from crossfade.cli.benchmarks import publish
    from crossfade.dialects import DIALECTS

    work = emulator_benchmark.emulator(
        dialect or DIALECTS[0], n_sessions=n_sessions, seconds=seconds, chunk_ms=chunk_ms
    )
    found = run(work)
    publish(found, emulator_benchmark.emulator_table, json_file)
    steadiness.judge(found)


@bench.command(epilog=example("crossfade bench peers --runs 1 --seconds 30 --json peers.json"))
@click.option(
    "--engine",
    "engines",
    type=click.Choice(PEERS),
    multiple=True,
    default=PEERS,
    show_default=True,
    help="Who else is measured; may be given twice.",
)
@click.option(
    "--moonshine-model", type=_FOLDER, help="Folder of tiny-en.  [default: its package's]"
)
@click.option(
    "--whisper-model",
    type=_FOLDER,
    help="Folder of CTranslate2 weights.  [default: tiny.en of the extra's package]",
)
@click.option(
    "--runs",
    type=click.IntRange(1, 99),
    default=3,
    show_default=True,
    help="How often each number of streams is played; the median counts.",
)
@paced(seconds=45.0)
@MAX_DELAY_OPTION
@common_options
def peers(
    *,
    engines: tuple[str, ...],
    moonshine_model: Path | None,
    whisper_model: Path | None,
    runs: int,
    seconds: float,
    **common: Any,
) -> None:
    """Measure this server and other engines under the same load.

    Needs the extra: pip install 'crossfade[peers]'. An engine that is not there is left out, with
    the reason. Ours is measured over sockets, the others in a process of their own without any.
    Takes about an hour; --runs 1 a third of it.
    """
    from crossfade.bench.peers.process import PeerName
    from crossfade.cli import peer_benchmark, peer_table
    from crossfade.dialects import DIALECTS

    wanted = asked_for(**common | {"dialect": common["dialect"] or DIALECTS[0]})
    models = dict(zip(PEERS, (moonshine_model, whisper_model), strict=True))
    others = [PeerName(name=name, model=models[name]) for name in dict.fromkeys(engines)]
    found = run(peer_benchmark.peers(wanted, others, seconds=seconds, n_runs=runs))
    wanted.publish(found, peer_table.peers)


@bench.command(epilog=example("crossfade bench plot peers.json --output peers.svg"))
@click.argument("results", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--output",
    "-o",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Where the picture (SVG) goes; - prints it.",
)
def plot(*, results: Path, output: Path) -> None:
    """Draw how late words are with more and more streams, from the JSON of ``peers``."""
    from crossfade.cli import peer_benchmark

    peer_benchmark.plot(results, output)
