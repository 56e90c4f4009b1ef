"""``Info`` and ``Warning`` of a running session, sections 14.1 and 14.2 of the reference.

What a configuration makes the server warn of is in ``limitations.py``.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from crossfade.dialects.speechmatics.messages import InfoMessage, WarningMessage
from crossfade.model import (
    AudioFormat,
    AudioLimitReached,
    RawAudio,
    SessionStarted,
    SpeakersIgnored,
    TimeRunsOut,
)

_TELEPHONY_BELOW_HZ = 12_000

_REGION = "local"
"""The vendor names one of its own."""


def session_usage(event: SessionStarted) -> Sequence[InfoMessage]:
    """Tell how many sessions are open, where somebody has set a limit."""
    usage = event.usage
    if usage is None:
        return []
    return [
        InfoMessage(
            type="concurrent_session_usage",
            reason=f"{usage.sessions} concurrent sessions active out of quota {usage.most}",
            usage=usage.sessions,
            quota=usage.most,
            last_updated=datetime.fromtimestamp(event.started_at, UTC).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            ),
            region=_REGION,
        )
    ]


def recognition_quality(audio: AudioFormat) -> InfoMessage:
    """Tell which kind of audio the vendor would take this for."""
    is_telephony = isinstance(audio, RawAudio) and audio.sample_rate_hz < _TELEPHONY_BELOW_HZ
    quality: Literal["telephony", "broadcast"] = "telephony" if is_telephony else "broadcast"
    return InfoMessage(
        type="recognition_quality",
        quality=quality,
        reason=f"Running recognition using a {quality} model quality.",
    )


def time_runs_out(event: TimeRunsOut) -> WarningMessage:
    """Warn of the end for idleness or length."""
    left, past = _minutes(event.left_s), _minutes(event.limit_s - event.left_s)
    if event.cause == "idle":
        reason = (
            f"Session will timeout in {left} due to inactivity, no audio sent within the last"
            f" {past}"
        )
        return WarningMessage(type="idle_timeout", reason=reason)
    reason = (
        f"Session will timeout in {left} due to max duration, session has been active for {past}"
    )
    return WarningMessage(type="session_timeout", reason=reason)


def audio_limit_reached(event: AudioLimitReached) -> WarningMessage:
    """Warn that the rest is not transcribed."""
    return WarningMessage(
        type="duration_limit_exceeded",
        reason=f"audio beyond {event.limit_s:g} s is acknowledged and not transcribed",
        duration_limit=event.limit_s,
    )


def late_audio() -> WarningMessage:
    """Warn of audio behind the end of it."""
    return WarningMessage(
        type="add_audio_after_eos", reason="audio after EndOfStream is thrown away"
    )


def speakers_ignored(event: SpeakersIgnored) -> WarningMessage:
    """Warn of identifiers that are none of ours."""
    return WarningMessage(
        type="speaker_id",
        reason="speaker identifiers that this server cannot read are ignored, those of"
        f" {', '.join(event.labels)}",
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f}m"
