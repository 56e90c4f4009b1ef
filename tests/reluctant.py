"""A far side of any protocol that does nothing of itself: a test says each of its words."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

from websockets.asyncio.client import connect as open_socket
from websockets.asyncio.server import ServerConnection, serve

import agent_wire
from crossfade.gateway import Backend, UpstreamRecognizer
from crossfade.gateway.upstream import NO_RETRY
from crossfade.server.run import running_server
from gateways import BY_NAME
from speechmatics_wire import Message, start_message

FRONT_PATHS = {
    "speechmatics": "/v2",
    "assemblyai": "/v3/ws?sample_rate=16000",
    "agent-stt": "/v2/agent",
}
STARTS = {"speechmatics": start_message, "agent-stt": agent_wire.start_message}
"""What clients say first, where they do."""


class Reluctant:
    """Takes one connection."""

    def __init__(self, behind: str) -> None:
        self._behind = behind
        self.url = ""
        self.frames: list[str | bytes] = []
        """What was said to it."""
        self.socket: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()
        self.has_frame = asyncio.Event()
        self.has_audio = asyncio.Event()

    async def answer(self, socket: ServerConnection) -> None:
        self.socket.set_result(socket)
        async for frame in socket:
            self.frames.append(frame)
            self.has_frame.set()
            if isinstance(frame, bytes):
                self.has_audio.set()

    async def say(self, message: Message) -> None:
        await (await self.socket).send(json.dumps(message))

    async def start(self) -> None:
        """Begin the session, as soon as there is a connection."""
        if self._behind in STARTS:
            await self.say({"message": "RecognitionStarted", "id": "far"})
        else:
            await self.say({"type": "Begin", "id": "far", "expires_at": int(time.time()) + 100})


@asynccontextmanager
async def reluctant(behind: str, tmp_path):
    """Such a far side, and a gateway in front of it."""
    far = Reluctant(behind)
    async with serve(far.answer, "127.0.0.1", 0) as listening:
        far.url = f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        reached = Backend(name="far", dialect=BY_NAME[behind], url=far.url)
        recognizer = UpstreamRecognizer(reached, reconnect=NO_RETRY)
        async with running_server(recognizer, data_dir=tmp_path) as near:
            yield far, near


@asynccontextmanager
async def client_of(near, front: str):
    """A client that has begun its session and waits."""
    async with (
        asyncio.timeout(20),
        open_socket(near.url + FRONT_PATHS[front], proxy=None) as socket,
    ):
        if front in STARTS:
            await socket.send(json.dumps(STARTS[front]()))
        await socket.recv()
        yield socket
