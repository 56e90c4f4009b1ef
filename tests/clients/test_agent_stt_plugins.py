"""The Speechmatics plugins of voice frameworks, unmodified; `make plugins` installs them."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
import soxr

from agent_wire import dial, pcm
from client_programs import folder_of, heard_by
from crossfade.model import TurnEnded
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.scoring import normalize, word_errors
from crossfade.server.keys import Keyring
from crossfade.server.run import ServerConfig, running_server
from processes import KEY

PIPECAT = pytest.mark.conformance(
    "agent-stt",
    "24.30",
    "Pipecat: external with a VAD, vad with external strategies, 8 kHz pipeline, settings change",
    untested="its strategies, which decide about bots",
)
LIVEKIT = pytest.mark.conformance(
    "agent-stt",
    "24.31",
    'LiveKit: external with Silero, vad with `turn_detection="stt"`, `get_speaker_ids()`',
    untested="`turn_detection`, which decides about agents; the ends of speech that it goes by are",
)
OVERLOAD = pytest.mark.conformance(
    "agent-stt",
    "24.4",
    "overload: HTTP 503; a retry by LiveKit and Pipecat succeeds once there is room",
)
RESTART = pytest.mark.conformance(
    "agent-stt", "24.28", "restart: close 1012 without Error; both frameworks reconnect"
)

HERE = Path(__file__).parent / "plugins"
SENTENCE = "Good morning everybody."


async def livekit(url: str, audio: bytes, *, mode: str = "vad", turns: int = 1) -> dict[str, Any]:
    program, folder = HERE / "livekit_agent_stream.py", folder_of("livekit")
    command = (sys.executable, program, f"{url}/v2/agent", KEY, mode, turns)
    heard = await heard_by(*map(str, command), audio=audio, PYTHONPATH=str(folder))
    assert isinstance(heard, dict)
    return heard


async def pipecat(
    url: str, audio: bytes, *, mode: str = "vad", rate_hz: int = 16_000, finals: int = 1
) -> list[str]:
    program, folder = HERE / "pipecat_agent_stream.py", folder_of("pipecat")
    command = (sys.executable, program, f"{url}/v2/agent", KEY, mode, rate_hz, finals)
    heard = await heard_by(*map(str, command), audio=audio, PYTHONPATH=str(folder))
    assert isinstance(heard, list)
    return heard


@LIVEKIT
@pytest.mark.model
@pytest.mark.parametrize("mode", ["vad", "external"])
async def test_livekit_hears_a_turn_in_both_modes(url, recording, mode):
    entry = recording("vctk-p286_010")
    heard = await livekit(url, pcm(entry.samples()), mode=mode)
    assert word_errors(entry.text, " ".join(heard["finals"])).rate < 0.2
    told = [event for event in heard["events"] if event != "recognition_usage"]
    finals = ["final_transcript"] * len(heard["finals"])
    assert told == ["start_of_speech", *finals, "end_of_speech"]
    assert heard["speakers"] == 1


@PIPECAT
@pytest.mark.model
@pytest.mark.parametrize("mode", ["vad", "external"])
@pytest.mark.parametrize("rate_hz", [16_000, 8_000])
async def test_pipecat_hears_a_turn_in_both_modes(url, recording, mode, rate_hz):
    entry = recording("vctk-p286_010")
    samples = soxr.resample(entry.samples(), 16_000, rate_hz)
    heard = await pipecat(url, pcm(samples), mode=mode, rate_hz=rate_hz)
    assert word_errors(entry.text, " ".join(heard)).rate < 0.2


class Reader(ScriptedRecognizer):
    """Reads a sentence to every session; ``has_ended_turn`` once one was told the end of a turn."""

    def __init__(self) -> None:
        super().__init__(spoken(SENTENCE))
        self.has_ended_turn = asyncio.Event()
        self.n_opened = 0

    def open(self, config):
        self.n_opened += 1
        stream = super().open(config)
        events = stream.events

        async def told():
            async for event in events():
                yield event
                if isinstance(event, TurnEnded):
                    self.has_ended_turn.set()

        stream.events = told
        return stream


def scripted(folder: Path, *, reader: Reader | None = None, port: int = 0):
    """A server with room for one."""
    return running_server(
        reader or Reader(),
        data_dir=folder,
        keyring=Keyring(folder / "keys.json", run_keys=[KEY]),
        config=ServerConfig(data_dir=folder, port=port, max_sessions=1),
    )


def refusals_of(server, monkeypatch) -> asyncio.Event:
    """Set once a client was turned away."""
    refused = asyncio.Event()
    monkeypatch.setattr(server.service.metrics, "refused", lambda *_: refused.set())
    return refused


@PIPECAT
async def test_pipecat_changes_its_settings_in_another_session(tmp_path):
    reader = Reader()
    async with scripted(tmp_path, reader=reader) as server:
        assert await pipecat(server.url, b"") == [SENTENCE]
    assert reader.n_opened == 2


@OVERLOAD
@pytest.mark.parametrize("framework", ["livekit", "pipecat"])
async def test_a_plugin_comes_again_once_there_is_room(tmp_path, monkeypatch, framework):
    folder_of(framework)
    async with scripted(tmp_path) as server, asyncio.TaskGroup() as group:
        refused = refusals_of(server, monkeypatch)
        async with asyncio.timeout(40), dial(f"{server.url}/v2/agent", key=KEY):
            hear = livekit if framework == "livekit" else pipecat
            hearing = group.create_task(hear(server.url, b""))
            await refused.wait()
        heard = await hearing
    finals = heard["finals"] if isinstance(heard, dict) else heard
    assert normalize(" ".join(finals)) == normalize(SENTENCE)


@RESTART
@pytest.mark.parametrize("framework", ["livekit", "pipecat"])
async def test_a_plugin_comes_back_after_a_restart(tmp_path, framework):
    folder_of(framework)
    reader = Reader()
    async with asyncio.TaskGroup() as group:
        async with scripted(tmp_path / "before", reader=reader) as server:
            if framework == "livekit":
                hearing = group.create_task(livekit(server.url, b"", turns=2))
            else:
                hearing = group.create_task(pipecat(server.url, b"", finals=2))
            async with asyncio.timeout(40):
                await reader.has_ended_turn.wait()
            port = server.port
            await server.drain(1.0)
        async with scripted(tmp_path / "after", port=port):
            heard = await hearing
    finals = heard["finals"] if isinstance(heard, dict) else heard
    assert finals == [SENTENCE, SENTENCE]
