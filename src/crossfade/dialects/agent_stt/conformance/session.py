"""How a case speaks this protocol: as the vendor's older one, but for what follows."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Literal

from crossfade.dialects.agent_stt.conformance import schema
from crossfade.dialects.cases import Endpoint, UntestableError
from crossfade.dialects.speechmatics.conformance import common
from crossfade.dialects.speechmatics.conformance.session import (
    BYTES_PER_S,
    CHUNK_BYTES,
    RAW,
    end_message,
    play,
    speech,
)
from crossfade.dialects.speechmatics.conformance.session import Wire as OlderWire
from crossfade.dialects.speechmatics.conformance.session import start_message as older_start
from crossfade.dialects.wire import Message, cut

Mode = Literal["vad", "external"]


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

    path = "/v2/agent"

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


dial = Wire.dial
refused = partial(common.refused, Wire)


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
    wire = await Wire.converse(endpoint, chunks, audio_s, audio_format, live=live, **config)
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
