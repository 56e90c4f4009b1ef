"""How late an emulator is with many sessions: each frame against a session that is alone.

The emulator says the same to everybody, and so frame for frame it is known which piece of audio
led to it. A frame's lag is counted from the moment at which that audio was due to leave.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from crossfade.bench.lags import Spread, spread
from crossfade.bench.machine import n_cores
from crossfade.bench.playing import session_config, until
from crossfade.bench.sockets import OverSockets
from crossfade.dialects.base import ClientDialect, Frame
from crossfade.errors import CrossfadeError
from crossfade.model import Audio, Finish

LAG_LIMIT_MS = 100.0
"""The 95th percentile of all frames' lags must not be above it."""

N_ALONE = 3
"""Sessions that are alone, one after the other; of their times, the shortest counts."""

_EARLY_MS = 2.0
"""A loop's timer may wake us this much before a chunk is due."""

OPEN_LIMIT_S = 60.0
CLOSE_LIMIT_S = 30.0
_MAX_DELAY_MS = 1000


class EmulatorReport(Struct, frozen=True, kw_only=True):
    """What came of it. Times are milliseconds unless they say otherwise."""

    target: str
    dialect: str
    sessions: int
    seconds: float
    chunk_ms: int
    ready_s: float
    """From the start of its process to the line that says where it listens."""
    lag_ms: Spread
    worst_lag_ms: float | None
    send_late_ms: Spread
    """By how much we ourselves were late; it is part of the lags."""
    frames: int
    identical: int
    """Sessions that were told the same as one that was alone, byte for byte but for its id."""
    failed: int
    failures: tuple[str, ...]
    cores: int
    cpu_cores_emulator: float | None
    """Kept busy, on average; ``None``: not known here."""
    limits_broken: tuple[str, ...]


@dataclass
class _Heard:
    """What one session was told: each frame, and when, since audio was first allowed."""

    frames: list[tuple[float, Frame]] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    failure: str | None = None


async def measure_emulator(
    target: OverSockets,
    *,
    n_sessions: int,
    seconds: float,
    ready_s: float,
    tell: Callable[[str], None] = lambda what: None,
) -> EmulatorReport:
    """Play silence to it, alone and then with many sessions, in real time.

    Args:
        target: The emulator; ``chunk_ms`` is how the audio is cut.
        n_sessions: How many at once.
        seconds: Of audio, in each.
        ready_s: How long it took to be ready, for the report.
        tell: Told of each part as it begins.

    Raises:
        CrossfadeError: If a session fails that is alone.
    """
    loop = asyncio.get_running_loop()
    tell("one session at a time")
    alone = [await _session(target, seconds, at_s=loop.time()) for _ in range(N_ALONE)]
    for heard in alone:
        if heard.failure is not None:
            raise CrossfadeError(heard.failure)
    tell(f"{n_sessions} sessions")
    cpu_before, began_s = target.cpu_s(), loop.time()
    async with asyncio.TaskGroup() as group:
        # They begin one after another, so that their chunks do not all leave at once.
        tasks = [
            group.create_task(
                _session(target, seconds, at_s=began_s + seconds * number / n_sessions / 2)
            )
            for number in range(n_sessions)
        ]
    cpu_after = target.cpu_s()
    busy = None
    if cpu_before is not None and cpu_after is not None:
        busy = round((cpu_after - cpu_before) / (loop.time() - began_s), 2)
    return _report(
        target,
        [task.result() for task in tasks],
        alone,
        seconds=seconds,
        ready_s=ready_s,
        busy=busy,
    )


