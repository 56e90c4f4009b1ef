"""Every way in which this vendor's server ends a session before its time, by the vendor's names.

For whoever plays that server. Sections 14.3 and 14.4 of the protocol reference; types that our own
server never sends are here too.
"""

from collections.abc import Mapping

import msgspec

from crossfade.dialects.base import Goodbye, Refusal
from crossfade.dialects.speechmatics.errors import close_for
from crossfade.dialects.speechmatics.messages import ErrorMessage

_REASONS: Mapping[str, str] = {
    "invalid_message": "not a JSON object with a known message",
    "protocol_error": "StartRecognition must be the first message",
    "invalid_config": "transcription_config: a value is out of its range",
    "invalid_audio_type": "audio_format: not supported",
    "invalid_output_format": "output_format: not supported",
    "invalid_language": "language: not valid",
    "invalid_model": "language: no such model",
    "not_authorised": "Not Authorized",
    "not_allowed": "not allowed",
    "quota_exceeded": "Concurrent Quota Exceeded",
    "timelimit_exceeded": "the usage quota is used up",
    "job_error": "the job failed",
    "idle_timeout": "no audio was received for too long",
    "session_timeout": "the session is too long",
    "unknown_error": "an internal error ended the session",
}

_OWN_CLOSES: Mapping[str, Goodbye] = {
    "invalid_output_format": Goodbye(code=1003, reason="invalid_output_format"),
}
"""Of types that ``errors`` has no use for."""


def _refusal(error_type: str, reason: str) -> Refusal:
    goodbye = _OWN_CLOSES.get(error_type) or close_for(error_type)
    message = ErrorMessage(type=error_type, reason=reason, code=goodbye.code)
    return Refusal(frames=(msgspec.json.encode(message).decode(),), goodbye=goodbye)


ENDINGS: Mapping[str, Refusal] = {
    **{kind: _refusal(kind, reason) for kind, reason in _REASONS.items()},
    "message_too_big": Refusal(frames=(), goodbye=Goodbye(code=1009)),
    "unauthorized_handshake": Refusal(
        frames=(), goodbye=close_for("not_authorised"), http_status=401
    ),
}
"""Name → what is said. The names are the ``type`` of the ``Error``, but for the last two."""
