"""What a run under load amounts to, and whether the machine kept up."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from crossfade.bench.lags import (
    Fairness,
    Spread,
    WordLag,
    fairness,
    segment_lags,
    spread,
    turn_lags,
    word_lags,
)
from crossfade.bench.machine import n_cores
from crossfade.bench.material import SpeechStream, speech_share
from crossfade.bench.playing import (
    TURN_SILENCE_MS,
    Hearing,
    Pacing,
    Played,
    play,
    session_config,
)
from crossfade.bench.target import Target
from crossfade.errors import CrossfadeError
from crossfade.scoring import WordErrors, word_errors

PARTIAL_LAG_LIMIT_MS = 1000
FINAL_SEGMENT_LIMIT_MS = 1500
WER_LIMIT = 0.005
STARVED = 2.0
"""A stream whose p95 partial lag is this many times the median stream's is starved."""


class CpuUse(Struct, frozen=True, kw_only=True):
    """Cores kept busy, on average over the run."""

    engine: float | None
    """``None``: it runs where we cannot see it."""
    generator: float | None
    """Playing the streams and reading the events; ``None``: in the engine's own process."""
    outside_model: float | None
    """The share of the engine's time that its networks did not take: sockets, messages, word
    times; ``None``: it does not tell."""


class LoadReport(Struct, frozen=True, kw_only=True):
    """One run. Times are milliseconds, rates and shares are 0.0 to 1.0."""

    streams: int
    seconds: float
    kept_up: bool
    """All limits were held."""
    limits_broken: tuple[str, ...]
    partial_lag_ms: Spread
    final_lag_ms: Spread
    final_segment_ms: Spread
    after_turn_ms: Spread
    """From the decision that a turn is over to the news of it; unknown where a dialect does not
    tell the place of the decision."""
    fairness: Fairness
    words: int
    wer: float
    wer_alone: float | None
    """Of the same streams one by one, without any load; ``None``: not measured."""
    failed_streams: int
    failures: tuple[str, ...]
    """What they said, each once."""
    cores: int
    cpu_cores: CpuUse
    speech_share: float
    send_late_ms: float
    """The most by which a chunk left too late: the generator or the target was behind."""
    pacing: Pacing
    max_delay_ms: int
    turn_silence_ms: int
    target: str
    dialect: str | None


async def measure_load(
    target: Target,
    streams: Sequence[SpeechStream],
    *,
    max_delay_ms: int,
    pacing: Pacing,
    wer_alone: float | None = None,
) -> LoadReport:
    """Play the streams and judge what their clients had."""
    config = session_config(max_delay_ms=max_delay_ms)
    played = await play(target, streams, config, pacing)
    lags = [word_lags(hearing.arrivals) for hearing in played.hearings]
    partial = spread([lag.partial_ms for stream in lags for lag in stream])
    segment = spread(_segment_lags(played.hearings, lags))
    fair = fairness([[lag.partial_ms for lag in stream] for stream in lags])
    failures = [hearing.failure for hearing in played.hearings if hearing.failure]
    n_silent = sum(not stream for stream in lags)
    broken = limits_broken(partial, segment, fair, n_failed=len(failures), n_silent=n_silent)
    return LoadReport(
        streams=len(streams),
        seconds=max((stream.length_ms for stream in streams), default=0) / 1000,
        kept_up=not broken,
        limits_broken=broken,
        partial_lag_ms=partial,
        final_lag_ms=spread([lag.final_ms for stream in lags for lag in stream]),
        final_segment_ms=segment,
        after_turn_ms=spread([lag for h in played.hearings for lag in turn_lags(h.arrivals)]),
        fairness=fair,
        words=sum(map(len, lags)),
        wer=round(pooled_errors(played.hearings).rate, 4),
        wer_alone=wer_alone,
        failed_streams=len(failures),
        failures=tuple(dict.fromkeys(failures)),
        cores=n_cores(),
        cpu_cores=_cpu_use(target, played),
        speech_share=round(speech_share(streams), 3),
        send_late_ms=round(max((h.late_ms for h in played.hearings), default=0.0), 1),
        pacing=pacing,
        max_delay_ms=max_delay_ms,
        turn_silence_ms=TURN_SILENCE_MS,
        target=target.name,
        dialect=target.dialect,
    )


def compared(report: LoadReport, alone: float) -> LoadReport:
    """Judge a run also by what the load did to its words; ``alone``: what ``wer_alone`` gave."""
    broken = report.limits_broken
    if report.wer - alone > WER_LIMIT:
        points = 100 * WER_LIMIT
        broken += (f"the word error rate is over {points:g} points above that without load",)
    return msgspec.structs.replace(
        report, wer_alone=alone, limits_broken=broken, kept_up=not broken
    )


async def wer_alone(target: Target, streams: Sequence[SpeechStream], *, max_delay_ms: int) -> float:
    """Play the streams as fast as they are taken, one a core; gives their word error rate.

    Raises:
        CrossfadeError: If a stream failed.
    """
    config = session_config(max_delay_ms=max_delay_ms)
    pacing = Pacing(real_time=False, spread_s=0.0)
    hearings: list[Hearing] = []
    for first in range(0, len(streams), n_cores()):
        played = await play(target, streams[first : first + n_cores()], config, pacing)
        hearings += played.hearings
    if failures := [hearing.failure for hearing in hearings if hearing.failure]:
        raise CrossfadeError(failures[0])
    return round(pooled_errors(hearings).rate, 4)


def limits_broken(
    partial: Spread, segment: Spread, fair: Fairness, *, n_failed: int, n_silent: int
) -> tuple[str, ...]:
    """Say which limits of a live service a run broke, in words."""
    checks = [
        (n_failed > 0, f"{n_failed} streams failed"),
        (n_silent > 0, f"{n_silent} streams heard no word"),
        (
            partial.p95 is None or partial.p95 >= PARTIAL_LAG_LIMIT_MS,
            f"p95 partial lag is not below {PARTIAL_LAG_LIMIT_MS} ms",
        ),
        (
            segment.p95 is None or segment.p95 >= FINAL_SEGMENT_LIMIT_MS,
            f"p95 final segment is not below {FINAL_SEGMENT_LIMIT_MS} ms",
        ),
        (
            fair.worst_over_median is not None and fair.worst_over_median > STARVED,
            f"a stream is starved: its p95 is over {STARVED:g} times the median's",
        ),
    ]
    return tuple(words for is_broken, words in checks if is_broken)


def pooled_errors(hearings: Sequence[Hearing]) -> WordErrors:
    """Count the word errors of all streams together."""
    errors = (word_errors(hearing.stream.text, hearing.text) for hearing in hearings)
    return sum(errors, start=WordErrors())


def _segment_lags(hearings: Sequence[Hearing], lags: Sequence[Sequence[WordLag]]) -> list[float]:
    return [
        lag
        for hearing, words in zip(hearings, lags, strict=True)
        for lag in segment_lags(words, gap_ms=TURN_SILENCE_MS, length_ms=hearing.stream.length_ms)
    ]


def _cpu_use(target: Target, played: Played) -> CpuUse:
    engine_s, model_s, own_s = played.engine_cpu_s, played.model_cpu_s, played.own_cpu_s
    return CpuUse(
        engine=None if engine_s is None else round(engine_s / played.wall_s, 2),
        generator=None if target.dialect is None else round(own_s / played.wall_s, 2),
        outside_model=round(1 - model_s / engine_s, 3) if engine_s and model_s else None,
    )
