"""How a case speaks this protocol: as the vendor's older one, but for what follows."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from crossfade.dialects.agent_stt.conformance import schema
from crossfade.dialects.cases import Endpoint, UntestableError
from crossfade.dialects.speechmatics.conformance.session import (
    BYTES_PER_S,
    CHUNK_BYTES,
    RAW,
    bearer,
    end_message,
    play,
    speech,
)
from crossfade.dialects.speechmatics.conformance.session import Wire as OlderWire
from crossfade.dialects.speechmatics.conformance.session import start_message as older_start
from crossfade.dialects.wire import Message, cut

Mode = Literal["vad", "external"]
PATH = "/v2/agent"


def start_message(
    audio_format: Message = RAW, *, mode: str | None = "vad", **config: Any
) -> Message:
    """StartRecognition, in English; ``mode`` ``None``: nothing is said of turns."""
    message = older_start(audio_format, **{"model": "linden-1"} | config)
    return message if mode is None else message | {"turn_config": {"turn_detection_mode": mode}}


def force(at_s: float) -> Message:
    """ForceEndOfUtterance."""
    return {"message": "ForceEndOfUtterance", "timestamp": at_s}


class Wire(OlderWire):
    """One connection."""

    def check(self, text: str) -> None:
        """Hold one message against sections 10 and 15."""
        schema.check(text)

    async def start(
        self, audio_format: Message = RAW, *, mode: str | None = "vad", **config: Any
    ) -> Message:
        """Start recognition and wait until it has started."""
        await self.say(start_message(audio_format, mode=mode, **config))
        return await self.hear("RecognitionStarted")

    def story(self, *others: str) -> list[str]:
        """The kinds of what was heard about turns, in order; and of ``others``."""
        kinds = {"StartOfTurn", "AddSegment", "EndOfTurn", *others}
        return [message["message"] for message in self.heard if message["message"] in kinds]


@asynccontextmanager
async def dial(
    endpoint: Endpoint,
    *,
    path: str | None = None,
    query: str = "",
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Wire]:
    """Connect, with the key unless ``headers`` say otherwise."""
    parts = urlsplit(endpoint.url)
    own = parts.path if parts.path.strip("/") else PATH
    pairs = "&".join(part for part in (parts.query, query) if part)
    url = urlunsplit((parts.scheme, parts.netloc, own if path is None else path, pairs, ""))
    shown = bearer(endpoint) if headers is None else headers
    async with endpoint.dial(url, shown) as socket:
        yield Wire(socket, endpoint)


async def refused(endpoint: Endpoint, start: Message, kind: str, code: int) -> None:
    """Expect that nothing can be started so."""
    async with dial(endpoint) as wire:
        await wire.say(start)
        await wire.fails(kind, code)


async def play_on(wire: Wire, endpoint: Endpoint, data: bytes, *, live: bool = False) -> None:
    """Play audio and wait until it has been taken."""
    wanted = len(wire.of("AudioAdded")) + -(-len(data) // CHUNK_BYTES)
    await play(wire, endpoint, data, live=live)
    while len(wire.of("AudioAdded")) < wanted:
        await wire.hear("AudioAdded")


async def converse(
    endpoint: Endpoint,
    chunks: Sequence[bytes],
    audio_s: float,
    audio_format: Message = RAW,
    *,
    live: bool = False,
    **config: Any,
) -> Wire:
    """A whole session; ``audio_s`` is how long its audio is.

    Raises:
        UntestableError: If nothing was heard in it.
    """
    chunk_s = audio_s / len(chunks) if live or endpoint.paced else None
    async with dial(endpoint) as wire, asyncio.TaskGroup() as group:
        await wire.start(audio_format, **config)
        group.create_task(_send(wire, chunks, chunk_s))
        await wire.hear("EndOfTranscript", within_s=audio_s + endpoint.patience_s)
    if not wire.of("AddSegment"):
        raise UntestableError("no word was recognized in the recording")
    return wire


async def listened(
    endpoint: Endpoint, seconds: float, *, live: bool = False, **config: Any
) -> Wire:
    """A whole session about the first seconds of the speech.

    Raises:
        UntestableError: If nothing was heard in it.
    """
    chunks = cut(speech(endpoint, seconds), CHUNK_BYTES)
    return await converse(endpoint, chunks, seconds, live=live, **config)


async def _send(wire: Wire, chunks: Sequence[bytes], chunk_s: float | None) -> None:
    await wire.play(chunks, chunk_s)
    await wire.say(end_message(last_seq_no=len(chunks)))


def text(heard: Iterable[Message]) -> str:
    """What a client shows: the segments, with a space between them."""
    segments = (message for message in heard if message["message"] == "AddSegment")
    return " ".join(message["segment"]["transcript"] for message in segments)


__all__ = [
    "BYTES_PER_S",
    "RAW",
    "Message",
    "Mode",
    "Wire",
    "bearer",
    "converse",
    "cut",
    "dial",
    "end_message",
    "force",
    "listened",
    "play_on",
    "refused",
    "speech",
    "start_message",
    "text",
]
