"""Does a server grow with the number of its sessions? Thousands come and go beside a long one.

What the server holds is read from its own metrics, so it may be on any machine.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from typing import TypeVar

from msgspec import Struct

from crossfade.bench.material import SpeechStream
from crossfade.bench.playing import Pacing, until
from crossfade.bench.scraped import scrape
from crossfade.bench.target import Conversation, Target
from crossfade.errors import CrossfadeError, UpstreamError
from crossfade.model import Final, SessionConfig

_E = TypeVar("_E", bound=Exception)

GROWTH_LIMIT = 0.02
"""Of the memory after the first half of the sessions: what the second half may add."""

SETTLE_S = 10.0
"""Connections that are closed take this long at most to be gone at the server's end."""

SESSION_LIMIT_S = 60.0
_AGAIN_S = 0.5
_LOOK_S = 0.25


class Footprint(Struct, frozen=True, kw_only=True):
    """What the server's process holds while nobody but the long session is there."""

    resident_mb: float
    open_files: int
    tasks: int
    sessions: int


class SoakReport(Struct, frozen=True, kw_only=True):
    """What came of it."""

    target: str
    sessions: int
    at_once: int
    seconds: float
    """Wall time of all of them."""
    before: Footprint
    half_way: Footprint
    after: Footprint
    growth: float
    """Of resident memory, from half way to the end, as a share."""
    long_session_s: float
    long_session_words: int
    failures: tuple[str, ...]
    """Of sessions, each kind once."""
    failed: int
    refused: int
    """Attempts that found the server full; they were made again."""
    limits_broken: tuple[str, ...]


class LongSession:
    """One that is there from the beginning to the end."""

    def __init__(self, conversation: Conversation, stream: SpeechStream) -> None:
        self._conversation = conversation
        self._stream = stream
        self._stopping = asyncio.Event()
        self.failures: list[str] = []
        self.n_words = 0
        self.audio_s = 0.0
        self.is_ordered = True
        """No word began before one that came earlier."""

    async def run(self, pacing: Pacing) -> None:
        """Speak in real time, over and over, until ``stop``; then hear the last words."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                await self._speak(pacing)
        except* CrossfadeError as errors:
            self.failures = _told(errors)

    def stop(self) -> None:
        """Finish soon."""
        self._stopping.set()

    async def _speak(self, pacing: Pacing) -> None:
        began_s = asyncio.get_running_loop().time()
        for chunk in self._for_ever(pacing.chunk_ms):
            if self._stopping.is_set():
                break
            await self._conversation.send(chunk)
            self.audio_s += pacing.chunk_ms / 1000
            await until(began_s + self.audio_s)
        await self._conversation.finish()

    def _for_ever(self, chunk_ms: int) -> Iterator[bytes]:
        while True:
            yield from self._stream.chunks(chunk_ms)

    async def _listen(self) -> None:
        last_ms = 0
        async for event in self._conversation.events():
            for word in event.words if isinstance(event, Final) else ():
                self.is_ordered &= word.start_ms >= last_ms
                last_ms = word.start_ms
                self.n_words += 1


async def measure_soak(
    targets: Sequence[Target],
    streams: Sequence[SpeechStream],
    config: SessionConfig,
    *,
    url: str,
    n_sessions: int,
    at_once: int,
    advance: Callable[[], None] = lambda: None,
) -> SoakReport:
    """Open and close sessions, at full speed, some at once.

    Args:
        targets: The same server in each of its dialects; sessions take turns.
        streams: What is said: the first in the long session, the others in the short ones.
        config: What the sessions ask for.
        url: Where its metrics are.
        n_sessions: How many; their number is halved for the comparison.
        at_once: Of those.
        advance: Told of each session.

    Raises:
        CrossfadeError: If the server shows no metrics, or refuses the long session.
    """
    clock = asyncio.get_running_loop()
    short = Shorts(targets, streams[1:], config, at_once=at_once, advance=advance)
    async with targets[0].session(config) as conversation, asyncio.TaskGroup() as group:
        long = LongSession(conversation, streams[0])
        running = group.create_task(long.run(Pacing()))
        await short.run(at_once)  # what is loaded or cached at the first use is no growth
        before = await settled(url)
        began_s = clock.time()
        await short.run(n_sessions // 2)
        half_way = await settled(url, like=before)
        await short.run(n_sessions - n_sessions // 2)
        after = await settled(url, like=before)
        seconds = clock.time() - began_s
        long.stop()
        await running
    growth = after.resident_mb / half_way.resident_mb - 1
    return SoakReport(
        target=targets[0].name,
        sessions=n_sessions,
        at_once=at_once,
        seconds=round(seconds, 1),
        before=before,
        half_way=half_way,
        after=after,
        growth=round(growth, 4),
        long_session_s=round(long.audio_s, 1),
        long_session_words=long.n_words,
        failures=tuple(dict.fromkeys(short.failures + long.failures)),
        failed=len(short.failures),
        refused=short.n_refused,
        limits_broken=tuple(_limits_broken(before, after, growth, short, long)),
    )


class Shorts:
    """Sessions that come, say something and go."""

    def __init__(
        self,
        targets: Sequence[Target],
        streams: Sequence[SpeechStream],
        config: SessionConfig,
        *,
        at_once: int,
        advance: Callable[[], None],
    ) -> None:
        self._turns = cycle((target, stream) for stream in streams for target in targets)
        self._config = config
        self._at_once = at_once
        self._advance = advance
        self.failures: list[str] = []
        self.n_refused = 0
        """Attempts that found the server full, and were made again."""

    async def run(self, n_sessions: int) -> None:
        """Open so many, one after the other at each of ``at_once`` places."""
        turns = islice(self._turns, n_sessions)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(self._place(turns))

    async def _place(self, turns: Iterator[tuple[Target, SpeechStream]]) -> None:
        for target, stream in turns:
            try:
                async with asyncio.timeout(SESSION_LIMIT_S):
                    while not await self._is_served(target, stream):
                        self.n_refused += 1
                        await asyncio.sleep(_AGAIN_S)
            except* (CrossfadeError, TimeoutError) as errors:
                self.failures += _told(errors)
            self._advance()

    async def _is_served(self, target: Target, stream: SpeechStream) -> bool:
        """Have a session; ``False``: the server was full, which it may be at full speed."""
        is_served = True
        try:
            await self._session(target, stream)
        except* UpstreamError as errors:
            is_served = any(error.cause != "capacity" for error in _leaves(errors))
            if is_served:
                raise
        return is_served

    async def _session(self, target: Target, stream: SpeechStream) -> None:
        async with target.session(self._config) as conversation, asyncio.TaskGroup() as group:
            group.create_task(_hear_out(conversation))
            for chunk in stream.chunks(Pacing().chunk_ms):
                await conversation.send(chunk)
            await conversation.finish()


async def settled(url: str, *, like: Footprint | None = None) -> Footprint:
    """Look at the server until it holds no more than it did, for ``SETTLE_S`` at most."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + SETTLE_S
    while True:
        found = await footprint(url)
        if found.sessions <= 1 and (like is None or _is_back(found, like)):
            return found
        if loop.time() >= deadline_s:
            return found
        await asyncio.sleep(_LOOK_S)


