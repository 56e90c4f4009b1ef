"""A plain AssemblyAI client for tests: raw frames over a real socket, every answer checked.

It leaves nothing out that the server says and adds nothing: what a test sees is what was on the
wire. Whatever the server sends has to be valid under ``assemblyai_schema``.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from assemblyai_schema import check

Message = dict[str, Any]

US = "universal-streaming-english"
U3 = "universal-3-6-pro"
U3_RT = "u3-rt-pro"
WHISPER = "whisper-rt"

TERMINATE: Message = {"type": "Terminate"}
FORCE: Message = {"type": "ForceEndpoint"}
KEEP_ALIVE: Message = {"type": "KeepAlive"}

BYTES_PER_S = 32_000
FRAME_BYTES = 3200
"""100 ms of 16-bit samples at 16 kHz."""


def quiet(duration_ms: int) -> list[bytes]:
    """Frames of digital silence, which is all that a script needs to hear."""
    return cut(bytes(BYTES_PER_S // 1000 * duration_ms))


def cut(data: bytes, n_bytes: int = FRAME_BYTES) -> list[bytes]:
    return [data[i : i + n_bytes] for i in range(0, len(data), n_bytes)]


def update(**fields: Any) -> Message:
    return {**fields, "type": "UpdateConfiguration"}


class Wire:
    """One connection. ``heard`` is everything that the server said."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Message] = []

    async def say(self, *messages: Message | bytes | str) -> None:
        for message in messages:
            frame = json.dumps(message) if isinstance(message, dict) else message
            await self.socket.send(frame)

    async def next(self) -> Message:
        """The next message.

        Raises:
            ConnectionClosed: If there is none.
        """
        frame = await self.socket.recv()
        assert isinstance(frame, str), "the server says nothing but text"
        check(frame)
        message = json.loads(frame)
        self.heard.append(message)
        return message

    async def hear(self, kind: str) -> Message:
        """The next message of a kind; what comes before it is kept in ``heard``."""
        try:
            while (message := await self.next())["type"] != kind:
                assert kind == "Error" or message["type"] != "Error", message
        except ConnectionClosed:
            raise AssertionError(f"closed before {kind}: {self.closed}, {self.heard}") from None
        return message

    async def hear_end_of_turn(self) -> Message:
        """The next end of a turn."""
        while not (turn := await self.hear("Turn"))["end_of_turn"]:
            pass
        return turn

    async def hear_all(self) -> list[Message]:
        """Everything until the server closes, with whatever code."""
        try:
            while True:
                await self.next()
        except ConnectionClosed:
            return self.heard

    async def hear_for(self, seconds: float) -> list[Message]:
        """What comes in this time."""
        n_before = len(self.heard)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await self.next()
        return self.heard[n_before:]

    async def terminate(self) -> list[Message]:
        """End the session and hear the server out; the server waits a moment before it closes."""
        await self.say(TERMINATE)
        await self.hear("Termination")
        return self.heard

    async def play(self, frames: Sequence[bytes], bytes_per_s: int = BYTES_PER_S) -> None:
        """Send audio at the speed of speech: each frame when a microphone would have it."""
        start = time.monotonic()
        sent = 0
        for frame in frames:
            sent += len(frame)
            await asyncio.sleep(max(0.0, start + sent / bytes_per_s - time.monotonic()))
            await self.socket.send(frame)

    @property
    def closed(self) -> tuple[int | None, str | None]:
        """Code and reason of the close frame."""
        return self.socket.close_code, self.socket.close_reason


@asynccontextmanager
async def dial(
    url: str, *, key: str | None = None, path: str = "/v3/ws", query: str = "", **parameters: Any
) -> AsyncIterator[Wire]:
    """Connect. Whatever happens inside, ends within half a minute.

    Parameters go into the query as the vendor's Python client puts them there: ``True``, lists as
    JSON. ``query`` is sent as it is.
    """
    asked = {
        name: json.dumps(value) if isinstance(value, list | dict) else value
        for name, value in parameters.items()
    }
    pairs = "&".join(part for part in (query, urlencode(asked)) if part)
    headers = {} if key is None else {"Authorization": key}
    options = {"ping_interval": None, "close_timeout": 2, "max_queue": None}
    async with (
        asyncio.timeout(30),
        connect(f"{url}{path}?{pairs}", additional_headers=headers, **options) as socket,
    ):
        yield Wire(socket)


async def converse(
    url: str, *steps: Message | bytes, key: str | None = None, **parameters: Any
) -> list[Message]:
    """A whole session at full speed: say all this, terminate, and return what was said."""
    async with dial(url, key=key, **parameters) as wire, asyncio.TaskGroup() as group:
        listening = group.create_task(wire.hear("Termination"))
        await wire.say(*steps, TERMINATE)
        await listening
    return wire.heard


# What was said, read off the messages.


def of(messages: Iterable[Message], *kinds: str) -> list[Message]:
    return [message for message in messages if message["type"] in kinds]


def ends(messages: Iterable[Message]) -> list[Message]:
    """All ends of turns, raw and formatted."""
    return [turn for turn in of(messages, "Turn") if turn["end_of_turn"]]


def text(messages: Iterable[Message]) -> str:
    """What a client shows that takes the first end of each turn."""
    first = {turn["turn_order"]: turn["transcript"] for turn in reversed(ends(messages))}
    return " ".join(first[order] for order in sorted(first))
