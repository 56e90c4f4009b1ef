"""Section 24 of the reference, "Handshake" and "Start": who comes in, where, and with what."""

import asyncio
import time

import httpx
import numpy as np
import pytest
import soxr
from websockets.exceptions import InvalidStatus

from agent_wire import RAW, SECOND, converse, cut, dial, of, pcm, start_message, story, text
from crossfade.dialects.base import DialectSettings
from crossfade.model import Encoding
from crossfade.scoring import normalize
from plain_client import http_url
from processes import KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATHS = pytest.mark.conformance(
    "agent-stt",
    "24.1",
    "`/v2/agent`, `/v2/agent/`, `/agent`, `/v2/en/agent`, any query; 404 elsewhere",
)
CREDENTIALS = pytest.mark.conformance(
    "agent-stt",
    "24.2",
    "Bearer key, `?jwt=`, `?api_key=`, `Bearer None` in no-auth mode, `Bearer None` + `?api_key=`",
)
WRONG_KEY = pytest.mark.conformance(
    "agent-stt",
    "24.3",
    "wrong key: 101, then Error not_authorised after StartRecognition, close 4001",
)
OVERLOAD = pytest.mark.conformance(
    "agent-stt",
    "24.4",
    "overload: HTTP 503; a retry by LiveKit and Pipecat succeeds once there is room",
)
MODES = pytest.mark.conformance(
    "agent-stt", "24.6", "`turn_config` missing: vad; unknown mode: invalid_config"
)
FIELDS = pytest.mark.conformance(
    "agent-stt",
    "24.7",
    "`translation_config`: invalid_config; `max_delay`, `punctuation_overrides`: "
    "accepted (lenient), rejected by name (strict)",
)
FORMATS = pytest.mark.conformance(
    "agent-stt",
    "24.8",
    "`type: file`: invalid_audio_type; 8000 and 16000, `pcm_s16le` and `pcm_f32le` give the same "
    "words",
)

WRONG = "not-a-key"


async def opens_a_session(url: str, **options) -> None:
    async with dial(url, **options) as wire:
        await wire.start()
        await wire.finish()


async def refused(url: str, *messages, **options) -> tuple[str, str, int]:
    """Type and reason of the error, and the close code."""
    async with dial(url, **options) as wire:
        await wire.say(*messages)
        error = (await wire.hear_all())[-1]
        assert error["message"] == "Error"
        assert wire.closed[1] in (error["type"], "policy_violation")
        return error["type"], error["reason"], wire.closed[0]


# Handshake


@PATHS
@pytest.mark.parametrize(
    "path",
    ["/v2/agent", "/v2/agent/", "/agent", "/agent/", "/v2/en/agent", "/v2/en/agent/"]
    + [f"/v2/agent/{name}" for name in ("default", "adaptive", "agile", "smart", "external")]
    + ["/v2/agent/adaptive:latest", "/v2/agent/external:2026-02-10/"],
)
async def test_every_path_and_any_query_lead_to_a_session(open_server, path):
    queries = ["", "?sm-app=pipecat%2F1.14.0&sm-sdk=python-agent-stt-sdk-v0.3.0", "?x=%FF&sm-app="]
    for query in queries:
        await opens_a_session(f"{open_server.url}{path}{query}")


@PATHS
@pytest.mark.parametrize("path", ["/v2/agent/nobody", "/v2/agent/agile/x", "/agent/x", "/v1/agent"])
async def test_other_paths_are_404(open_server, path):
    with pytest.raises(InvalidStatus) as caught:
        await opens_a_session(open_server.url + path)
    assert caught.value.response.status_code == 404


@CREDENTIALS
@pytest.mark.parametrize("header", [f"Bearer {KEY}", f"bearer {KEY}"])
async def test_a_key_in_the_header_opens_a_session(keyed_server, header):
    url = f"{keyed_server.url}/v2/agent"
    await opens_a_session(url, headers={"Authorization": header})
    # The header wins over the query.
    await opens_a_session(f"{url}?jwt={WRONG}", headers={"Authorization": header})


@CREDENTIALS
async def test_a_temporary_key_opens_a_session_in_the_query_and_in_the_header(keyed_server):
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            http_url(keyed_server, "/v1/api_keys?type=rt"),
            headers={"Authorization": f"Bearer {KEY}"},
            json={"ttl": 60},
        )
    token = answer.json()["key_value"]
    await opens_a_session(f"{keyed_server.url}/v2/agent?jwt={token}")
    await opens_a_session(f"{keyed_server.url}/v2/agent?jwt={token}&api_key={WRONG}")
    await opens_a_session(f"{keyed_server.url}/v2/agent", key=token)


