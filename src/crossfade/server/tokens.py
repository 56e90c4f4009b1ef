"""Temporary tokens, and who judges whatever a client shows to be let in.

A token is a JWT, signed with a secret of this server: nothing is stored, so every replica that
shares the secret accepts it. It names the key that made it and ends with that key.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import jwt
from msgspec import Struct

from crossfade.dialects.base import Credential
from crossfade.errors import CredentialError, ForbiddenError
from crossfade.server.addresses import Guesses
from crossfade.server.keys import KeyEntry, Keyring
from crossfade.server.quotas import Opens, UsedTokens
from crossfade.server.signing import SecretsFile, SigningKeys

_ALGORITHM = "HS256"
_ANONYMOUS = "anonymous"
_CLAIMS = ("iat", "exp", "scope", "key", "jti")


class Principal(Struct, frozen=True, kw_only=True):
    """Who was let in, and within which limits."""

    name: str
    """Of the key, fit for logs."""
    max_sessions: int | None = None
    opens_per_minute: int | None = None
    backends: tuple[str, ...] = ()
    session_s: float | None = None
    """Cap on the session's length that the token carries."""
    token_id: str | None = None
    """``None``: it showed a key."""
    token_expires: int = 0
    """Unix time in seconds."""


class Authority:
    """Judges keys and tokens; makes tokens.

    With ``no_auth`` it lets everybody in; a token of ours still caps its session.
    """

    def __init__(
        self,
        keyring: Keyring,
        *,
        token_secrets: Sequence[str] | SecretsFile,
        backends: tuple[str, ...] = (),
        single_use: bool = False,
        no_auth: bool = False,
        guesses: Guesses | None = None,
        start_s: float = 60.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Get ready to sign.

        Args:
            keyring: The long-lived keys.
            token_secrets: The first signs, all of them verify: that is how one is replaced.
            backends: Who recognizes here; keys that may not use all of them are sent away.
            single_use: A token opens one session, not as many as there is time for. Each
                process remembers for itself which tokens were used.
            no_auth: Let everybody in.
            guesses: Where wrong keys are counted; ``None``: with the usual limit.
            start_s: How long after it was admitted a client may open its session.
            now: Unix time in seconds at which tokens are made.
        """
        self._keyring = keyring
        self._secrets = (
            token_secrets if isinstance(token_secrets, SecretsFile) else SigningKeys(token_secrets)
        )
        self._backends = frozenset(backends)
        self._used = UsedTokens(late_s=start_s) if single_use else None
        self._no_auth = no_auth
        self._guesses = Guesses() if guesses is None else guesses
        self._opens = Opens()
        self._now = now

    @property
    def asks_for_keys(self) -> bool:
        """``False``: everybody is let in."""
        return not self._no_auth

    def seen_from(self, address: str) -> "Gate":
        """The same authority for a client at this address, whose wrong keys are counted."""
        return Gate(self, self._guesses, address)

    def check_key(self, secret: str | None) -> None:
        """Accept a long-lived key that may make tokens, and no token.

        Raises:
            CredentialError: If it is missing, unknown, or expired.
            ForbiddenError: If it may not make tokens.
        """
        self._minter(secret)

    def mint(self, key: str | None, *, scope: str, ttl_s: int, session_s: int | None = None) -> str:
        """Make a temporary token on behalf of a key.

        Args:
            key: The long-lived key that asks.
            scope: Where the token is good.
            ttl_s: Seconds in which it may be used to open sessions.
            session_s: Cap on the length of a session opened with it.

        Raises:
            CredentialError: If the key is missing, unknown, or expired.
            ForbiddenError: If it may not make tokens.
        """
        issued = int(self._now())
        claims: dict[str, object] = {
            "iat": issued,
            "exp": issued + ttl_s,
            "scope": scope,
            "key": self._minter(key),
            "jti": uuid.uuid4().hex,
        }
        if session_s is not None:
            claims["session_s"] = session_s
        signing = self._signing_keys().current
        return jwt.encode(claims, signing.key, algorithm=_ALGORITHM, headers={"kid": signing.id})

    def check(self, token: str, scope: str) -> Principal:
        """Accept a temporary token.

        Raises:
            CredentialError: If it is not ours, not for this scope, past its time or used up, or
                if the key that made it is gone.
        """
        claims = self._claims(token)
        if claims["scope"] != scope:
            raise CredentialError("unknown")
        if self._no_auth:
            return Principal(name=_ANONYMOUS, session_s=claims.get("session_s"))
        entry = self._keyring.named(claims["key"])
        if claims["iat"] < entry.created:
            raise CredentialError("unknown")  # made with the key that this one replaced
        if self._used is not None and claims["jti"] in self._used:
            raise CredentialError("unknown")
        return _principal(entry, claims)

    def admit(self, credential: Credential) -> Principal:
        """Judge what a client showed at the handshake.

        Raises:
            CredentialError: If it does not open this door.
            ForbiddenError: If its key may not use this server's backend.
        """
        if self._no_auth:
            return self._admit_anybody(credential)
        principal = self._identify(credential)
        if principal.backends and not self._backends.issubset(principal.backends):
            raise ForbiddenError("use this backend")
        return principal

    def opened(self, principal: Principal) -> None:
        """Note that a session of theirs begins: call it once, when there is a slot for it.

        A client that was turned away for lack of room has used up neither its token nor its rate.

        Raises:
            RateError: If its key opened too many within a minute.
            CredentialError: If another session was opened with its token in the meantime.
            CapacityError: If more used tokens would have to be remembered than we can.
        """
        if principal.opens_per_minute is not None:
            self._opens.take(principal.name, at_most=principal.opens_per_minute)
        if self._used is not None and principal.token_id is not None:
            self._used.add(principal.token_id, expires=principal.token_expires)

    def _identify(self, credential: Credential) -> Principal:
        secret = credential.secret
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

    def _minter(self, secret: str | None) -> str:
        """The name of a key that may make tokens."""
        if self._no_auth:
            return _ANONYMOUS
        if not secret:
            raise CredentialError("missing")
        entry = self._keyring.find(secret)
        if entry is None:
            raise CredentialError("unknown")
        if not entry.may_mint:
            raise ForbiddenError("make tokens")
        return entry.name

    def _signing_keys(self) -> SigningKeys:
        return self._secrets.keys if isinstance(self._secrets, SecretsFile) else self._secrets

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            return jwt.decode(
                token,
                self._signing_keys().verifying(jwt.get_unverified_header(token)["kid"]),
                algorithms=[_ALGORITHM],
                # Replicas' clocks differ by a second or two; a token just made by another one
                # may seem to come from the future.
                options={"require": list(_CLAIMS), "verify_iat": False},
            )
        except jwt.ExpiredSignatureError:
            raise CredentialError("expired") from None
        except (jwt.InvalidTokenError, KeyError, UnicodeError):
            raise CredentialError("unknown") from None


class Gate:
    """The authority as a client at one address meets it."""

    def __init__(self, authority: Authority, guesses: Guesses, address: str) -> None:
        self._authority = authority
        self._guesses = guesses
        self._address = address

    @property
    def wait_s(self) -> float:
        """How long nothing that comes from this address is to be looked at; 0: go on."""
        return self._guesses.wait_s(self._address)

    def admit(self, credential: Credential) -> Principal:
        """As ``Authority.admit``."""
        with self._noting_guesses(credential.secret):
            return self._authority.admit(credential)

    def check_key(self, secret: str | None) -> None:
        """As ``Authority.check_key``."""
        with self._noting_guesses(secret):
            self._authority.check_key(secret)

    def mint(self, key: str | None, *, scope: str, ttl_s: int, session_s: int | None = None) -> str:
        """As ``Authority.mint``."""
        with self._noting_guesses(key):
            return self._authority.mint(key, scope=scope, ttl_s=ttl_s, session_s=session_s)

    @contextmanager
    def _noting_guesses(self, secret: str | None) -> Iterator[None]:
        try:
            yield
        except CredentialError as error:
            # What is missing was not guessed, and what has expired was right.
            if error.cause == "unknown":
                self._guesses.wrong(self._address, secret or "")
            raise


def _principal(entry: KeyEntry, claims: Mapping[str, Any] | None = None) -> Principal:
    shown = claims or {}
    return Principal(
        name=entry.name,
        max_sessions=entry.max_sessions,
        opens_per_minute=entry.opens_per_minute,
        backends=entry.backends,
        session_s=shown.get("session_s"),
        token_id=shown.get("jti"),
        token_expires=shown.get("exp", 0),
    )
