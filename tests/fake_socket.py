"""A client's socket without a network, for sessions in virtual time."""

import asyncio
import json

from crossfade.server.socket import ClientGone
from virtual_time import now_s


class FakeSocket:
    """What the client sends is put into ``incoming``; what it hears is in ``heard``."""

    address = "192.0.2.1"

    def __init__(self) -> None:
        self.is_accepted = False
        self.incoming: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        """``None``: the client hangs up."""
        self.heard: list[tuple[float, dict]] = []
        """Each message with the second at which it came."""
        self.closed: tuple[int, str] | None = None
        self.reads = asyncio.Event()
        self.reads.set()
        self.last_sign_of_life_s = now_s()
        self.answers_pings = True

    def unheard_s(self) -> float:
        return 0.0 if self.answers_pings else now_s() - self.last_sign_of_life_s

    async def accept(self, headers) -> None:
        self.is_accepted = True

    async def reject(self, status, body, *, headers=None) -> None:
        raise AssertionError("no handshake is refused here")

    async def receive(self):
        frame = await self.incoming.get()
        if frame is None:
            raise ClientGone(1005)
        self.last_sign_of_life_s = now_s()
        return frame

    async def send(self, frame) -> None:
        await self.reads.wait()
        assert self.closed is None
        self.heard.append((now_s(), json.loads(frame)))

    async def close(self, code, reason) -> None:
        self.closed = (code, reason)

    def say(self, *frames) -> None:
        for frame in frames:
            self.incoming.put_nowait(frame if isinstance(frame, bytes | str) else json.dumps(frame))
