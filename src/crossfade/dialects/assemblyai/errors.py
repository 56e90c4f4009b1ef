"""What this vendor's server says when something is wrong, and the close codes that go with it.

An ``Error`` frame comes first, always, then a close frame with the same code: clients that find
no frame replace our words by their own. Authentication fails in this way too, after the upgrade.
"""

from collections.abc import Mapping

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.base import Frame, Goodbye, Refusal
from crossfade.errors import (
    AudioError,
    CapacityError,
    ConfigError,
    CredentialError,
    CrossfadeError,
    ExpiredError,
    ForbiddenError,
    IdleError,
    PaceError,
    ProtocolError,
    RateError,
    UpstreamCause,
    UpstreamError,
)

MAX_REASON_BYTES = 123
"""The longest reason of a close frame, RFC 6455 section 5.5."""

MAX_QUOTE_CHARS = 100

_FAULT = (3005, "Session Cancelled: An error occurred")

_CREDENTIALS = {
    "missing": "Missing Authorization header",
    "unknown": "Invalid API key",
    "expired": "Signature has expired",
}

_TOO_MANY = "Too many concurrent sessions"

_PARAMETERS = {"language": "language_codes", "audio": "encoding", "keyterms": "keyterms_prompt"}
"""Our name of a setting → the query parameter behind it."""


class InputError(ProtocolError):
    """A parameter or message that the vendor calls a user input validation error.

    Attributes:
        quote: What the client wrote, clipped, for the client alone: it is not in ``str(error)``,
            because a stray message may hold audio or words.
    """

    def __init__(self, message: str, *, quote: str = "") -> None:
        super().__init__(message)
        self.quote = quote[:MAX_QUOTE_CHARS]


class FrameLengthError(ProtocolError):
    """An audio frame shorter or longer than the vendor allows.

    Attributes:
        duration_ms: How long it was.
    """

    def __init__(self, *, duration_ms: float) -> None:
        super().__init__(
            f"Input Duration Violation: {duration_ms:.1f} ms. Expected between 50 and 1000 ms"
        )
        self.duration_ms = duration_ms


def refusal(error: CrossfadeError, *, last_words: tuple[Frame, ...] = ()) -> Refusal:
    """Put an error into the vendor's words.

    Args:
        error: What happened.
        last_words: Frames to send before the ``Error`` frame.
    """
    code, text = _code_and_text(error)
    frame = messages.encode(messages.Error(error_code=code, error=text))
    return Refusal(
        frames=(*last_words, frame), goodbye=Goodbye(code=code, reason=close_reason(text))
    )


def close_reason(text: str) -> str:
    """Cut a text to what fits into a close frame, between characters."""
    return text.encode()[:MAX_REASON_BYTES].decode(errors="ignore")


def _code_and_text(error: CrossfadeError) -> tuple[int, str]:
    match error:
        case CredentialError():
            return 1008, f"Unauthorized Connection: {_CREDENTIALS[error.cause]}"
        case ForbiddenError():
            return 1008, f"Unauthorized Connection: {error}"
        case CapacityError() | RateError():
            return 3009, f"Unauthorized Connection: {_TOO_MANY}"
        case FrameLengthError():
            return 3007, f"Input Duration Error: {error}"
        case PaceError():
            times = f"Received {error.audio_s:.1f} sec. audio in {error.elapsed_s:.1f} sec"
            return 3007, f"Audio Transmission Rate Exceeded: {times}"
        case UpstreamError():
            return _of_upstream(error)
        case IdleError():
            seconds = f"{error.idle_s:g} seconds"
            return 3006, f"Session terminated due to inactivity: No messages received for {seconds}"
        case ExpiredError():
            return 3008, "Session Expired: Maximum session duration exceeded"
        case InputError(quote=quote) if quote:
            return 3006, f"User Input Validation Error: {error}: {quote}"
        case ConfigError(field=field):
            name = _PARAMETERS.get(field, field)
            return 3006, f"User Input Validation Error: Invalid '{name}': Value error, {error}"
        case ProtocolError() | AudioError():
            return 3006, f"User Input Validation Error: {error}"
        case _:  # a fault on our side, whatever its class: the vendor does not tell which
            return _FAULT


def _of_upstream(error: UpstreamError) -> tuple[int, str]:
    """Say by its cause that the server behind this one let it down."""
    match error.cause:
        case "credential":
            return 1008, f"Unauthorized Connection: {error}"
        case "capacity":
            return 3009, f"Unauthorized Connection: {_TOO_MANY}: {error}"
        case "request":
            return 3006, f"User Input Validation Error: {error}"
        case "time":
            return 3008, f"Session Expired: {error}"
        case "gone" | "fault":
            return _FAULT


def complaint(text: str, *, code: int | None) -> UpstreamError:
    """Make the error of a server that ended a session, section 4.3."""
    if code == _DENIED and _TOO_MANY in text:  # by some of the vendor's pages this is a 1008
        wait_s = _RETRY_AFTER_S[_FULL]
        return UpstreamError(text, code=code, cause="capacity", retry_after_s=wait_s)
    cause: UpstreamCause = "fault" if code is None else _CAUSES.get(code, "fault")
    return UpstreamError(text, code=code, cause=cause)


_DENIED, _FULL = 1008, 3009

_CAUSES: Mapping[int, UpstreamCause] = {
    1001: "gone",
    1005: "gone",
    1006: "gone",
    1008: "credential",
    1009: "request",
    3006: "request",
    3007: "request",
    3008: "time",
    3009: "capacity",
}

_RETRY_AFTER_S = {
    1011: 0.5,  # failed while connecting: the vendor's own clients wait half a second
    3005: 0.5,  # a fault on the server's side
    3008: 0.0,  # the session was as long as one may be; the next one may be as long
    3009: 5.0,  # too many sessions opened in this minute
}
"""Close codes (section 4.3) after which another session may do better; not one of them is advised
in words, the waits are those of the vendor's clients and of its limit by the minute."""


def retry_after_s(code: int) -> float | None:
    """How long a client stays away after this close code; ``None``: for good."""
    return _RETRY_AFTER_S.get(code)
