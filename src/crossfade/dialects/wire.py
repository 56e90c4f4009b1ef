"""A conversation in JSON, message by message, for conformance cases.

Nothing is added and nothing left out: what a case sees is what was on the wire. Every message is
held against the protocol's schema when it is heard.
"""

import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec

from crossfade.dialects.cases import Endpoint, HungUpError, Socket, UnmetError, expect

Message = dict[str, Any]

_SHOWN = 6
"""So many kinds of messages are named in a report, the last ones."""


class Wire:
    """One connection. A dialect says what a message of its server looks like.

    ``heard`` is everything that the server said, ``heard_at`` when, on the clock of
    ``time.monotonic``.
    """

    tag = "type"
    """The field that says what kind of message it is."""

    error = "Error"
    """The kind that ends a session before its time."""

    def __init__(self, socket: Socket, endpoint: Endpoint) -> None:
        self.socket = socket
        self.heard: list[Message] = []
        self.heard_at: list[float] = []
        self.closed: HungUpError | None = None
        self.played_at = float("nan")
        """When the first sample of ``play`` was spoken."""
        self._patience_s = endpoint.patience_s

    def check(self, text: str) -> None:
        """Hold one message against the protocol's schema.

        Raises:
            UnmetError: If it is not as the reference says.
        """
        raise NotImplementedError

    async def say(self, *messages: Message | bytes | str) -> None:
        """Send messages, one frame each; objects as JSON."""
        for message in messages:
            await self.socket.send(json.dumps(message) if isinstance(message, dict) else message)

    async def next(self) -> Message:
        """The next message, whenever it comes.

        Raises:
            HungUpError: If there is none.
            UnmetError: If it is not as the reference says.
        """
        try:
            frame = await self.socket.receive()
        except HungUpError as error:
            self.closed = error
            raise
        expect(isinstance(frame, str), "nothing but text frames", "a binary frame")
        message = _object(frame, self.tag)
        self.check(str(frame))
        self.heard.append(message)
        self.heard_at.append(time.monotonic())
        return message

    async def hear(self, *kinds: str, within_s: float | None = None) -> Message:
        """The next message of one of these kinds; what comes before it is kept in ``heard``.

        Args:
            kinds: What is waited for.
            within_s: How long; without it, as long as the endpoint may take for anything.

        Raises:
            UnmetError: If it does not come, or the session ends before.
        """
        expected = " or ".join(kinds)
        limit_s = self._patience_s if within_s is None else within_s
        try:
            async with asyncio.timeout(limit_s):
                while (message := await self.next())[self.tag] not in kinds:
                    if message[self.tag] == self.error:
                        raise UnmetError(expected, self.told())
        except HungUpError as error:
            raise UnmetError(expected, f"{self.told()}, {error}") from None
        except TimeoutError:
            raise UnmetError(f"{expected} within {limit_s:g} s", self.told()) from None
        return message

    async def hear_all(self, *, within_s: float | None = None) -> HungUpError:
        """Everything until the server closes, with whatever code.

        Raises:
            UnmetError: If it does not close in time.
        """
        limit_s = self._patience_s if within_s is None else within_s
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    await self.next()
        except HungUpError as error:
            return error
        except TimeoutError:
            raise UnmetError(f"a close within {limit_s:g} s", self.told()) from None

    async def hear_for(self, seconds: float) -> list[Message]:
        """What comes in this time; ends early if the server closes."""
        before = len(self.heard)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.next()
        except (HungUpError, TimeoutError):
            return self.heard[before:]

    async def play(self, chunks: Sequence[bytes], chunk_s: float | None) -> None:
        """Send audio: each chunk when a microphone would have it, ``chunk_s`` long.

        ``None``: as fast as the endpoint takes it.
        """
        self.played_at = time.monotonic()
        for at, chunk in enumerate(chunks, start=1):
            if chunk_s is not None:
                wait_s = self.played_at + at * chunk_s - time.monotonic()
                await asyncio.sleep(max(0.0, wait_s))
            await self.socket.send(chunk)

    def of(self, *kinds: str) -> list[Message]:
        """What was heard of these kinds."""
        return [message for message in self.heard if message[self.tag] in kinds]

    def told(self) -> str:
        """The last kinds of messages, runs of one kind counted: all that a report may show."""
        runs = [(kind, len(list(run))) for kind, run in groupby(m[self.tag] for m in self.heard)]
        told = [f"{kind} ({n})" if n > 1 else kind for kind, n in runs]
        return ", ".join([*["…"] * (len(told) > _SHOWN), *told[-_SHOWN:]]) or "nothing"


def cut(data: bytes, n_bytes: int) -> list[bytes]:
    """Cut audio into chunks, the last one as long as what is left."""
    return [data[at : at + n_bytes] for at in range(0, len(data), n_bytes)]


def find_null(value: object, *, apart_from: Iterable[str] = (), path: str = "") -> str | None:
    """Where there is a JSON null, as a path; fields named in ``apart_from`` may hold some."""
    if value is None:
        return path
    pairs: Iterable[tuple[object, object]] = ()
    if isinstance(value, dict):
        pairs = ((key, inner) for key, inner in value.items() if key not in apart_from)
    elif isinstance(value, list):
        pairs = enumerate(value)
    found = (find_null(inner, apart_from=apart_from, path=f"{path}.{key}") for key, inner in pairs)
    return next((where for where in found if where is not None), None)


def check_shape(decoder: msgspec.json.Decoder[Any], text: str) -> None:
    """Hold a message against the types of its fields.

    Raises:
        UnmetError: If one is missing or of another type; it names the field, never its content.
    """
    try:
        decoder.decode(text)
    except msgspec.ValidationError as error:
        raise UnmetError("messages as the reference has them", str(error)) from None
    except msgspec.DecodeError:
        raise UnmetError("JSON", "text that is none") from None


def _object(frame: str | bytes, tag: str) -> Message:
    try:
        message = json.loads(frame)
    except ValueError:
        raise UnmetError("JSON", "text that is none") from None
    expect(isinstance(message, dict), "a JSON object", "another JSON value")
    expect(isinstance(message.get(tag), str), f"a text in {tag!r}", "an object without")
    return dict(message)
