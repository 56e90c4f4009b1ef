"""AssemblyAI's own clients, unmodified, over TLS with a temporary token, live and at full speed.

Live they talk to the server itself; at full speed through a tap. What a client got has to be, word
for word, what the recognizer says to the same frames without a server.
"""

import asyncio
import shutil
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import assemblyai.streaming.v3 as aai
import pytest
import pytest_asyncio

import certificates
from assemblyai_in_process import said_in_process
from assemblyai_schema import check
from assemblyai_wire import US, Message, text
from client_programs import heard_by
from crossfade.recognizers.onnx import EmbeddedRecognizer
from crossfade.scoring import normalize, word_errors
from official_clients import chunks, paced
from processes import CHECKOUT, KEY, serving
from tap import tapped

CLIENTS = pytest.mark.conformance(
    "assemblyai",
    "16.23",
    "run Python SDK sync and async, Node SDK, LiveKit, Pipecat end to end: "
    "clean start, transcript, `Termination`",
)
pytestmark = [
    CLIENTS,
    pytest.mark.model,
    pytest.mark.asyncio(loop_scope="module"),
    # The SDK opens its socket in a way that its newest websockets library frowns upon.
    pytest.mark.filterwarnings("ignore:connect.. must be used:DeprecationWarning"),
]

HERE = Path(__file__).parent
LEGACY = CHECKOUT / ".clients" / "assemblyai-0.43.1"
NODE = CHECKOUT / ".clients" / "node"
AT_ONCE = 1000.0
"""Times the speed of speech."""
PARAMETERS = aai.RealTimeParameters(sample_rate=16_000, speech_model=US, format_turns=True)


@dataclass(frozen=True)
class Place:
    """Where a client is sent to."""

    server: str
    """Host and port: where tokens are made."""
    socket: str
    """Host and port of the WebSocket: the server, or a tap in front of it."""


Heard = dict[str, list]
"""What a client made of a session: ``begun``, ``turns``, ``ended``, ``errors``."""

Client = Callable[[Place, list[bytes], bool], Awaitable[Heard]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Certificates that this process and its children trust."""
    made = certificates.make(tmp_path_factory.mktemp("certificates"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SSL_CERT_FILE", str(made.authority))
        environment.setenv("NODE_EXTRA_CA_CERTS", str(made.authority))
        yield made


@pytest.fixture(scope="module")
def server(model_files, authority, tmp_path_factory):
    files = ("--cert", str(authority.chain), "--key-file", str(authority.key))
    data_dir = tmp_path_factory.mktemp("data")
    with serving(data_dir, "--key", KEY, *files, backend="local") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recognizer(model_files) -> AsyncIterator[EmbeddedRecognizer]:
    recognizer = EmbeddedRecognizer()
    await recognizer.start()
    yield recognizer
    await recognizer.aclose()


def listen(client: aai.RealTimeTranscriber | aai.AsyncRealTimeTranscriber) -> Heard:
    heard: Heard = {"begun": [], "turns": [], "ended": [], "errors": []}
    kinds = aai.RealTimeEvents
    client.on(kinds.Begin, lambda _, begin: heard["begun"].append(begin.id))
    client.on(kinds.Turn, lambda _, turn: heard["turns"].append(turn.model_dump()))
    client.on(kinds.Termination, lambda _, end: heard["ended"].append(end.audio_duration_seconds))
    client.on(kinds.Error, lambda _, error: heard["errors"].append(str(error)))
    return heard


def options(host: str, **credential: str) -> aai.RealTimeTranscriberOptions:
    return aai.RealTimeTranscriberOptions(api_host=host, **credential)


async def newest_async(place: Place, frames: list[bytes], live: bool) -> Heard:
    minting = aai.AsyncRealTimeTranscriber(options(place.server, api_key=KEY))
    token = await minting.create_temporary_token(expires_in_seconds=60)
    client = aai.AsyncRealTimeTranscriber(options(place.socket, token=token))
    heard = listen(client)
    await client.connect(PARAMETERS)
    async for frame in paced(frames, 1.0 if live else AT_ONCE):
        await client.stream(frame)
    await client.disconnect(terminate=True)
    await minting.disconnect()
    return heard


async def newest_sync(place: Place, frames: list[bytes], live: bool) -> Heard:
    heard = await synchronous(place, frames, live)
    assert heard["version"] == version("assemblyai")
    return heard


async def version_0_43(place: Place, frames: list[bytes], live: bool) -> Heard:
    heard = await synchronous(place, frames, live, PYTHONPATH=str(LEGACY))
    assert heard["version"] == "0.43.1"
    return heard


async def synchronous(place: Place, frames: list[bytes], live: bool, **environment: str) -> Heard:
    program = HERE / "assemblyai_stream.py"
    arguments = (sys.executable, program, place.server, place.socket, KEY, pace(live))
    return await heard_by(*arguments, audio=b"".join(frames), **environment)


async def node(place: Place, frames: list[bytes], live: bool) -> Heard:
    script = HERE / "node" / "assemblyai.cjs"
    return await heard_by(
        *("node", script, NODE, place.server, place.socket, KEY, US, pace(live)),
        audio=b"".join(frames),
    )


def require(client: Client) -> None:
    """Skip the test where this client is not installed."""
    if client is version_0_43 and not (LEGACY / "assemblyai").exists():
        pytest.skip("the old SDK is not here: make clients")
    has_node = shutil.which("node") and (NODE / "node_modules" / "assemblyai").exists()
    if client is node and not has_node:
        pytest.skip("Node or its clients are not here: make clients")


def pace(live: bool) -> str:
    return "32000" if live else "0"


@pytest.mark.parametrize(
    ("client", "ended"),
    [
        pytest.param(newest_async, 4, id="python-async"),
        pytest.param(newest_sync, 4, id="python-sync"),
        pytest.param(version_0_43, 4, id="python-0.43.1"),
        pytest.param(node, True, id="node"),
    ],
)
async def test_a_client_hears_live_and_at_full_speed_what_the_recognizer_says(
    server, authority, recognizer, recording, client: Client, ended
):
    require(client)
    spoken = recording("vctk-p286_010")
    frames = chunks(spoken.samples())
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shown.load_cert_chain(authority.chain, authority.key)
    trusted = ssl.create_default_context(cafile=authority.authority)
    async with tapped(f"wss://{server.address}", shown=shown, trusted=trusted) as tap:
        direct = Place(server.address, server.address)
        through_tap = Place(server.address, tap.url.removeprefix("wss://"))
        # Both at a time: a live one waits most of its time.
        async with asyncio.TaskGroup() as group:
            live = group.create_task(client(direct, frames, True))
            fast = group.create_task(client(through_tap, frames, False))
    for frame in tap.call.heard:
        check(frame)
    in_process = await said_in_process(recognizer, tap.call.path, tap.call.said)
    for heard in (live.result(), fast.result()):
        assert heard["errors"] == []
        assert len(heard["begun"]) == 1
        assert heard["ended"] == [ended]
        assert last_words(heard["turns"]) == last_words(in_process)
    assert word_errors(spoken.text, text(in_process)).rate < 0.2


def last_words(messages: list[Message]) -> list[str]:
    return normalize(text(messages)).split()
