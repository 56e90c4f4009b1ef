"""How a case speaks this protocol: it dials, starts, plays speech, ends."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit, urlunsplit

from crossfade.audio import encode
from crossfade.dialects.cases import Endpoint, UntestableError, expect
from crossfade.dialects.speechmatics.conformance import schema
from crossfade.dialects.wire import Message as Message
from crossfade.dialects.wire import Wire as AnyWire
from crossfade.dialects.wire import cut as cut
from crossfade.model import Encoding

BYTES_PER_S = 32_000
CHUNK_BYTES = 3200
"""100 ms of ``RAW``."""

RAW: Message = {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000}
FILE: Message = {"type": "file"}
SECOND = bytes(BYTES_PER_S)
"""One second of silence in ``RAW``."""

SENTENCE_S = 7.3
"""The first sentence of the speech, and the pause behind it."""


def start_message(audio_format: Message = RAW, **config: Any) -> Message:
    """StartRecognition, in English."""
    return {
        "message": "StartRecognition",
        "audio_format": audio_format,
        "transcription_config": {"language": "en"} | config,
    }


def end_message(**fields: Any) -> Message:
    """EndOfStream; nobody checks ``last_seq_no``."""
    return {"message": "EndOfStream", "last_seq_no": 0} | fields


class Wire(AnyWire):
    """One connection."""

    tag = "message"

    path: ClassVar[str] = "/v2"
    """Where sessions are opened, unless the endpoint's own URL says."""

    @classmethod
    @asynccontextmanager
    async def dial(
        cls,
        endpoint: Endpoint,
        *,
        path: str | None = None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Self]:
        """Connect, with the key unless ``headers`` say otherwise."""
        url = cls.address(endpoint, path=path, query=query)
        shown = bearer(endpoint) if headers is None else headers
        async with endpoint.dial(url, shown) as socket:
            yield cls(socket, endpoint)

    @classmethod
    async def converse(
        cls,
        endpoint: Endpoint,
        chunks: Sequence[bytes],
        audio_s: float,
        audio_format: Message = RAW,
        *,
        live: bool = False,
        **config: Any,
    ) -> Self:
        """A whole session; ``audio_s`` is how long its audio is."""
        chunk_s = audio_s / len(chunks) if live or endpoint.paced else None
        async with cls.dial(endpoint) as wire, asyncio.TaskGroup() as group:
            await wire.start(audio_format, **config)
            group.create_task(wire.send_all(chunks, chunk_s))
            await wire.hear("EndOfTranscript", within_s=audio_s + endpoint.patience_s)
        return wire

    @classmethod
    def address(cls, endpoint: Endpoint, *, path: str | None = None, query: str = "") -> str:
        """The endpoint's URL with another path, and with more in its query."""
        parts = urlsplit(endpoint.url)
        own = parts.path if parts.path.strip("/") else cls.path
        pairs = "&".join(part for part in (parts.query, query) if part)
        return urlunsplit((parts.scheme, parts.netloc, own if path is None else path, pairs, ""))

    def check(self, text: str) -> None:
        """Hold one message against sections 10, 11 and 14."""
        schema.check(text)

    async def start(self, audio_format: Message = RAW, **config: Any) -> Message:
        """Start recognition and wait until it has started."""
        await self.say(start_message(audio_format, **config))
        return await self.hear("RecognitionStarted")

    async def send_all(self, chunks: Sequence[bytes], chunk_s: float | None) -> None:
        """Send audio, see ``play``, and end the stream."""
        await self.play(chunks, chunk_s)
        await self.say(end_message(last_seq_no=len(chunks)))

    async def finish(self, *, within_s: float | None = None) -> list[Message]:
        """End the stream and hear the server out."""
        await self.say(end_message())
        await self.hear("EndOfTranscript", within_s=within_s)
        return self.heard

    async def fails(self, kind: str, code: int, reason: str | None = None) -> None:
        """Expect an Error and then a close, with nothing after it (section 14.4).

        Args:
            kind: The Error's ``type``.
            code: Of the close frame.
            reason: Of the close frame; ``None``: as ``kind``.
        """
        closed = await self.hear_all()
        expect(bool(self.of("Error")), f"Error {kind}", f"{self.told()}, {closed}")
        error = self.heard[-1]
        expect(error["message"] == "Error", "nothing after Error", self.told())
        expect(error["type"] == kind, f"Error {kind}", f"Error {error['type'][:40]}")
        wanted = (code, kind if reason is None else reason)
        expect(
            (closed.code, closed.reason) == wanted,
            f"close {wanted[0]} {wanted[1]}",
            f"close {closed.code} {closed.reason[:40]}",
        )
        said = error.get("code", code)
        expect(said == code, f"code {code} in the Error, or none", f"code {said}")


dial = Wire.dial
converse = Wire.converse


def bearer(endpoint: Endpoint) -> dict[str, str]:
    """The header with the endpoint's key, if there is one."""
    return {} if endpoint.key is None else {"Authorization": f"Bearer {endpoint.key}"}


def speech(
    endpoint: Endpoint, seconds: float, encoding: Encoding = Encoding.PCM_S16LE, from_s: float = 0.0
) -> bytes:
    """Speech at 16 kHz, in one of the raw encodings."""
    return encode(
        endpoint.speech[int(from_s * 16_000) : int((from_s + seconds) * 16_000)], encoding
    )


async def play(wire: Wire, endpoint: Endpoint, data: bytes, *, live: bool = False) -> None:
    """Send audio in ``RAW``; at the speed of speech if the endpoint, or the case, wants it."""
    chunk_s = CHUNK_BYTES / BYTES_PER_S if live or endpoint.paced else None
    await wire.play(cut(data, CHUNK_BYTES), chunk_s)


async def listened(endpoint: Endpoint, seconds: float, **config: Any) -> Wire:
    """A whole session about the first seconds of the speech.

    Raises:
        UntestableError: If nothing was heard in it.
    """
    chunks = cut(speech(endpoint, seconds), CHUNK_BYTES)
    wire = await converse(endpoint, chunks, seconds, **config)
    if not words(wire.heard):
        raise UntestableError("no word was recognized in the recording")
    return wire


def items(heard: Iterable[Message]) -> list[Message]:
    """All items of the finals, in order."""
    finals = (message for message in heard if message["message"] == "AddTranscript")
    return [item for final in finals for item in final["results"]]


def words(heard: Iterable[Message]) -> list[Message]:
    """All items of the finals but the marks."""
    return [item for item in items(heard) if item["type"] != "punctuation"]


def text(heard: Iterable[Message]) -> str:
    """What a client shows: the finals' transcripts, end to end."""
    finals = (message for message in heard if message["message"] == "AddTranscript")
    return "".join(final["metadata"]["transcript"] for final in finals)
