"""The four official clients on the same footing: a secure address and samples in, text out.

Two of them are told here how to reach a server; the others are in ``official_clients``. All of them
trust the authority of ``trusted``, and stream at the speed of speech.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from speechmatics.voice import AgentServerMessageType, VoiceAgentClient

import certificates
from certificates import Certificates
from client_programs import heard_by
from corpus import Recording
from crossfade.audio import Samples
from crossfade.gateway import Backend, UpstreamRecognizer
from crossfade.recognizers.base import Recognizer
from crossfade.scoring import WordErrors, word_errors
from crossfade.server.keys import Keyring
from crossfade.server.run import ServerConfig, running_server
from gateways import BY_NAME
from official_clients import assemblyai_hears, chunks, paced, speechmatics_hears
from processes import CHECKOUT

KEY = "key-of-the-client"
LIMIT_S = 60
MODEL = "universal-streaming-english"
NODE = CHECKOUT / ".clients" / "node"
_NODE_PROGRAM = Path(__file__).parent / "clients" / "node" / "assemblyai.cjs"

Hears = Callable[[str, Samples], Awaitable[str]]
"""Streams to a server at a ``wss://`` address; gives the final text."""


async def rt_hears(url: str, samples: Samples) -> str:
    return _faultless(await speechmatics_hears(url, KEY, samples))


async def voice_hears(url: str, samples: Samples) -> str:
    finals: list[str] = []
    client = VoiceAgentClient(api_key=KEY, url=f"{url}/v2", preset="external")

    @client.on(AgentServerMessageType.ADD_TRANSCRIPT)
    def _on_final(message) -> None:
        finals.append(message["metadata"]["transcript"])

    async with asyncio.timeout(LIMIT_S):
        await client.connect()
        async for piece in paced(chunks(samples)):
            await client.send_audio(piece)
        await client.disconnect()
    return "".join(finals)


async def python_hears(url: str, samples: Samples) -> str:
    return _faultless(await assemblyai_hears(url, KEY, samples))


async def node_hears(url: str, samples: Samples) -> str:
    place = url.removeprefix("wss://")
    audio = b"".join(chunks(samples))
    heard = await heard_by(
        *("node", _NODE_PROGRAM, NODE, place, place, KEY, MODEL, "32000"), audio=audio
    )
    assert heard["errors"] == []
    last = {
        turn["turn_order"]: turn["transcript"] for turn in heard["turns"] if turn["end_of_turn"]
    }
    return " ".join(last[order] for order in sorted(last))


CLIENTS: Mapping[str, Hears] = {
    "speechmatics-rt": rt_hears,
    "speechmatics-voice": voice_hears,
    "assemblyai (Python)": python_hears,
    "assemblyai (Node)": node_hears,
}


def installed() -> dict[str, Hears]:
    """The clients that are here: ``make clients`` brings those for Node."""
    has_node = shutil.which("node") and (NODE / "node_modules" / "assemblyai").exists()
    return {name: hears for name, hears in CLIENTS.items() if has_node or hears is not node_hears}


@contextmanager
def trusted(folder: Path) -> Iterator[Certificates]:
    """Certificates that this process and its children trust."""
    made = certificates.make(folder)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SSL_CERT_FILE", str(made.authority))
        environment.setenv("NODE_EXTRA_CA_CERTS", str(made.authority))
        yield made


@asynccontextmanager
async def secure_servers(
    recognizer: Recognizer, folder: Path, authority: Certificates, behinds: Sequence[str]
) -> AsyncIterator[dict[str, str]]:
    """A server with a recognizer, and gateways in front of it by these protocols; all over TLS.

    Gives their addresses, that of the server itself under ``direct``.
    """

    def config(name: str) -> ServerConfig:
        return ServerConfig(
            data_dir=folder / name,
            port=0,
            max_sessions=64,
            certfile=authority.chain,
            keyfile=authority.key,
        )

    def listening(served: Recognizer, name: str):
        keyring = Keyring(folder / f"{name}.json", run_keys=[KEY, "upstream"])
        return running_server(served, data_dir=folder / name, keyring=keyring, config=config(name))

    async with listening(recognizer, "direct") as server:
        addresses = {"direct": server.url}
        gateways = []
        try:
            for behind in behinds:
                reached = Backend(
                    name="far", dialect=BY_NAME[behind], url=server.url, key="upstream"
                )
                gateways.append(listening(UpstreamRecognizer(reached), behind))
                addresses[behind] = (await gateways[-1].__aenter__()).url
            yield addresses
        finally:
            for gateway in reversed(gateways):
                await gateway.__aexit__(None, None, None)


@dataclass(frozen=True)
class Comparison:
    """What one client made of recordings: directly, and through a gateway."""

    client: str
    behind: str
    direct: WordErrors
    through: WordErrors

    @property
    def points(self) -> float:
        """How much worse the gateway is, in points of the word error rate."""
        return 100 * (self.through.rate - self.direct.rate)


async def compare(
    addresses: Mapping[str, str],
    clients: Mapping[str, Hears],
    recordings: Sequence[Recording],
    *,
    at_once: int,
    note: Callable[[str, str, Recording, WordErrors], None] = lambda *_: None,
) -> list[Comparison]:
    """Let each client stream each recording to each address.

    All of them take the first recording before any takes the second, so that what ``note`` was told
    can be compared at any time.
    """
    turn = asyncio.Semaphore(at_once)
    pairs = [(name, place) for name in clients for place in addresses]
    found = dict.fromkeys(pairs, WordErrors())

    async def hear(name: str, place: str, recording: Recording) -> None:
        async with turn:
            text = await clients[name](addresses[place], recording.samples())
        errors = word_errors(recording.text, text)
        found[name, place] += errors
        note(name, place, recording, errors)

    async with asyncio.TaskGroup() as group:
        for recording in recordings:
            for pair in pairs:
                group.create_task(hear(*pair, recording))
    return [
        Comparison(name, place, found[name, "direct"], found[name, place])
        for name, place in pairs
        if place != "direct"
    ]


def _faultless(heard) -> str:
    assert heard.errors == []
    return heard.text
