"""The client's end of temporary keys, section 4.3 of the protocol reference."""

from urllib.parse import urlsplit, urlunsplit

import msgspec

from crossfade.dialects.base import HttpResponse, TokenRequest
from crossfade.errors import UpstreamCause, UpstreamError

_VENDOR = ".speechmatics.com"
_VENDOR_KEYS_HOST = "mp.speechmatics.com"
"""The vendor mints keys on its management platform; ours come from where sessions are."""

_CREATED = 201
_DENIED = (401, 403)


def token_request(url: str, *, key: str, ttl_s: int) -> TokenRequest:
    """Ask for a key that is good for real-time sessions."""
    parts = urlsplit(url)
    is_vendor = (parts.hostname or "").endswith(_VENDOR)
    scheme = "http" if parts.scheme == "ws" else "https"
    netloc = _VENDOR_KEYS_HOST if is_vendor else parts.netloc
    return TokenRequest(
        method="POST",
        url=urlunsplit((scheme, netloc, "/v1/api_keys", "type=rt", "")),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        body=msgspec.json.encode({"ttl": ttl_s}),
    )


def token_from(answer: HttpResponse) -> str:
    """Read ``key_value``.

    Raises:
        UpstreamError: With what the server said, if it made none.
    """
    token = answer.body.get("key_value")
    if answer.status == _CREATED and isinstance(token, str):
        return token
    said = answer.body.get("detail") or answer.body.get("message") or "no reason given"
    cause: UpstreamCause = "credential" if answer.status in _DENIED else "fault"
    raise UpstreamError(
        f"no temporary key (HTTP {answer.status}): {said}", code=answer.status, cause=cause
    )
