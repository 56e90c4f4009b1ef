"""The secrets that sign temporary tokens: made, shared between replicas, replaced.

The first secret signs, all of them verify. To replace one, put the new one first, keep the old one
behind it until the last token made with it has expired, then drop it.
"""

import hashlib
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from crossfade.errors import ConfigError
from crossfade.server.files import Followed, changing, write_private

SHORTEST_CHARS = 32
"""Whoever holds one token can try secrets against its signature, without asking us. So a secret
has to be random and long; anything shorter was typed by somebody."""

_MOST = 8


class SigningKey(Struct, frozen=True, kw_only=True):
    """One secret as the signature wants it."""

    id: str
    """``kid`` in a token's header; tells nothing about the secret."""
    key: bytes


class SigningKeys:
    """All that verify, in order; the first signs."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Derive the keys; there must be a secret."""
        keys = [SigningKey(id=_key_id(secret), key=_key(secret)) for secret in secrets]
        self.current = keys[0]
        self._by_id: Mapping[str, bytes] = {key.id: key.key for key in keys}

    def verifying(self, key_id: str) -> bytes:
        """Find the key that a token names.

        Raises:
            KeyError: If it is none of ours.
        """
        return self._by_id[key_id]


class SecretsFile:
    """A file of secrets, one a line; blank lines and lines that begin with ``#`` do not count.

    It is followed: whatever server has it mounted notices when a secret is replaced.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            ConfigError: If it cannot be read, is empty, or holds a secret that could be guessed.
        """
        self._path = path
        self._file: Followed[SigningKeys] = Followed(path, self._parse)

    @property
    def keys(self) -> SigningKeys:
        """Those of the file as it is now."""
        return self._file.current()

    @classmethod
    def made(cls, path: Path) -> "SecretsFile":
        """Open the file; the first to ask for it makes it.

        Raises:
            ConfigError: If it can be neither read nor made.
        """
        try:
            if not path.exists():
                _make(path)
        except OSError as exc:
            raise ConfigError(f"cannot use {path}: {exc.strerror}", field="data_dir") from exc
        return cls(path)

    def rotate(self) -> None:
        """Sign with a new secret from now on; the one before it still verifies, older ones do not.

        Raises:
            ConfigError: If the file cannot be written.
        """
        with changing(self._path):
            before = self._lines(self._path.read_bytes())[0]
            write_private(self._path, f"{_new_secret()}\n{before}\n".encode())

    def _parse(self, content: bytes) -> SigningKeys:
        return SigningKeys(self._lines(content))

    def _lines(self, content: bytes) -> list[str]:
        try:
            lines = [line.strip() for line in content.decode().splitlines()]
        except UnicodeDecodeError:
            raise ConfigError(f"{self._path} is not text", field="token_secret_file") from None
        found = [line for line in lines if line and not line.startswith("#")]
        check_secrets(found, source=str(self._path))
        return found


def check_secrets(secrets: Sequence[str], *, source: str) -> None:
    """Refuse secrets that somebody could guess.

    Args:
        secrets: All that are to verify.
        source: Where they stand, for the message.

    Raises:
        ConfigError: If there is none, too many, or one that is too short.
    """
    if not 1 <= len(secrets) <= _MOST:
        raise ConfigError(
            f"{source} must hold 1 to {_MOST} secrets, one a line", field="token_secret"
        )
    if any(len(secret) < SHORTEST_CHARS for secret in secrets):
        raise ConfigError(
            f"a secret in {source} has less than {SHORTEST_CHARS} characters and could be "
            "guessed; openssl rand -base64 32 makes a good one",
            field="token_secret",
        )


def _make(path: Path) -> None:
    # Two servers may start at once: linking fails for the later one, which then reads the first's.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_private(draft, _new_secret().encode())
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _key(secret: str) -> bytes:
    # HS256 wants 32 bytes (RFC 7518, 3.2), whatever the operator typed.
    return hashlib.sha256(b"crossfade token\0" + secret.encode()).digest()


def _key_id(secret: str) -> str:
    return hashlib.sha256(b"crossfade kid\0" + secret.encode()).hexdigest()[:8]
