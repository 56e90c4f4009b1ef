"""A plain Speechmatics client for tests: raw messages over a real socket, every answer checked.

It leaves nothing out that the server says and adds nothing: what a test sees is what was on the
wire. Whatever the server sends has to be valid, and in its place, under ``speechmatics_schema``.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from crossfade.audio import Samples, encode
from crossfade.model import Encoding
from speechmatics_schema import SessionRules

Message = dict[str, Any]

RAW: Message = {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000}
FILE: Message = {"type": "file"}
SECOND = bytes(32_000)
"""One second of silence in ``RAW``."""


def start_message(audio_format: Message = RAW, **config: Any) -> Message:
    return {
        "message": "StartRecognition",
        "audio_format": audio_format,
        "transcription_config": {"language": "en"} | config,
    }


class Wire:
    """One connection. ``heard`` is everything that the server said, ``heard_at`` when."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._rules = SessionRules()
        self.heard: list[Message] = []
        self.heard_at: list[float] = []
        self.ended_after_s = float("nan")
        """From EndOfStream to EndOfTranscript, after ``converse``."""
        self.played_at = float("nan")
        """When the first sample of ``play`` was spoken."""

    @classmethod
    @asynccontextmanager
    async def dial(
        cls,
        url: str,
        *,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> AsyncIterator[Self]:
        """Connect. Whatever happens inside, ends within half a minute."""
        if key is not None:
            headers = {"Authorization": f"Bearer {key}"} | (headers or {})
        options = {"ping_interval": None, "close_timeout": 2, "max_queue": None, **options}
        async with (
            asyncio.timeout(30),
            connect(url, additional_headers=headers or {}, proxy=None, **options) as socket,
        ):
            yield cls(socket)

    @classmethod
    async def converse(
        cls,
        url: str,
        chunks: Sequence[bytes],
        *,
        key: str | None = None,
        bytes_per_s: int | None = None,
        **start: Any,
    ) -> Self:
        """A whole session: at the speed of speech if ``bytes_per_s`` says so, else at full speed.

        What else is said goes to ``start``.
        """
        async with cls.dial(url, key=key) as wire, asyncio.TaskGroup() as group:
            await wire.start(**start)
            hearing = group.create_task(wire.hear("EndOfTranscript"))
            if bytes_per_s is None:
                await wire.push(chunks)
            else:
                await wire.play(chunks, bytes_per_s)
            end = time.monotonic()
            await wire.say({"message": "EndOfStream", "last_seq_no": len(chunks)})
            await hearing
        wire.ended_after_s = wire.heard_at[-1] - end
        return wire

    async def say(self, *messages: Message | bytes | str) -> None:
        for message in messages:
            frame = json.dumps(message) if isinstance(message, dict) else message
            await self.socket.send(frame)

    async def start(self, audio_format: Message = RAW, **config: Any) -> Message:
        """Start recognition and wait until it has started."""
        await self.say(start_message(audio_format, **config))
        return await self.hear("RecognitionStarted")

    async def next(self) -> Message:
        """The next message.

        Raises:
            ConnectionClosed: If there is none.
        """
        message = self._rules.hear(await self.socket.recv())
        self.heard.append(message)
        self.heard_at.append(time.monotonic())
        return message

    async def hear(self, kind: str) -> Message:
        """The next message of a kind; what comes before it is kept in ``heard``."""
        try:
            while (message := await self.next())["message"] != kind:
                assert kind == "Error" or message["message"] != "Error", message
        except ConnectionClosed:
            raise AssertionError(f"closed before {kind}: {self.closed}, {self.heard}") from None
        return message

    async def hear_all(self) -> list[Message]:
        """Everything until the server closes, with whatever code."""
        try:
            while True:
                await self.next()
        except ConnectionClosed:
            return self.heard

    async def finish(self, **fields: Any) -> list[Message]:
        """End the stream and hear the server out; then it is for us to close."""
        await self.say({"message": "EndOfStream", "last_seq_no": 0} | fields)
        await self.hear("EndOfTranscript")
        return self.heard

    async def push(self, chunks: Iterable[bytes]) -> None:
        """Send audio as fast as the socket takes it, while somebody else reads."""
        for chunk in chunks:
            await self.socket.send(chunk)

    async def play(self, chunks: Sequence[bytes], bytes_per_s: int) -> None:
        """Send audio at the speed of speech: each chunk when a microphone would have it."""
        self.played_at = time.monotonic()
        sent = 0
        for chunk in chunks:
            sent += len(chunk)
            await asyncio.sleep(max(0.0, self.played_at + sent / bytes_per_s - time.monotonic()))
            await self.socket.send(chunk)

    @property
    def closed(self) -> tuple[int | None, str | None]:
        """Code and reason of the close frame."""
        return self.socket.close_code, self.socket.close_reason


dial = Wire.dial
converse = Wire.converse


def cut(data: bytes, n_bytes: int) -> list[bytes]:
    return [data[i : i + n_bytes] for i in range(0, len(data), n_bytes)]


def pcm(samples: Samples, encoding: Encoding = Encoding.PCM_S16LE) -> bytes:
    return encode(samples, encoding)


# What was said, read off the messages.


def of(messages: Iterable[Message], *kinds: str) -> list[Message]:
    return [message for message in messages if message["message"] in kinds]


def kinds(messages: Iterable[Message]) -> list[str]:
    return [message["message"] for message in messages]


def items(messages: Iterable[Message]) -> list[Message]:
    """All items of the finals, in order."""
    return [item for final in of(messages, "AddTranscript") for item in final["results"]]


def words(messages: Iterable[Message]) -> list[str]:
    """The final words, marks left out."""
    return [
        item["alternatives"][0]["content"] for item in items(messages) if item["type"] == "word"
    ]


def text(messages: Iterable[Message]) -> str:
    """What a client shows: the finals' transcripts, put end to end."""
    return "".join(final["metadata"]["transcript"] for final in of(messages, "AddTranscript"))
