"""Random frames against a real server in this process, and what must never come of them.

Never: a traceback in the log, a session that hangs, a slot, stream or task that is not given back,
a frame that the dialect's schema does not know. The same seed makes the same frames; what they
meet depends on the clock too.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from crossfade.dialects.base import Frame
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.limits import Patience
from crossfade.server.run import Server, ServerConfig, running_server
from fuzz.frames import mutated, odd_frame
from fuzz.vocabulary import Vocabulary

AT_ONCE = 60
"""Sessions side by side; then all have to be gone before the next."""
SESSION_LIMIT_S = 20
_SCRIPT = "Good morning, um, welcome aboard. It costs twenty dollars and 50 cents! Doesn't it?"


@dataclass
class Findings:
    """What a run did, and what went wrong."""

    n_frames: int = 0
    n_sessions: int = 0
    closes: Counter[int] = field(default_factory=Counter)
    """How sessions were closed, by code; 1006 stands for ours that vanished."""
    heard: Counter[str] = field(default_factory=Counter)
    """Messages of the server, by kind."""
    faults: list[str] = field(default_factory=list)


class _Log(logging.Handler):
    """Keeps what a server in order never writes."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._faults = faults

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if record.exc_info or record.levelno >= logging.ERROR or "Traceback" in text:
            self._faults.append(f"log: {text}")


@asynccontextmanager
async def watched_server(folder: Path, faults: list[str]) -> AsyncIterator[Server]:
    """A server whose log, and whose tasks' forgotten errors, become faults."""
    loop = asyncio.get_running_loop()
    log = _Log(faults)
    logging.getLogger().addHandler(log)
    loop.set_exception_handler(lambda _, context: faults.append(f"loop: {context}"))
    engine = ScriptedRecognizer(spoken(_SCRIPT), repeat_ms=8000)
    config = ServerConfig(
        data_dir=folder,
        port=0,
        no_auth=True,
        max_sessions=AT_ONCE - 2,  # so that some find it full
        patience=Patience(start_s=5, stall_s=10, parting_s=2),
    )
    try:
        async with running_server(engine, data_dir=folder, config=config) as server:
            yield server
    finally:
        loop.set_exception_handler(None)
        logging.getLogger().removeHandler(log)


async def fuzz(
    vocabularies: Sequence[Vocabulary],
    folder: Path,
    *,
    n_frames: int,
    seed: int,
    limit_s: float | None = None,
) -> Findings:
    """Send so many frames, or for so long; stop at the first fault."""
    findings = Findings()
    random = Random(seed)
    deadline = None if limit_s is None else asyncio.get_running_loop().time() + limit_s
    async with watched_server(folder, findings.faults) as server:
        while findings.n_frames < n_frames and not findings.faults:
            if deadline is not None and asyncio.get_running_loop().time() > deadline:
                break
            await _batch(server, vocabularies, Random(random.random()), findings)
    return findings


async def _batch(
    server: Server, vocabularies: Sequence[Vocabulary], random: Random, findings: Findings
) -> None:
    before = asyncio.all_tasks()
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            vocabulary = random.choice(vocabularies)
            visit = _Visit(server, vocabulary, Random(random.random()), findings)
            group.create_task(visit.run())
        group.create_task(_knock(server, random, vocabularies, findings))
    await _check_nothing_is_held(server, before, findings)


async def _check_nothing_is_held(
    server: Server, before: set[asyncio.Task[Any]], findings: Findings
) -> None:
    service = server.service
    try:
        async with asyncio.timeout(SESSION_LIMIT_S):
            await service.sessions.emptied()
            while left := [task for task in asyncio.all_tasks() - before if not task.done()]:
                await asyncio.wait(left)
    except TimeoutError:
        findings.faults.append(f"{service.sessions.present} sessions or their tasks do not end")
    held = {"slots": service.slots.taken, "streams": getattr(service.recognizer, "n_open", 0)}
    findings.faults += [
        f"{count} {what} are not given back" for what, count in held.items() if count
    ]


