"""Another engine as a ``Target``: its process at the other end of two pipes."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from crossfade.bench.machine import process_cpu_s
from crossfade.bench.peers import wire
from crossfade.bench.peers.engine import MissingEngineError
from crossfade.bench.target import Conversation
from crossfade.errors import CrossfadeError, RecognizerError
from crossfade.model import Event, Final, Partial, SessionConfig, Word

LOAD_LIMIT_S = 120.0
STOP_LIMIT_S = 30.0

_WORKER = "crossfade.bench.peers.worker"

_News = wire.Heard | wire.Done | wire.Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerName:
    """What to run."""

    name: str
    model: Path | None = None
    """A folder; ``None``: wherever the engine finds its model."""


@asynccontextmanager
async def peer(
    wanted: PeerName, *, environment: Mapping[str, str] | None = None
) -> AsyncIterator["PeerEngine"]:
    """Run an engine in a process of its own; leaving the context stops it.

    Args:
        wanted: Which.
        environment: Of the process; ``None``: ours.

    Raises:
        MissingEngineError: If it is not installed, or has no model.
        CrossfadeError: If its process does not start.
    """
    model = [] if wanted.model is None else ["--model", str(wanted.model)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", _WORKER, wanted.name, *model),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env=environment,
    )
    reading: asyncio.Task[None] | None = None
    try:
        engine = PeerEngine(wanted.name, process, await _loaded(process))
        reading = asyncio.create_task(engine.read())
        yield engine
    finally:
        await _stop(process)
        if reading is not None:
            await reading


class PeerEngine:
    """A ``Target``."""

    dialect: str | None = None

    def __init__(self, name: str, process: Process, ready: wire.Ready) -> None:
        """Take over a process that has loaded its engine."""
        self._name = name
        self._process = process
        self._numbers = count()
        self._streams: dict[int, asyncio.Queue[_News]] = {}
        self.ready = ready
        """What it said of itself."""

    @property
    def name(self) -> str:
        """See ``Target.name``."""
        return f"{self._name} {self.ready.version} ({self.ready.model}), its own process"

    @asynccontextmanager
    async def session(self, config: SessionConfig) -> AsyncIterator[Conversation]:
        """See ``Target.session``. What the engines have no setting for is left out."""
        number = next(self._numbers)
        # As many as the engine has updates for this stream: one or two a second.
        news = self._streams[number] = asyncio.Queue()
        await self.send(wire.Opened(number))
        try:
            yield _PeerStream(self, number, news)
        finally:
            del self._streams[number]
            with suppress(RecognizerError):
                await self.send(wire.Dropped(number))

    def cpu_s(self) -> float | None:
        """See ``Target.cpu_s``."""
        return process_cpu_s(self._process.pid)

    async def model_cpu_s(self) -> float | None:
        """See ``Target.model_cpu_s``."""
        return None

    async def send(self, message: wire.ToEngine) -> None:
        """Tell the process something.

        Raises:
            RecognizerError: If it is gone.
        """
        pipe = self._process.stdin
        assert pipe is not None  # it was asked for
        try:
            pipe.write(wire.frame(message))
            await pipe.drain()
        except OSError:
            raise RecognizerError(f"the process of {self._name} has ended") from None

    async def read(self) -> None:
        """Hand out what the process says, until it ends; then every stream has failed."""
        while (message := await _next(self._process)) is not None:
            if isinstance(message, _News) and message.stream in self._streams:
                self._streams[message.stream].put_nowait(message)
        for number, news in self._streams.items():
            news.put_nowait(wire.Failed(number, f"the process of {self._name} has ended"))


class _PeerStream:
    """A ``Conversation``."""

    def __init__(self, engine: PeerEngine, number: int, news: asyncio.Queue[_News]) -> None:
        self._engine = engine
        self._number = number
        self._news = news

    async def send(self, chunk: bytes) -> None:
        await self._engine.send(wire.Chunk(self._number, chunk))

    async def force_turn(self) -> None:
        """Do nothing: these engines know no turns."""

    async def finish(self) -> None:
        await self._engine.send(wire.Finished(self._number))

    async def events(self) -> AsyncIterator[Event]:
        through_ms = 0
        while True:
            match await self._news.get():
                case wire.Done():
                    return
                case wire.Failed(reason=reason):
                    raise RecognizerError(reason)
                case wire.Heard(settled=settled, open=still_open):
                    final, partial = _words(settled), _words(still_open)
                    through_ms = max([through_ms, *(word.end_ms for word in (*final, *partial))])
                    if final:
                        yield Final(turn=0, words=final, through_ms=through_ms)
                    yield Partial(turn=0, words=partial, through_ms=through_ms)


def _words(heard: tuple[wire.HeardWord, ...]) -> tuple[Word, ...]:
    return tuple(
        Word(
            text=word.text,
            start_ms=round(1000 * word.start),
            end_ms=max(round(1000 * word.end), round(1000 * word.start) + 1),
            confidence=word.confidence,
        )
        for word in heard
    )


async def _loaded(process: Process) -> wire.Ready:
    try:
        async with asyncio.timeout(LOAD_LIMIT_S):
            message = await _next(process)
    except TimeoutError:
        raise CrossfadeError(f"the engine was not loaded in {LOAD_LIMIT_S:g} s") from None
    match message:
        case wire.Ready():
            return message
        case wire.Missing(reason=reason):
            raise MissingEngineError(reason)
        case _:
            raise CrossfadeError("the engine's process ended while it loaded")


async def _next(process: Process) -> wire.FromEngine | None:
    assert process.stdout is not None  # it was asked for
    try:
        header = await process.stdout.readexactly(wire.LENGTH_BYTES)
        return wire.from_engine(await process.stdout.readexactly(wire.length(header)))
    except asyncio.IncompleteReadError:
        return None


async def _stop(process: Process) -> None:
    """Let it end by itself: its stdin is closed."""
    assert process.stdin is not None  # it was asked for
    process.stdin.close()
    try:
        async with asyncio.timeout(STOP_LIMIT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
