"""Where shadows are written: a file a session, and never more of them than there is room for.

Everything here blocks, so it is called from threads.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from crossfade.gateway.shadow_records import Ended, Record

LARGEST_SHARE = 0.1
"""Of all room, for one session."""

_ENDS_BYTES = 512
"""Kept free for the last lines of a file: they say what is missing."""

SUFFIXES = frozenset({".jsonl", ".audio"})


class ShadowFiles:
    """The folder. Other processes may write there too."""

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        """Touch nothing yet.

        Args:
            folder: Made when the first file is.
            most_bytes: The oldest files make room for new ones.
        """
        self._folder = folder
        self._most_bytes = most_bytes

    def open(self, session: str) -> "ShadowFile":
        """Begin a file, readable by its owner alone.

        Raises:
            OSError: If that cannot be.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._make_room()
        began = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        return ShadowFile(
            self._folder / f"{began}-{session}.jsonl",
            most_bytes=int(LARGEST_SHARE * self._most_bytes),
        )

    def _make_room(self) -> None:
        """Keep what there is below the limit, with the largest file that may come."""
        files = sorted(path for path in self._folder.iterdir() if path.suffix in SUFFIXES)
        sizes = {path: _size(path) for path in files}
        room = (1 - LARGEST_SHARE) * self._most_bytes
        for path in files:  # the names begin with the time
            if sum(sizes.values()) <= room:
                return
            path.unlink(missing_ok=True)
            del sizes[path]


class ShadowFile:
    """One session's."""

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        self.path = path
        self._room_bytes = most_bytes - _ENDS_BYTES
        self._handle = _opened(path)
        self._audio_handle: int | None = None

    @property
    def audio_path(self) -> Path:
        """Where the audio is, if it is kept."""
        return self.path.with_suffix(".audio")

    def write(self, records: list[Record]) -> int:
        """Append lines; returns how many there was no room for.

        Raises:
            OSError: If the disk is full, say.
        """
        lines = [_line(record) for record in records]
        n_fitting = 0
        for line in lines:
            if len(line) > self._room_bytes:
                break
            self._room_bytes -= len(line)
            n_fitting += 1
        _write(self._handle, b"".join(lines[:n_fitting]))
        return len(lines) - n_fitting

    def write_ends(self, ends: list[Ended]) -> None:
        """Append the last lines, for which there is always room.

        Raises:
            OSError: If the disk is full, say.
        """
        _write(self._handle, b"".join(map(_line, ends)))

    def write_audio(self, data: bytes) -> None:
        """Append audio, as long as there is room.

        Raises:
            OSError: If the disk is full, say.
        """
        if not data:
            return
        if self._audio_handle is None:
            self._audio_handle = _opened(self.audio_path)
        kept = data[: self._room_bytes]
        self._room_bytes -= len(kept)
        _write(self._audio_handle, kept)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._handle)
        if self._audio_handle is not None:
            os.close(self._audio_handle)


def _line(record: Record) -> bytes:
    return msgspec.json.encode(record) + b"\n"


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