async def _knock(
    server: Server, random: Random, vocabularies: Sequence[Vocabulary], findings: Findings
) -> None:
    """One odd request to each side endpoint."""
    async with httpx.AsyncClient(base_url=server.url.replace("ws", "http", 1)) as http:
        for path in (path for vocabulary in vocabularies for path in vocabulary.http):
            body = json.dumps(mutated(random, {"ttl": 60, "region": "eu"})).encode()
            method = random.choice(("GET", "POST", "POST", "PUT"))
            answer = await http.request(
                method,
                path + random.choice(("", "&ttl=x", "&a=%00", "&expires_in_seconds=-1")),
                content=random.choice((body, b"", b"{", random.randbytes(40))),
                headers={"Authorization": random.choice(("", "Bearer", "Bearer x", "x" * 500))},
            )
            if answer.status_code >= 500:
                findings.faults.append(f"{method} {path} is {answer.status_code}")


class _Visit:
    """One client: it connects, says things, and leaves in one way or another."""

    def __init__(
        self, server: Server, vocabulary: Vocabulary, random: Random, findings: Findings
    ) -> None:
        self._url = server.url
        self._vocabulary = vocabulary
        self._random = random
        self._findings = findings
        self._rules = vocabulary.rules()
        self._last: Mapping[str, Any] | None = None
        self._said: list[Frame] = []

    async def run(self) -> None:
        path = self._vocabulary.path(self._random)
        self._findings.n_sessions += 1
        try:
            async with (
                asyncio.timeout(SESSION_LIMIT_S),
                connect(
                    self._url + path, ping_interval=None, close_timeout=2, max_queue=None
                ) as socket,
            ):
                await self._talk(socket)
        except InvalidStatus as refused:
            if refused.response.status_code >= 500:
                self._fault(f"the handshake is {refused.response.status_code}: {path!r}")
        except TimeoutError:
            self._fault("hangs")
        except Exception as error:  # whatever a schema raises is a finding
            self._fault(f"{type(error).__name__}: {error}")

    async def _talk(self, socket: ClientConnection) -> None:
        hearing = asyncio.create_task(self._hear(socket))
        try:
            with suppress(ConnectionClosed):
                for frame in self._frames():
                    self._said.append(frame)
                    self._findings.n_frames += 1
                    await socket.send(frame)
                    await asyncio.sleep(0)  # so that it hears an error before it says more
                await self._leave(socket)
            await hearing
        finally:
            hearing.cancel()

    def _frames(self) -> list[Frame]:
        random, vocabulary = self._random, self._vocabulary
        frames: list[Frame] = []
        start = vocabulary.start(random)
        if start is not None and random.random() < 0.9:
            frames.append(json.dumps(start))
        oddness = random.choice((0.0, 0.01, 0.2))
        for _ in range(random.choice((0, 3, 30, 150))):
            if random.random() < oddness:
                frames.append(odd_frame(random, lambda: vocabulary.message(random, start)))
            elif random.random() < 0.2:
                frames.append(json.dumps(vocabulary.message(random, start)))
            else:
                frames.append(vocabulary.audio(random, start))
        return frames

    async def _leave(self, socket: ClientConnection) -> None:
        if self._random.random() < 0.5:
            await (await socket.ping())  # everything has arrived
        match self._random.randrange(5):
            case 0:
                socket.transport.abort()
            case 1:
                await socket.close(self._random.choice((1000, 1001, 3000, 4999)))
            case 2:
                await socket.send([b"\xc3\x28", b"{"], text=True)  # not UTF-8
            case _:
                await socket.send(json.dumps(self._vocabulary.finish))
                with suppress(ConnectionClosed):
                    # Where nothing was started, nothing ends: that is for us to do.
                    async with asyncio.timeout(SESSION_LIMIT_S / 2):
                        await socket.wait_closed()

    async def _hear(self, socket: ClientConnection) -> None:
        try:
            while True:
                self._last = self._rules(await socket.recv())
                self._findings.heard[_kind(self._last)] += 1
        except ConnectionClosed as closed:
            self._findings.closes[socket.close_code or 1006] += 1
            if closed.rcvd is not None and not closed.rcvd_then_sent:
                return  # it answered our close frame
            if closed.rcvd is not None and not self._vocabulary.closes(
                self._last, closed.rcvd.code
            ):
                self._fault(f"closed with {closed.rcvd} after {self._last}")

    def _fault(self, what: str) -> None:
        said = [frame if isinstance(frame, str) else f"{len(frame)} bytes" for frame in self._said]
        last = [frame[:300] for frame in said[-5:]]
        self._findings.faults.append(f"{self._vocabulary.dialect}: {what}; it had said {last}")


def _kind(message: Mapping[str, Any]) -> str:
    return str(message.get("message") or message.get("type"))
