"""Wire transcripts: what was said on one connection, line by line, as a file of JSON lines.

A line is an object with one of these keys:

===========================  =======================================================================
``{"about": TEXT}``          first line, required: recorded when and from what, or composed by hand
``{"open": {...}}``          the handshake: ``path``, ``query`` (pairs), ``headers``; without this
                             line: ``/`` and nothing else
``{"client": {...}}``        a text frame from the client; a string is sent as it stands, anything
                             else as JSON
``{"audio_ms": N}``          one binary frame from the client: N ms of silence in the session's raw
                             audio format; ``"frames": M`` beside it repeats it
``{"audio_bytes": N}``       the same by size, where the format has no fixed rate
``{"command": {...}}``       what the server end must make of the line before (and of ``open``);
                             without such lines its commands are not compared
``{"event": {...}}``         what the recognizer reports, as ``crossfade.model`` writes it
``{"server": {...}}``        a text frame that the server must say now, and the client understand
``{"close": {"code": N}}``   the server closes with this code and, if given, this ``reason``
===========================  =======================================================================

In ``server`` lines, a value that differs from run to run is written as one of the strings in
``PLACEHOLDERS``: ``"<uuid>"``, ``"<int>"``, ``"<number>"``, ``"<str>"``. It matches any value of
that kind; a client end is fed a fixed one in its place.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from crossfade.dialects.base import Handshake
from crossfade.model import Audio, Command, Event, RawAudio


class About(Struct, frozen=True):
    """Where the transcript comes from."""

    about: str


class Open(Struct, frozen=True):
    """The handshake."""

    handshake: Handshake = msgspec.field(name="open")


class ClientSays(Struct, frozen=True):
    """A text frame from the client."""

    client: Any

    @property
    def frame(self) -> str:
        """The frame itself."""
        if isinstance(self.client, str):
            return self.client
        return msgspec.json.encode(self.client).decode()


class AudioMs(Struct, frozen=True):
    """Binary frames from the client, by duration."""

    audio_ms: int
    frames: int = 1

    def chunk(self, audio: RawAudio) -> bytes:
        """One frame, of zero bytes (which no check minds: no dialect listens)."""
        return bytes(audio.sample_rate_hz * self.audio_ms // 1000 * audio.encoding.sample_bytes)


class AudioBytes(Struct, frozen=True):
    """Binary frames from the client, by size."""

    audio_bytes: int
    frames: int = 1


class Commands(Struct, frozen=True):
    """What the server end makes of the line before."""

    command: Command


class Reports(Struct, frozen=True):
    """What the recognizer reports."""

    event: Event


class ServerSays(Struct, frozen=True):
    """A text frame from the server."""

    server: dict[str, Any]

    @property
    def frame(self) -> str:
        """The frame itself, with a fixed value for each placeholder."""
        return msgspec.json.encode(_filled(self.server)).decode()


class CloseFrame(Struct, frozen=True):
    """What the close frame says."""

    code: int
    reason: str | None = None


class Closes(Struct, frozen=True):
    """The server closes the socket."""

    close: CloseFrame


Line = About | Open | ClientSays | AudioMs | AudioBytes | Commands | Reports | ServerSays | Closes

_KINDS: Mapping[str, type[Line]] = {
    "about": About,
    "open": Open,
    "client": ClientSays,
    "audio_ms": AudioMs,
    "audio_bytes": AudioBytes,
    "command": Commands,
    "event": Reports,
    "server": ServerSays,
    "close": Closes,
}

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


PLACEHOLDERS: Mapping[str, tuple[Callable[[object], bool], object]] = {
    "<uuid>": (
        lambda value: isinstance(value, str) and _UUID.fullmatch(value) is not None,
        "00000000-0000-4000-8000-000000000000",
    ),
    "<int>": (_is_int, 1),
    "<number>": (lambda value: _is_int(value) or isinstance(value, float), 1),
    "<str>": (lambda value: isinstance(value, str), "text"),
}
"""Placeholder → which values it matches, and the value that a client end is fed instead."""


def read_transcript(path: Path) -> tuple[Line, ...]:
    """Read a ``.jsonl`` file.

    Raises:
        ValueError: If a line is none of the known kinds, or the first is not ``about``.
    """
    return parse_transcript(path.read_text(encoding="utf-8").splitlines())


def parse_transcript(texts: Iterable[str]) -> tuple[Line, ...]:
    """Parse a transcript's lines; empty ones are not allowed, so that line numbers hold.

    Raises:
        ValueError: If a line is none of the known kinds, or the first is not ``about``.
    """
    lines = tuple(_parse(number, text) for number, text in enumerate(texts, start=1))
    if not lines or not isinstance(lines[0], About):
        raise ValueError('the first line of a transcript is {"about": where it comes from}')
    return lines


def matches(said: object, expected: object) -> bool:
    """Compare two decoded JSON values; ``expected`` may hold placeholders."""
    if isinstance(expected, str) and expected in PLACEHOLDERS:
        return PLACEHOLDERS[expected][0](said)
    if isinstance(expected, dict):
        return (
            isinstance(said, dict)
            and said.keys() == expected.keys()
            and all(matches(said[key], value) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(said, list)
            and len(said) == len(expected)
            and all(map(matches, said, expected))
        )
    return isinstance(said, bool) == isinstance(expected, bool) and said == expected


def audio_size(commands: Iterable[Command]) -> int:
    """Bytes of audio in these commands."""
    return sum(len(command.data) for command in commands if isinstance(command, Audio))


def _parse(number: int, text: str) -> Line:
    try:
        raw = msgspec.json.decode(text, type=dict[str, Any])
        kind = next((_KINDS[key] for key in raw if key in _KINDS), None)
        if kind is None:
            raise ValueError(f"line {number}: none of {', '.join(_KINDS)}")
        return msgspec.convert(raw, kind)
    except msgspec.MsgspecError as exc:
        raise ValueError(f"line {number}: {exc}") from exc


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner) for inner in value]
    if isinstance(value, str) and value in PLACEHOLDERS:
        return PLACEHOLDERS[value][1]
    return value
