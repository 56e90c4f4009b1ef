"""How much later words come through a gateway than from the server behind it.

The same audio is played at the same moment to a gateway and straight to the far server: in the
protocol of the gateway's client, and, where that is another one, in the protocol between the two
servers. Protocols differ in when they show a word, and a gateway cannot show one sooner than either
of its two allows. So a word that all clients hear counts as later by what its lag is above the
larger of the direct ones; what it is above that of the client's own protocol is told beside it.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from crossfade.bench.lags import DRIFT_MS, Spread, WordLag, letters, spread, word_lags
from crossfade.bench.material import SpeechStream
from crossfade.bench.playing import (
    TURN_SILENCE_MS,
    Hearing,
    Pacing,
    play_one,
    session_config,
)
from crossfade.bench.target import Target
from crossfade.model import SessionConfig, SilenceEndpointing

Way = Literal["pass-through", "translation"]

LIMITS_MS: dict[Way, float] = {"pass-through": 60.0, "translation": 250.0}
"""For the p95 of what is added to the first sight of a word."""


class Lags(Struct, frozen=True, kw_only=True):
    """How late one client's words were."""

    partial_ms: Spread
    """To the first sight of a word."""
    final_ms: Spread


class PairReport(Struct, frozen=True, kw_only=True):
    """One protocol in front, one behind. Times are milliseconds."""

    front: str
    behind: str
    way: Way
    words: int
    """Heard by all clients."""
    direct_words: int
    added: Lags
    """Above the larger lag of the same word without a gateway, in either protocol."""
    added_to_front: Lags
    """Above its lag without a gateway in the client's protocol; as if the far side spoke it."""
    through: Lags
    direct_front: Lags
    direct_behind: Lags
    gateway_cores: float | None
    """That the gateway's process kept busy with this one session."""
    failures: tuple[str, ...]
    send_late_ms: float


class GatewayReport(Struct, frozen=True, kw_only=True):
    """All pairs, or those that there was time for."""

    pairs: tuple[PairReport, ...]
    n_pairs: int
    """That were to be measured."""
    limits_ms: dict[Way, float]
    limits_broken: tuple[str, ...]
    seconds: float
    backend: str
    """Behind the far server."""
    pacing: Pacing
    max_delay_ms: int


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Who is measured."""

    through: Target
    """The gateway."""
    direct_front: Target
    """The far server, in the same protocol."""
    direct_behind: Target
    """The far server, in the protocol that the gateway speaks to it."""

    @property
    def way(self) -> Way:
        """What the gateway does."""
        is_same = self.direct_front.dialect == self.direct_behind.dialect
        return "pass-through" if is_same else "translation"

    @property
    def targets(self) -> tuple[Target, ...]:
        """All of them, the gateway first."""
        others = (self.direct_front, self.direct_behind)
        return (self.through, *others[: 1 if self.way == "pass-through" else 2])


async def measure_pair(
    pair: Pair, stream: SpeechStream, *, max_delay_ms: int, pacing: Pacing
) -> PairReport:
    """Play one stream to all at once."""
    loop = asyncio.get_running_loop()
    config = _config(pair.way, max_delay_ms)
    all_open = asyncio.Barrier(len(pair.targets))

    async def begins() -> float:
        await all_open.wait()
        return loop.time()

    cpu_before, began_s = pair.through.cpu_s(), loop.time()
    async with asyncio.TaskGroup() as group:
        playing = [
            group.create_task(play_one(target, stream, config, pacing, begins=begins))
            for target in pair.targets
        ]
    cpu_after, wall_s = pair.through.cpu_s(), loop.time() - began_s
    cores = None if cpu_before is None or cpu_after is None else (cpu_after - cpu_before) / wall_s
    return _report(pair, [task.result() for task in playing], gateway_cores=cores)


def judged(pairs: Sequence[PairReport]) -> tuple[str, ...]:
    """Name the pairs that broke a limit."""
    return tuple(_broken(pairs))


def matched(*clients: Iterable[WordLag]) -> list[tuple[WordLag, ...]]:
    """Return the words that all clients have, each with its lag at every one of them."""
    first, *others = clients
    left = [list(lags) for lags in others]
    words = []
    for lag in first:
        places = [
            next((at for at, other in enumerate(lags) if _is_same(lag, other)), None)
            for lags in left
        ]
        twins = [lags.pop(at) for lags, at in zip(left, places, strict=True) if at is not None]
        if len(twins) == len(others):
            words.append((lag, *twins))
    return words


def _config(way: Way, max_delay_ms: int) -> SessionConfig:
    """The same for all, and so that a vendor with several models is asked for the same one.

    A rule of confidence would not come through every translation; a model is named by its grade.
    """
    config = session_config(max_delay_ms=max_delay_ms)
    if way == "pass-through":
        return config
    silence = SilenceEndpointing(silence_ms=TURN_SILENCE_MS)
    return replace(config, endpointing=silence, grade="enhanced")


def _report(pair: Pair, hearings: Sequence[Hearing], *, gateway_cores: float | None) -> PairReport:
    clients = [word_lags(hearing.arrivals) for hearing in hearings]
    words = matched(*clients)
    assert pair.through.dialect is not None
    assert pair.direct_behind.dialect is not None
    return PairReport(
        front=pair.through.dialect,
        behind=pair.direct_behind.dialect,
        way=pair.way,
        words=len(words),
        direct_words=len(clients[-1]),
        added=_lags((_above(lag, direct) for lag, *direct in words)),
        added_to_front=_lags((_above(lag, direct[:1]) for lag, *direct in words)),
        through=_lags((lag.partial_ms, lag.final_ms) for lag in clients[0]),
        direct_front=_lags((lag.partial_ms, lag.final_ms) for lag in clients[1]),
        direct_behind=_lags((lag.partial_ms, lag.final_ms) for lag in clients[-1]),
        gateway_cores=None if gateway_cores is None else round(gateway_cores, 4),
        failures=tuple(h.failure for h in hearings if h.failure is not None),
        send_late_ms=round(max(hearing.late_ms for hearing in hearings), 1),
    )


def _above(lag: WordLag, direct: Sequence[WordLag]) -> tuple[float, float]:
    partial_ms = max(other.partial_ms for other in direct)
    final_ms = max(other.final_ms for other in direct)
    return lag.partial_ms - partial_ms, lag.final_ms - final_ms


def _lags(pairs: Iterable[tuple[float, float]]) -> Lags:
    values = list(pairs)
    return Lags(
        partial_ms=spread([partial_ms for partial_ms, _ in values]),
        final_ms=spread([final_ms for _, final_ms in values]),
    )


def _broken(pairs: Sequence[PairReport]) -> Iterator[str]:
    for pair in pairs:
        name = f"{pair.front} over {pair.behind}"
        limit_ms, p95 = LIMITS_MS[pair.way], pair.added.partial_ms.p95
        if pair.failures or p95 is None:
            yield f"{name}: nothing was measured"
        elif p95 > limit_ms:
            yield f"{name}: {p95:.0f} ms are added at p95, over {limit_ms:.0f}"


def _is_same(one: WordLag, other: WordLag) -> bool:
    near = abs(one.word.start_ms - other.word.start_ms) <= DRIFT_MS
    return near and letters(one.word.text) == letters(other.word.text)
