"""Finished clips, a JSON object a line, behind one that says what is compared.

A comparison that was interrupted goes on from it. A line that was being written when that happened
is cut off; one of a clip in which a side failed stays until the clip has been tried again.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct

from crossfade.bench.playing import Pacing
from crossfade.compare.clips import Clip
from crossfade.compare.heard import HeardClip
from crossfade.compare.sides import SideFacts
from crossfade.errors import CrossfadeError

FORMAT = 1


class Heading(Struct, frozen=True, kw_only=True):
    """What is compared, and how it is played."""

    crossfade_compare: int = FORMAT
    sides: tuple[SideFacts, ...]
    pacing: Pacing


class WorkFileError(CrossfadeError):
    """The file is not ours, of something else, or cannot be written."""


class WorkFile:
    """One file, ours alone while it is open.

    Only the places of its lines are kept in memory, not the lines.
    """

    def __init__(self, path: Path, heading: Heading, *, is_kept: bool = True) -> None:
        """Open it; begins it if it is not there.

        Args:
            path: Where it is.
            heading: What it is of.
            is_kept: Another process can go on from it.

        Raises:
            WorkFileError: If it belongs to another comparison, or somebody else writes it.
        """
        self._path = path
        self.is_kept = is_kept
        self._places: dict[str, int] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # SIM115: it is closed by ``__exit__``.
            self._file = path.open("a+b")
        except OSError as error:
            raise WorkFileError(f"cannot write {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._read(heading)
        except BlockingIOError:
            self._file.close()
            raise WorkFileError(f"another process is writing {path}") from None
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        """How many clips it holds."""
        return len(self._places)

    def has(self, clip: Clip) -> bool:
        """Whether a clip is done: the same file and reference, and no side failed."""
        place = self._places.get(str(clip.recording.path))
        if place is None:
            return False
        row = self.at(place)
        reference = clip.recording.text if clip.has_reference else None
        return row.is_whole and row.stamp == clip.stamp and row.reference == reference

    def add(self, row: HeardClip) -> None:
        """Write a clip, and see it onto the disk.

        Raises:
            WorkFileError: If that fails.
        """
        try:
            place = self._file.seek(0, os.SEEK_END)
            self._file.write(msgspec.json.encode(row) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise WorkFileError(f"cannot write {self._path}: {error.strerror}") from error
        self._places[row.path] = place

    def rows(self, paths: Sequence[str]) -> Iterator[HeardClip]:
        """Yield these clips, in this order; what is not done is left out."""
        for path in paths:
            if (place := self._places.get(path)) is not None:
                yield self.at(place)

    def at(self, place: int) -> HeardClip:
        """Read the clip whose line begins here."""
        self._file.seek(place)
        return _row.decode(self._file.readline())

    def remove(self) -> None:
        """Delete it: all that it was for has been written."""
        self._path.unlink(missing_ok=True)

    def _read(self, heading: Heading) -> None:
        self._file.seek(0)
        first = self._file.readline()
        if not first.endswith(b"\n"):  # new, or interrupted in its first line
            self._file.truncate(0)
            self._file.write(msgspec.json.encode(heading) + b"\n")
            self._file.flush()
            return
        self._check(first, heading)
        place = self._file.tell()
        while line := self._file.readline():
            if not line.endswith(b"\n"):
                self._file.truncate(place)
                return
            self._places[self._decoded(line).path] = place
            place = self._file.tell()

    def _check(self, first: bytes, heading: Heading) -> None:
        try:
            found = msgspec.json.decode(first, type=Heading)
        except msgspec.DecodeError:
            raise WorkFileError(f"{self._path} is not a work file of a comparison") from None
        if _same(found) != _same(heading):
            raise WorkFileError(
                f"{self._path} is of another comparison: other sides, settings or pace; "
                "delete it, or name another by --work"
            )

    def _decoded(self, line: bytes) -> HeardClip:
        try:
            return _row.decode(line)
        except msgspec.DecodeError as error:
            raise WorkFileError(f"{self._path} has a damaged line: {error}") from None


def _same(heading: Heading) -> object:
    """What must not differ: prices may, they are worked out anew."""
    sides = tuple(msgspec.structs.replace(side, price=None) for side in heading.sides)
    return msgspec.structs.replace(heading, sides=sides)


_row = msgspec.json.Decoder(HeardClip)
