"""Which path leads where."""

import asyncio
import re

import httpx
import pytest
from msgspec.structs import replace
from websockets.exceptions import InvalidStatus

from crossfade.recognizers.scripted import ScriptedRecognizer
from crossfade.server.keys import Keyring
from crossfade.server.limits import Slots
from crossfade.server.metrics import Metrics
from crossfade.server.run import Server, ServerConfig
from plain_client import hear, hear_all, http_url, talk
from plain_dialect import PLAIN, SECOND


async def status(server, path, method="GET", **options) -> int:
    async with httpx.AsyncClient() as client:
        return (await client.request(method, http_url(server, path), **options)).status_code


async def upgrade_status(server, path) -> int:
    try:
        async with talk(server, path):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/plain", 101),
        ("/plain/en", 101),
        ("//plain", 101),
        ("/plain?x=%zz&x", 101),
        ("/", 101),
        ("/plain/en/fr", 404),
        ("/plain/", 404),
        ("/elsewhere", 404),
        ("/healthz", 404),
    ],
)
async def test_an_upgrade_goes_to_its_dialect_or_to_404(serve, path, code):
    async with serve() as server:
        assert await upgrade_status(server, path) == code


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/plain", 426),
        ("POST", "/plain", 405),
        ("POST", "/plain/en", 405),
        ("PUT", "/plain/token", 405),
        ("GET", "/elsewhere", 404),
        ("POST", "/elsewhere", 404),
        ("GET", "/v2/agent", 404),
        ("GET", "/healthz", 200),
        ("GET", "/", 200),
        ("POST", "/", 405),
    ],
)
async def test_plain_http_requests(serve, method, path, code):
    async with serve() as server:
        assert await status(server, path, method) == code


async def test_a_literal_path_wins_over_a_pattern_in_any_order(serve):
    literal = replace(PLAIN, name="literal", paths=("/plain/literal",), http=())
    for dialects in [(PLAIN, literal), (literal, PLAIN)]:
        async with (
            serve(dialects=dialects) as server,
            talk(server, "/plain/literal?start=now") as socket,
        ):
            await hear(socket, "session_started")
            text = server.service.metrics.text().decode()
            assert 'crossfade_sessions_total{dialect="literal"} 1.0' in text


async def test_a_side_endpoint_answers_with_its_own_status_and_headers(serve, keyring):
    async with serve(keyring=keyring) as server, httpx.AsyncClient() as client:
        url = http_url(server, "/plain/token")
        good = await client.get(url, headers={"Authorization": "sesame"})
        bad = await client.get(url)
    assert (good.status_code, good.headers["x-plain"]) == (200, "yes")
    assert good.headers["content-type"] == "application/json"
    assert (bad.status_code, bad.json()) == (401, {"error": "the credential is missing"})


async def test_a_long_body_is_not_collected(serve):
    async with serve() as server:
        assert await status(server, "/plain/token", content=bytes(100_000)) == 413


async def test_ready_means_warm_and_a_slot_free(serve):
    async with serve(max_sessions=1) as server:
        assert await status(server, "/readyz") == 200
        async with talk(server) as socket:
            await hear(socket, "session_started")
            assert await status(server, "/readyz") == 503
            assert await status(server, "/healthz") == 200
        async with asyncio.timeout(5):
            await server.service.sessions.emptied()
        assert await status(server, "/readyz") == 200


async def test_a_server_that_warms_up_is_alive_but_not_ready(tmp_path):
    class ColdRecognizer(ScriptedRecognizer):
        starting, warm = asyncio.Event(), asyncio.Event()

        async def start(self):
            self.starting.set()
            await self.warm.wait()

    cold = ColdRecognizer([])
    config = ServerConfig(data_dir=tmp_path, port=0, no_auth=True)
    server = Server(config, cold, Keyring(tmp_path / "keys.json"), dialects=[PLAIN])
    async with asyncio.TaskGroup() as group:
        group.create_task(server.start())
        await cold.starting.wait()
        assert await status(server, "/healthz") == 200
        assert await status(server, "/readyz") == 503
        async with talk(server) as socket:
            assert (await hear_all(socket))[-1]["error"] == "CapacityError"
        cold.warm.set()
    assert await status(server, "/readyz") == 200
    await server.aclose()


async def test_metrics_count_sessions_words_audio_and_refusals(serve):
    async with serve(max_sessions=1) as server, httpx.AsyncClient() as client:
        async with talk(server) as socket:
            await hear(socket, "session_started")
            async with talk(server) as another:
                await hear_all(another)
            await socket.send(SECOND * 3)
            await socket.send("finish")
            await hear_all(socket)
        async with asyncio.timeout(5):
            await server.service.sessions.emptied()
        answer = await client.get(http_url(server, "/metrics"))
    assert answer.headers["content-type"].startswith("text/plain; version=")
    values = dict(re.findall(r"^(crossfade_\S+) (\S+)$", answer.text, re.MULTILINE))
    assert values['crossfade_sessions_total{dialect="plain"}'] == "1.0"
    assert values['crossfade_sessions_active{dialect="plain"}'] == "0.0"
    assert values['crossfade_words_total{dialect="plain"}'] == "4.0"
    assert values['crossfade_turns_total{dialect="plain"}'] == "1.0"
    assert values['crossfade_audio_seconds_total{dialect="plain"}'] == "3.0"
    assert values['crossfade_refusals_total{cause="capacity",dialect="plain"}'] == "1.0"
    assert values['crossfade_unhonoured_settings_total{dialect="plain"}'] == "1.0"
    assert values["crossfade_slots"] == "1.0"
    assert values["crossfade_slots_free"] == "1.0"


def test_two_servers_in_one_process_do_not_share_their_counts():
    one, other = Metrics(Slots()), Metrics(Slots())
    one.sessions.labels("plain").inc()
    assert b'crossfade_sessions_total{dialect="plain"}' in one.text()
    assert b'crossfade_sessions_total{dialect="plain"}' not in other.text()


async def test_a_query_of_thousands_of_parameters_is_not_taken_apart(serve):
    few, many = "&a" * 900, "&a" * 1000
    async with serve() as server:
        assert await status(server, f"/plain/token?ttl=60{few}") == 200
        assert await status(server, f"/plain/token?ttl=60{many}") == 400
        async with talk(server, f"/plain?start=now{few}") as socket:
            assert await hear(socket, "session_started")
        with pytest.raises(InvalidStatus) as refused:
            async with talk(server, f"/plain?start=now{many}"):
                pass
        assert refused.value.response.status_code == 400
        async with asyncio.timeout(5):
            await server.service.sessions.emptied()


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error_of_ours(serve, caplog):
    async with serve() as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /plain/token HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf")
        async with asyncio.timeout(5):
            while not server._listener.server_state.tasks:  # noqa: ASYNC110 (a set tells nobody)
                await asyncio.sleep(0)
            writer.transport.abort()
            while server._listener.server_state.tasks:  # noqa: ASYNC110 (the same)
                await asyncio.sleep(0)
    assert caplog.text == ""
