"""The client's end of temporary tokens, section 3.3 of the protocol reference."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from crossfade.dialects.base import HttpResponse, TokenRequest
from crossfade.errors import UpstreamCause, UpstreamError

_OK = 200
_DENIED = (401, 403)


def token_request(url: str, *, key: str, ttl_s: int) -> TokenRequest:
    """Ask for a token, at the host where sessions are opened."""
    parts = urlsplit(url)
    scheme = "http" if parts.scheme == "ws" else "https"
    query = urlencode({"expires_in_seconds": ttl_s})
    return TokenRequest(
        method="GET",
        url=urlunsplit((scheme, parts.netloc, "/v3/token", query, "")),
        headers={"Authorization": key},
    )


def token_from(answer: HttpResponse) -> str:
    """Read ``token``.

    Raises:
        UpstreamError: With what the server said, if it made none.
    """
    token = answer.body.get("token")
    if answer.status == _OK and isinstance(token, str):
        return token
    said = answer.body.get("error") or "no reason given"
    cause: UpstreamCause = "credential" if answer.status in _DENIED else "fault"
    raise UpstreamError(
        f"no temporary token (HTTP {answer.status}): {said}", code=answer.status, cause=cause
    )
