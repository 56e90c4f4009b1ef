"""Speechmatics' own client for voice agents, unmodified, in both modes."""

import asyncio
import io
import json
import sys
from pathlib import Path

import pytest
from speechmatics import agent_stt
from speechmatics.agent_stt import (
    AgentSttAsyncClient,
    ServerMessageType,
    TranscriptionConfig,
    TurnConfig,
    TurnDetectionMode,
)
from speechmatics.rt import ConnectionError as NoConnectionError
from speechmatics.rt import TranscriptionError

from agent_schema import SessionRules
from agent_wire import dial, pcm
from client_programs import folder_of, heard_by
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.scoring import normalize, word_errors
from crossfade.server.keys import Keyring
from crossfade.server.run import ServerConfig, running_server
from official_clients import agent_stt_hears, assemblyai_hears, speechmatics_hears
from processes import KEY

SDK = pytest.mark.conformance(
    "agent-stt",
    "24.29",
    "`speechmatics-agent-stt` 0.1.0, 0.3.0: both modes, `transcribe()`, `finalize()`, `transcript`",
)
ACADEMY = pytest.mark.conformance(
    "agent-stt",
    "24.32",
    "Academy `13-agent-stt` with `--external`, `--speakers`, `--no-partials`",
    untested="the example itself, which is not carried; the calls of the SDK that it makes are",
)
PREVIEW = pytest.mark.conformance(
    "agent-stt",
    "24.33",
    "(tier 3) Academy `11-voice-api-explorer` on the four profiles",
    untested="the preview's own messages: this server does not speak them, and says so",
)
BOTH_MODES = pytest.mark.parametrize("mode", list(TurnDetectionMode), ids=lambda mode: mode.value)
SECOND = bytes(32_000)
HERE = Path(__file__).parent


@pytest.fixture
async def server(tmp_path):
    engine = ScriptedRecognizer(
        [*spoken("Good morning. Welcome aboard."), *spoken("Goodbye!", start_ms=4000)]
    )
    keyring = Keyring(tmp_path / "keys.json", run_keys=[KEY])
    config = ServerConfig(data_dir=tmp_path, port=0, max_sessions=1)
    async with running_server(engine, data_dir=tmp_path, keyring=keyring, config=config) as server:
        yield server


def client_of(server, mode=TurnDetectionMode.VAD, key=KEY, **config) -> AgentSttAsyncClient:
    return AgentSttAsyncClient(
        api_key=key,
        url=server.url,
        turn_config=TurnConfig(turn_detection_mode=mode),
        transcription_config=TranscriptionConfig(**config),
    )


def check_events(client: AgentSttAsyncClient, **rules) -> None:
    """All that the client was told is in order."""
    session = SessionRules(**rules)
    for event in client.events:
        session.hear(json.dumps(event))


@SDK
@ACADEMY
@BOTH_MODES
@pytest.mark.parametrize("partials", [True, False], ids=["partials", "no-partials"])
async def test_a_conversation_turn_by_turn(server, mode, partials):
    client = client_of(server, mode, enable_partials=partials)
    turns = asyncio.Queue()
    client.on(ServerMessageType.END_OF_TURN, turns.put_nowait)
    async with asyncio.timeout(20):
        await client.connect()
        for n_seconds in (3, 3):
            for _ in range(n_seconds):
                await client.send_audio(SECOND)
            if mode == TurnDetectionMode.EXTERNAL:
                client.finalize()
            await turns.get()
        await client.disconnect()
    assert client.transcript == "Good morning. Welcome aboard. Goodbye!"
    assert [segment.transcript for segment in client.segments] == [
        "Good morning. Welcome aboard.",
        "Goodbye!",
    ]
    check_events(client, mode=mode.value, partials=partials)
    assert client.events[-1] == {"message": "EndOfTranscript"}
    assert any(e["message"] == "AddPartialSegment" for e in client.events) == partials


@SDK
@BOTH_MODES
async def test_a_file_is_transcribed(server, mode):
    client = client_of(server, mode)
    async with asyncio.timeout(20):
        await client.transcribe(io.BytesIO(SECOND * 6))
    assert client.transcript == "Good morning. Welcome aboard. Goodbye!"
    check_events(client, mode=mode.value)


@ACADEMY
async def test_speakers_are_asked_for(server):
    client = client_of(server, diarization="speaker")
    answered = asyncio.Queue()
    client.on(ServerMessageType.SPEAKERS_RESULT, answered.put_nowait)
    async with asyncio.timeout(20), client:
        await client.send_audio(SECOND)
        await client.send_message({"message": "GetSpeakers"})
        assert (await answered.get())["speakers"] == []


@SDK
async def test_the_client_learns_why_it_is_refused(server):
    with pytest.raises(TranscriptionError, match="Not Authorized"):
        await client_of(server, key="wrong").connect()
    with pytest.raises(TranscriptionError, match="language"):
        await client_of(server, language="tlh").connect()
    async with client_of(server):
        with pytest.raises(NoConnectionError):  # no room: it may come again
            await client_of(server).connect()


@PREVIEW
@pytest.mark.parametrize("profile", ["agile", "adaptive", "smart", "external"])
async def test_clients_of_the_preview_are_told_and_those_of_today_are_served(server, profile):
    url = f"{server.url}/v2/agent/{profile}"
    async with dial(url, key=KEY) as wire:
        config = {"language": "en", "enable_partials": True}
        audio = {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000}
        start = {"message": "StartRecognition", "audio_format": audio}
        await wire.say(start | {"transcription_config": config})
        [error] = await wire.hear_all()
        assert error["type"] == "invalid_config"
        assert "preview" in error["reason"]
    client = AgentSttAsyncClient(api_key=KEY, url=url)
    async with asyncio.timeout(20):
        await client.transcribe(io.BytesIO(SECOND * 6))
    assert client.transcript == "Good morning. Welcome aboard. Goodbye!"


# With the embedded recognizer


@SDK
@pytest.mark.model
async def test_the_words_are_those_of_the_other_dialects(url, recording):
    entry = recording("ls-61-70968-0000")
    samples = entry.samples()
    async with asyncio.TaskGroup() as group:
        hearings = [
            group.create_task(hearing)
            for hearing in (
                speechmatics_hears(url, KEY, samples),
                assemblyai_hears(url, KEY, samples),
                agent_stt_hears(url, KEY, samples),
                agent_stt_hears(url, KEY, samples, mode=TurnDetectionMode.EXTERNAL),
            )
        ]
    older, *others = [normalize(hearing.result().text) for hearing in hearings]
    assert others == [older] * 3
    assert word_errors(entry.text, older).rate < 0.2
    for hearing in hearings[2:]:
        assert hearing.result().errors == []
        assert hearing.result().ended_s < 5  # or the client gives up


@SDK
@pytest.mark.model
@BOTH_MODES
async def test_the_first_version_of_the_client_hears_the_same(url, recording, mode):
    """0.1.0, which comes with a plugin: it is what that pins."""
    folder = folder_of("livekit")
    entry = recording("brooklyn-bridge")
    audio = pcm(entry.samples())
    program = HERE / "plugins" / "agent_sdk_stream.py"
    command = (sys.executable, program, url, KEY, mode.value)
    version, heard = await heard_by(*command, audio=audio, PYTHONPATH=str(folder))
    assert version == "0.1.0"
    assert agent_stt.__version__ == "0.3.0"
    newest = await agent_stt_hears(url, KEY, entry.samples(), mode=mode)
    assert normalize(heard) == normalize(newest.text)
    assert word_errors(entry.text, heard).rate < 0.2
