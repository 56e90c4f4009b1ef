"""What becomes of the connection itself, on the way from one protocol to another."""

import json
import logging
import time

import pytest

import assemblyai_wire
import speechmatics_wire
from crossfade.dialects.base import DialectSettings
from crossfade.gateway.backend import vendor_url
from crossfade.server.run import ServerConfig
from crossing import EACH_BEHIND, EACH_PAIR, FRONTS, MS, QUIET, crossing, pairs
from gateways import BY_NAME
from reluctant import STARTS, client_of, reluctant

pytestmark = pytest.mark.asyncio(loop_scope="module")

row = pytest.mark.mapping
PATHS = {"speechmatics": "/v2", "assemblyai": "/v3/ws", "agent-stt": "/v2/agent"}
SHORT = bytes(200 * MS)


@row("connection.url", "adapted")
@EACH_PAIR
async def test_the_far_side_is_reached_where_its_own_protocol_opens_sessions(there, front, behind):
    await FRONTS[front].converse(there.url, SHORT)
    assert there.call.handshake.path == PATHS[behind]


@row("connection.url", "adapted", behind="assemblyai")
async def test_the_data_zone_is_a_region_of_the_backend():
    assert vendor_url(BY_NAME["assemblyai"], "eu") == "wss://streaming.eu.assemblyai.com/v3/ws"


@row("connection.handshake", "adapted")
@EACH_PAIR
async def test_audio_waits_until_the_far_side_has_begun(tmp_path, front, behind):
    async with reluctant(behind, tmp_path) as (far, near), client_of(near, front) as client:
        await client.send(bytes(500 * MS))
        far_socket = await far.socket
        if behind in STARTS:
            await far.has_frame.wait()
        for _ in range(3):  # what was sent before a pong has been read
            await (await far_socket.ping())
        if behind in STARTS:
            assert json.loads(far.frames[0])["message"] == "StartRecognition"
            assert len(far.frames) == 1
        else:
            assert far.frames == []
            assert "sample_rate=16000" in far_socket.request.path
        await far.start()
        await far.has_audio.wait()


@row("connection.key", "adapted")
@EACH_PAIR
async def test_the_operators_key_goes_upstream_and_the_clients_stays_here(tmp_path, front, behind):
    async with crossing(
        behind, tmp_path, far_keys=["upstream"], key="upstream", near_keys=["clients-own"]
    ) as there:
        heard = await FRONTS[front].converse(there.url, key="clients-own")
    expected = "upstream" if behind == "assemblyai" else "Bearer upstream"
    assert there.call.handshake.headers["authorization"] == expected
    assert "clients-own" not in repr(there.calls)
    assert FRONTS[front].words(heard)


@row("connection.token", "adapted", behind="speechmatics")
@row("connection.token", "adapted", behind="agent-stt")
@row("connection.token", "degraded", behind="assemblyai")
@EACH_PAIR
async def test_a_temporary_credential_is_made_for_the_connection(tmp_path, front, behind):
    keys = {"far_keys": ["upstream"], "key": "upstream"}
    async with crossing(behind, tmp_path, **keys, token_ttl_s=60) as there:
        heard = await FRONTS[front].converse(there.url)
    assert FRONTS[front].words(heard)
    shown = there.call.handshake.headers["authorization"]
    assert "upstream" not in shown
    assert shown.startswith("Bearer ") == (behind != "assemblyai")


@row("connection.token", "adapted", behind="speechmatics")
@row("connection.token", "adapted", behind="agent-stt")
@row("connection.token", "degraded", behind="assemblyai")
@pytest.mark.parametrize(
    ("behind", "ttl_s", "is_made"),
    [
        ("speechmatics", 86_400, True),
        ("speechmatics", 86_401, False),
        ("speechmatics", 59, False),
        ("agent-stt", 59, False),
        ("assemblyai", 600, True),
        ("assemblyai", 601, False),
    ],
)
async def test_a_life_that_the_far_protocol_does_not_give_is_refused(
    tmp_path, behind, ttl_s, is_made
):
    keys = {"far_keys": ["upstream"], "key": "upstream"}
    async with (
        crossing(behind, tmp_path, **keys, token_ttl_s=ttl_s) as there,
        speechmatics_wire.dial(f"{there.url}/v2") as wire,
    ):
        await wire.start()
        await wire.say(SHORT, {"message": "EndOfStream", "last_seq_no": 1})
        heard = await wire.hear_all()
    assert (heard[-1]["message"] == "EndOfTranscript") == is_made
    assert is_made or "lives" in heard[-1]["reason"]


@row("connection.ping", "kept")
@EACH_PAIR
async def test_pings_are_answered_at_both_ends_while_nothing_else_happens(tmp_path, front, behind):
    async with reluctant(behind, tmp_path) as (far, near), client_of(near, front) as client:
        await (await client.ping())
        await (await (await far.socket).ping())
        if front == "assemblyai":
            await client.send(json.dumps(assemblyai_wire.KEEP_ALIVE))
            await (await client.ping())
        assert client.close_code is None


@row("connection.session_id", "adapted")
@EACH_PAIR
async def test_the_client_is_told_our_name_of_the_session_and_the_log_the_far_one(
    tmp_path, front, behind, caplog
):
    with caplog.at_level(logging.INFO):
        async with crossing(behind, tmp_path) as there:
            heard = await FRONTS[front].converse(there.url, SHORT)
    ours, theirs = FRONTS[front].session_id(heard), FRONTS[behind].session_id(there.call.said)
    assert ours != theirs
    assert f"session {ours} open" in caplog.text
    assert f"backend far opened session {theirs}" in caplog.text


@row("connection.expires_at", "adapted", front="assemblyai")
@EACH_BEHIND
async def test_the_end_that_is_announced_is_that_of_our_own_limits(tmp_path, behind):
    limits = ServerConfig(
        data_dir=tmp_path / "near", port=0, no_auth=True, dialect=DialectSettings(session_s=1234)
    )
    async with crossing(behind, tmp_path, near=limits) as there:
        [begin] = assemblyai_wire.of(await FRONTS["assemblyai"].converse(there.url, SHORT), "Begin")
    assert begin["expires_at"] - time.time() == pytest.approx(1234, abs=60)


@row("connection.expires_at", "dropped")
@pairs(fronts=["speechmatics", "agent-stt"])
async def test_a_protocol_without_an_announced_end_tells_none(there, front, behind):
    heard = await FRONTS[front].converse(there.url, QUIET)
    assert "expires" not in json.dumps(heard)
    assert ("expires_at" in json.dumps(there.call.said)) == (behind == "assemblyai")
