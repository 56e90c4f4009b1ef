"""Stopping: every word said, every session closed, by one deadline."""

import asyncio
import os
import signal

import httpx
import pytest

from crossfade.errors import ConfigError
from crossfade.recognizers.scripted import ScriptedRecognizer
from crossfade.server.keys import Keyring
from crossfade.server.run import Server, ServerConfig
from plain_client import hear, hear_all, http_url, talk, words_of
from plain_dialect import PLAIN, SECOND

N_CLIENTS = 8


async def talking(server, group: asyncio.TaskGroup, path="/plain?start=now"):
    """A client in mid-speech; gives what it has heard, and its close code, when it is closed."""
    ready = asyncio.Event()

    async def client():
        async with talk(server, path) as socket:
            await socket.send(SECOND)
            await socket.send(SECOND[:6400])  # 1.2 s: "Good morning" is said, nothing is final
            await hear(socket, "partial")
            ready.set()
            return await hear_all(socket), socket.close_code

    task = group.create_task(client())
    await ready.wait()
    return task


async def test_draining_gives_every_client_its_last_words(serve):
    async with serve() as server, asyncio.TaskGroup() as group:
        clients = [await talking(server, group) for _ in range(N_CLIENTS)]
        async with asyncio.timeout(5):
            await server.drain(10)
        assert server.service.slots.taken == 0
        for client in clients:
            events, code = await client
            assert words_of(events) == ["Good", "morning"]
            assert events[-1]["type"] == "session_ended"
            assert events[-1]["audio_ms"] == 1200
            assert code == 1000


async def test_while_draining_the_port_answers_but_lets_nobody_in(serve, recognizer):
    async with serve() as server, asyncio.TaskGroup() as group:
        client = await talking(server, group)
        recognizer.running.clear()
        draining = group.create_task(server.drain(10))
        async with talk(server) as another:
            assert (await hear_all(another))[-1]["error"] == "CapacityError"
        async with httpx.AsyncClient() as http:
            assert (await http.get(http_url(server, "/readyz"))).status_code == 503
            assert (await http.get(http_url(server, "/healthz"))).status_code == 200
        recognizer.running.set()
        await draining
        assert words_of((await client)[0]) == ["Good", "morning"]


async def test_who_has_not_started_is_sent_away_at_once(serve):
    async with serve() as server, talk(server, "/plain") as socket, asyncio.TaskGroup() as group:
        await (await socket.ping())
        group.create_task(server.drain(10))
        async with asyncio.timeout(5):
            assert (await hear_all(socket))[-1]["error"] == "LeavingError"


async def test_who_cannot_finish_in_time_is_told_so_at_the_deadline(serve, recognizer):
    async with serve() as server, asyncio.TaskGroup() as group:
        client = await talking(server, group)
        recognizer.running.clear()
        async with asyncio.timeout(5):
            await server.drain(0.2)
            events, code = await client
        assert (events[-1]["error"], code) == ("LeavingError", 4007)


async def test_a_chunk_that_waits_for_room_is_not_lost_by_draining(serve):
    engine = ScriptedRecognizer([], queue_bytes=1)
    async with serve(engine=engine) as server, talk(server) as socket:
        await hear(socket, "session_started")
        engine.running.clear()
        await socket.send(SECOND)
        await socket.send(SECOND)
        await (await socket.ping())  # the first is in the queue, the second waits
        async with asyncio.TaskGroup() as group:
            group.create_task(server.drain(5))
            await asyncio.sleep(0)
            engine.running.set()
            assert (await hear_all(socket))[-1]["audio_ms"] == 2000


async def test_a_signal_drains_and_returns(serve):
    async with serve() as server, asyncio.TaskGroup() as group:
        waiting = group.create_task(server.wait())
        clients = [await talking(server, group) for _ in range(2)]
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(5):
            for client in clients:
                assert (await client)[0][-1]["type"] == "session_ended"
            await waiting
        with pytest.raises(OSError, match="onnect"):
            async with talk(server):
                pass


async def test_a_second_signal_does_not_wait_for_the_deadline(serve, recognizer):
    async with serve(drain_s=60) as server, asyncio.TaskGroup() as group:
        waiting = group.create_task(server.wait())
        client = await talking(server, group)
        recognizer.running.clear()
        os.kill(os.getpid(), signal.SIGTERM)
        await server.service.sessions.ordered_to_leave()
        os.kill(os.getpid(), signal.SIGINT)
        async with asyncio.timeout(5):
            await waiting
            assert (await client)[1] == 1012
        assert recognizer.n_open == 0


async def test_a_busy_port_is_a_sentence_not_a_traceback(serve, tmp_path):
    async with serve() as first:
        config = ServerConfig(data_dir=tmp_path, port=first.port)
        second = Server(
            config, ScriptedRecognizer([]), Keyring(tmp_path / "keys.json"), dialects=[PLAIN]
        )
        with pytest.raises(ConfigError, match="Address already in use") as busy:
            await second.start()
        assert busy.value.field == "port"
        await second.aclose()


async def test_an_address_of_another_machine_is_a_sentence_too(tmp_path):
    config = ServerConfig(data_dir=tmp_path, host="no.such.host.invalid", port=0)
    server = Server(
        config, ScriptedRecognizer([]), Keyring(tmp_path / "keys.json"), dialects=[PLAIN]
    )
    with pytest.raises(ConfigError) as wrong:
        await server.start()
    assert wrong.value.field == "host"
    await server.aclose()


async def test_slots_are_measured_when_nobody_chose_a_number(tmp_path):
    async def measure(recognizer):
        return 7

    config = ServerConfig(data_dir=tmp_path, port=0)
    server = Server(
        config,
        ScriptedRecognizer([]),
        Keyring(tmp_path / "keys.json"),
        measure_slots=measure,
        dialects=[PLAIN],
    )
    await server.start()
    assert server.service.slots.total == 7
    await server.aclose()


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "ws://127.0.0.1:"), ("0.0.0.0", "ws://127.0.0.1:"), ("::1", "ws://[::1]:")],
)
def test_the_url_is_one_that_can_be_connected_to(tmp_path, host, url):
    config = ServerConfig(data_dir=tmp_path, host=host)
    server = Server(config, ScriptedRecognizer([]), Keyring(tmp_path / "keys.json"))
    assert server.url == f"{url}8765"
