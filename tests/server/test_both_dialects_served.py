"""The dialects of the register behind the real server: admission, words, the end."""

import asyncio
import json
import logging
from contextlib import suppress

import httpx
import jwt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from crossfade.dialects import DIALECTS
from crossfade.dialects.base import DialectSettings
from plain_client import http_url, talk

SECOND = bytes(32000)
START = json.dumps(
    {
        "message": "StartRecognition",
        "audio_format": {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16000},
        "transcription_config": {"language": "en", "enable_partials": True},
    }
)
SPEECHMATICS = "/v2/en"
ASSEMBLYAI = "/v3/ws?sample_rate=16000&speech_model=universal-streaming-english"


async def messages(socket) -> list[dict]:
    heard = []
    try:
        while True:
            heard.append(json.loads(await socket.recv()))
    except ConnectionClosed:
        return heard


@pytest.fixture
def both(serve):
    def start(**options):
        return serve(dialects=DIALECTS, **options)

    return start


async def test_speechmatics_words_and_the_end(both, keyring):
    async with (
        both(keyring=keyring) as server,
        talk(server, SPEECHMATICS, key="Bearer sesame") as socket,
    ):
        await socket.send(START)
        started = json.loads(await socket.recv())
        assert started["message"] == "RecognitionStarted"
        assert started["id"] == socket.response.headers["request-id"]
        for _ in range(3):
            await socket.send(SECOND)
        await socket.send('{"message": "EndOfStream", "last_seq_no": 3}')
        await socket.send(SECOND)
        heard = await messages(socket)
        text = "".join(
            m["metadata"]["transcript"] for m in heard if m["message"] == "AddTranscript"
        )
        assert text.strip() == "Good morning. Welcome aboard."
        assert [m["seq_no"] for m in heard if m["message"] == "AudioAdded"] == [1, 2, 3]
        assert heard[-1]["message"] == "EndOfTranscript"
        assert socket.close_code == 1000


async def test_assemblyai_words_and_the_end(both, keyring):
    async with both(keyring=keyring) as server, talk(server, ASSEMBLYAI, key="sesame") as socket:
        for _ in range(30):
            await socket.send(SECOND[:3200])
        await socket.send('{"type": "Terminate"}')
        heard = await messages(socket)
        assert heard[0]["type"] == "Begin"
        ends = [m["transcript"] for m in heard if m["type"] == "Turn" and m["end_of_turn"]]
        assert " ".join(ends).lower().replace(".", "") == "good morning welcome aboard"
        assert heard[-1]["type"] == "Termination"
        assert heard[-1]["audio_duration_seconds"] == 3
        assert (socket.close_code, socket.close_reason) == (1000, "Session Ended")


async def test_a_hurried_client_is_slowed_down_and_refused_by_the_strict_only(both):
    minute = [SECOND] * 60
    strict = DialectSettings(strict_pace=True)
    async with both(dialect=strict) as server, talk(server, ASSEMBLYAI) as socket:
        with suppress(ConnectionClosed):
            for second in minute:
                await socket.send(second)
        error = (await messages(socket))[-1]
        assert error["error_code"] == socket.close_code == 3007
        assert error["error"].startswith("Audio Transmission Rate Exceeded: Received 3")
        assert " sec. audio in " in error["error"]
    async with both() as server, talk(server, ASSEMBLYAI) as socket:
        for message in [*minute, '{"type": "Terminate"}']:
            await socket.send(message)
        assert (await messages(socket))[-1]["audio_duration_seconds"] == 60


async def test_each_dialect_says_no_in_its_own_way(both, keyring):
    async with both(keyring=keyring) as server:
        for key in (None, "Bearer wrong"):
            with pytest.raises(InvalidStatus) as refused:
                async with talk(server, SPEECHMATICS, key=key):
                    pass
            assert refused.value.response.status_code == 401
            assert json.loads(refused.value.response.body)["type"] == "not_authorised"
        async with talk(server, "/v2?jwt=wrong") as socket:
            assert [m["type"] for m in await messages(socket)] == ["not_authorised"]
            assert (socket.close_code, socket.close_reason) == (4001, "not_authorised")
        for key, text in [(None, "Missing Authorization header"), ("wrong", "Invalid API key")]:
            async with talk(server, ASSEMBLYAI, key=key) as socket:
                (error,) = await messages(socket)
                assert error["error"] == f"Unauthorized Connection: {text}"
                assert socket.close_code == error["error_code"] == 1008


