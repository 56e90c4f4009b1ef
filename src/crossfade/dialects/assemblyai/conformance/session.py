"""How a case speaks this protocol: it dials, plays speech, terminates."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from crossfade.audio import encode
from crossfade.dialects.assemblyai.conformance import schema
from crossfade.dialects.cases import Endpoint, UntestableError, expect
from crossfade.dialects.wire import Message as Message
from crossfade.dialects.wire import Wire as AnyWire
from crossfade.dialects.wire import cut as cut
from crossfade.model import Encoding

BYTES_PER_S = 32_000
FRAME_BYTES = 3200
"""100 ms of 16-bit samples at 16 kHz."""

PATH = "/v3/ws"
US = "universal-streaming-english"
U3 = "u3-rt-pro"
TERMINATE: Message = {"type": "Terminate"}
FORCE: Message = {"type": "ForceEndpoint"}
KEEP_ALIVE: Message = {"type": "KeepAlive"}

SENTENCE_S = 7.3
"""The first sentence of the speech, and the pause behind it."""

INVALID = "User Input Validation Error: "


def update(**fields: Any) -> Message:
    """UpdateConfiguration, ``type`` last, as the Python client writes it."""
    return {**fields, "type": "UpdateConfiguration"}


def silence(duration_ms: int) -> bytes:
    """Digital silence."""
    return bytes(BYTES_PER_S // 1000 * duration_ms)


class Wire(AnyWire):
    """One connection."""

    def check(self, text: str) -> None:
        """Hold one message against section 8."""
        schema.check(text)

    async def begin(self) -> Message:
        """Hear ``Begin``, which comes first."""
        message = await self.hear("Begin")
        expect(len(self.heard) == 1, "Begin first", self.told())
        return message

    async def terminate(self, *, within_s: float | None = None) -> Message:
        """End the session and hear ``Termination``."""
        await self.say(TERMINATE)
        return await self.hear("Termination", within_s=within_s)

    async def end_of_turn(self) -> Message:
        """The next end of a turn."""
        while not (turn := await self.hear("Turn"))["end_of_turn"]:
            pass
        return turn

    async def fails(self, code: int, text: str, *, within_s: float | None = None) -> None:
        """Expect an ``Error`` and a close with its code, and nothing else (section 4.2).

        Args:
            code: Of both.
            text: What the error's text begins with; one that differs is not shown.
            within_s: How long it may take.
        """
        closed = await self.hear_all(within_s=within_s)
        expect(bool(self.of("Error")), f"Error {code}", f"{self.told()}, {closed}")
        error = self.heard[-1]
        expect(error["type"] == "Error", "nothing after Error", self.told())
        keys = {"type", "error_code", "error"}
        expect(error.keys() == keys, "exactly these keys in Error", ", ".join(sorted(error)))
        expect(error["error_code"] == code, f"Error {code}", f"Error {error['error_code']}")
        expect(error["error"].startswith(text), f"a text that begins with {text!r}", "another")
        expect(closed.code == code, f"close {code}", str(closed))

    def turns(self) -> list[Message]:
        """Every Turn, in order."""
        return self.of("Turn")

    def ends(self) -> list[Message]:
        """All ends of turns, raw and formatted."""
        return [turn for turn in self.turns() if turn["end_of_turn"]]


def address(endpoint: Endpoint, *, path: str | None = None, query: str = "") -> str:
    """The endpoint's URL with another path, and with more in its query."""
    parts = urlsplit(endpoint.url)
    own = parts.path if parts.path.strip("/") else PATH
    pairs = "&".join(part for part in (parts.query, query) if part)
    target = own if path is None else path
    # Not urlunsplit alone: it would take the first part of //v3/ws for a host.
    return f"{urlunsplit((parts.scheme, parts.netloc, '', '', ''))}{target}?{pairs}"


def shown(endpoint: Endpoint) -> dict[str, str]:
    """The header with the endpoint's key, if there is one."""
    return {} if endpoint.key is None else {"Authorization": endpoint.key}


