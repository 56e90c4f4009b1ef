"""How this protocol says no: section 15 of the protocol reference.

Types and codes are those of the vendor's older protocol, but for what its clients make of them: an
``Error`` keeps them from ever coming back, so what is only true for now is said without one.
"""

import msgspec

from crossfade.dialects.agent_stt.messages import ErrorMessage
from crossfade.dialects.agent_stt.profiles import UnknownProfileError
from crossfade.dialects.base import Goodbye, Refusal
from crossfade.dialects.speechmatics.errors import close_for, error_reason, error_type
from crossfade.errors import (
    CapacityError,
    CredentialError,
    CrossfadeError,
    IdleError,
    LeavingError,
    RateError,
)

RETRY_AFTER_S = 5
_FIRST_FRAME_S = 10.0
"""A client hears what is wrong with its key once it has said StartRecognition, and not before."""

_LATER = Goodbye(code=1013, reason="try_again_later")
LEAVING = Goodbye(code=1012, reason="service_restart")
"""The server is going; sessions can be opened elsewhere, or here in a moment."""

START_TIMEOUT = Goodbye(code=1008, reason="start_recognition_timeout")


def refusal(error: CrossfadeError, *, has_started: bool) -> Refusal:
    """Put an error into this protocol's words.

    Args:
        error: What went wrong.
        has_started: There was a ``StartRecognition``.
    """
    kind = error_type(error)
    if isinstance(error, UnknownProfileError):
        return Refusal(frames=(), goodbye=close_for(kind), http_status=404)
    if isinstance(error, CapacityError | RateError) or kind == "quota_exceeded":
        return Refusal(frames=(), goodbye=_LATER, http_status=503, retry_after_s=RETRY_AFTER_S)
    if isinstance(error, LeavingError):
        return Refusal(frames=(), goodbye=LEAVING)
    if isinstance(error, IdleError) and not has_started:
        return said("start_recognition_timeout", str(error), START_TIMEOUT)
    told = said(kind, error_reason(error), close_for(kind))
    if isinstance(error, CredentialError):
        return msgspec.structs.replace(told, awaits_frame_s=_FIRST_FRAME_S)
    return told


def said(kind: str, reason: str, goodbye: Goodbye) -> Refusal:
    """An ``Error`` and the close frame behind it."""
    error = ErrorMessage(type=kind, reason=reason)
    return Refusal(frames=(msgspec.json.encode(error).decode(),), goodbye=goodbye)