async def footprint(url: str) -> Footprint:
    """Read what the server holds, over a connection of its own each time.

    Raises:
        CrossfadeError: If it shows no metrics, or not those of its process (Linux has them).
    """
    samples = await scrape(url, _WANTED)
    if samples[_MEMORY] == 0:
        raise CrossfadeError("the server does not show what its process holds: Linux only")
    return Footprint(
        resident_mb=round(samples[_MEMORY] / 1e6, 2),
        open_files=int(samples[_FILES]),
        tasks=int(samples[_TASKS]),
        sessions=int(samples[_SESSIONS]),
    )


_MEMORY, _FILES = "process_resident_memory_bytes", "process_open_fds"
_TASKS, _SESSIONS = "crossfade_tasks", "crossfade_sessions_active"
_WANTED = (_MEMORY, _FILES, _TASKS, _SESSIONS)


async def _hear_out(conversation: Conversation) -> None:
    async for _ in conversation.events():
        pass


def _leaves(group: BaseExceptionGroup[_E]) -> list[_E]:
    """Every exception of a group, however deep."""
    found: list[_E] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _told(errors: BaseExceptionGroup[Exception]) -> list[str]:
    return [f"{type(error).__name__}: {error}" for error in _leaves(errors)]


def _is_back(found: Footprint, like: Footprint) -> bool:
    return found.open_files <= like.open_files and found.tasks <= like.tasks


def _limits_broken(
    before: Footprint, after: Footprint, growth: float, short: Shorts, long: LongSession
) -> Iterator[str]:
    if short.failures:
        yield f"{len(short.failures)} sessions failed"
    if growth > GROWTH_LIMIT:
        yield f"memory grew by more than {GROWTH_LIMIT:.0%}"
    if after.open_files > before.open_files:
        yield "files stayed open"
    if after.tasks > before.tasks:
        yield "tasks stayed"
    if long.failures:
        yield "the long session failed"
    if not long.n_words:
        yield "the long session heard no word"
    if not long.is_ordered:
        yield "the long session's times went back"
