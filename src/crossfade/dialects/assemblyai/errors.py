"""What this vendor's server says when something is wrong, and the close codes that go with it.

An ``Error`` frame comes first, always, then a close frame with the same code: clients that find
no frame replace our words by their own. Authentication fails in this way too, after the upgrade.
"""

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.base import Frame, Goodbye, Refusal
from crossfade.errors import (
    AudioError,
    CapacityError,
    ConfigError,
    CredentialError,
    CrossfadeError,
    ExpiredError,
    IdleError,
    ProtocolError,
)

MAX_REASON_BYTES = 123
"""The longest reason of a close frame, RFC 6455 section 5.5."""

MAX_QUOTE_CHARS = 100

_CREDENTIALS = {
    "missing": "Missing Authorization header",
    "unknown": "Invalid API key",
    "expired": "Signature has expired",
}

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
        case CapacityError():
            return 3009, "Unauthorized Connection: Too many concurrent sessions"
        case FrameLengthError():
            return 3007, f"Input Duration Error: {error}"
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
            return 3005, "Session Cancelled: An error occurred"
