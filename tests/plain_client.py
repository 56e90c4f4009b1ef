"""What tests of the server do at the client's end, over a real socket."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


def http_url(server, path: str) -> str:
    return f"http://127.0.0.1:{server.port}{path}"


@asynccontextmanager
async def talk(
    server, path: str = "/plain?start=now", *, key: str | None = None, **options
) -> AsyncIterator[ClientConnection]:
    headers = options.pop("headers", {}) | ({} if key is None else {"Authorization": key})
    # Our own pings off: where a test means them, it sends them.
    options = {"ping_interval": None, "close_timeout": 2, **options}
    async with connect(server.url + path, additional_headers=headers, **options) as socket:
        yield socket


async def hear(socket: ClientConnection, kind: str) -> dict:
    """The next event of a kind; what comes before is skipped."""
    async for frame in socket:
        event = json.loads(frame)
        if event["type"] == kind:
            return event
    raise AssertionError(f"closed with {socket.close_code} before {kind}")


async def hear_all(socket: ClientConnection) -> list[dict]:
    """Every event until the server closes, with whatever code."""
    events = []
    try:
        while True:
            events.append(json.loads(await socket.recv()))
    except ConnectionClosed:
        return events


def words_of(events: list[dict]) -> list[str]:
    return [word["text"] for event in events if event["type"] == "final" for word in event["words"]]
