"""Where transcripts go: onto the screen in order, or each into a file, whole or not at all."""

import fcntl
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

import click

from crossfade.errors import CrossfadeError

PART = ".part"
"""Ends the name of a file that is being written. One that stays was interrupted."""


class Sink(Protocol):
    """Takes the text of one recording."""

    def write(self, text: str) -> None:
        """Add to it.

        Raises:
            CrossfadeError: If it cannot be written.
        """

    def commit(self) -> None:
        """It is complete."""

    def abandon(self) -> None:
        """It will never be complete."""


class Output(Protocol):
    """Takes the texts of several recordings."""

    def has(self, file: str) -> bool:
        """Whether the text of a recording is there already, complete."""

    def open(self, file: str) -> Sink:
        """Begin the text of a recording.

        Raises:
            CrossfadeError: If it cannot be written.
        """


class Folder:
    """A file for each recording. It has its name only once it is complete."""

    def __init__(self, targets: Mapping[str, Path], *, overwrite: bool) -> None:
        self._targets = targets
        self._overwrite = overwrite

    def has(self, file: str) -> bool:
        """Whether there is a text, and the recording has not been changed since."""
        if self._overwrite:
            return False
        try:
            return self._targets[file].stat().st_mtime >= Path(file).stat().st_mtime
        except OSError:
            return False

    def open(self, file: str) -> Sink:
        """See ``Output.open``."""
        return _FileSink(self._targets[file])


class _FileSink:
    def __init__(self, target: Path) -> None:
        self._target = target
        self._part = target.with_name(target.name + PART)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._file = _locked(self._part)
        except BlockingIOError:
            raise CrossfadeError(f"another process is writing {target}") from None
        except OSError as error:
            raise self._failure(error) from error

    def write(self, text: str) -> None:
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            raise self._failure(error) from error

    def commit(self) -> None:
        try:
            os.fsync(self._file.fileno())
            self._part.replace(self._target)
        except OSError as error:
            raise self._failure(error) from error
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Leave what was heard so far, if it is anything."""
        with suppress(OSError):
            if self._file.tell() == 0:
                self._part.unlink()
            self._file.close()

    def _failure(self, error: OSError) -> CrossfadeError:
        return CrossfadeError(f"cannot write {self._target}: {error.strerror}")


def _locked(path: Path) -> IO[str]:
    """Open a file for us alone and empty it.

    Raises:
        BlockingIOError: If another process has it.
    """
    file = path.open("a", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it may have completed and renamed it between the two lines above.
        if not path.exists() or not os.path.samestat(os.fstat(file.fileno()), path.stat()):
            raise BlockingIOError
        file.truncate(0)
    except BaseException:
        file.close()
        raise
    return file


class Screen:
    """Standard output: texts in the order of the recordings, the first one as it is heard."""

    def __init__(self, files: Sequence[str], *, whole: bool) -> None:
        """Begin.

        Args:
            files: All recordings, in order.
            whole: Print no text before it is complete.
        """
        self._whole = whole
        self._sinks = {file: _ScreenSink(self) for file in files}

    def has(self, file: str) -> bool:
        """Nobody knows what was printed before."""
        return False

    def open(self, file: str) -> Sink:
        """See ``Output.open``."""
        return self._sinks[file]

    def show(self) -> None:
        """Print what is due."""
        for sink in self._sinks.values():
            if sink.is_over or not self._whole:
                sink.print()
            if not sink.is_over:
                return


class _ScreenSink:
    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._waiting = ""
        self._is_begun = False
        self.is_over = False

    def write(self, text: str) -> None:
        self._waiting += text
        self._screen.show()

    def commit(self) -> None:
        self.is_over = True
        self._screen.show()

    def abandon(self) -> None:
        self._waiting = "\n" if self._is_begun else ""
        self.commit()

    def print(self) -> None:
        if self._waiting:
            self._is_begun = True
            click.echo(self._waiting, nl=False)
            self._waiting = ""
