"""Info and Warning of a running session, sections 14.1 and 14.2."""

import pytest
from msgspec.structs import replace

from crossfade.model import (
    AudioLimitReached,
    Heartbeat,
    SessionStarted,
    TimeRunsOut,
    Usage,
)

STARTED = SessionStarted(
    session_id="0c3b8a52-5b0e-4b6b-9a39-8f1f6c5b7d11",
    language="en",
    started_at=1_785_576_600,
    usage=Usage(sessions=1, most=2),
)
HOUR = 3600


def test_where_sessions_are_limited_their_number_is_told_before_anything_else(connection):
    connection.start(additional_vocab=["one two three four five six seven"])
    said = connection.hear(STARTED)
    assert [message["message"] for message in said] == [
        "Info",
        "Warning",
        "RecognitionStarted",
        "Info",
    ]
    assert said[0] == {
        "message": "Info",
        "type": "concurrent_session_usage",
        "reason": "1 concurrent sessions active out of quota 2",
        "usage": 1,
        "quota": 2,
        "last_updated": "2026-08-01T09:30:00Z",
        "region": "local",
    }


def test_where_they_are_not_it_is_not(connection):
    connection.start()
    said = connection.hear(replace(STARTED, usage=None))
    assert [message["message"] for message in said] == ["RecognitionStarted", "Info"]


@pytest.mark.parametrize(
    ("event", "kind", "reason"),
    [
        (
            TimeRunsOut(cause="idle", left_s=900, limit_s=HOUR),
            "idle_timeout",
            "Session will timeout in 15m due to inactivity, no audio sent within the last 45m",
        ),
        (
            TimeRunsOut(cause="idle", left_s=300, limit_s=HOUR),
            "idle_timeout",
            "Session will timeout in 5m due to inactivity, no audio sent within the last 55m",
        ),
        (
            TimeRunsOut(cause="session", left_s=2700, limit_s=48 * HOUR),
            "session_timeout",
            "Session will timeout in 45m due to max duration, session has been active for 2835m",
        ),
    ],
)
def test_the_end_is_announced(connect, event, kind, reason):
    assert connect().hear(event) == [{"message": "Warning", "type": kind, "reason": reason}]


def test_the_end_of_the_licensed_audio_is_told_with_its_length(connect):
    (warning,) = connect().hear(AudioLimitReached(limit_s=7200))
    assert warning["type"] == "duration_limit_exceeded"
    assert warning["duration_limit"] == 7200
    assert "7200 s" in warning["reason"]


def test_this_vendor_knows_no_heartbeats(connect):
    beat = Heartbeat(audio_ms=1, session_ms=1, realtime_factor=1.0, speech_probability=0.5)
    assert connect().hear(beat) == []