async def test_each_dialect_says_full_in_its_own_way(both):
    async with both(max_sessions=1) as server, talk(server, ASSEMBLYAI) as first:
        assert json.loads(await first.recv())["type"] == "Begin"
        async with talk(server, ASSEMBLYAI) as socket:
            assert (await messages(socket))[-1]["error_code"] == 3009
            assert socket.close_code == 3009
        async with talk(server, SPEECHMATICS) as socket:
            await socket.send(START)
            assert (await messages(socket))[-1]["type"] == "quota_exceeded"
            assert socket.close_code == 4005


async def test_each_dialects_token_opens_its_own_door_only(both, keyring):
    async with both(keyring=keyring) as server, httpx.AsyncClient() as client:
        made = await client.post(
            http_url(server, "/v1/api_keys?type=rt"),
            json={"ttl": 60},
            headers={"Authorization": "Bearer sesame"},
        )
        assert made.status_code == 201
        ours = made.json()["key_value"]
        claims = jwt.decode(ours, options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == 60
        made = await client.get(
            http_url(server, "/v3/token?expires_in_seconds=60&max_session_duration_seconds=90"),
            headers={"Authorization": "sesame"},
        )
        assert made.status_code == 200
        theirs = made.json()["token"]

        async with talk(server, f"/v2?jwt={ours}") as socket:
            await socket.send(START)
            assert json.loads(await socket.recv())["message"] == "RecognitionStarted"
        async with talk(server, f"{ASSEMBLYAI}&token={theirs}") as socket:
            assert json.loads(await socket.recv())["type"] == "Begin"
        async with talk(server, f"/v2?jwt={theirs}") as socket:
            await messages(socket)
            assert socket.close_code == 4001
        async with talk(server, f"{ASSEMBLYAI}&token={ours}") as socket:
            await messages(socket)
            assert socket.close_code == 1008


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v2", 101),
        ("/v2/", 101),
        ("/v2/en/", 101),
        ("/v2/en/fr", 101),
        ("/", 101),
        ("/v3/ws", 101),
        ("/v3/ws/", 101),
        ("//v3/ws", 101),
        ("/v2/agent", 101),
        ("/v2/agent/", 101),
        ("/v2/agent/profile", 404),
        ("/v3", 404),
    ],
)
async def test_paths(both, path, code):
    async with both() as server:
        try:
            async with talk(server, path):
                status = 101
        except InvalidStatus as refused:
            status = refused.response.status_code
    assert status == code


async def test_draining_gives_both_their_last_words_in_their_own_way(both):
    async with (
        both() as server,
        talk(server, SPEECHMATICS) as one,
        talk(server, ASSEMBLYAI) as other,
    ):
        await one.send(START)
        for _ in range(12):
            await one.send(SECOND[:3200])
            await other.send(SECOND[:3200])
        await (await one.ping())
        await (await other.ping())
        async with asyncio.timeout(8):
            await server.drain(5)
        heard = await messages(one)
        assert (heard[-1]["message"], heard[-1]["type"]) == ("Error", "job_error")
        assert one.close_code == 4013
        assert "Good morning" in "".join(
            m["metadata"]["transcript"] for m in heard if m["message"] == "AddTranscript"
        )
        heard = await messages(other)
        assert heard[-1]["type"] == "Termination"
        assert any(m["type"] == "Turn" and m["end_of_turn"] for m in heard)


async def test_neither_leaves_words_or_keys_in_the_logs(both, keyring, caplog):
    caplog.set_level(logging.INFO)
    async with both(keyring=keyring) as server:
        async with talk(server, SPEECHMATICS, key="Bearer sesame") as socket:
            await socket.send(START)
            await socket.send(SECOND * 3)
            await socket.send('{"message": "EndOfStream", "last_seq_no": 1}')
            await messages(socket)
        async with talk(server, ASSEMBLYAI + "&token=canary&keyterms_prompt=canary") as socket:
            await messages(socket)
        async with talk(server, ASSEMBLYAI, key="sesame") as socket:
            await socket.send('{"type": "canary"}')
            await messages(socket)
        async with asyncio.timeout(5):
            await server.service.sessions.emptied()
    ours = [r for r in caplog.records if not r.name.startswith(("websockets", "httpx"))]
    text = "\n".join(record.getMessage() for record in ours)
    assert "closed: code=1000 dialect=speechmatics" in text
    for secret in ("sesame", "canary", "morning"):
        assert secret not in text
