"""A way to a server that can be cut, as a failing network does: no closing frame, no FIN."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Cuttable:
    """Passes bytes on between clients and one server."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.n_connections = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.n_connections += 1
        there = await asyncio.open_connection("127.0.0.1", self._server_port)
        writers = {writer, there[1]}
        self._writers |= writers
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_pass_on(reader, there[1]))
            tasks.create_task(_pass_on(there[0], writer))
        self._writers -= writers


@asynccontextmanager
async def cuttable(port: int) -> AsyncIterator[Cuttable]:
    """Listen on a free port, for connections to ``port``."""
    way = Cuttable(port)
    async with await asyncio.start_server(way.join, "127.0.0.1", 0) as listening:
        way.port = listening.sockets[0].getsockname()[1]
        yield way
        way.cut()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
