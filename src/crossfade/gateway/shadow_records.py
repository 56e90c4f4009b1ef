"""What is written about a session that a second backend heard too: one JSON object a line.

A file is one session: ``Began`` first, then ``Words`` and ``Turn`` of both sides as they came, and
at last one ``Ended`` for each side. A file that ends without them was cut off: with the server, or
by a disk that is full. Words are the user's: who may read these files may read what was said.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from crossfade.errors import CrossfadeError
from crossfade.model import AudioFormat

VERSION = 1

Side = Literal["session", "shadow"]
"""Whom the client heard; who heard the same besides."""


class Began(Struct, frozen=True, kw_only=True, tag="began"):
    """The first line."""

    version: int = VERSION
    session: str
    """A UUID; the session's own, where it has one that others know."""
    at: float
    """Unix time in seconds."""
    language: str
    audio: AudioFormat
    backends: dict[Side, str]
    """By the operator's names; of a route the first."""
    audio_file: str | None = None
    """Beside this file: the session's audio as it came, in the format of ``audio``."""


class RecordedWord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One final word. Lags are counted from the arrival of the audio that holds its end."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float
    punctuation: str = ""
    speaker: str | None = None
    partial_lag_ms: int | None = None
    """To its first appearance."""
    final_lag_ms: int | None = None
    """``None`` for both: the audio was a media file, whose positions nobody knows as it comes."""


class Words(Struct, frozen=True, kw_only=True, tag="words"):
    """Words became final."""

    side: Side
    words: tuple[RecordedWord, ...]


class Turn(Struct, frozen=True, kw_only=True, tag="turn"):
    """A turn ended."""

    side: Side
    at_ms: int
    """Position of the decision."""
    lag_ms: int | None = None
    """From the arrival of that audio."""
    forced: bool = False


class Ended(Struct, frozen=True, kw_only=True, tag="ended"):
    """One side is over."""

    side: Side
    audio_ms: int
    """Audio that it was given."""
    cause: str | None = None
    """Why it did not come to its end, in a word; ``None``: it did."""
    n_lost: int = 0
    """Lines that were left out of this file for lack of room."""


Record = Began | Words | Turn | Ended

_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


class DamagedRecordError(CrossfadeError):
    """A file is no record of a session."""


def read_records(path: Path) -> Iterator[Record]:
    """Read one session. A last line that is cut off is left out.

    Raises:
        DamagedRecordError: If another line is not one of ours.
        OSError: If it cannot be read.
    """
    *lines, rest = path.read_bytes().split(b"\n")
    if rest:
        lines.append(rest)
    for number, line in enumerate(lines, 1):
        try:
            yield _decoder.decode(line)
        except msgspec.MsgspecError as error:
            if number == len(lines) and rest:
                return
            raise DamagedRecordError(f"{path}, line {number} is no record: {error}") from None
