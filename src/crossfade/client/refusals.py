"""What went wrong when a connection could not be opened, and what to do about it."""

import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

from crossfade.errors import UpstreamCause, UpstreamError


def explain(error: Exception, url: str) -> UpstreamError:
    """Turn what a connection attempt raised into one sentence for the user."""
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        cause = _CAUSES.get(status, "fault")
        return UpstreamError(
            _status(status, url),
            code=status,
            cause=cause,
            retry_after_s=advised_s(error.response.headers.get("Retry-After")),
        )
    return UpstreamError(_sentence(error, url), cause="gone")


_CAUSES: dict[int, UpstreamCause] = {
    401: "credential",
    403: "credential",
    404: "request",
    429: "capacity",
    503: "capacity",
}


def advised_s(retry_after: str | None) -> float | None:
    """Read ``Retry-After``, seconds or a date (RFC 9110, 10.2.3); ``None``: it advises nothing."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, at.timestamp() - time.time())


def place(url: str) -> str:
    """Return host and port of an URL, never its query: that may hold a key."""
    return urlsplit(url).netloc.rpartition("@")[2] or "the server"


def is_loopback(url: str) -> bool:
    """Nobody means to reach their own machine through a proxy, whatever the environment says."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _sentence(error: Exception, url: str) -> str:
    where = place(url)
    match error:
        case ssl.SSLCertVerificationError():  # is a ValueError too
            return (
                f"the certificate of {where} is not trusted ({error.verify_message}); "
                "SSL_CERT_FILE names the authorities to trust"
            )
        case InvalidURI() | ValueError():
            return "the URL must start with ws:// or wss:// and name a host"
        case TimeoutError():
            return f"{where} did not answer in time; is it a speech server, and reachable?"
        case ConnectionRefusedError():
            return f"nothing listens at {where}; is the server running, on this port?"
        case socket.gaierror():
            return f"the host of {where} is not known; check the URL"
        case ssl.SSLError():
            return f"{where} does not answer in TLS; try ws:// instead of wss://"
        case ConnectionResetError() if urlsplit(url).scheme == "wss":
            return f"{where} hung up on the TLS handshake; try ws:// instead of wss://"
        case OSError():
            return f"cannot reach {where}: {error.strerror or type(error).__name__}"
        case InvalidHandshake() | EOFError():
            return (
                f"{where} does not answer as a WebSocket server; check host and port, "
                "and whether it wants wss:// instead of ws://"
            )
        case _:
            return f"cannot open a session with {where}: {type(error).__name__}"


def _status(status: int, url: str) -> str:
    where = place(url)
    match status:
        case 401 | 403:
            return f"{where} does not accept the key (HTTP {status})"
        case 404:
            path = urlsplit(url).path
            return f"{where} has no {path} (HTTP 404); is this the right URL for this dialect?"
        case 429 | 503:
            return f"{where} is full or not ready (HTTP {status}); try again later"
        case _:
            return f"{where} answered HTTP {status} instead of opening a session"
