"""Files that several processes share: written whole, the owner's only, followed as they change.

Knows no keys and no certificates: what stands in a file is the business of whoever reads it.
"""

import fcntl
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from crossfade.errors import ConfigError

logger = logging.getLogger("crossfade.server")

_T = TypeVar("_T")


class Followed(Generic[_T]):
    """What a file says, read again whenever the file has changed.

    Each look asks the file system, which takes microseconds. A symbolic link is followed to what
    it points at now, so a volume whose link is swapped (as Kubernetes does it for secrets) is
    noticed as well as a file that is replaced or edited in place.
    """

    def __init__(
        self, path: Path, parse: Callable[[bytes], _T], *, absent: _T | None = None
    ) -> None:
        """Read the file.

        Args:
            path: The file.
            parse: Understands its content; raises ``ConfigError`` where it cannot.
            absent: What stands for a file that is not there; ``None``: it has to be there.

        Raises:
            ConfigError: If it cannot be read or understood.
        """
        self.path = path
        self._parse = parse
        self._absent = absent
        self._version = _version(path)
        self._value = self.read()

    def read(self) -> _T:
        """Read the file now, whatever was read before.

        Raises:
            ConfigError: If it cannot be read or understood.
        """
        try:
            return self._parse(self.path.read_bytes())
        except FileNotFoundError as exc:
            if self._absent is not None:
                return self._absent
            raise ConfigError(f"there is no {self.path}", field="file") from exc
        except OSError as exc:
            raise ConfigError(f"cannot read {self.path}: {exc.strerror}", field="file") from exc

    def current(self) -> _T:
        """What the file says; after a change that makes no sense, what it said before that."""
        version = _version(self.path)
        if version != self._version:
            self._version = version
            self._read_again()
        return self._value

    def _read_again(self) -> None:
        try:
            self._value = self.read()
        except ConfigError as error:
            # Said once for each version of the file. A slip while editing, or a file that is
            # being written at this moment, must neither lock everybody out nor let anybody in.
            logger.error("%s; what was read before stays in force", error)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step, readable by its owner only.

    Raises:
        OSError: If it cannot be written; the old content is still there.
    """
    path = path.resolve()  # where it is a link, the link stays and what it points at is replaced
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Be the only process that changes a file; makes its folder, the owner's only, if need be.

    Raises:
        ConfigError: If the folder or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(path.with_suffix(".lock")):
            yield
    except OSError as exc:
        raise ConfigError(f"cannot write {path}: {exc.strerror}", field="data_dir") from exc


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # Two `crossfade keys add` at the same moment must not lose one of the two keys.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
