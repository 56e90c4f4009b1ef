"""What one client sends in one go is taken apart a little at a time, whatever the event loop."""

import asyncio
import base64
import ssl

import pytest
import uvloop

import certificates
from crossfade.server import request_wire, wire
from crossfade.server.pieces import PIECE_BYTES

UPGRADE = (
    b"GET /plain?start=now HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n\r\n"
)
POST = b"GET /plain/token HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
N = 2500


class Turns:
    """Counts the turns of an event loop, and notes in which of them bytes came."""

    def __init__(self):
        self._now = 0
        self.pieces = []
        """Of each the turn and the length."""
        self._next()

    def _next(self):
        self._now += 1
        asyncio.get_running_loop().call_soon(self._next)

    def note(self, data):
        self.pieces.append((self._now, len(data)))

    @property
    def n_bytes(self):
        return sum(length for _, length in self.pieces)


def noting(monkeypatch, protocol):
    """Note what a protocol is given from now on."""
    turns, take = Turns(), protocol.data_received

    def data_received(self, data):
        turns.note(data)
        take(self, data)

    monkeypatch.setattr(protocol, "data_received", data_received)
    return turns


async def read_away(reader):
    while await reader.read(65_536):
        pass


PINGS = b"\x89\x80\0\0\0\0" * N
EMPTY_FRAMES = b"\x82\x80\0\0\0\0" * N
CHUNKS = b"1\r\na\r\n" * N


@pytest.mark.parametrize(
    "loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
@pytest.mark.parametrize(
    ("flood", "protocol", "secure"),
    [
        pytest.param(PINGS, wire.WireProtocol, False, id="pings"),
        pytest.param(PINGS, wire.WireProtocol, True, id="pings-over-tls"),
        pytest.param(EMPTY_FRAMES, wire.WireProtocol, False, id="empty-frames"),
        pytest.param(CHUNKS, request_wire.RequestProtocol, False, id="chunks-of-a-body"),
    ],
)
def test_a_flood_gives_others_their_turn(
    serve, tmp_path, monkeypatch, flood, protocol, loop, secure
):
    made = certificates.make(tmp_path)
    files = {"certfile": made.chain, "keyfile": made.key} if secure else {}
    trusting = ssl.create_default_context(cafile=made.authority) if secure else None

    async def main():
        async with serve(**files) as server, asyncio.TaskGroup() as group:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trusting)
            if protocol is wire.WireProtocol:
                writer.write(UPGRADE)
                await reader.readuntil(b"\r\n\r\n")
            else:
                writer.write(POST)
            turns = noting(monkeypatch, protocol)
            writer.write(flood)
            reading = group.create_task(read_away(reader))
            async with asyncio.timeout(20):
                while turns.n_bytes < len(flood):  # noqa: ASYNC110 (a sum tells nobody)
                    await asyncio.sleep(0)
            reading.cancel()
            writer.transport.abort()
        return turns.pieces

    with asyncio.Runner(loop_factory=loop) as runner:
        pieces = runner.run(main())
    assert max(length for _, length in pieces) <= PIECE_BYTES
    assert len({turn for turn, _ in pieces}) == len(pieces), "one piece a turn"
