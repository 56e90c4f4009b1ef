import msgspec
import pytest

from crossfade.dialects.base import DialectSettings
from crossfade.dialects.speechmatics import DIALECT
from crossfade.dialects.speechmatics.errors import error_type
from crossfade.dialects.speechmatics.messages import ErrorMessage
from crossfade.errors import (
    AudioError,
    CapacityError,
    ConfigError,
    CrossfadeError,
    ExpiredError,
    ForbiddenError,
    IdleError,
    ModelError,
    PaceError,
    ProtocolError,
    RateError,
    RecognizerError,
    UpstreamError,
)

RETRIED = {4005, 4013, 1011}


@pytest.mark.parametrize(
    ("error", "kind", "code", "close_reason"),
    [
        (ProtocolError("x"), "protocol_error", 1003, "protocol_error"),
        (AudioError("x"), "invalid_audio_type", 1003, "invalid_audio_type"),
        (ConfigError("x", field="language"), "invalid_model", 4004, "invalid_model"),
        (ConfigError("x", field="audio"), "invalid_audio_type", 1003, "invalid_audio_type"),
        (ConfigError("x", field="other"), "invalid_config", 1003, "invalid_config"),
        (CapacityError(slots=4), "quota_exceeded", 4005, "quota_exceeded"),
        (RateError(per_minute=5), "quota_exceeded", 4005, "quota_exceeded"),
        (ForbiddenError("use this backend"), "not_allowed", 4003, "not_allowed"),
        (IdleError(idle_s=3600), "idle_timeout", 1008, "policy_violation"),
        (ExpiredError(session_s=60), "session_timeout", 1008, "policy_violation"),
        (PaceError(audio_s=40, elapsed_s=2), "protocol_error", 1003, "protocol_error"),
        (ModelError("x"), "job_error", 4013, "job_error"),
        (RecognizerError("x"), "job_error", 4013, "job_error"),
        (UpstreamError("x", code=1006), "job_error", 4013, "job_error"),
        (CrossfadeError(), "unknown_error", 1011, "internal_error"),
    ],
)
def test_every_error_has_the_vendors_type_and_close_code(error, kind, code, close_reason):
    refusal = DIALECT.server(DialectSettings()).refuse(error)
    message = msgspec.json.decode(refusal.frames[0], type=ErrorMessage)
    assert (message.type, message.code) == (kind, code)
    assert message.reason
    assert (refusal.goodbye.code, refusal.goodbye.reason) == (code, close_reason)
    assert refusal.http_status is None
    later = (
        isinstance(error, CapacityError | RateError | ModelError | RecognizerError) or code == 1011
    )
    assert (code in RETRIED) == later


def all_kinds(kind):
    return [kind, *(inner for sub in kind.__subclasses__() for inner in all_kinds(sub))]


def test_no_error_of_ours_is_without_a_type():
    unnamed = {
        kind
        for kind in all_kinds(CrossfadeError)
        if kind.__module__ == "crossfade.errors"
        and error_type(ConfigError("", field="") if kind is ConfigError else kind.__new__(kind))
        == "unknown_error"
    }
    assert unnamed == {CrossfadeError}
