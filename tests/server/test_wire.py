"""The protocol below ASGI: what uvicorn alone would get wrong, over real sockets."""

import asyncio
import base64
import contextlib
import gc
import os
import socket as sockets
import ssl
import subprocess
import sys

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

import certificates
from crossfade.recognizers.scripted import ScriptedRecognizer
from crossfade.server import wire
from crossfade.server.limits import Bounds
from plain_client import hear, hear_all, talk
from plain_dialect import SECOND

MESSAGE_BYTES = Bounds().message_bytes
UPGRADE = {
    "Host": "localhost",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
}


def request(line: str = "GET /plain?start=now HTTP/1.1", **changes: str | None) -> bytes:
    headers = UPGRADE | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([line, *lines, "", ""]).encode()


async def status_of(server, data: bytes) -> int:
    """The status of the answer to these bytes; the server has to close the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    async with asyncio.timeout(5):
        writer.write(data)
        answer = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return int(answer.split()[1])


async def test_eighty_kilobytes_of_query_arrive_whole(serve):
    query = "language=en&x=" + "%E8%AF%AD" * 9000
    assert len(query) > 80_000
    async with serve() as server, talk(server, f"/plain?start=now&{query}") as socket:
        assert await hear(socket, "session_started")


async def test_a_request_line_of_the_documented_length_is_read(serve):
    start = "/plain?start=now&x="
    path = start + "x" * (wire.REQUEST_LINE_BYTES - len(start) - len("GET  HTTP/1.1"))
    async with serve() as server, talk(server, path) as socket:
        assert await hear(socket, "session_started")


async def test_a_longer_request_is_refused(serve):
    async with serve() as server:
        for n in (140_000, 300_000, 3_000_000):
            with pytest.raises(InvalidStatus) as refusal:
                async with talk(server, "/plain?x=" + "x" * n):
                    pass
            assert refusal.value.response.status_code == 414


@pytest.mark.parametrize(
    ("first", "variable"),
    [
        ("import websockets.http11", {}),
        ("import crossfade.server.wire", {"WEBSOCKETS_MAX_LINE_LENGTH": "100"}),
    ],
)
def test_the_limit_holds_whoever_imports_websockets_first(first, variable):
    code = f"{first}; import crossfade.server.wire as w; print(w.websockets.http11.MAX_LINE_LENGTH)"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **variable},
        capture_output=True,
        check=True,
        text=True,
    )
    assert int(answer.stdout) >= wire.REQUEST_LINE_BYTES


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(request(Sec_WebSocket_Key=None), 400, id="no-key"),
        pytest.param(request(Sec_WebSocket_Version="8"), 400, id="old-version"),
        pytest.param(request("POST /plain HTTP/1.1"), 405, id="post"),
        pytest.param(request(Content_Length="3") + b"abc", 400, id="with-a-body"),
        pytest.param(b"\x16\x03\x01 TLS to a plain port\r\n\r\n", 400, id="no-http"),
    ],
)
async def test_a_malformed_handshake_is_answered_and_closed(serve, data, status):
    async with serve() as server:
        assert await status_of(server, data) == status


async def test_a_refused_handshake_leaves_no_error_in_the_log(serve, keyring, caplog):
    async with serve(keyring=keyring) as server:
        assert await status_of(server, request("GET /plain HTTP/1.1")) == 401
        assert await status_of(server, request("GET /elsewhere HTTP/1.1")) == 404
    assert "uvicorn.error" not in {record.name for record in caplog.records}


async def test_text_that_is_not_utf_8_is_1007_and_leaves_no_error_in_the_log(serve, caplog):
    async with serve() as server:
        for frames in (b"\xc3\x28", [b"start", b"\xff"]):
            async with talk(server) as socket:
                await socket.send(frames, text=True)
                await hear_all(socket)
                assert socket.close_code == 1007
    assert "uvicorn.error" not in {record.name for record in caplog.records}


async def test_compression_is_declined(serve):
    async with serve() as server, talk(server, compression="deflate") as socket:
        assert "Sec-WebSocket-Extensions" not in socket.response.headers


async def test_eight_mebibytes_are_one_message_and_more_is_1009(serve, monkeypatch):
    monkeypatch.setattr(wire, "UNREAD_S", 1.0)
    async with serve() as server, talk(server, max_size=None) as socket:
        await socket.send(bytes(MESSAGE_BYTES))
        assert (await hear(socket, "audio_accepted"))["number"] == 1
        with contextlib.suppress(ConnectionClosed):
            await socket.send(bytes(MESSAGE_BYTES + 1))
        await hear_all(socket)
        assert socket.close_code == 1009


async def test_a_fragmented_message_is_one_chunk(serve):
    async with serve() as server, talk(server) as socket:
        await socket.send([SECOND[at : at + 1024] for at in range(0, len(SECOND), 1024)])
        await socket.send("finish")
        events = await hear_all(socket)
        assert [e["number"] for e in events if e["type"] == "audio_accepted"] == [1]
        assert events[-1]["audio_ms"] == 1000


async def test_a_peer_that_answers_no_ping_is_dropped(serve, monkeypatch):
    monkeypatch.setattr(wire, "PING_INTERVAL_S", 0.1)
    monkeypatch.setattr(wire, "PING_TIMEOUT_S", 0.2)
    async with serve() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request())
        async with asyncio.timeout(5):
            answer = await reader.read()
        assert b"keepalive ping timeout" in answer
        writer.close()
        async with asyncio.timeout(5):
            await server.service.sessions.emptied()


async def test_a_peer_of_whom_nothing_comes_is_told_so_before_it_is_dropped(serve):
    async with serve(patience={"dead_s": 0.3}) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request())
        async with asyncio.timeout(5):
            await reader.readuntil(b'"error": "IdleError"')
        writer.close()


async def test_a_peer_that_only_answers_pings_is_alive(serve, monkeypatch):
    monkeypatch.setattr(wire, "PING_INTERVAL_S", 0.05)
    async with serve(patience={"dead_s": 0.4}) as server, talk(server) as socket:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.2):
                await socket.wait_closed()


async def test_a_peer_whose_pong_waits_behind_unread_audio_is_not_dropped(serve, monkeypatch):
    monkeypatch.setattr(wire, "PING_INTERVAL_S", 0.1)
    # Once it is read again it must answer within this, on a machine that is busy with other tests.
    monkeypatch.setattr(wire, "PING_TIMEOUT_S", 0.5)
    engine = ScriptedRecognizer([], queue_bytes=1)
    engine.running.clear()
    async with serve(engine=engine) as server, talk(server) as socket:
        for _ in range(30):
            await socket.send(SECOND)  # the first fills the recognizer, the others stay unread
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await socket.wait_closed()
        engine.running.set()
        await socket.send("finish")
        assert (await hear_all(socket))[-1]["audio_ms"] == 30_000


async def test_pongs_for_a_peer_that_does_not_read_fill_no_memory(serve):
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    ping = b"\x89\xfd\0\0\0\0" + bytes(125)
    nonsense = b"\x81\x81\0\0\0\0x"
    async with serve(patience={"parting_s": 0.1}) as server:
        raw.connect(("127.0.0.1", server.port))
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(raw, request())
        for _ in range(100):
            await loop.sock_sendall(raw, ping * 800)  # 10 MB in all
        await loop.sock_sendall(raw, nonsense)
        await server.service.sessions.emptied()  # everything was read
        (connection,) = server._listener.server_state.connections
        assert connection.transport.get_write_buffer_size() < 512 * 1024
        raw.close()


async def test_a_peer_that_never_fetches_the_rest_is_dropped(serve, monkeypatch):
    monkeypatch.setattr(wire, "_FLUSH_S", 0.1)
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    ping = b"\x89\xfd\0\0\0\0" + bytes(125)
    async with serve(patience={"parting_s": 0.1}) as server:
        raw.connect(("127.0.0.1", server.port))
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(raw, request("GET /plain?start=now&idle_s=0.5 HTTP/1.1"))
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                await loop.sock_sendall(raw, ping * 800)
        await server.service.sessions.emptied()
        # uvicorn waits here for connections that are still open.
        async with asyncio.timeout(3):
            await server.aclose()
    raw.close()


async def test_a_session_over_tls_may_close_its_transport_twice(serve, tmp_path, monkeypatch):
    """asyncio's transport then forgets its protocol, and has no answer to any question."""
    lost = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: lost.append(context))

    async def leave(self):
        self.close_sent = True  # as in a session that has ended
        self.transport.close()
        self.transport.close()

    monkeypatch.setattr(wire.WireProtocol.__base__, "run_asgi", leave)
    made = certificates.make(tmp_path)
    trusting = ssl.create_default_context(cafile=made.authority)
    async with serve(certfile=made.chain, keyfile=made.key) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trusting)
        writer.write(request())
        with contextlib.suppress(OSError):
            await reader.read()
        writer.transport.abort()
    gc.collect()  # a task's exception that nobody asked for is told as the task goes
    assert lost == []
