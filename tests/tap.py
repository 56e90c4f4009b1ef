"""A tap in the line: vendors' clients connect to it, it passes everything on, and keeps a copy.

So a test sees exactly what an unmodified client sends by itself and what it was told, and can do
the same again without it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext

from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from crossfade.dialects.base import Frame

_OF_THE_TAP = {"authorization", "user-agent", "origin", "x-request-id"}
"""Headers that are passed on; the others are each connection's own."""


@dataclass
class Call:
    """One connection: what the client said, and what it heard."""

    path: str
    headers: dict[str, str]
    said: list[Frame] = field(default_factory=list)
    heard: list[Frame] = field(default_factory=list)


@dataclass
class Tap:
    """Where clients connect to, and who has."""

    url: str
    calls: list[Call] = field(default_factory=list)

    @property
    def call(self) -> Call:
        """The only call there was."""
        [call] = self.calls
        return call


@asynccontextmanager
async def tapped(
    upstream: str, *, shown: SSLContext | None = None, trusted: SSLContext | None = None
) -> AsyncIterator[Tap]:
    """Put a tap in front of a server.

    Args:
        upstream: The server's URL without a path.
        shown: The certificate to show to clients, which then come by TLS.
        trusted: What to trust upstream, where that is TLS too.
    """
    tap = Tap("")

    async def answer(client: ServerConnection) -> None:
        assert client.request is not None
        headers = {k.lower(): v for k, v in client.request.headers.raw_items()}
        call = Call(client.request.path, headers)
        tap.calls.append(call)
        passed_on = {k: v for k, v in headers.items() if k in _OF_THE_TAP}
        async with connect(
            upstream + call.path,
            additional_headers=passed_on,
            max_size=None,
            user_agent_header=None,
            ssl=trusted,
        ) as server:
            forth = asyncio.create_task(_pass_on(client, server, call.said))
            back = asyncio.create_task(_pass_on(server, client, call.heard))
            await asyncio.wait([forth, back])

    options = {"max_size": None, "ping_interval": None, "ssl": shown}
    async with serve(answer, "127.0.0.1", 0, **options) as listening:
        port = listening.sockets[0].getsockname()[1]
        tap.url = f"{'ws' if shown is None else 'wss'}://127.0.0.1:{port}"
        yield tap


async def _pass_on(source: Connection, sink: Connection, copy: list[Frame]) -> None:
    """Until one of them closes; then close the other the same way."""
    with suppress(ConnectionClosed):
        while True:
            frame = await source.recv()
            copy.append(frame)
            await sink.send(frame)
    code = source.close_code if source.close_code in range(1000, 5000) else None
    await sink.close(code if code not in (None, 1005, 1006) else 1000, source.close_reason or "")
