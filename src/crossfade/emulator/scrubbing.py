"""What must not be in a recording: keys, tokens, and whatever is called like one."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

SCRUBBED = "<scrubbed>"

_SECRET = frozenset(
    {
        *("auth", "authorization", "authentication", "bearer", "cookie", "cookies"),
        *("credential", "credentials", "jwt", "key", "keys", "apikey", "passphrase", "password"),
        *("secret", "secrets", "signature", "token", "tokens"),
    }
)
"""A name with one of these words in it is that of a secret: ``webhook_auth_header_value``."""

_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")

# Browsers that cannot set headers show their keys here.
_SECRET_HEADERS = frozenset({"sec-websocket-protocol", "sec-websocket-key"})

_URL_USER = re.compile(r"(\w+://)[^/@\s]+@")
_URL_PARAMETER = re.compile(r"([?&])([\w.-]+)=([^&#\s\"']+)")
_BEARER = re.compile(r"\b(Bearer|Basic|Token) +(?=\S*\d)[\w.~+/=-]{16,}")
"""Long and with a digit in it: ``Token`` is a word that may be spoken, too."""
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")


class Scrubber:
    """Takes secrets out of what one client said and was told.

    By name wherever a name stands beside a value; what the client showed to be let in, wherever it
    stands.
    """

    def __init__(self, shown: str | None) -> None:
        """Know the credential that was shown; ``None``: none was."""
        self._shown = shown or None

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The same without secrets."""
        return {name: self._value(name, value) for name, value in headers.items()}

    def query(self, query: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The same without secrets."""
        return [(name, self._value(name, value)) for name, value in query]

    def json(self, value: Any) -> Any:
        """The same decoded JSON without secrets."""
        match value:
            case dict():
                return {
                    name: SCRUBBED if _is_secret(name) and inner else self.json(inner)
                    for name, inner in value.items()
                }
            case list():
                return [self.json(inner) for inner in value]
            case str():
                return self.text(value)
            case _:
                return value

    def text(self, text: str) -> str:
        """The same without what was shown, secrets in URLs, and what looks like a credential."""
        if self._shown is not None:
            text = text.replace(self._shown, SCRUBBED)
            text = text.replace(quote(self._shown, safe=""), SCRUBBED)
        text = _URL_USER.sub(rf"\1{SCRUBBED}@", text)
        text = _URL_PARAMETER.sub(_parameter, text)
        text = _BEARER.sub(rf"\1 {SCRUBBED}", text)
        return _JWT.sub(SCRUBBED, text)

    def _value(self, name: str, value: str) -> str:
        if _is_secret(name):
            return SCRUBBED
        return self._json_in(value) if value[:1] in ("{", "[") else self.text(value)

    def _json_in(self, value: str) -> str:
        """A parameter that holds JSON; as it came, if there is no secret in it."""
        try:
            decoded = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return self.text(value)
        scrubbed = self.json(decoded)
        return value if scrubbed == decoded else msgspec.json.encode(scrubbed).decode()


def _parameter(found: re.Match[str]) -> str:
    mark, name, value = found.groups()
    return f"{mark}{name}={SCRUBBED if _is_secret(name) else value}"


def _is_secret(name: str) -> bool:
    if name.lower() in _SECRET_HEADERS:
        return True
    return any(word.lower() in _SECRET for word in _WORDS.findall(name))
