"""Temporary tokens, and who judges whatever a client shows to be let in.

A token is a JWT, signed with a secret of this server: nothing is stored, so every replica that
shares the secret accepts it. It names the key that made it and ends with that key.
"""

import hashlib
import os
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import jwt
from msgspec import Struct

from crossfade.dialects.base import Credential
from crossfade.errors import ConfigError, CredentialError
from crossfade.server.keys import KeyEntry, Keyring, write_private

_ALGORITHM = "HS256"
_ANONYMOUS = "anonymous"


class Principal(Struct, frozen=True, kw_only=True):
    """Who was let in, and within which limits."""

    name: str
    """Of the key, fit for logs."""
    max_sessions: int | None = None
    backends: tuple[str, ...] = ()
    session_s: float | None = None
    """Cap on the session's length that the token carries."""


class Authority:
    """Judges keys and tokens; makes tokens.

    With ``no_auth`` it lets everybody in; a token of ours still caps its session.
    """

    def __init__(
        self,
        keyring: Keyring,
        *,
        token_secrets: Sequence[str],
        no_auth: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Get ready to sign.

        Args:
            keyring: The long-lived keys.
            token_secrets: The first signs, all of them verify: that is how one is replaced.
            no_auth: Let everybody in.
            now: Unix time in seconds at which tokens are made.
        """
        self._keyring = keyring
        self._signing = {_key_id(secret): _signing_key(secret) for secret in token_secrets}
        self._current_id = _key_id(token_secrets[0])
        self._no_auth = no_auth
        self._now = now

    def check_key(self, secret: str | None) -> None:
        """Accept a long-lived key, and no token.

        Raises:
            CredentialError: If it is missing, unknown, or expired.
        """
        self._key_holder(secret)

    def mint(self, key: str | None, *, scope: str, ttl_s: int, session_s: int | None = None) -> str:
        """Make a temporary token on behalf of a key.

        Args:
            key: The long-lived key that asks.
            scope: Where the token is good.
            ttl_s: Seconds in which it may be used to open sessions.
            session_s: Cap on the length of a session opened with it.

        Raises:
            CredentialError: If the key is missing, unknown, or expired.
        """
        issued = int(self._now())
        claims: dict[str, object] = {
            "iat": issued,
            "exp": issued + ttl_s,
            "scope": scope,
            "key": self._key_holder(key).name,
            "jti": uuid.uuid4().hex,
        }
        if session_s is not None:
            claims["session_s"] = session_s
        return jwt.encode(
            claims,
            self._signing[self._current_id],
            algorithm=_ALGORITHM,
            headers={"kid": self._current_id},
        )

    def check(self, token: str, scope: str) -> Principal:
        """Accept a temporary token.

        Raises:
            CredentialError: If it is not ours, not for this scope, or past its time, or if the
                key that made it is gone.
        """
        claims = self._claims(token)
        if claims["scope"] != scope:
            raise CredentialError("unknown")
        if self._no_auth:
            return Principal(name=_ANONYMOUS, session_s=claims.get("session_s"))
        entry = self._keyring.named(claims["key"])
        if claims["iat"] < entry.created:
            raise CredentialError("unknown")  # made with the key that this one replaced
        return _principal(entry, session_s=claims.get("session_s"))

    def admit(self, credential: Credential) -> Principal:
        """Judge what a client showed at the handshake.

        Raises:
            CredentialError: If it does not open this door.
        """
        secret = credential.secret
        if self._no_auth:
            return self._admit_anybody(credential)
        if not secret:
            raise CredentialError("missing")
        if "key" in credential.accepts and (entry := self._keyring.find(secret)):
            return _principal(entry)
        if "token" in credential.accepts:
            return self.check(secret, credential.token_scope)
        raise CredentialError("unknown")

    def _admit_anybody(self, credential: Credential) -> Principal:
        with suppress(CredentialError):
            return self.check(credential.secret or "", credential.token_scope)
        return Principal(name=_ANONYMOUS)

    def _key_holder(self, secret: str | None) -> Principal:
        if self._no_auth:
            return Principal(name=_ANONYMOUS)
        if not secret:
            raise CredentialError("missing")
        entry = self._keyring.find(secret)
        if entry is None:
            raise CredentialError("unknown")
        return _principal(entry)

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            signing_key = self._signing[jwt.get_unverified_header(token)["kid"]]
            return jwt.decode(
                token,
                signing_key,
                algorithms=[_ALGORITHM],
                # Replicas' clocks differ by a second or two; a token just made by another one
                # may seem to come from the future.
                options={"require": ["iat", "exp", "scope", "key"], "verify_iat": False},
            )
        except jwt.ExpiredSignatureError:
            raise CredentialError("expired") from None
        except (jwt.InvalidTokenError, KeyError, UnicodeError):
            raise CredentialError("unknown") from None


def token_secret(data_dir: Path) -> str:
    """Read the secret of a data directory; the first to ask makes it.

    Raises:
        ConfigError: If it can be neither read nor made.
    """
    path = data_dir / "token-secret"
    try:
        if not path.exists():
            _make_secret(path)
        return path.read_text().strip()
    except OSError as exc:
        raise ConfigError(f"cannot use {path}: {exc.strerror}", field="data_dir") from exc


def _make_secret(path: Path) -> None:
    # Two servers may start at once: linking fails for the later one, which then reads the first's.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_private(draft, secrets.token_urlsafe(32).encode())
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _principal(entry: KeyEntry, *, session_s: float | None = None) -> Principal:
    return Principal(
        name=entry.name,
        max_sessions=entry.max_sessions,
        backends=entry.backends,
        session_s=session_s,
    )


def _signing_key(secret: str) -> bytes:
    # HS256 wants 32 bytes (RFC 7518, 3.2), whatever the operator typed.
    return hashlib.sha256(b"crossfade token\0" + secret.encode()).digest()


def _key_id(secret: str) -> str:
    return hashlib.sha256(b"crossfade kid\0" + secret.encode()).hexdigest()[:8]
