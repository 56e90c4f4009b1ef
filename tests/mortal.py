"""A server that is killed and comes back: a process of its own each time, on the same port."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from crossfade.server.run import ServerConfig, running_server
from legible import LegibleRecognizer, babble

# Forked from a process that has imported everything: a start takes some 30 ms.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    ["crossfade.server.run", "crossfade.recognizers.scripted", "uvicorn.protocols.http.h11_impl"]
)


class MortalServer:
    """Speaks every dialect, lets everybody in, says what ``babble`` gives."""

    def __init__(self, data_dir: Path, *, n_ms: int) -> None:
        self._data_dir = data_dir
        self._n_ms = n_ms
        self._port = 0
        self.n_deaths = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    async def start(self) -> None:
        await asyncio.to_thread(self._start)

    async def die(self) -> None:
        """SIGKILL: no word to anybody."""
        self.n_deaths += 1
        await asyncio.to_thread(self._kill)

    def _start(self) -> None:
        ours, theirs = _processes.Pipe()
        self._process = _processes.Process(
            target=_serve, args=(theirs, self._data_dir, self._port, self._n_ms), daemon=True
        )
        self._process.start()
        assert ours.poll(20), "the server does not start"
        self._port = ours.recv()

    def _kill(self) -> None:
        self._process.kill()
        self._process.join()


@asynccontextmanager
async def mortal_server(data_dir: Path, *, n_ms: int) -> AsyncIterator[MortalServer]:
    server = MortalServer(data_dir, n_ms=n_ms)
    await server.start()
    try:
        yield server
    finally:
        await server.die()


def _serve(parent: Connection, data_dir: Path, port: int, n_ms: int) -> None:
    asyncio.run(_listen(parent, data_dir, port, n_ms))


async def _listen(parent: Connection, data_dir: Path, port: int, n_ms: int) -> None:
    config = ServerConfig(data_dir=data_dir, port=port, no_auth=True)
    recognizer = LegibleRecognizer(babble(n_ms))
    async with running_server(recognizer, data_dir=data_dir, config=config) as server:
        parent.send(server.port)
        await asyncio.Event().wait()
