"""Every way in which this vendor's server ends a session before its time, by a name for each.

For whoever plays that server. Section 4.3 of the protocol reference; what our own server never
sends is here too. The vendor has numbers only, so several names share one.
"""

from collections.abc import Mapping

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.assemblyai.errors import close_reason
from crossfade.dialects.base import Goodbye, Refusal

_TOO_MANY = "Unauthorized Connection: Too many concurrent sessions"

_SAID: Mapping[str, tuple[int, str]] = {
    "missing_key": (1008, "Unauthorized Connection: Missing Authorization header"),
    "invalid_key": (1008, "Unauthorized Connection: Invalid API key"),
    "expired_token": (1008, "Unauthorized Connection: Signature has expired"),
    "session_cancelled": (3005, "Session Cancelled: An error occurred"),
    "invalid_input": (3006, "User Input Validation Error: Invalid Message Type"),
    "inactivity": (
        3006,
        "Session terminated due to inactivity: No messages received for 30 seconds",
    ),
    "input_duration": (
        3007,
        "Input Duration Error: Input Duration Violation: 20.0 ms. Expected between 50 and 1000 ms",
    ),
    "transmission_rate": (
        3007,
        "Audio Transmission Rate Exceeded: Received 30.0 sec. audio in 10.0 sec",
    ),
    "session_expired": (3008, "Session Expired: Maximum session duration exceeded"),
    "too_many_sessions": (3009, _TOO_MANY),
    "too_many_sessions_1008": (1008, _TOO_MANY),  # by some of the vendor's pages
}

_SILENT: Mapping[str, int] = {
    "server_shutdown": 1001,
    "frame_too_big": 1009,
    "connect_failure": 1011,
}
"""Closed without an ``Error`` before it."""


def _refusal(code: int, text: str) -> Refusal:
    frame = messages.encode(messages.Error(error_code=code, error=text))
    return Refusal(frames=(frame,), goodbye=Goodbye(code=code, reason=close_reason(text)))


ENDINGS: Mapping[str, Refusal] = {
    **{name: _refusal(code, text) for name, (code, text) in _SAID.items()},
    **{name: Refusal(frames=(), goodbye=Goodbye(code=code)) for name, code in _SILENT.items()},
}
"""Name → what is said."""
