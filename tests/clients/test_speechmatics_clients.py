"""Speechmatics' own clients, unmodified, as they are installed, with the defaults they send.

Each streams live (at the speed of speech) and a file at full speed, through a tap. What the
client got has to be, word for word, what the recognizer says to the same frames without a server.
"""

import asyncio
import json
import os
import re
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
import pytest_asyncio
import soxr
from speechmatics import rt
from speechmatics.voice import AgentServerMessageType, VoiceAgentClient

from crossfade.recognizers.onnx import EmbeddedRecognizer
from migration_guide import streams_like_the_migration_guide
from official_clients import chunks, paced
from processes import CHECKOUT, KEY, write_wav
from speechmatics_in_process import words_in_process
from speechmatics_schema import SessionRules
from speechmatics_wire import Message, cut, of, pcm, text, words
from tap import Call, tapped

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

HERE = Path(__file__).parent
LEGACY = CHECKOUT / ".clients" / "speechmatics-python"
NODE = CHECKOUT / ".clients" / "node"
LIMIT_S = 60
LIVE = {"enable_partials": True, "max_delay": 2}
RAW = rt.AudioFormat(encoding=rt.AudioEncoding.PCM_S16LE, sample_rate=16_000)

RT = pytest.mark.conformance(
    "speechmatics", "21.30", "`speechmatics-rt` file and microphone modes; multichannel client"
)
SDK = pytest.mark.conformance("speechmatics", "21.31", "legacy `speechmatics-python` SDK and CLI")
JAVASCRIPT = pytest.mark.conformance(
    "speechmatics",
    "21.32",
    "`@speechmatics/real-time-client` in Node and a browser",
    untested="a browser: its build runs, on Node's own WebSocket",
)
VOICE = pytest.mark.conformance(
    "speechmatics",
    "21.33",
    "`speechmatics-voice`, LiveKit and Pipecat plugins",
    untested="the LiveKit and Pipecat plugins; what they send is in line 21.8",
)
MODES = pytest.mark.parametrize("live", [True, False], ids=["live", "file"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recognizer(model_files):
    recognizer = EmbeddedRecognizer()
    await recognizer.start()
    yield recognizer
    await recognizer.aclose()


@pytest.fixture
def spoken(recording):
    return recording("brooklyn-bridge")


@pytest.fixture
def files(spoken, tmp_path):
    """The same as a WAV file and as bare samples."""
    wav = write_wav(tmp_path / "spoken.wav", spoken.path)
    raw = tmp_path / "spoken.raw"
    raw.write_bytes(pcm(spoken.samples()))
    return {False: wav, True: raw}


async def run(*command: str | Path, says: list[bytes] = (), **environment: str) -> str:
    """Run a client in a process of its own, speak into its stdin; return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        env=os.environ | environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(LIMIT_S):
        async for piece in paced(says):
            process.stdin.write(piece)
        process.stdin.close()
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def check_call(recognizer, call: Call, got: list[str]) -> None:
    """The client got the words that were sent; they are those of a plain stream."""
    rules = SessionRules()
    heard = [rules.hear(frame) for frame in call.heard]
    assert of(heard, "Error", "Warning") == []
    assert heard[-1]["message"] == "EndOfTranscript"
    assert len(got) >= 5
    assert got == words(heard)
    assert {"": got} == await words_in_process(recognizer, call.said)


def started_with(call: Call) -> Message:
    return json.loads(call.said[0])


# speechmatics-rt


async def rt_hears(client: rt.AsyncClient, call, *args, **options) -> list[Message]:
    heard: list[Message] = []
    for kind in rt.ServerMessageType:
        client.on(kind, heard.append)
    async with asyncio.timeout(LIMIT_S):
        await call(*args, **options)
    return heard


@RT
async def test_rt_streams_a_file_with_its_defaults(url, recognizer, files):
    async with tapped(url) as tap, rt.AsyncClient(api_key=KEY, url=f"{tap.url}/v2") as client:
        with files[False].open("rb") as file:
            heard = await rt_hears(client, client.transcribe, file)
    assert started_with(tap.call) == {
        "message": "StartRecognition",
        "audio_format": {"type": "file"},
        "transcription_config": {"language": "en", "model": "enhanced"},
    }
    await check_call(recognizer, tap.call, words(heard))


@RT
async def test_rt_streams_a_microphone(url, recognizer, recording):
    spoken = recording("vctk-p286_010")
    config = rt.TranscriptionConfig(**LIVE)
    async with tapped(url) as tap, rt.AsyncClient(api_key=KEY, url=f"{tap.url}/v2") as client:

        async def speak() -> None:
            await client.start_session(transcription_config=config, audio_format=RAW)
            async for piece in paced(chunks(spoken.samples())):
                await client.send_audio(piece)
            await client.stop_session()

        heard = await rt_hears(client, speak)
    await check_call(recognizer, tap.call, words(heard))


@RT
async def test_rt_forces_the_end_of_an_utterance(url, recognizer, spoken):
    async with tapped(url) as tap, rt.AsyncClient(api_key=KEY, url=f"{tap.url}/v2") as client:
        ended = asyncio.Event()
        client.on(rt.ServerMessageType.END_OF_UTTERANCE, lambda message: ended.set())

        async def speak() -> None:
            await client.start_session(audio_format=RAW)
            pieces = chunks(spoken.samples())
            for at, piece in enumerate(pieces):
                await client.send_audio(piece)
                if at == len(pieces) // 2:
                    await client.force_end_of_utterance()
                    await ended.wait()
            await client.stop_session()

        heard = await rt_hears(client, speak)
    assert [m.get("forced") for m in of(heard, "EndOfUtterance")] == [True]
    await check_call(recognizer, tap.call, words(heard))


@RT
async def test_rt_makes_itself_a_temporary_key(url, recognizer, files):
    auth = rt.JWTAuth(KEY, mp_url=url.replace("ws", "http", 1))
    async with tapped(url) as tap, rt.AsyncClient(auth, url=f"{tap.url}/v2") as client:
        with files[False].open("rb") as file:
            heard = await rt_hears(client, client.transcribe, file)
    assert tap.call.headers["authorization"].startswith("Bearer eyJ")
    await check_call(recognizer, tap.call, words(heard))


@RT
async def test_rt_streams_two_channels(url, recognizer, spoken, recording, tmp_path):
    parts = {"agent": spoken.samples(), "caller": recording("ls-61-70968-0000").samples()}
    n_samples = min(samples.size for samples in parts.values())  # it stops at the first end
    paths = {name: tmp_path / name for name in parts}
    for name, samples in parts.items():
        paths[name].write_bytes(pcm(samples[:n_samples]))
    async with (
        tapped(url) as tap,
        rt.AsyncMultiChannelClient(api_key=KEY, url=f"{tap.url}/v2") as client,
    ):
        over = asyncio.Event()
        client.on(rt.ServerMessageType.END_OF_TRANSCRIPT, lambda message: over.set())

        async def speak() -> None:
            with ExitStack() as opened:
                sources = {
                    name: opened.enter_context(path.open("rb")) for name, path in paths.items()
                }
                await client.transcribe(sources, audio_format=RAW)
            await over.wait()  # it would leave without waiting

        heard = await rt_hears(client, speak)
    rules = SessionRules()
    for frame in tap.call.heard:
        rules.hear(frame)
    assert of(heard, "Error", "Warning") == []
    got = {
        name: words([m for m in heard if m.get("channel") == name]) for name in ("agent", "caller")
    }
    assert all(got.values())
    assert got == await words_in_process(recognizer, tap.call.said)


# speechmatics-python


def needs_legacy() -> None:
    if not (LEGACY / "speechmatics" / "client.py").exists():
        pytest.skip("the legacy SDK is not here: make clients")


@SDK
@MODES
async def test_the_legacy_sdk_streams(url, recognizer, files, live):
    needs_legacy()
    pace = ["--raw", "32000"] if live else []
    async with tapped(url) as tap:
        printed = await run(
            sys.executable, HERE / "legacy/stream.py", f"{tap.url}/v2", KEY, files[live], *pace,
            PYTHONPATH=str(LEGACY),
        )  # fmt: skip
    assert tap.call.path.startswith("/v2/en?sm-sdk=python-")
    await check_call(recognizer, tap.call, words(json.loads(printed)))


@SDK
async def test_the_legacy_sdk_makes_itself_a_temporary_key(url, recognizer, files):
    needs_legacy()
    async with tapped(url) as tap:
        printed = await run(
            sys.executable, HERE / "legacy/stream.py", f"{tap.url}/v2", KEY, files[False],
            "--temporary",
            PYTHONPATH=str(LEGACY), SM_MANAGEMENT_PLATFORM_URL=url.replace("ws", "http", 1),
        )  # fmt: skip
    assert tap.call.headers["authorization"].startswith("Bearer eyJ")
    await check_call(recognizer, tap.call, words(json.loads(printed)))


@SDK
async def test_the_legacy_sdk_streams_two_channels(url, recognizer, files):
    needs_legacy()
    async with tapped(url) as tap:
        printed = await run(
            sys.executable, HERE / "legacy/stream.py", f"{tap.url}/v2", KEY, files[False],
            "--channels", "left,right",
            PYTHONPATH=str(LEGACY),
        )  # fmt: skip
    heard = json.loads(printed)
    got = {
        name: words([m for m in heard if m.get("channel") == name]) for name in ("left", "right")
    }
    assert all(got.values())
    assert got == await words_in_process(recognizer, tap.call.said)


@SDK
@MODES
async def test_the_legacy_command_line_streams(url, recognizer, spoken, files, live, tmp_path):
    needs_legacy()
    raw = ["--raw", "pcm_s16le", "--sample-rate", "16000", "--chunk-size", "1600", "-"]
    async with tapped(url) as tap:
        printed = await run(
            sys.executable, "-W", "ignore::DeprecationWarning", "-m", "speechmatics.cli",
            "transcribe", "--url", f"{tap.url}/v2", "--ssl-mode", "none", "--auth-token", KEY,
            *(raw if live else [files[False]]),
            says=chunks(spoken.samples()) if live else [],
            PYTHONPATH=str(LEGACY), HOME=str(tmp_path),
        )  # fmt: skip
    assert "sm-sdk=python-cli-" in tap.call.path
    await check_call(recognizer, tap.call, re.sub(r"[.,?!]", " ", printed).split())


# speechmatics-voice


# It asks for its model by the older name, at which the SDK below it frowns.
@pytest.mark.filterwarnings("ignore:'operating_point' is deprecated:DeprecationWarning")
@VOICE
@pytest.mark.parametrize("preset", ["fixed", "external"])
@MODES
async def test_voice_streams(url, recognizer, spoken, preset, live):
    samples = spoken.samples()
    segments: list[str] = []
    heard: list[Message] = []
    turned = asyncio.Event()
    async with tapped(url) as tap:
        client = VoiceAgentClient(api_key=KEY, url=f"{tap.url}/v2", preset=preset)
        client.on(AgentServerMessageType.ADD_TRANSCRIPT, heard.append)
        client.on(AgentServerMessageType.END_OF_TURN, lambda message: turned.set())

        @client.on(AgentServerMessageType.ADD_SEGMENT)
        def _on_segment(message: Message) -> None:
            segments.extend(segment["text"] for segment in message["segments"])

        async with asyncio.timeout(LIMIT_S):
            await client.connect()
            pieces = cut(pcm(samples) + bytes(48_000), 320)
            async for piece in paced(pieces, 1.0 if live else 1000.0):
                await client.send_audio(piece)
            if preset == "external":
                client.finalize()
            await turned.wait()
            await client.disconnect()
    config = started_with(tap.call)["transcription_config"]
    assert config["diarization"] == "speaker"
    assert config["audio_filtering_config"] == {"volume_threshold": 0.0}
    await check_call(recognizer, tap.call, words(heard))
    # Its segments are made of partials and finals by rules of its own; no word may get lost.
    assert " ".join(segments).split() == text(heard).split()


# JavaScript


def needs_node(build: str) -> list[str]:
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules").exists():
        pytest.skip("Node or its clients are not here: make clients")
    return [node, "--experimental-websocket"] if build == "browser" else [node]


@JAVASCRIPT
@pytest.mark.parametrize("build", ["node", "browser"])
@MODES
async def test_javascript_streams(url, recognizer, files, build, live):
    node = needs_node(build)
    async with tapped(url) as tap:
        printed = await run(
            *node, HERE / "node/speechmatics.cjs", NODE, build, f"{tap.url}/v2",
            url.replace("ws", "http", 1) + "/v1", KEY, files[live], "32000" if live else "0",
        )  # fmt: skip
    assert "jwt=eyJ" in tap.call.path
    assert "authorization" not in tap.call.headers
    heard = json.loads(printed)
    assert of(heard, "SpeakersResult") == [{"message": "SpeakersResult", "speakers": []}]
    await check_call(recognizer, tap.call, words(heard))


# The sample of the migration guide


@pytest.mark.conformance("speechmatics", "21.34", "the migration-guide sample")
@pytest.mark.parametrize("temporary", [False, True], ids=["key", "temporary-key"])
async def test_the_migration_guides_sample_streams(url, recognizer, spoken, temporary):
    samples = soxr.resample(spoken.samples(), 16_000, 44_100)
    async with tapped(url) as tap:
        shown = await asyncio.to_thread(
            streams_like_the_migration_guide,
            tap.url,
            url.replace("ws", "http", 1),
            KEY,
            samples,
            temporary=temporary,
        )
    assert tap.call.path.partition("?")[0] == ("/v2" if temporary else "/v2/en")
    await check_call(recognizer, tap.call, re.sub(r"[.,?!]", " ", shown).split())
