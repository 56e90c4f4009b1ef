"""Every way in which this vendor's server ends a session before its time, by the vendor's names.

For whoever plays that server. Section 15 of the protocol reference.
"""

from collections.abc import Mapping

from crossfade.dialects.agent_stt.errors import LEAVING, START_TIMEOUT, said
from crossfade.dialects.base import Goodbye, Refusal
from crossfade.dialects.speechmatics.errors import close_for

_REASONS: Mapping[str, str] = {
    "invalid_message": "not a JSON object with a known message",
    "invalid_config": "Additional property max_delay is not allowed",
    "invalid_audio_type": "audio_format: not supported",
    "invalid_language": "language: not valid",
    "invalid_model": "language: no such model",
    "not_authorised": "Not Authorized",
    "not_allowed": "not allowed",
    "protocol_error": "StartRecognition must be the first message",
    "job_error": "the job failed",
    "quota_exceeded": "Concurrent Quota Exceeded",
    "timelimit_exceeded": "the usage quota is used up",
    "idle_timeout": "no audio was received for too long",
    "session_timeout": "the session is too long",
    "unknown_error": "an internal error ended the session",
}

ENDINGS: Mapping[str, Refusal] = {
    **{kind: said(kind, reason, close_for(kind)) for kind, reason in _REASONS.items()},
    "start_recognition_timeout": said(
        "start_recognition_timeout", "no StartRecognition was received", START_TIMEOUT
    ),
    "overloaded_handshake": Refusal(frames=(), goodbye=Goodbye(code=1013), http_status=503),
    "restart": Refusal(frames=(), goodbye=LEAVING),
}
"""Name → what is said. The names are the ``type`` of the ``Error``, but for the last two."""
