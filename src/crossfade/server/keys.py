"""Long-lived keys: who may come in. Knows files and hashes, no protocol.

A key is 24 random bytes, written as ``cf_`` and 32 URL-safe characters. The file keeps SHA-256
hashes only. A slow, salted password hash would buy nothing here: it makes guessing expensive
where people choose the secret, and nobody can guess 192 random bits, at any speed, with any table
made beforehand. It would cost, on the event loop, at every handshake.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from crossfade.errors import ConfigError, CredentialError
from crossfade.server.files import Followed, changing, write_private

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_Name = Annotated[str, Meta(pattern=rf"\A{_NAME.pattern}\Z")]
_Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_AtLeastOne = Annotated[int, Meta(ge=1)]


class KeyLimits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a key may do; without arguments, everything."""

    expires: int | None = None
    """Unix time in seconds from which the key is not valid; ``None``: never."""
    max_sessions: _AtLeastOne | None = None
    """Sessions at once; ``None``: as many as there are slots."""
    opens_per_minute: _AtLeastOne | None = None
    """Sessions opened in any 60 seconds; ``None``: as many as come."""
    backends: tuple[str, ...] = ()
    """Backends it may use; empty: all."""
    may_mint: bool = True
    """It may make temporary tokens."""


class KeyEntry(KeyLimits, frozen=True, kw_only=True, omit_defaults=True):
    """One key of the keys file."""

    name: _Name
    sha256: _Sha256
    """Of the key, in hexadecimal digits."""
    created: int
    """Unix time in seconds; temporary tokens from before it are void, so rotating ends them."""


class KeysFile(Struct, frozen=True, kw_only=True):
    """The keys file, ``keys.json`` in the data directory."""

    keys: tuple[KeyEntry, ...] = ()
    version: Literal[1] = 1


_decoder = msgspec.json.Decoder(KeysFile)

NO_LIMITS = KeyLimits()


class Keyring:
    """The keys of one file, and those given for this run only.

    The file is followed: a running server sees every change of ``crossfade keys``, and so does
    every replica to which the same file is mounted.
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
            path: The keys file; need not exist yet. One that is deleted revokes all its keys.
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
        self._file: Followed[tuple[KeyEntry, ...]] = Followed(path, self._decode, absent=())

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
        return self._file.current() + self._run_entries

    def add(self, name: str, limits: KeyLimits = NO_LIMITS) -> str:
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
            **msgspec.structs.asdict(limits),
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

    @contextmanager
    def _editing(self) -> Iterator[list[KeyEntry]]:
        """Change the file's entries, alone, all or nothing."""
        with changing(self._path):
            entries = list(self._file.read())
            yield entries
            write_private(self._path, _encode(entries))
        self._file.current()

    def _decode(self, content: bytes) -> tuple[KeyEntry, ...]:
        try:
            entries = _decoder.decode(content).keys
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise ConfigError(f"{self._path} is not a keys file: {exc}", field="keys") from exc
        if len({entry.name for entry in entries}) < len(entries):
            raise ConfigError(f"{self._path} is not a keys file: a name twice", field="keys")
        return entries


def _encode(entries: Sequence[KeyEntry]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(KeysFile(keys=tuple(entries))), indent=2)


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