@CREDENTIALS
@pytest.mark.parametrize("header", [None, "Bearer None"])
async def test_a_key_in_the_query_opens_a_session(keyed_server, header):
    headers = {} if header is None else {"Authorization": header}
    await opens_a_session(f"{keyed_server.url}/v2/agent?api_key={KEY}", headers=headers)


@CREDENTIALS
@pytest.mark.parametrize("header", [None, "Bearer None", "Bearer anything"])
async def test_without_authentication_everybody_comes_in(open_server, header):
    headers = {} if header is None else {"Authorization": header}
    await opens_a_session(f"{open_server.url}/v2/agent", headers=headers)


@WRONG_KEY
@pytest.mark.parametrize(
    ("query", "header"),
    [
        pytest.param("", f"Bearer {WRONG}", id="header"),
        pytest.param("", None, id="nothing"),
        pytest.param("", "Bearer None", id="none"),
        pytest.param(f"?jwt={WRONG}", None, id="jwt"),
        pytest.param(f"?api_key={WRONG}", "Bearer None", id="api-key"),
    ],
)
async def test_a_wrong_key_is_refused_in_band_after_start_recognition(keyed_server, query, header):
    headers = {} if header is None else {"Authorization": header}
    async with dial(f"{keyed_server.url}/v2/agent{query}", headers=headers) as wire:
        with pytest.raises(TimeoutError):  # a client that has not spoken yet does not listen
            async with asyncio.timeout(0.2):
                await wire.next()
        await wire.say(start_message())
        assert await wire.hear_all() == [
            {"message": "Error", "type": "not_authorised", "reason": "Not Authorized"}
        ]
        assert wire.closed == (4001, "not_authorised")


@OVERLOAD
async def test_a_full_server_refuses_the_handshake_until_there_is_room(serve):
    async with serve(max_sessions=1) as server:
        url = f"{server.url}/v2/agent"
        # The slot is taken before anything is said: nobody is turned away later.
        async with dial(url) as first:
            with pytest.raises(InvalidStatus) as caught:
                await opens_a_session(url)
            assert caught.value.response.status_code == 503
            assert int(caught.value.response.headers["retry-after"]) > 0
            await first.start()
            await first.finish()
        await opens_a_session(url)


# Start

DEFAULTS = {
    "sdk-0.3.0": ("pcm_s16le", 16_000, {}, "vad"),
    "pipecat-1.14.0": ("pcm_s16le", 8_000, {}, "external"),
    "livekit-1.8.9": ("pcm_s16le", 16_000, {"diarization": "speaker"}, "external"),
}


@pytest.mark.conformance(
    "agent-stt",
    "24.5",
    "default StartRecognition of SDK, Pipecat, LiveKit (§7.1) accepted, RecognitionStarted < 5 s",
)
@pytest.mark.parametrize("client", DEFAULTS)
async def test_what_clients_send_by_default_opens_a_session(open_server, client):
    encoding, rate_hz, config, mode = DEFAULTS[client]
    audio_format = {"type": "raw", "encoding": encoding, "sample_rate": rate_hz}
    async with dial(f"{open_server.url}/v2/agent") as wire:
        asked = time.monotonic()
        started = await wire.start(audio_format, mode, **config)
        assert time.monotonic() - asked < 5
        assert started["language_pack_info"]["word_delimiter"] == " "
        await wire.finish()
        assert of(wire.heard, "Warning") == []


@MODES
async def test_without_turn_config_the_service_ends_turns(open_server):
    for mode in (None, "vad"):
        wire = await converse(f"{open_server.url}/v2/agent", [SECOND] * 4, mode=mode)
        assert "SpeechStarted" in story(wire.heard)
        assert story(wire.heard)[-2:] == ["EndOfTurn", "EndOfTranscript"]
    message = start_message() | {"turn_config": {"turn_detection_mode": None}}
    async with dial(f"{open_server.url}/v2/agent") as wire:
        await wire.say(message, SECOND, SECOND)
        await wire.hear("SpeechStarted")


@MODES
@pytest.mark.parametrize("mode", ["adaptive", "smart_turn", "fixed", "", 1])
async def test_an_unknown_mode_is_invalid_config(open_server, mode):
    kind, reason, code = await refused(f"{open_server.url}/v2/agent", start_message(mode=mode))
    assert (kind, code) == ("invalid_config", 1003)
    assert reason.startswith("turn_config.turn_detection_mode: ")