@asynccontextmanager
async def dial(
    endpoint: Endpoint,
    *,
    path: str | None = None,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    **parameters: Any,
) -> AsyncIterator[Wire]:
    """Connect, with the key unless ``headers`` say otherwise.

    Parameters go into the query as the vendor's Python client puts them there; ``query`` as it is.
    """
    asked = {
        name: json.dumps(value) if isinstance(value, list | dict) else value
        for name, value in parameters.items()
    }
    whole = "&".join(part for part in (query, urlencode(asked)) if part)
    url = address(endpoint, path=path, query=whole)
    async with endpoint.dial(url, shown(endpoint) if headers is None else headers) as socket:
        yield Wire(socket, endpoint)


def speech(endpoint: Endpoint, seconds: float, from_s: float = 0.0) -> bytes:
    """Speech at 16 kHz, 16 bits."""
    samples = endpoint.speech[int(from_s * 16_000) : int((from_s + seconds) * 16_000)]
    return encode(samples, Encoding.PCM_S16LE)


async def play(wire: Wire, endpoint: Endpoint, data: bytes, *, live: bool = False) -> None:
    """Send audio; at the speed of speech if the endpoint, or the case, wants it."""
    chunk_s = FRAME_BYTES / BYTES_PER_S if live or endpoint.paced else None
    await wire.play(cut(data, FRAME_BYTES), chunk_s)


async def converse(endpoint: Endpoint, *steps: Message | bytes, **parameters: Any) -> Wire:
    """A whole session: say and play all this, terminate, hear the server out."""
    audio_s = sum(len(step) for step in steps if isinstance(step, bytes)) / BYTES_PER_S
    async with dial(endpoint, **parameters) as wire, asyncio.TaskGroup() as group:
        await wire.begin()
        group.create_task(_take(wire, endpoint, steps))
        await wire.hear("Termination", within_s=audio_s + endpoint.patience_s)
    return wire


async def _take(wire: Wire, endpoint: Endpoint, steps: Iterable[Message | bytes]) -> None:
    for step in steps:
        if isinstance(step, bytes):
            await play(wire, endpoint, step)
        else:
            await wire.say(step)
    await wire.say(TERMINATE)


async def sent(
    endpoint: Endpoint, frames: Sequence[bytes], audio_s: float, **parameters: Any
) -> Wire:
    """A whole session about audio that is cut already; ``audio_s`` is how long it is."""
    chunk_s = audio_s / len(frames) if endpoint.paced else None
    async with dial(endpoint, **parameters) as wire, asyncio.TaskGroup() as group:
        await wire.begin()
        group.create_task(_send(wire, frames, chunk_s))
        await wire.hear("Termination", within_s=audio_s + endpoint.patience_s)
    return wire


async def _send(wire: Wire, frames: Sequence[bytes], chunk_s: float | None) -> None:
    await wire.play(frames, chunk_s)
    await wire.say(TERMINATE)


async def listened(endpoint: Endpoint, seconds: float, **parameters: Any) -> Wire:
    """A whole session about the first seconds of the speech.

    Raises:
        UntestableError: If nothing was heard in it.
    """
    wire = await converse(endpoint, speech(endpoint, seconds), **parameters)
    if not any(turn["words"] for turn in wire.turns()):
        raise UntestableError("no word was recognized in the recording")
    return wire


def by_order(turns: Iterable[Message]) -> list[list[Message]]:
    """The messages of each turn together; they come one turn after the other."""
    return [list(run) for _, run in groupby(turns, key=lambda turn: turn["turn_order"])]


def joined(words: Iterable[Message]) -> str:
    """Words as a transcript has them."""
    return " ".join(word["text"] for word in words)


def text(wire: Wire) -> str:
    """What a client shows that takes the first end of each turn."""
    first = {turn["turn_order"]: turn["transcript"] for turn in reversed(wire.ends())}
    return " ".join(first[order] for order in sorted(first))
