"""A client of one protocol, a gateway, and a far side of another one: what mapping tests use.

The client speaks raw messages of its own protocol, every answer checked against its schema. The far
side is our own server with a script, and keeps what was said to it.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol

import pytest
from msgspec import structs

import agent_wire
import assemblyai_wire
import speechmatics_wire
from crossfade.dialects import DIALECTS
from crossfade.gateway import Backend, UpstreamRecognizer
from crossfade.gateway.upstream import NO_RETRY
from crossfade.model import Reconfigure, Word
from crossfade.recognizers.base import Recognizer
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.keys import Keyring
from crossfade.server.run import Server, ServerConfig, running_server
from gateways import BY_NAME, unpaced
from witness import Call, Message, witnessed

SCRIPT = [
    *spoken("Good morning, everybody."),
    *spoken("Welcome aboard! Is it late?", start_ms=4000),
]
N_MS = 9000
"""All of the script, and the silence behind it."""
MS = 32
"""Bytes of a millisecond: 16-bit samples at 16 kHz."""
QUIET = bytes(N_MS * MS)
LANGUAGES = ("en", "de")


# In front.


class Front(Protocol):
    """A client that speaks one protocol, message by message, at full speed."""

    name: str

    async def converse(
        self, url: str, data: bytes = QUIET, *, piece: int = 100 * MS, **asked: Any
    ) -> list[Message]:
        """A whole session: ask for this, send the audio, end it, and return what was said."""

    def words(self, heard: Iterable[Message]) -> list[Word]:
        """The final words, marks apart, in canonical form."""

    def partials(self, heard: Iterable[Message]) -> list[str]:
        """What was shown early, each text once."""

    def n_ends(self, heard: Iterable[Message]) -> int:
        """Turns that ended."""

    def session_id(self, heard: Iterable[Message]) -> str:
        """What the client is told that its session is called."""


class SpeechmaticsFront:
    """See ``Front``. Turns end after 0.8 s, unless something else is asked for."""

    name = "speechmatics"

    async def converse(self, url, data=QUIET, *, piece=100 * MS, **asked):
        asked = {"conversation_config": {"end_of_utterance_silence_trigger": 0.8}} | asked
        chunks = speechmatics_wire.cut(data, piece)
        wire = await speechmatics_wire.converse(f"{url}/v2", chunks, **asked)
        return wire.heard

    def words(self, heard):
        found: list[Word] = []
        for item in speechmatics_wire.items(heard):
            best = item["alternatives"][0]
            if item["type"] == "punctuation":
                found[-1] = structs.replace(found[-1], punctuation=best["content"])
                continue
            found.append(
                Word(
                    text=best["content"],
                    start_ms=round(item["start_time"] * 1000),
                    end_ms=round(item["end_time"] * 1000),
                    confidence=best["confidence"],
                    speaker=best.get("speaker"),
                    volume=item.get("volume"),
                )
            )
        return found

    def partials(self, heard):
        shown = speechmatics_wire.of(heard, "AddPartialTranscript")
        return _each_once(partial["metadata"]["transcript"] for partial in shown)

    def n_ends(self, heard):
        return len(speechmatics_wire.of(heard, "EndOfUtterance"))

    def session_id(self, heard):
        [started] = speechmatics_wire.of(heard, "RecognitionStarted")
        return started["id"]


class AssemblyAIFront:
    """See ``Front``."""

    name = "assemblyai"

    async def converse(self, url, data=QUIET, *, piece=100 * MS, **asked):
        asked = {"sample_rate": 16_000} | asked
        return await assemblyai_wire.converse(url, *assemblyai_wire.cut(data, piece), **asked)

    def words(self, heard):
        last = {turn["turn_order"]: turn for turn in assemblyai_wire.ends(heard)}
        found = []
        for word in (word for order in sorted(last) for word in last[order]["words"]):
            text = word["text"].rstrip(".,?!")
            found.append(
                Word(
                    text=text,
                    start_ms=word["start"],
                    end_ms=word["end"],
                    confidence=word["confidence"],
                    punctuation=word["text"][len(text) :],
                    speaker=word.get("speaker"),
                )
            )
        return found

    def partials(self, heard):
        turns = assemblyai_wire.of(heard, "Turn")
        return _each_once(turn["transcript"] for turn in turns if not turn["end_of_turn"])

    def n_ends(self, heard):
        return len({turn["turn_order"] for turn in assemblyai_wire.ends(heard)})

    def session_id(self, heard):
        [begin] = assemblyai_wire.of(heard, "Begin")
        return begin["id"]


class AgentFront:
    """See ``Front``. Its words have the times of their segments, and no confidence."""

    name = "agent-stt"

    async def converse(self, url, data=QUIET, *, piece=100 * MS, **asked):
        chunks = agent_wire.cut(data, piece)
        return (await agent_wire.converse(f"{url}/v2/agent", chunks, **asked)).heard

    def words(self, heard):
        found: list[Word] = []
        for message in agent_wire.of(heard, "AddSegment"):
            segment = message["segment"]
            for written in segment["transcript"].split():
                text = written.rstrip(".,?!")
                found.append(
                    Word(
                        text=text,
                        start_ms=round(message["metadata"]["start_time"] * 1000),
                        end_ms=round(message["metadata"]["end_time"] * 1000),
                        confidence=1.0,
                        punctuation=written[len(text) :],
                        speaker=segment.get("speaker"),
                    )
                )
        return found

    def partials(self, heard):
        shown = agent_wire.of(heard, "AddPartialSegment")
        return _each_once(message["segment"]["transcript"] for message in shown)

    def n_ends(self, heard):
        return len(agent_wire.of(heard, "EndOfTurn"))

    def session_id(self, heard):
        [started] = agent_wire.of(heard, "RecognitionStarted")
        return started["id"]


def _each_once(texts: Iterable[str]) -> list[str]:
    return [text for text, _ in groupby(texts) if text]


FRONTS: dict[str, Front] = {
    front.name: front for front in (SpeechmaticsFront(), AssemblyAIFront(), AgentFront())
}
WORD_BY_WORD = ("speechmatics", "assemblyai")
"""Those that tell each word with its time."""


def pairs(fronts: Iterable[str] = FRONTS, behinds: Iterable[str] = FRONTS) -> pytest.MarkDecorator:
    """Run a test with each of these in front of each of those."""
    found = [(front, behind) for front in fronts for behind in behinds]
    ids = [f"{front}-over-{behind}" for front, behind in found]
    return pytest.mark.parametrize(("front", "behind"), found, ids=ids)


EACH_PAIR = pairs()
EACH_BEHIND = pytest.mark.parametrize("behind", FRONTS)


# Behind.


class Heard(ScriptedRecognizer):
    """The far side's recognizer; keeps what it was asked for."""

    def __init__(self, script: Sequence[Word] = SCRIPT, **levers: Any) -> None:
        super().__init__(script, languages=LANGUAGES, **levers)
        self.configs = []
        self.changes = []

    def says(self, script: Sequence[Word]) -> None:
        """Say something else from the next session on."""
        super().__init__(script, languages=LANGUAGES)

    def open(self, config):
        self.configs.append(config)
        stream = super().open(config)
        feed = stream.feed

        async def noted(command):
            if isinstance(command, Reconfigure):
                self.changes.append(command)
            await feed(command)

        stream.feed = noted
        return stream


