"""Speech pushed over a socket at full speed: are its words right, does the server answer meanwhile?

The client pings once a second. The words that it gets are compared with those of the same audio in
this process, under the settings that a server of ours makes of the client's wishes. Those stand for
real time: that neither speed nor the cutting of chunks changes a word is tested at the recognizer.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct
from rapidfuzz.distance import Levenshtein
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from crossfade.bench.full_speed import hear
from crossfade.bench.lags import Spread, spread
from crossfade.bench.machine import peak_resident_bytes
from crossfade.bench.playing import UNPACED_LIMIT_S, until
from crossfade.bench.sockets import OverSockets
from crossfade.bench.unbroken import UnbrokenSpeech
from crossfade.client.sources import MEDIA_AUDIO
from crossfade.dialects.base import (
    ClientDialect,
    ClientRequest,
    Dialect,
    DialectSettings,
    Handshake,
)
from crossfade.errors import CrossfadeError, UpstreamError
from crossfade.model import Audio, Event, Final, Finish, SessionConfig, Start
from crossfade.recognizers.base import Recognizer

PING_EVERY_S = 1.0

PONG_LIMIT_MS = 1000.0
"""A pong that takes longer breaks a limit."""

GROWTH_LIMIT_MB = 250.0
"""What one session may add to the most memory that the server held before it. Half of that is the
audio that may wait in a session, whatever its length; it is over an hour of it."""

_OPEN_LIMIT_S = 60.0
_BYTES_PER_MS = MEDIA_AUDIO.sample_rate_hz * MEDIA_AUDIO.encoding.sample_bytes // 1000


class PushReport(Struct, frozen=True, kw_only=True):
    """What came of it."""

    target: str
    dialect: str
    seconds: float
    """Of speech."""
    wall_s: float
    """From the first chunk to the session's last message."""
    realtime_factor: float
    words: int
    different_words: int
    """Insertions, deletions and substitutions that part them from the words heard in process."""
    pong_ms: Spread
    worst_pong_ms: float
    pongs: int
    peak_resident_mb: float | None
    """The most that the server's process held, since its start; ``None``: not on this machine, or
    the system does not tell."""
    growth_mb: float | None
    """Of that, what the session added."""
    chunk_ms: int
    max_delay_ms: int
    limits_broken: tuple[str, ...]


@dataclass
class Pushed:
    """What the client had."""

    words: list[str] = field(default_factory=list)
    pongs_ms: list[float] = field(default_factory=list)
    wall_s: float = 0.0
    peaks_mb: tuple[float, float] | None = None
    """The server's memory at its largest, before the session and after it."""


async def push(target: OverSockets, speech: UnbrokenSpeech, config: SessionConfig) -> Pushed:
    """Send all of it as fast as the socket takes it, and wait for the last word.

    Raises:
        CrossfadeError: If the session failed, or took longer than the speech.
    """
    end = target.spoken.client()
    request = end.request(target.url, key=target.key, config=end.audio_format(config))
    limit_s = max(speech.seconds, UNPACED_LIMIT_S)
    pushed = Pushed()
    before_mb = _peak_mb(target)
    try:
        async with asyncio.timeout(limit_s), await _connected(request) as connection:
            await _converse(connection, end, _chunks(speech, target.chunk_ms), pushed)
    except TimeoutError:
        raise CrossfadeError(f"not finished {limit_s:.0f} s after its start") from None
    after_mb = _peak_mb(target)
    if before_mb is not None and after_mb is not None:
        pushed.peaks_mb = before_mb, after_mb
    return pushed


async def hear_in_process(
    recognizer: Recognizer, target: OverSockets, speech: UnbrokenSpeech, config: SessionConfig
) -> list[str]:
    """Hear the same audio without a socket.

    Raises:
        CrossfadeError: If the session failed.
    """
    heard = await hear(
        recognizer,
        _as_served(target.spoken, target.url, config),
        _chunks(speech, target.chunk_ms),
        window_s=speech.seconds,
        advance=lambda _seconds: None,
    )
    return [word.text for word in heard.words]