@FIELDS
@pytest.mark.parametrize("name", ["translation_config", "audio_events_config"])
async def test_what_belongs_to_the_older_protocol_alone_is_refused(open_server, name):
    found = await refused(f"{open_server.url}/v2/agent", start_message() | {name: {}})
    assert found == ("invalid_config", f"Additional property {name} is not allowed", 1003)


OLDER_FIELDS = {
    "max_delay": 2.0,
    "punctuation_overrides": {"permitted_marks": [","]},
    "conversation_config": {"end_of_utterance_silence_trigger": 0.2},
    "streaming_mode": True,
}


@FIELDS
async def test_fields_of_the_older_protocol_are_accepted(open_server):
    async with dial(f"{open_server.url}/v2/agent") as wire:
        await wire.start(**OLDER_FIELDS)
        await wire.say(*[SECOND] * 4)
        await wire.finish()
    [warning] = of(wire.heard, "Warning")
    assert wire.heard.index(warning) < wire.heard.index(of(wire.heard, "RecognitionStarted")[0])
    assert "streaming_mode" in warning["reason"]
    assert "conversation_config" in warning["reason"]
    assert "max_delay" not in warning["reason"]
    assert text(wire.heard) == "Good morning Welcome aboard", "no full stops are permitted"


@FIELDS
@pytest.mark.parametrize("name", OLDER_FIELDS)
async def test_a_strict_server_rejects_them_by_name(serve, name):
    async with serve(dialect=DialectSettings(strict_parameters=True)) as server:
        url = f"{server.url}/v2/agent"
        found = await refused(url, start_message(**{name: OLDER_FIELDS[name]}))
        assert found == ("invalid_config", f"Additional property {name} is not allowed", 1003)
        await opens_a_session(url)


@FORMATS
@pytest.mark.parametrize(
    "audio_format",
    [{"type": "file"}, RAW | {"encoding": "mp3"}, RAW | {"sample_rate": 0}, {"type": "raw"}],
)
async def test_audio_that_there_is_not_is_invalid_audio_type(open_server, audio_format):
    kind, _, code = await refused(f"{open_server.url}/v2/agent", start_message(audio_format))
    assert (kind, code) == ("invalid_audio_type", 1003)


@pytest.mark.model
@FORMATS
async def test_every_encoding_and_rate_gives_the_same_words(url, key, recording):
    narrow = soxr.resample(recording("vctk-p345_009").samples(), 16_000, 8000)
    at_rate = {8000: narrow, 16_000: np.clip(soxr.resample(narrow, 8000, 16_000), -1, 1)}

    async def heard_at(encoding: Encoding, rate_hz: int) -> list[str]:
        audio_format = {"type": "raw", "encoding": encoding.value, "sample_rate": rate_hz}
        chunks = cut(pcm(at_rate[rate_hz], encoding), 8191)  # some end inside a sample
        wire = await converse(f"{url}/v2/agent", chunks, key=key, audio_format=audio_format)
        [quality] = [m["quality"] for m in of(wire.heard, "Info") if "quality" in m]
        assert quality == ("telephony" if rate_hz == 8000 else "broadcast")
        return normalize(text(wire.heard)).split()

    encodings = (Encoding.PCM_S16LE, Encoding.PCM_F32LE)
    heard = await asyncio.gather(*(heard_at(e, rate_hz) for e in encodings for rate_hz in at_rate))
    assert len(heard[0]) > 8
    assert heard == [heard[0]] * 4


@pytest.mark.conformance(
    "agent-stt", "24.9", "`model` `linden-1`, `enhanced`, missing; `operating_point` alone"
)
@pytest.mark.parametrize(
    "config",
    [
        {"model": "linden-1"},
        {"model": "enhanced"},
        {"model": None},
        {"operating_point": "standard"},
    ],
)
async def test_every_model_leads_to_ours(open_server, config):
    async with dial(f"{open_server.url}/v2/agent") as wire:
        await wire.start(**({"model": None} | config))
        await wire.finish()
        assert of(wire.heard, "Warning") == []


@pytest.mark.conformance("agent-stt", "24.10", "speaker label `S1`: invalid_config")
@pytest.mark.parametrize("label", ["S1", "UU", " Ann", ""])
async def test_labels_that_are_taken_are_invalid_config(open_server, label):
    speakers = [{"label": label, "speaker_identifiers": ["x"]}]
    config = {"diarization": "speaker", "speaker_diarization_config": {"speakers": speakers}}
    kind, reason, code = await refused(f"{open_server.url}/v2/agent", start_message(**config))
    assert (kind, code) == ("invalid_config", 1003)
    assert "speakers" in reason
