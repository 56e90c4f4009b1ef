"""Long-lived keys: who may come in. Knows files and hashes, no protocol.

A key is 24 random bytes, written as ``cf_`` and 32 URL-safe characters. The file keeps SHA-256
hashes only. A slow, salted password hash would buy nothing here: it makes guessing expensive
where people choose the secret, and nobody can guess 192 random bits, at any speed, with any table
made beforehand. It would cost, on the event loop, at every handshake.
"""

import fcntl
import hashlib
import hmac
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from crossfade.errors import ConfigError, CredentialError

logger = logging.getLogger("crossfade.server")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class KeyEntry(Struct, frozen=True, kw_only=True):
    """One line of the keys file."""

    name: str
    sha256: str
    """Of the key, in hexadecimal digits."""
    created: int
    """Unix time in seconds; temporary tokens from before it are void, so rotating ends them."""
    expires: int | None = None
    """Unix time in seconds from which the key is not valid; ``None``: never."""
    max_sessions: int | None = None
    """Sessions at once; ``None``: as many as there are slots."""
    backends: tuple[str, ...] = ()
    """Backends it may use; empty: all."""


class KeysFile(Struct, frozen=True, kw_only=True):
    """The keys file, ``keys.json`` in the data directory."""

    keys: tuple[KeyEntry, ...] = ()
    version: int = 1


_decoder = msgspec.json.Decoder(KeysFile)


class Keyring:
    """The keys of one data directory, and those given for this run only.

    The file is read again when it has changed; each look-up asks the file system, which takes
    microseconds, so a running server follows ``crossfade keys`` without a restart.
    """

    def __init__(
        self,
        path: Path,
        *,
        run_keys: Iterable[str] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        """Read the file.

        Args:
            path: The keys file; need not exist yet.
            run_keys: Keys valid in this process; only their hashes are kept.
            now: Unix time in seconds.

        Raises:
            ConfigError: If the file exists and cannot be read or understood.
        """
        self._path = path
        self._now = now
        self._run_entries = tuple(
            # Created long ago: tokens made before a restart with the same --key stay valid.
            KeyEntry(name=f"run-{number}", sha256=_hash(key), created=0)
            for number, key in enumerate(run_keys, start=1)
        )
        self._version = _version(path)
        self._file_entries = _read(path)

    def find(self, secret: str) -> KeyEntry | None:
        """Find the entry of a key; ``None``: no such key.

        Raises:
            CredentialError: If it has expired.
        """
        # Every entry is compared, each in constant time: how long it takes tells nothing.
        digest = _hash(secret)
        found = None
        for entry in self.entries():
            if hmac.compare_digest(digest, entry.sha256):
                found = entry
        return found and self._unexpired(found)

    def named(self, name: str) -> KeyEntry:
        """Find an entry by its name.

        Raises:
            CredentialError: If there is none, or it has expired.
        """
        for entry in self.entries():
            if entry.name == name:
                return self._unexpired(entry)
        raise CredentialError("unknown")

    def entries(self) -> tuple[KeyEntry, ...]:
        """Every key, in the order of creation, those of this run last."""
        self._reload()
        return self._file_entries + self._run_entries

    def add(
        self,
        name: str,
        *,
        expires: int | None = None,
        max_sessions: int | None = None,
        backends: Sequence[str] = (),
    ) -> str:
        """Make a key, write its hash to the file, and return it: nobody can show it again.

        Raises:
            ConfigError: If the name is taken or not a name, or the file cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise ConfigError(
                "a key's name is 1 to 64 letters, digits, dots, dashes and underscores",
                field="name",
            )
        key = _new_key()
        entry = KeyEntry(
            name=name,
            sha256=_hash(key),
            created=int(self._now()),
            expires=expires,
            max_sessions=max_sessions,
            backends=tuple(backends),
        )
        with self._editing() as entries:
            if any(other.name == name for other in entries):
                raise ConfigError(f"there is a key named {name} already", field="name")
            entries.append(entry)
        return key

    def rotate(self, name: str) -> str:
        """Replace a key by a new one of the same name and limits; the old one ends at once.

        Raises:
            ConfigError: If there is no such key, or the file cannot be written.
        """
        key = _new_key()
        with self._editing() as entries:
            at = _index(entries, name)
            entries[at] = msgspec.structs.replace(
                entries[at], sha256=_hash(key), created=int(self._now())
            )
        return key

    def revoke(self, name: str) -> None:
        """End a key, and with it the temporary tokens that it made.

        Raises:
            ConfigError: If there is no such key, or the file cannot be written.
        """
        with self._editing() as entries:
            del entries[_index(entries, name)]

    def _unexpired(self, entry: KeyEntry) -> KeyEntry:
        if entry.expires is not None and self._now() >= entry.expires:
            raise CredentialError("expired")
        return entry

    def _reload(self) -> None:
        version = _version(self._path)
        if version == self._version:
            return
        self._version = version
        try:
            self._file_entries = _read(self._path)
        except ConfigError as error:
            # Said once for each version of the file. The keys read before stay valid: a slip
            # while editing must neither lock everybody out nor let anybody in.
            logger.error("%s; the keys read before stay in force", error)

    @contextmanager
    def _editing(self) -> Iterator[list[KeyEntry]]:
        """Change the file's entries, alone, all or nothing."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _locked(self._path.with_suffix(".lock")):
                entries = list(_read(self._path))
                yield entries
                write_private(self._path, _encode(entries))
            self._reload()
        except OSError as exc:
            raise ConfigError(
                f"cannot write {self._path}: {exc.strerror}", field="data_dir"
            ) from exc


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step, readable by its owner only.

    Raises:
        OSError: If it cannot be written; the old content is still there.
    """
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
def _locked(path: Path) -> Iterator[None]:
    # Two `crossfade keys add` at the same moment must not lose one of the two keys.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read(path: Path) -> tuple[KeyEntry, ...]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as exc:
        raise ConfigError(f"cannot read {path}: {exc.strerror}", field="keys") from exc
    try:
        return _decoder.decode(content).keys
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path} is not a keys file: {exc}", field="keys") from exc


def _encode(entries: Sequence[KeyEntry]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(KeysFile(keys=tuple(entries))), indent=2)


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _index(entries: Sequence[KeyEntry], name: str) -> int:
    for at, entry in enumerate(entries):
        if entry.name == name:
            return at
    raise ConfigError(f"there is no key named {name}", field="name")


def _new_key() -> str:
    return f"cf_{secrets.token_urlsafe(24)}"


def _hash(secret: str) -> str:
    # What cannot be encoded, a lone surrogate from a broken header, is simply no key of ours.
    return hashlib.sha256(secret.encode(errors="backslashreplace")).hexdigest()