def judge(
    pushed: Pushed,
    expected: Sequence[str],
    *,
    target: OverSockets,
    seconds: float,
    max_delay_ms: int,
) -> PushReport:
    """Compare with the words heard in process, and with the limits."""
    different = Levenshtein.distance(pushed.words, expected)
    worst_ms = max(pushed.pongs_ms)
    before_mb, after_mb = pushed.peaks_mb or (None, None)
    growth_mb = None if before_mb is None or after_mb is None else after_mb - before_mb
    checks = [
        (not pushed.words, "no word was heard"),
        (different > 0, f"{different} words are others than in process"),
        (worst_ms > PONG_LIMIT_MS, f"a pong took over {PONG_LIMIT_MS:g} ms"),
        (
            growth_mb is not None and growth_mb > GROWTH_LIMIT_MB,
            f"the session added over {GROWTH_LIMIT_MB:g} MB",
        ),
    ]
    return PushReport(
        target=target.name,
        dialect=target.spoken.name,
        seconds=round(seconds, 1),
        wall_s=round(pushed.wall_s, 2),
        realtime_factor=round(pushed.wall_s / seconds, 4),
        words=len(pushed.words),
        different_words=different,
        pong_ms=spread(pushed.pongs_ms),
        worst_pong_ms=round(worst_ms, 1),
        pongs=len(pushed.pongs_ms),
        peak_resident_mb=None if after_mb is None else round(after_mb, 1),
        growth_mb=None if growth_mb is None else round(growth_mb, 1),
        chunk_ms=target.chunk_ms,
        max_delay_ms=max_delay_ms,
        limits_broken=tuple(words for is_broken, words in checks if is_broken),
    )


def _as_served(dialect: Dialect, url: str, config: SessionConfig) -> SessionConfig:
    """What a server of ours makes of these wishes: protocols differ in what they carry."""
    end, server = dialect.client(), dialect.server(DialectSettings())
    request = end.request(url, key=None, config=end.audio_format(config))
    parts = urlsplit(request.url)
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    commands = server.open(Handshake(path=parts.path, query=query))
    for frame in end.open():
        commands += server.receive(frame)
    [start] = [command for command in commands if isinstance(command, Start)]
    return start.config


def _chunks(speech: UnbrokenSpeech, chunk_ms: int) -> Iterator[bytes]:
    """Cut the audio; the last chunk is as long as the others, for some protocols refuse less."""
    n_bytes = chunk_ms * _BYTES_PER_MS
    for block in speech.blocks(n_bytes):
        yield block.ljust(n_bytes, b"\0")


async def _connected(request: ClientRequest) -> ClientConnection:
    try:
        return await connect(
            request.url,
            additional_headers=dict(request.headers),
            open_timeout=_OPEN_LIMIT_S,
            compression=None,
            ping_interval=None,  # our own are counted
        )
    except (OSError, WebSocketException) as exc:
        raise UpstreamError(f"no connection: {exc}") from exc


async def _converse(
    connection: ClientConnection, end: ClientDialect, chunks: Iterator[bytes], pushed: Pushed
) -> None:
    clock = asyncio.get_running_loop()
    with suppress(ConnectionClosed):  # whoever receives learns why
        for frame in end.open():
            await connection.send(frame)
    while not end.ready and await _receive(connection, end) is not None:
        pass
    began_s = clock.time()
    async with asyncio.TaskGroup() as group:
        others = [
            group.create_task(_speak(connection, end, chunks)),
            group.create_task(_ping(connection, pushed.pongs_ms)),
        ]
        while (events := await _receive(connection, end)) is not None:
            pushed.wall_s = clock.time() - began_s
            finals = [event for event in events if isinstance(event, Final)]
            pushed.words += [word.text for final in finals for word in final.words]
        for task in others:
            task.cancel()


async def _receive(connection: ClientConnection, end: ClientDialect) -> list[Event] | None:
    """Wait for what the next frame says; ``None``: the session is over, as it should be."""
    try:
        frame = await connection.recv()
    except ConnectionClosed as gone:
        error = end.closed(connection.close_code or 1006, connection.close_reason or "")
        if error is not None:
            raise error from gone
        return None
    return end.receive(frame)


async def _speak(connection: ClientConnection, end: ClientDialect, chunks: Iterator[bytes]) -> None:
    with suppress(ConnectionClosed):
        for chunk in chunks:
            for frame in end.send(Audio(data=chunk)):
                await connection.send(frame)
        for frame in end.send(Finish()):
            await connection.send(frame)


async def _ping(connection: ClientConnection, pongs_ms: list[float]) -> None:
    """Ping once a second, or when the pong is there if that takes longer."""
    clock = asyncio.get_running_loop()
    with suppress(ConnectionClosed):
        while True:
            pinged_s = clock.time()
            try:
                await (await connection.ping())
            finally:  # one that never comes counts as long as it was waited for
                pongs_ms.append(1000 * (clock.time() - pinged_s))
            await until(pinged_s + PING_EVERY_S)


def _peak_mb(target: OverSockets) -> float | None:
    peak = None if target.pid is None else peak_resident_bytes(target.pid)
    return None if peak is None else peak / 1e6
