"""What this vendor can complain about, and how it says so: error types and close codes.

Sections 14.3 to 14.5 of the protocol reference. Clients try again on 4005, 4013 and 1011 only, so
these three mean "later, perhaps" and everything lasting has another code.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from crossfade.dialects.base import Goodbye
from crossfade.errors import (
    AudioError,
    CapacityError,
    ConfigError,
    CredentialError,
    CrossfadeError,
    ExpiredError,
    ForbiddenError,
    IdleError,
    ModelError,
    PaceError,
    ProtocolError,
    RateError,
    RecognizerError,
    UpstreamCause,
    UpstreamError,
)

ErrorType = Literal[
    "invalid_message",
    "protocol_error",
    "invalid_config",
    "invalid_audio_type",
    "invalid_language",
    "invalid_model",
    "not_authorised",
    "not_allowed",
    "quota_exceeded",
    "job_error",
    "idle_timeout",
    "session_timeout",
    "unknown_error",
]
"""Those that we send; a vendor's server has more."""


class InvalidMessageError(ProtocolError):
    """Not JSON, not an object, no known ``message``, or not its shape."""


class InvalidConfigError(ProtocolError):
    """A field of the configuration has the wrong type, or a value out of its range."""


class InvalidAudioTypeError(ProtocolError):
    """``audio_format`` names no audio that this protocol knows."""


class InvalidLanguageError(ProtocolError):
    """``language`` is not the code of a language."""


_TYPES: Sequence[tuple[type[CrossfadeError], ErrorType]] = [  # subclasses before their bases
    (InvalidMessageError, "invalid_message"),
    (InvalidConfigError, "invalid_config"),
    (InvalidAudioTypeError, "invalid_audio_type"),
    (InvalidLanguageError, "invalid_language"),
    (ProtocolError, "protocol_error"),
    (AudioError, "invalid_audio_type"),
    (ConfigError, "invalid_config"),
    (CredentialError, "not_authorised"),
    (ForbiddenError, "not_allowed"),
    (CapacityError, "quota_exceeded"),
    (RateError, "quota_exceeded"),
    (IdleError, "idle_timeout"),
    (ExpiredError, "session_timeout"),
    (PaceError, "protocol_error"),
    (ModelError, "job_error"),
    (RecognizerError, "job_error"),
]

_TYPES_OF_CAUSES: Mapping[UpstreamCause, ErrorType] = {
    "credential": "not_authorised",
    "capacity": "quota_exceeded",
    "request": "invalid_config",
    "time": "session_timeout",
}
"""Why the server behind this one let it down; what is not here is a ``job_error``."""

_TYPES_OF_FIELDS: Mapping[str, ErrorType] = {
    "language": "invalid_model",
    "audio": "invalid_audio_type",
}

_CLOSES: Mapping[str, Goodbye] = {
    "invalid_message": Goodbye(code=1003, reason="invalid_message"),
    "protocol_error": Goodbye(code=1003, reason="protocol_error"),
    "invalid_config": Goodbye(code=1003, reason="invalid_config"),
    "invalid_audio_type": Goodbye(code=1003, reason="invalid_audio_type"),
    "invalid_language": Goodbye(code=4004, reason="invalid_language"),
    "invalid_model": Goodbye(code=4004, reason="invalid_model"),
    "not_authorised": Goodbye(code=4001, reason="not_authorised"),
    "not_allowed": Goodbye(code=4003, reason="not_allowed"),
    "quota_exceeded": Goodbye(code=4005, reason="quota_exceeded"),
    "timelimit_exceeded": Goodbye(code=4006, reason="timelimit_exceeded"),
    "job_error": Goodbye(code=4013, reason="job_error"),
    "idle_timeout": Goodbye(code=1008, reason="policy_violation"),
    "session_timeout": Goodbye(code=1008, reason="policy_violation"),
    "unknown_error": Goodbye(code=1011, reason="internal_error"),
}

_REASONS: Mapping[ErrorType, str] = {  # texts that have been seen on the wire
    "not_authorised": "Not Authorized",
    "quota_exceeded": "Concurrent Quota Exceeded",
}


def error_type(error: CrossfadeError) -> ErrorType:
    """Name an error as the vendor does."""
    if isinstance(error, ConfigError):
        return _TYPES_OF_FIELDS.get(error.field, "invalid_config")
    if isinstance(error, UpstreamError):
        return _TYPES_OF_CAUSES.get(error.cause, "job_error")
    return next((name for kind, name in _TYPES if isinstance(error, kind)), "unknown_error")


def error_reason(error: CrossfadeError) -> str:
    """The ``reason`` of an ``Error``; never empty, clients print it."""
    if isinstance(error, UpstreamError):
        return str(error)  # who said it is half of what there is to say
    return _REASONS.get(error_type(error)) or str(error) or type(error).__name__


def close_for(error_type: str) -> Goodbye:
    """The close frame that follows an ``Error`` of this type, also of types that we never send."""
    return _CLOSES.get(error_type, _CLOSES["unknown_error"])


def retry_after_s(code: int) -> float | None:
    """How long a client stays away after this close code; ``None``: for good.

    Section 14.4: "retry, after 5-10 s, on 4005, 4013 and 1011 only".
    """
    return _RETRY_AFTER_S if code in _RETRIED else None


def cause_of(code: int) -> UpstreamCause:
    """Why a server ended a session with this code, section 14.4."""
    return _CAUSES.get(code, "fault")


_CAUSES: Mapping[int, UpstreamCause] = {
    1001: "gone",
    1003: "request",
    1005: "gone",
    1006: "gone",
    1008: "time",
    1009: "request",
    4001: "credential",
    4003: "credential",
    4004: "request",
    4005: "capacity",
    4006: "capacity",  # the account's quota is used up
}

_RETRIED = frozenset({4005, 4013, 1011})
_RETRY_AFTER_S = 5.0