@dataclass
class Crossing:
    """A gateway, and the far side behind it."""

    near: Server
    far: Recognizer
    far_server: Server
    calls: list[Call] = field(default_factory=list)
    """The connections to the far side."""

    def forget(self) -> None:
        """Begin anew, as if nobody had called."""
        self.calls.clear()
        if isinstance(self.far, Heard):
            self.far.says(SCRIPT)
            self.far.configs.clear()
            self.far.changes.clear()

    @property
    def url(self) -> str:
        """Of the gateway."""
        return self.near.url

    @property
    def call(self) -> Call:
        """The only connection to the far side."""
        [call] = self.calls
        return call

    @property
    def asked(self) -> Message:
        """What the far side was asked for, in its protocol's words."""
        start = next((m for m in self.call.heard if m.get("message") == "StartRecognition"), None)
        return self.call.query if start is None else start["transcription_config"]

    @property
    def audio_asked(self) -> Message:
        """The audio format that the far side was told."""
        start = next((m for m in self.call.heard if m.get("message") == "StartRecognition"), None)
        return self.call.query if start is None else start["audio_format"]


@asynccontextmanager
async def crossing(
    behind: str,
    tmp_path,
    *,
    far: Recognizer | None = None,
    far_keys: Sequence[str] = (),
    near_keys: Sequence[str] = (),
    near: ServerConfig | None = None,
    key: str | None = None,
    paced: bool = False,
    query: str = "",
    **backend: Any,
) -> AsyncIterator[Crossing]:
    """Serve every protocol in front of a far side that is reached by that of ``behind``.

    Args:
        behind: The far side's protocol.
        tmp_path: For both servers' data.
        far: Its recognizer; without one, it says ``SCRIPT``.
        far_keys: Whom it lets in; empty: everybody.
        near_keys: Whom the gateway lets in.
        near: How the gateway is configured.
        key: What the gateway shows.
        paced: The gateway sends no faster than its protocol allows; otherwise tests have no time.
        query: Written by the operator behind the far side's address.
        backend: Further fields of the gateway's ``Backend``.
    """
    far = Heard() if far is None else far
    calls: list[Call] = []
    dialects = [witnessed(d, calls) if d.name == behind else d for d in DIALECTS]
    spoken_there = BY_NAME[behind] if paced else unpaced(BY_NAME[behind])
    async with running_server(
        far, data_dir=tmp_path / "far", keyring=_ring(tmp_path, far_keys), dialects=dialects
    ) as far_server:
        url = f"{far_server.url}{query}"
        reached = Backend(name="far", dialect=spoken_there, url=url, key=key, **backend)
        async with running_server(
            UpstreamRecognizer(reached, reconnect=NO_RETRY),
            data_dir=tmp_path / "near",
            keyring=_ring(tmp_path, near_keys),
            config=near,
        ) as near_server:
            yield Crossing(near_server, far, far_server, calls)


def _ring(tmp_path, keys: Sequence[str]) -> Keyring | None:
    return Keyring(tmp_path / "keys.json", run_keys=keys) if keys else None
