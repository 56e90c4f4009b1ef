"""What goes through the pipes of an engine's process: MessagePack, with its length before it."""

import struct
from typing import BinaryIO

import msgspec
from msgspec import Struct

_LENGTH = struct.Struct("<I")

LENGTH_BYTES = _LENGTH.size


class HeardWord(Struct, frozen=True, array_like=True):
    """A word with its time in seconds from the start of the stream, as good as the engine knows."""

    text: str
    start: float
    end: float
    confidence: float = 0.0


class Opened(Struct, frozen=True, array_like=True, tag="opened"):
    """A stream begins."""

    stream: int


class Chunk(Struct, frozen=True, array_like=True, tag="chunk"):
    """Audio: 16-bit PCM, mono, 16 kHz."""

    stream: int
    data: bytes


class Finished(Struct, frozen=True, array_like=True, tag="finished"):
    """A stream has no more audio."""

    stream: int


class Dropped(Struct, frozen=True, array_like=True, tag="dropped"):
    """Nobody listens to a stream any more."""

    stream: int


class Ready(Struct, frozen=True, array_like=True, tag="ready"):
    """The engine is loaded."""

    version: str
    model: str


class Missing(Struct, frozen=True, array_like=True, tag="missing"):
    """The engine cannot be had; why, and what to do."""

    reason: str


class Heard(Struct, frozen=True, array_like=True, tag="heard"):
    """What a stream holds: words that will not change, then all that still may."""

    stream: int
    settled: tuple[HeardWord, ...]
    """New ones."""
    open: tuple[HeardWord, ...]


class Done(Struct, frozen=True, array_like=True, tag="done"):
    """A stream is over: all its words were told."""

    stream: int


class Failed(Struct, frozen=True, array_like=True, tag="failed"):
    """A stream is over; its engine gave an error."""

    stream: int
    reason: str


ToEngine = Opened | Chunk | Finished | Dropped
FromEngine = Ready | Missing | Heard | Done | Failed

_to_engine: msgspec.msgpack.Decoder[ToEngine] = msgspec.msgpack.Decoder(ToEngine)
_from_engine: msgspec.msgpack.Decoder[FromEngine] = msgspec.msgpack.Decoder(FromEngine)


def frame(message: ToEngine | FromEngine) -> bytes:
    """Put a message into bytes."""
    data = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(data)) + data


def length(header: bytes) -> int:
    """Read how many bytes follow."""
    (n_bytes,) = _LENGTH.unpack(header)
    return int(n_bytes)


def from_engine(data: bytes) -> FromEngine:
    """Read what an engine's process says."""
    return _from_engine.decode(data)


def next_to_engine(pipe: BinaryIO) -> ToEngine | None:
    """Wait for the next message; ``None`` at the end."""
    header = pipe.read(LENGTH_BYTES)
    if len(header) < LENGTH_BYTES:
        return None
    return _to_engine.decode(pipe.read(length(header)))