def _report(
    target: OverSockets,
    sessions: Sequence[_Heard],
    alone: Sequence[_Heard],
    *,
    seconds: float,
    ready_s: float,
    busy: float | None,
) -> EmulatorReport:
    due_ms = _due(alone, target.chunk_ms)
    lags = [
        at_ms - due
        for heard in sessions
        for (at_ms, _), due in zip(heard.frames, due_ms, strict=False)
    ]
    failures = [heard.failure for heard in sessions if heard.failure is not None]
    identical = sum(_told(heard) == _told(alone[0]) for heard in sessions)
    lag_ms = spread(lags)
    checks = [
        (bool(failures), f"{len(failures)} sessions failed"),
        (identical < len(sessions), f"{len(sessions) - identical} were told something else"),
        (
            lag_ms.p95 is None or lag_ms.p95 > LAG_LIMIT_MS,
            f"the p95 lag is above {LAG_LIMIT_MS:g} ms",
        ),
    ]
    return EmulatorReport(
        target=target.name,
        dialect=target.spoken.name,
        sessions=len(sessions),
        seconds=seconds,
        chunk_ms=target.chunk_ms,
        ready_s=round(ready_s, 2),
        lag_ms=lag_ms,
        worst_lag_ms=round(max(lags), 1) if lags else None,
        send_late_ms=spread([late for heard in sessions for late in heard.late_ms]),
        frames=len(lags),
        identical=identical,
        failed=len(failures),
        failures=tuple(dict.fromkeys(failures)),
        cores=n_cores(),
        cpu_cores_emulator=busy,
        limits_broken=tuple(words for is_broken, words in checks if is_broken),
    )


def _due(alone: Sequence[_Heard], chunk_ms: int) -> list[float]:
    """When the chunk left that led to each frame: the last one before it came."""
    columns = zip(*([at_ms for at_ms, _ in heard.frames] for heard in alone), strict=False)
    return [(min(times) + _EARLY_MS) // chunk_ms * chunk_ms for times in columns]


def _told(heard: _Heard) -> list[Frame]:
    """All frames but the first: that has the session's id in it."""
    return [frame for _, frame in heard.frames[1:]]


async def _session(target: OverSockets, seconds: float, *, at_s: float) -> _Heard:
    """Have a session from this moment on. One that fails says so in what it heard."""
    heard = _Heard()
    await until(at_s)
    try:
        async with asyncio.timeout(OPEN_LIMIT_S + seconds + CLOSE_LIMIT_S):
            await _converse(target, seconds, heard)
    except (OSError, WebSocketException, CrossfadeError) as error:
        heard.failure = f"{type(error).__name__}: {error}"
    except TimeoutError:
        heard.failure = "it did not end in time"
    return heard


async def _converse(target: OverSockets, seconds: float, heard: _Heard) -> None:
    end = target.spoken.client()
    config = end.audio_format(session_config(max_delay_ms=_MAX_DELAY_MS))
    request = end.request(target.url, key=target.key, config=config)
    async with connect(
        request.url,
        additional_headers=dict(request.headers),
        open_timeout=OPEN_LIMIT_S,
        compression=None,
        ping_interval=None,
    ) as connection:
        for frame in end.open():
            await connection.send(frame)
        while not end.ready:
            first = await connection.recv()
            heard.frames.append((0.0, first))
            end.receive(first)
        began_s = asyncio.get_running_loop().time()
        reading = asyncio.create_task(_read(connection, heard, began_s))
        try:
            await _speak(connection, end, target.chunk_ms, seconds, heard, began_s)
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await reading
        finally:
            reading.cancel()


async def _read(connection: ClientConnection, heard: _Heard, began_s: float) -> None:
    clock = asyncio.get_running_loop()
    try:
        while True:
            frame = await connection.recv()
            heard.frames.append((1000 * (clock.time() - began_s), frame))
    except ConnectionClosed:
        return


async def _speak(
    connection: ClientConnection,
    end: ClientDialect,
    chunk_ms: int,
    seconds: float,
    heard: _Heard,
    began_s: float,
) -> None:
    clock = asyncio.get_running_loop()
    chunk = Audio(data=bytes(32 * chunk_ms))  # 16 kHz, 16 bits
    for number in range(1, int(1000 * seconds / chunk_ms) + 1):
        due_s = began_s + number * chunk_ms / 1000
        await until(due_s)
        heard.late_ms.append(1000 * (clock.time() - due_s))
        for frame in end.send(chunk):
            await connection.send(frame)
    for frame in end.send(Finish()):
        await connection.send(frame)
