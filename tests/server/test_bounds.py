"""What strangers can take from the server, over real sockets: time, memory, connections."""

import asyncio
import contextlib
import os
import ssl
import zlib

import httpx
import pytest
from websockets.exceptions import InvalidStatus

import certificates
from crossfade.server import accepting, request_wire, wire
from crossfade.server.limits import Bounds
from crossfade.server.pieces import PIECE_BYTES
from plain_client import hear, hear_all, http_url, talk
from plain_dialect import SECOND

HANDSHAKE = (
    b"GET /plain?start=now HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
IDLE_CONNECTIONS = int(os.environ.get("CROSSFADE_TEST_CONNECTIONS", "300"))


@pytest.fixture
def hurried(monkeypatch):
    """The server reads on for a tenth of a second, not for two, before it hangs up."""
    monkeypatch.setattr(wire, "UNREAD_S", 0.1)


class Raw:
    """A connection whose bytes the test chooses."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def upgrade(self, headers: bytes = b"") -> bytes:
        """Open a WebSocket; the answer."""
        self.send(HANDSHAKE[:-2] + headers + b"\r\n")
        async with asyncio.timeout(5):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """Everything until the server closes, which it has to."""
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                return await self.reader.read()
        return b""

    async def trickle(self, piece: bytes) -> bytes:
        """Send pieces slowly and without end; what the server says until it closes."""
        said = b""
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                while not self.reader.at_eof():
                    self.send(piece)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.02):
                            said += await self.reader.read(1000)
        return said


@contextlib.asynccontextmanager
async def raw(server, **options):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, **options)
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


def connection_of(server):
    """The only one there is."""
    (connection,) = server._listener.server_state.connections
    return connection


async def counts(server, n: int) -> None:
    """Wait until so many connections are open."""
    async with asyncio.timeout(5):
        while server._crowd.present != n:  # noqa: ASYNC110 (a count tells nobody that it changes)
            await asyncio.sleep(0)


async def emptied(server) -> None:
    """Wait until every connection is closed."""
    await counts(server, 0)


# Time.


async def test_a_client_that_says_nothing_is_let_go_without_a_word(serve):
    async with serve(bounds=Bounds(request_s=0.1)) as server, raw(server) as client:
        assert await client.rest() == b""


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"GET /healthz HTTP/1.1\r\nx: ", id="head"),
        pytest.param(
            b"GET /plain/token HTTP/1.1\r\nhost: a\r\ncontent-length: 9999\r\n\r\n", id="body"
        ),
    ],
)
async def test_a_request_a_byte_at_a_time_does_not_last(serve, begun):
    async with serve(bounds=Bounds(request_s=0.2)) as server, raw(server) as client:
        client.send(begun)
        assert (await client.trickle(b"a")).startswith(b"HTTP/1.1 408 ")


async def test_a_second_request_on_the_same_connection_has_the_same_time(serve):
    async with serve(bounds=Bounds(request_s=0.2)) as server, raw(server) as client:
        client.send(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
        said = await client.trickle(b"G")
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in said


async def test_a_body_that_nobody_wants_is_not_read_for_ever(serve):
    async with serve(bounds=Bounds(request_s=0.2)) as server, raw(server) as client:
        client.send(b"GET /plain/token HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        client.send((b"8000\r\n" + bytes(0x8000) + b"\r\n") * 3)
        said = await client.trickle(b"1\r\na\r\n")
    assert said.startswith(b"HTTP/1.1 413 ")


async def test_a_websocket_outlives_the_time_for_its_handshake(serve):
    async with serve(bounds=Bounds(request_s=0.1)) as server, talk(server) as socket:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.4):
                await socket.wait_closed()
        await socket.send("finish")
        assert (await hear_all(socket))[-1]["type"] == "session_ended"


async def test_an_answer_that_nobody_fetches_is_given_up(serve, monkeypatch):
    monkeypatch.setattr(request_wire, "_ANSWER_S", 0.2)
    async with serve() as server, raw(server, limit=1024) as client:
        client.reader._transport.pause_reading()
        request = b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n"
        with contextlib.suppress(ConnectionError):
            for _ in range(3000):  # pipelined; their answers fill every buffer between us
                client.send(request)
                await client.writer.drain()
        await emptied(server)


async def test_a_tls_handshake_that_does_not_go_on_is_ended_and_was_counted(
    serve, tmp_path, monkeypatch
):
    monkeypatch.setattr(accepting, "HANDSHAKE_S", 0.2)
    made = certificates.make(tmp_path)
    async with serve(certfile=made.chain, keyfile=made.key) as server, raw(server) as client:
        client.send(b"\x16\x03\x01\x02\x00\x01")  # the beginning of a hello
        await counts(server, 1)
        assert await client.rest() == b""
        await emptied(server)


# Memory.


@pytest.mark.parametrize("n", [200, 30_000])
async def test_many_headers_are_431_before_anybody_takes_them_apart(serve, n):
    async with serve() as server, raw(server) as client:
        client.send(b"GET /healthz HTTP/1.1\r\nhost: a\r\n" + b"a:b\r\n" * n + b"\r\n")
        assert (await client.rest()).startswith(b"HTTP/1.1 431 ")


async def test_as_many_headers_as_websockets_takes_pass(serve):
    many = {f"x-{number}": "y" for number in range(110)}
    async with serve() as server, talk(server, headers=many) as socket:
        assert await hear(socket, "session_started")


async def test_neither_lines_of_a_body_nor_earlier_requests_count_as_headers(serve):
    headers = {f"x-{number}": "y" for number in range(100)}
    async with serve() as server, httpx.AsyncClient(headers=headers) as client:
        for _ in range(3):
            answer = await client.request(
                "GET", http_url(server, "/plain/token"), content=b"\n" * 1000
            )
            assert answer.status_code == 200


async def test_a_head_whose_end_is_cut_in_two_does_not_swallow_the_body(serve):
    begun = b"GET /plain/token HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\nx: "
    head = begun + b"y" * (PIECE_BYTES - len(begun) - 2) + b"\r\n\r\n"
    async with serve() as server, raw(server) as client:
        client.send(head + b"\n" * 1000)
        async with asyncio.timeout(5):
            assert await client.reader.readuntil(b"\r\n") == b"HTTP/1.1 200 OK\r\n"


async def test_a_frame_that_says_it_is_giant_is_1009_before_it_comes(serve, hurried):
    async with serve() as server, raw(server) as client:
        await client.upgrade()
        client.send(b"\x82\xff" + (1 << 62).to_bytes(8, "big") + bytes(4))
        assert (1009).to_bytes(2, "big") in await client.rest()


async def test_a_compressed_bomb_is_1002_and_stays_packed(serve, hurried):
    squeezer = zlib.compressobj(wbits=-15)
    bomb = squeezer.compress(bytes(100_000_000)) + squeezer.flush()
    assert len(bomb) < 100_000
    async with serve() as server, raw(server) as client:
        answer = await client.upgrade(b"Sec-WebSocket-Extensions: permessage-deflate\r\n")
        assert b"permessage-deflate" not in answer
        client.send(b"\xc2\xff" + len(bomb).to_bytes(8, "big") + bytes(4) + bomb)
        assert (1002).to_bytes(2, "big") in await client.rest()


async def test_fragments_are_joined_as_they_come(serve):
    empty, last = b"\x00\x80" + bytes(4), b"\x80\x80" + bytes(4)
    byte = b"\x00\x81" + bytes(4) + b"\0"
    async with serve() as server, raw(server) as client:
        await client.upgrade()
        client.send(b"\x02\x80" + bytes(4))
        for _ in range(100):
            client.send(empty * 1000 + byte * 32)
            await client.writer.drain()
        client.send(b"\x89\x80" + bytes(4))
        async with asyncio.timeout(20):
            await client.reader.readuntil(b"\x8a\x00")  # the pong: everything before it was read
        connection = connection_of(server)
        assert (len(connection.frames), len(connection._joined)) == (0, 3200)
        client.send(last + b"\x81\x86" + bytes(4) + b"finish")
        async with asyncio.timeout(5):
            await client.reader.readuntil(b'"audio_ms":100')


async def test_a_message_may_be_as_long_as_the_operator_says(serve, hurried):
    async with serve(bounds=Bounds(message_bytes=65_536)) as server, talk(server) as socket:
        await socket.send(bytes(65_536))
        assert await hear(socket, "audio_accepted")
        await socket.send(bytes(65_537))
        await hear_all(socket)
        assert socket.close_code == 1009


# Connections.


async def test_one_address_has_so_many_connections_and_no_more(serve):
    bounds = Bounds(connections=9, connections_per_address=2)
    async with serve(bounds=bounds) as server:
        async with talk(server) as one, talk(server) as two:
            await hear(one, "session_started")
            await hear(two, "session_started")
            async with raw(server) as third:
                assert await third.rest() == b""
        await emptied(server)
        async with talk(server) as again:
            assert await hear(again, "session_started")
    assert b'crossfade_turned_away_total{cause="connections"} 1.0' in server.service.metrics.text()


async def test_the_log_of_a_flood_is_no_flood(serve, caplog):
    async with serve(bounds=Bounds(connections=1)) as server, talk(server) as socket:
        await hear(socket, "session_started")
        for _ in range(20):
            async with raw(server) as client:
                assert await client.rest() == b""
    assert caplog.text.count("no room for") == 1


def forwarded(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": f"198.51.100.1, {address}"}


async def test_behind_a_trusted_proxy_each_client_has_a_limit_of_its_own(serve):
    bounds = Bounds(connections_per_address=1)
    async with serve(bounds=bounds, trusted_proxies=("127.0.0.0/8",)) as server:
        one, other = forwarded("192.0.2.1"), forwarded("192.0.2.2")
        async with talk(server, headers=one) as first:
            await hear(first, "session_started")
            with pytest.raises(InvalidStatus) as refused:
                async with talk(server, headers=one):
                    pass
            assert refused.value.response.status_code == 429
            assert int(refused.value.response.headers["retry-after"]) > 0
            async with talk(server, headers=other) as second:
                await hear(second, "session_started")
        async with asyncio.timeout(5):
            await server.service.sessions.emptied()
        async with talk(server, headers=one) as again:
            assert await hear(again, "session_started")


async def test_hundreds_of_idle_connections_take_nothing_from_a_session(serve):
    most = IDLE_CONNECTIONS + 1
    bounds = Bounds(connections=most, connections_per_address=most)
    async with serve(bounds=bounds, max_sessions=2) as server, contextlib.AsyncExitStack() as idle:
        files = len(os.listdir("/proc/self/fd"))
        for number in range(IDLE_CONNECTIONS):
            if number % 2:
                await idle.enter_async_context(talk(server, "/plain"))  # never starts a session
            else:
                await idle.enter_async_context(raw(server))
        assert server._crowd.present == IDLE_CONNECTIONS
        async with talk(server) as socket:
            await socket.send(SECOND)
            await socket.send("finish")
            assert (await hear_all(socket))[-1]["audio_ms"] == 1000
        await idle.aclose()
        await emptied(server)
        assert len(os.listdir("/proc/self/fd")) <= files + 2


async def test_clients_that_vanish_half_way_leave_no_file_behind(serve):
    async with serve() as server:
        async with talk(server) as socket:
            await hear(socket, "session_started")
        await emptied(server)
        files = len(os.listdir("/proc/self/fd"))
        for begun in (b"", HANDSHAKE[:40], HANDSHAKE, HANDSHAKE + b"\x82\xff\0") * 10:
            async with raw(server) as client:
                client.send(begun)
                await client.writer.drain()
                client.writer.transport.abort()
        await emptied(server)
        assert len(os.listdir("/proc/self/fd")) == files
