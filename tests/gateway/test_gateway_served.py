"""Clients of a server whose backend is another one: errors in their words, official SDKs, files."""

import asyncio
import json
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed

from crossfade.gateway.upstream import NO_RETRY
from crossfade.recognizers.onnx import EmbeddedRecognizer
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.scoring import WordErrors, word_errors
from crossfade.server.keys import Keyring
from gateways import PAIR_IDS, PAIRS, gateway
from official_clients import assemblyai_hears, speechmatics_hears

EACH_PAIR = pytest.mark.parametrize(("front", "behind"), PAIRS, ids=PAIR_IDS)
CLIENTS = {"speechmatics": speechmatics_hears, "assemblyai": assemblyai_hears}
START = json.dumps(
    {
        "message": "StartRecognition",
        "audio_format": {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000},
        "transcription_config": {"language": "en"},
    }
)
PATHS = {
    "speechmatics": "/v2",
    "agent-stt": "/v2/agent",
    "assemblyai": "/v3/ws?sample_rate=16000",
}


async def last_words(server, front, *, n_bytes=1600):
    """The error that a client gets, and the close code."""
    said = []
    async with asyncio.timeout(15), open_socket(server.url + PATHS[front], proxy=None) as socket:
        with suppress(ConnectionClosed):
            if front != "assemblyai":
                await socket.send(START)
                said.append(json.loads(await socket.recv()))
            await socket.send(bytes(n_bytes))
        with suppress(ConnectionClosed):
            while True:
                said.append(json.loads(await socket.recv()))
        return said[-1], socket.close_code


@EACH_PAIR
async def test_a_refused_key_upstream_is_told_in_the_clients_protocol(tmp_path, front, behind):
    keyring = Keyring(tmp_path / "keys.json", run_keys=["right"])
    far = ScriptedRecognizer(spoken("Hello."))
    async with gateway(far, behind, tmp_path, keyring=keyring, key="wrong-4711") as (server, _):
        error, code = await last_words(server, front)
    assert "4711" not in json.dumps(error)
    assert "the backend far does not accept this server's key" in json.dumps(error)
    if front != "assemblyai":
        assert (error["message"], error["type"], code) == ("Error", "not_authorised", 4001)
    else:
        assert (error["type"], error["error_code"], code) == ("Error", 1008, 1008)


@EACH_PAIR
async def test_no_room_upstream_means_come_again_in_the_clients_protocol(tmp_path, front, behind):
    far = ScriptedRecognizer(spoken("Hello."))
    async with gateway(far, behind, tmp_path, reconnect=NO_RETRY) as (server, behind_server):
        behind_server.service.slots.total = 0
        error, code = await last_words(server, front)
    if front == "agent-stt":  # its clients come again unless they are told why
        assert (error["message"] == "Error", code) == (False, 1013)
        return
    kind, expected = ("quota_exceeded", 4005) if front == "speechmatics" else ("Error", 3009)
    assert (error["type"], code) == (kind, expected)


@EACH_PAIR
async def test_a_far_engine_that_fails_in_mid_sentence_ends_the_session_in_order(
    tmp_path, front, behind
):
    far = ScriptedRecognizer(spoken("Hello."), fails_at_ms=10)
    async with gateway(far, behind, tmp_path, reconnect=NO_RETRY) as (server, _):
        error, code = await last_words(server, front, n_bytes=3200)
    kind, expected = ("Error", 3005) if front == "assemblyai" else ("job_error", 4013)
    assert (error["type"], code) == (kind, expected)
    assert far.n_open == 0


@pytest.mark.model
@pytest.mark.parametrize(
    ("front", "behind"), [("speechmatics", "assemblyai"), ("assemblyai", "speechmatics")]
)
async def test_official_clients_hear_through_the_gateway_what_they_hear_directly(
    tmp_path, model_files, recordings, front, behind
):
    """The embedded model twice, on two recordings: a word more may be wrong, none is lost."""
    read = [entry for entry in recordings if entry.category == "read_en"]
    entries = sorted(read, key=lambda entry: entry.duration_s)[:2]
    recognizer = EmbeddedRecognizer(model_files)
    hears = CLIENTS[front]
    async with gateway(recognizer, behind, tmp_path) as places:
        heard = await asyncio.gather(
            *(hears(place.url, "k", entry.samples()) for place in places for entry in entries)
        )
    through, straight = heard[:2], heard[2:]
    assert [heard.errors for heard in through] == [[], []]
    assert errors(entries, through).rate <= errors(entries, straight).rate + 0.05
    assert all(heard.ended_s < 4 for heard in through)


def errors(entries, results):
    pairs = zip(entries, results, strict=True)
    return sum((word_errors(entry.text, heard.text) for entry, heard in pairs), WordErrors())
