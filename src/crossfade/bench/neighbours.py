"""What a client that behaves badly does to another's lag: the same speech, alone and beside it.

The ones that behave badly speak the protocol by hand: our own client would not let them.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import cycle
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from crossfade.bench.lags import Spread, spread, word_lags
from crossfade.bench.material import SpeechStream
from crossfade.bench.playing import Pacing, play, session_config, until
from crossfade.bench.sockets import OverSockets
from crossfade.dialects.base import ClientDialect
from crossfade.errors import CrossfadeError
from crossfade.model import Audio

LIMIT = 1.2
"""Times the p95 that a client has without them: no neighbour may make it longer."""

_BUFFER_BYTES = 4096
"""Of a client that does not read: what the system takes for it is little."""

REST_S = 3.0
"""Between two runs: words that are still being recognized belong to the one before."""


class Neighbourhood(Struct, frozen=True, kw_only=True):
    """What one kind of neighbours did."""

    kind: str
    partial_lag_ms: Spread
    final_lag_ms: Spread
    ratio: float | None
    """Of the p95 partial lag to that without them; ``None``: no word was heard."""
    failed: int
    """Streams of those who behave well."""


class FairnessReport(Struct, frozen=True, kw_only=True):
    """All kinds."""

    target: str
    dialect: str
    streams: int
    """Who behave well, in real time."""
    neighbours: int
    """Who do not."""
    seconds: float
    alone: tuple[Neighbourhood, ...]
    """Without neighbours, before and after the others; the longer p95 is compared with."""
    beside: tuple[Neighbourhood, ...]
    limits_broken: tuple[str, ...]


async def measure_fairness(
    target: OverSockets,
    streams: Sequence[SpeechStream],
    *,
    n_neighbours: int,
    max_delay_ms: int,
    kinds: Sequence[str] = (),
    rest_s: float = REST_S,
    tell: Callable[[str], None] = lambda kind: None,
) -> FairnessReport:
    """Play the streams alone, then beside each kind of neighbours, then alone again.

    Args:
        target: The server.
        streams: Of those who behave well.
        n_neighbours: Who do not.
        max_delay_ms: What all of them ask for.
        kinds: Of neighbours; empty: all there are.
        rest_s: Between two runs.
        tell: Told of each run as it begins.
    """
    runs: list[Neighbourhood] = []
    for kind in ("alone", *(kinds or KINDS), "alone"):
        tell(kind)
        runs.append(
            await _beside(target, streams, kind, n_neighbours=n_neighbours, delay_ms=max_delay_ms)
        )
        await asyncio.sleep(rest_s)
    alone = (runs[0], runs[-1])
    usual_ms = max((run.partial_lag_ms.p95 or 0.0) for run in alone)
    beside = tuple(_compared(run, usual_ms) for run in runs[1:-1])
    return FairnessReport(
        target=target.name,
        dialect=target.spoken.name,
        streams=len(streams),
        neighbours=n_neighbours,
        seconds=max(stream.length_ms for stream in streams) / 1000,
        alone=alone,
        beside=beside,
        limits_broken=tuple(
            f"beside {run.kind} neighbours the p95 is {run.ratio or 0:.2f} times as long"
            for run in beside
            if run.ratio is None or run.ratio > LIMIT or run.failed
        ),
    )


async def _beside(
    target: OverSockets,
    streams: Sequence[SpeechStream],
    kind: str,
    *,
    n_neighbours: int,
    delay_ms: int,
) -> Neighbourhood:
    config = session_config(max_delay_ms=delay_ms)
    async with asyncio.TaskGroup() as group:
        behave = KINDS.get(kind)
        neighbours = [
            group.create_task(_misbehave(behave, target, stream))
            for stream, _ in zip(cycle(streams), range(n_neighbours), strict=False)
            if behave is not None
        ]
        played = await play(target, streams, config, Pacing())
        for neighbour in neighbours:
            neighbour.cancel()
    lags = [lag for hearing in played.hearings for lag in word_lags(hearing.arrivals)]
    return Neighbourhood(
        kind=kind,
        partial_lag_ms=spread([lag.partial_ms for lag in lags]),
        final_lag_ms=spread([lag.final_ms for lag in lags]),
        ratio=None,
        failed=sum(hearing.failure is not None for hearing in played.hearings),
    )


def _compared(run: Neighbourhood, usual_ms: float) -> Neighbourhood:
    p95 = run.partial_lag_ms.p95
    ratio = None if p95 is None or not usual_ms else round(p95 / usual_ms, 2)
    return replace(run, ratio=ratio)


# Who behaves badly. Each of them, when it is thrown out, comes back.


class Rude:
    """A session by hand."""

    def __init__(self, connection: ClientConnection, end: ClientDialect) -> None:
        """Take over what is connected; ``end`` has asked for it."""
        self.connection = connection
        self._end = end

    async def begin(self) -> None:
        """Say what the protocol begins with, until audio may be sent."""
        for frame in self._end.open():
            await self.connection.send(frame)
        while not self._end.ready:
            self._end.receive(await self.connection.recv())

    async def say(self, chunk: bytes) -> None:
        """Send audio, whatever else is going on."""
        for frame in self._end.send(Audio(data=chunk)):
            await self.connection.send(frame)


_Behave = Callable[[Rude, SpeechStream], Awaitable[None]]


async def _misbehave(behave: _Behave | None, target: OverSockets, stream: SpeechStream) -> None:
    while behave is not None:
        with suppress(OSError, WebSocketException, CrossfadeError, TimeoutError):
            await _visit(behave, target, stream)
        await asyncio.sleep(0.1)


async def _visit(behave: _Behave, target: OverSockets, stream: SpeechStream) -> None:
    config = session_config(max_delay_ms=2000)
    end = target.spoken.client()
    request = end.request(target.url, key=target.key, config=end.audio_format(config))
    async with connect(
        request.url,
        sock=_narrow(request.url) if behave is _slow else None,
        additional_headers=dict(request.headers),
        max_queue=1,
        ping_interval=None,
        close_timeout=0.1,
    ) as connection:
        rude = Rude(connection, end)
        await rude.begin()
        await behave(rude, stream)


def _narrow(url: str) -> socket.socket:
    parts = urlsplit(url)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    narrow.connect((parts.hostname, parts.port))
    narrow.setblocking(False)
    return narrow


async def _slow(rude: Rude, stream: SpeechStream) -> None:
    """Speak in real time and read nothing."""
    began_s, spoken_s = asyncio.get_running_loop().time(), 0.0
    while True:
        for chunk in stream.chunks(Pacing().chunk_ms):
            await rude.say(chunk)
            spoken_s += Pacing().chunk_ms / 1000
            await until(began_s + spoken_s)


async def _silent(rude: Rude, stream: SpeechStream) -> None:
    """Open a session and say nothing at all."""
    await asyncio.get_running_loop().create_future()


async def _flooding(rude: Rude, stream: SpeechStream) -> None:
    """Send recordings as fast as they are taken, and read."""
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(_read(rude))
        while not reading.done():
            for chunk in stream.chunks(Pacing().chunk_ms):
                await rude.say(chunk)
                await asyncio.sleep(0)  # those who are measured live in this process too


async def _stalled(rude: Rude, stream: SpeechStream) -> None:
    """Stop in the middle of a message."""
    transport = rude.connection.transport
    transport.write(bytes([0x82, 0x80 | 126, 0x0C, 0x80]) + bytes(4) + bytes(1600))
    await asyncio.get_running_loop().create_future()


async def _read(rude: Rude) -> None:
    async for _ in rude.connection:
        pass


KINDS: dict[str, _Behave] = {
    "slow": _slow,
    "silent": _silent,
    "flooding": _flooding,
    "stalled": _stalled,
}
"""Names, and what they do."""
