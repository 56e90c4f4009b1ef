"""What the server says of the session itself: that it lives, and that it is over."""

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.assemblyai.transcript import round_number
from crossfade.dialects.base import Frame, Goodbye
from crossfade.model import Heartbeat, SessionEnded

LINGER_S = 0.3
"""Sample clients crash when the socket closes in the instant of their own clean-up."""


def heartbeat(event: Heartbeat) -> messages.Heartbeat:
    """Say that the session lives."""
    return messages.Heartbeat(
        total_audio_received_ms=event.audio_ms,
        total_duration_ms=event.session_ms,
        realtime_factor=round_number(event.realtime_factor),
        max_speech_probability=round_number(event.speech_probability),
    )


def farewell(event: SessionEnded) -> list[Frame | Goodbye]:
    """Say the last words of a session that ended in order."""
    termination = messages.Termination(
        audio_duration_seconds=_nearest_second(event.audio_ms),
        session_duration_seconds=_nearest_second(event.session_ms),
    )
    code, reason = (1001, "Server Shutdown") if event.by_server else (1000, "Session Ended")
    goodbye = Goodbye(code=code, reason=reason, linger_s=LINGER_S)
    return [messages.encode(termination), goodbye]


def _nearest_second(duration_ms: int) -> int:
    return (duration_ms + 500) // 1000
