"""Servers to hold against the references: one with a script, where a test needs to know what is
said, and one with the embedded recognizer (``live_server``), where it matters what is heard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.keys import Keyring
from crossfade.server.limits import Patience
from crossfade.server.run import Server, ServerConfig, running_server
from processes import KEY
from speechmatics_wire import Message, Wire, converse, cut, pcm

SCRIPT = "Good morning. Welcome aboard."
"""Said once, from 0.5 s on, a word of 0.3 s every 0.4 s."""


@asynccontextmanager
async def scripted_server(
    folder: Path, *, engine=None, with_key: bool = False, patience=None, **fields
) -> AsyncIterator[Server]:
    config = ServerConfig(
        data_dir=folder,
        port=0,
        no_auth=not with_key,
        patience=Patience(**(patience or {})),
        **fields,
    )
    keyring = Keyring(folder / "keys.json", run_keys=[KEY]) if with_key else None
    engine = engine or ScriptedRecognizer(spoken(SCRIPT))
    async with running_server(engine, data_dir=folder, keyring=keyring, config=config) as server:
        yield server


@pytest.fixture
def serve(tmp_path):
    """Start a server of one's own: ``engine``, ``with_key``, ``patience``, fields of its config."""
    return partial(scripted_server, tmp_path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_server(tmp_path_factory):
    """A server for a whole module that lets everybody in."""
    async with scripted_server(tmp_path_factory.mktemp("open"), max_sessions=100) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def keyed_server(tmp_path_factory):
    """A server for a whole module that lets only ``processes.KEY`` in."""
    async with scripted_server(tmp_path_factory.mktemp("keyed"), with_key=True) as server:
        yield server


@pytest.fixture
def url(live_server) -> str:
    return f"ws://{live_server.address}"


@pytest.fixture
def key() -> str:
    """What opens ``url``."""
    return KEY


@dataclass(frozen=True)
class Live:
    """A session at the speed of speech, and what it was made of."""

    config: dict[str, object]
    audio: bytes
    wire: Wire
    started_at: float
    """When the first sample was spoken, on the clock of ``wire.heard_at``."""

    @property
    def heard(self) -> list[Message]:
        return self.wire.heard


CONFIGS = (
    {"max_delay": 0.7, "conversation_config": {"end_of_utterance_silence_trigger": 0.3}},
    {"max_delay": 2, "conversation_config": {"end_of_utterance_silence_trigger": 0.6}},
    {"max_delay": 4},
)


@pytest.fixture(scope="session")
def live_sessions(live_server, recording) -> list[Live]:
    """Three sessions side by side, the same words at three delays; partials on."""
    audio = pcm(recording("turn-03-true").samples())

    async def one(config: dict[str, object]) -> Live:
        url = f"ws://{live_server.address}/v2"
        wire = await converse(
            url, cut(audio, 1600), key=KEY, bytes_per_s=32_000, enable_partials=True, **config
        )
        return Live(config, audio, wire, wire.played_at)

    async def all_of_them() -> list[Live]:
        return await asyncio.gather(*map(one, CONFIGS))

    return asyncio.run(all_of_them())
