"""Engines under the same load, one after the other: how many streams each of them serves.

The same recordings, pauses, chunks and stagger; lags by the clock of the reference (``sightings``),
since not every engine tells times of words. Every number of streams is played several times, and
the run in the middle counts.
"""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import numpy as np
from msgspec import Struct

from crossfade.bench.lags import Spread, spread
from crossfade.bench.load import pooled_errors
from crossfade.bench.machine import n_cores
from crossfade.bench.material import SpeechStream, make_streams, speech_share
from crossfade.bench.peers.engine import MissingEngineError
from crossfade.bench.playing import Pacing, play, session_config
from crossfade.bench.recordings import Recording
from crossfade.bench.search import most
from crossfade.bench.sightings import sightings
from crossfade.bench.target import Target

LIMITS_MS = (1000, 2000)
"""Limits of the p95 partial lag. The first is that of a live service. Engines whose updates are far
apart miss it with a single stream on an idle machine; the second tells whether they keep up."""

REST_S = 3.0
"""Between two runs: what the last one left behind must not be in the next."""

_QUANTILES = tuple(range(0, 101, 5))


class EngineRun(Struct, frozen=True, kw_only=True):
    """Some streams played once. Times are milliseconds."""

    partial_lag_ms: Spread
    final_lag_ms: Spread
    partial_lag_quantiles_ms: tuple[float, ...]
    """Of all words, at 0, 5, 10, ... 100 %."""
    stream_p95_ms: tuple[float, ...]
    """Of each stream's partial lags; streams without a right word are left out."""
    words: int
    """Right ones."""
    wer: float
    cpu_cores: float | None
    """Cores that the engine kept busy."""
    send_late_ms: float
    failures: tuple[str, ...]


class Level(Struct, frozen=True, kw_only=True):
    """A number of streams, and what came of it."""

    streams: int
    speech_share: float
    partial_p95_ms: float | None
    """The median of the runs; ``None``: in one of them a stream failed or heard no word."""
    wer: float
    """The median of the runs."""
    runs: tuple[EngineRun, ...]


class EngineResult(Struct, frozen=True, kw_only=True):
    """One engine."""

    engine: str
    target: str | None
    """What it was, exactly; ``None``: it was not there."""
    missing: str | None
    """Why it was not there."""
    most_streams: dict[str, int]
    """For each limit in milliseconds, the most streams that held it; 0: not even one."""
    levels: tuple[Level, ...]


class PeersReport(Struct, frozen=True, kw_only=True):
    """All engines; the first is ours."""

    engines: tuple[EngineResult, ...]
    ratios: dict[str, float | None]
    """For each limit, our streams over those of the best of the others; ``None``: no other one
    held it."""
    runs_each: int
    seconds: float
    pacing: Pacing
    max_delay_ms: int
    cores: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """An engine that is to be measured."""

    name: str
    open: Callable[[], AbstractAsyncContextManager[Target]]
    """Raises ``MissingEngineError`` if it is not here."""
    first: int
    """Streams at which the search begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What all of them hear."""

    recordings: Sequence[Recording]
    """With times for their words."""
    seconds: float
    runs: int
    max_delay_ms: int
    most_streams: int
    rest_s: float = REST_S
    pacing: Pacing = field(default_factory=Pacing)


async def compare(
    contenders: Sequence[Contender],
    load: Load,
    *,
    tell: Callable[[str, Level], None] = lambda _engine, _level: None,
) -> PeersReport:
    """Measure all of them.

    Args:
        contenders: Ours is the first.
        load: What is played.
        tell: Called with the name of an engine and what came of each number of streams.

    Raises:
        CrossfadeError: If an engine that is here does not start.
    """
    results = [await _measure(contender, load, tell) for contender in contenders]
    return PeersReport(
        engines=tuple(results),
        ratios={str(limit): _ratio(results, str(limit)) for limit in LIMITS_MS},
        runs_each=load.runs,
        seconds=load.seconds,
        pacing=load.pacing,
        max_delay_ms=load.max_delay_ms,
        cores=n_cores(),
    )


async def _measure(
    contender: Contender, load: Load, tell: Callable[[str, Level], None]
) -> EngineResult:
    levels: dict[int, Level] = {}
    try:
        async with contender.open() as target:

            async def level(n_streams: int) -> Level:
                if n_streams not in levels:
                    levels[n_streams] = await _play(target, n_streams, load)
                    tell(contender.name, levels[n_streams])
                return levels[n_streams]

            held = await _search(level, first=contender.first, limit=load.most_streams)
            name = target.name
    except MissingEngineError as missing:
        return EngineResult(
            engine=contender.name, target=None, missing=str(missing), most_streams={}, levels=()
        )
    return EngineResult(
        engine=contender.name,
        target=name,
        missing=None,
        most_streams=held,
        levels=tuple(levels[n_streams] for n_streams in sorted(levels)),
    )


async def _search(
    level: Callable[[int], Awaitable[Level]], *, first: int, limit: int
) -> dict[str, int]:
    """Find the most streams for each limit; a looser one begins where the stricter one ended."""
    held: dict[str, int] = {}
    for limit_ms in LIMITS_MS:

        async def holds(n_streams: int, limit_ms: int = limit_ms) -> bool:
            lag_ms = (await level(n_streams)).partial_p95_ms
            return lag_ms is not None and lag_ms < limit_ms

        first = held[str(limit_ms)] = await most(holds, first=max(first, 1), limit=limit)
    return held


async def _play(target: Target, n_streams: int, load: Load) -> Level:
    streams = make_streams(load.recordings, n_streams, seconds=load.seconds)
    runs: list[EngineRun] = []
    for _ in range(load.runs):
        runs.append(await _play_once(target, streams, load))
        await asyncio.sleep(load.rest_s)
        if runs[-1].failures:
            break  # nothing that follows can make up for that
    served = all(not run.failures and len(run.stream_p95_ms) == n_streams for run in runs)
    p95s = [run.partial_lag_ms.p95 for run in runs if run.partial_lag_ms.p95 is not None]
    return Level(
        streams=n_streams,
        speech_share=round(speech_share(streams), 3),
        partial_p95_ms=round(statistics.median(p95s), 1) if served else None,
        wer=statistics.median(run.wer for run in runs),
        runs=tuple(runs),
    )


async def _play_once(target: Target, streams: Sequence[SpeechStream], load: Load) -> EngineRun:
    config = session_config(max_delay_ms=load.max_delay_ms)
    played = await play(target, streams, config, load.pacing)
    seen = [sightings(hearing.stream, hearing.arrivals) for hearing in played.hearings]
    lags = [sighting.partial_ms for stream in seen for sighting in stream]
    cpu_s = played.engine_cpu_s
    return EngineRun(
        partial_lag_ms=spread(lags),
        final_lag_ms=spread([sighting.final_ms for stream in seen for sighting in stream]),
        partial_lag_quantiles_ms=_percentiles(lags, _QUANTILES) if lags else (),
        stream_p95_ms=tuple(
            _percentiles([sighting.partial_ms for sighting in stream], (95,))[0]
            for stream in seen
            if stream
        ),
        words=len(lags),
        wer=round(pooled_errors(played.hearings).rate, 4),
        cpu_cores=None if cpu_s is None else round(cpu_s / played.wall_s, 2),
        send_late_ms=round(max(hearing.late_ms for hearing in played.hearings), 1),
        failures=tuple(dict.fromkeys(h.failure for h in played.hearings if h.failure)),
    )


def _percentiles(values: Sequence[float], at: Sequence[int]) -> tuple[float, ...]:
    return tuple(round(value, 1) for value in np.percentile(values, at).tolist())


def _ratio(results: Sequence[EngineResult], limit: str) -> float | None:
    ours, *others = (result.most_streams.get(limit, 0) for result in results)
    best = max(others, default=0)
    return round(ours / best, 2) if best else None
