"""The case table of the reference, section 16, as far as a state machine can show it.

Cases 13 and 23 need a recognizer and a socket.
"""

from pathlib import Path

import msgspec
import pytest

from crossfade.dialects.assemblyai import DIALECT
from crossfade.dialects.assemblyai.errors import FrameLengthError, InputError, close_reason
from crossfade.dialects.base import DialectSettings, Goodbye, Handshake
from crossfade.errors import (
    AudioError,
    CapacityError,
    ConfigError,
    CredentialError,
    CrossfadeError,
    ExpiredError,
    ForbiddenError,
    IdleError,
    RateError,
    UpstreamError,
)
from crossfade.model import (
    Audio,
    Finish,
    ForceTurn,
    KeepAlive,
    Partial,
    Reconfigure,
    SessionEnded,
    SessionStarted,
    SpeechStarted,
    Start,
    TurnEnded,
    Word,
)
from crossfade.testing import read_transcript, replay

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts" / "assemblyai"


def handshake(*query, **headers):
    return Handshake(path="/v3/ws", query=query, headers=headers)


def opened(*query, **settings):
    server = DIALECT.server(DialectSettings(**settings))
    server.open(handshake(*query))
    return server


def error_of(server, error):
    """The decoded ``Error`` frame of a refusal, whose close frame must agree with it."""
    refusal = server.refuse(error)
    said = msgspec.json.decode(refusal.frames[-1])
    assert said.keys() == {"type", "error_code", "error"}
    assert said["type"] == "Error"
    assert refusal.http_status is None, "errors are told after the upgrade"
    assert refusal.goodbye == Goodbye(code=said["error_code"], reason=close_reason(said["error"]))
    return said["error_code"], said["error"]


def error_from(server, frame):
    with pytest.raises(CrossfadeError) as caught:
        server.receive(frame)
    return error_of(server, caught.value)


def replayed(name):
    return replay(read_transcript(TRANSCRIPTS / name), DIALECT.server(DialectSettings()))


def test_case_1_no_audio_at_all_ends_with_zero_seconds():
    replayed("no_audio.jsonl")


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        pytest.param("missing", "Missing Authorization header", id="case-2-no-credential"),
        pytest.param("unknown", "Invalid API key", id="an-unknown-key"),
        pytest.param("expired", "Signature has expired", id="case-3-an-expired-token"),
    ],
)
def test_a_bad_credential_is_told_after_the_upgrade(cause, text):
    server = DIALECT.server(DialectSettings())
    said = error_of(server, CredentialError(cause))
    assert said == (1008, f"Unauthorized Connection: {text}")


@pytest.mark.parametrize(
    ("shake", "secret", "accepts"),
    [
        (handshake(authorization="KEY"), "KEY", {"key", "token"}),
        (handshake(("token", "T")), "T", {"token"}),
        (handshake(("token", "T"), authorization="KEY"), "T", {"token"}),
        (handshake(("token", ""), authorization="KEY"), "KEY", {"key", "token"}),
        (handshake(authorization=" "), None, {"key", "token"}),
        (handshake(), None, {"key", "token"}),
        (handshake(authorization="Bearer KEY"), "Bearer KEY", {"key", "token"}),
        (handshake(authorization="token KEY"), "token KEY", {"key", "token"}),
    ],
)
def test_case_4_credentials_are_taken_raw_and_a_token_in_the_query_counts_alone(
    shake, secret, accepts
):
    credential = DIALECT.server(DialectSettings()).credential(shake)
    assert credential.secret == secret
    assert credential.accepts == accepts
    assert credential.token_scope == DIALECT.token_scope


@pytest.mark.parametrize("name", ["bad_parameter.jsonl", "bad_model.jsonl"])
def test_case_5_a_bad_parameter_is_refused_before_begin(name):
    assert isinstance(replayed(name).error, InputError)


def test_case_6_unknown_parameters_are_ignored_and_the_default_model_is_named():
    replayed("u3_file_without_silence.jsonl")


@pytest.mark.parametrize("value", ["True", "TRUE", "1"])
def test_case_7_booleans_in_any_case(value):
    opened(("format_turns", value), ("speech_model", "universal-streaming-english"))


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        ("{not json", "Invalid JSON: JSON is malformed: object keys must be strings (byte 1)"),
        ("[]", "Invalid Message: []"),
        ("7", "Invalid Message: 7"),
        ("{}", "Invalid Message: {}"),
        ('{"type":5}', 'Invalid Message: {"type":5}'),
        ('{"type":"Bogus"}', "Invalid Message Type: Bogus"),
        ('{"type":"terminate_session"}', "Invalid Message Type: terminate_session"),
    ],
)
def test_case_8_bad_messages_are_fatal(frame, text):
    assert error_from(opened(), frame) == (3006, f"User Input Validation Error: {text}")


def test_what_a_client_wrote_is_quoted_to_it_but_is_not_in_the_error():
    server = opened()
    with pytest.raises(InputError) as caught:
        server.receive('{"audio_data":"' + "UklG" * 1000 + '"}')
    assert "UklG" not in str(caught.value)
    code, text = error_of(server, caught.value)
    assert code == 3006
    assert len(text) < 200


def test_deeply_nested_json_is_no_more_than_bad_json():
    code, text = error_from(opened(), "[" * 100_000)
    assert (code, "Invalid JSON" in text) == (3006, True)


def test_case_9_a_frame_of_more_than_a_second_is_refused_at_once():
    text = "Input Duration Error: Input Duration Violation: 1200.0 ms. "
    assert error_from(opened(), bytes(38_400)) == (3007, text + "Expected between 50 and 1000 ms")


def test_case_10_short_frames_are_refused_after_a_second_of_them():
    server = opened()
    for _ in range(49):
        assert server.receive(bytes(640)) == [Audio(data=bytes(640))]
    code, text = error_from(server, bytes(640))
    assert (code, "20.0 ms" in text) == (3007, True)


def test_case_11_one_short_frame_at_the_end_is_forgiven():
    server = opened()
    for size in (1600, 32_000, 32_002, 320):
        server.receive(bytes(size))
    assert server.receive('{"type":"Terminate"}') == [Finish()]


def test_a_lawful_frame_forgives_the_short_ones_before_it():
    server = opened()
    for size in ([640] * 49 + [1600]) * 3:
        server.receive(bytes(size))


def test_case_12_mulaw_frames_are_measured_in_bytes():
    server = opened(("encoding", "pcm_mulaw"), ("sample_rate", "8000"))
    server.receive(bytes(800))
    server.receive(bytes(8000))
    assert "1000.2 ms" in error_from(server, bytes(8002))[1]


def test_the_operator_can_relax_the_rule_and_compressed_audio_has_none():
    for server in (opened(lenient_audio=True), opened(("encoding", "ogg_opus"))):
        for size in [64_000, *[10] * 4000]:
            assert len(server.receive(bytes(size))) == 1


def test_an_empty_frame_is_nothing():
    assert opened().receive(b"") == []


def test_case_14_a_forced_turn_ends_and_later_words_belong_to_the_next():
    replayed("u3_force.jsonl")


def test_case_15_inactivity_is_the_clients_choice():
    server = DIALECT.server(DialectSettings())
    (start,) = server.open(handshake(("inactivity_timeout", "5")))
    assert isinstance(start, Start)
    assert (start.limits.idle_s, start.limits.idle_reset_by_audio_only) == (5, False)
    assert server.receive('{"type":"KeepAlive"}') == [KeepAlive()]
    text = "Session terminated due to inactivity: No messages received for 5 seconds"
    assert error_of(server, IdleError(idle_s=5.0)) == (3006, text)


def test_case_16_a_setting_beyond_its_limits_is_fatal_in_mid_session_too():
    assert isinstance(replayed("us_update.jsonl").error, InputError)


def test_case_17_null_changes_nothing():
    frame = '{"type":"UpdateConfiguration","min_turn_silence":null}'
    assert opened().receive(frame) == []


def test_case_18_raw_then_formatted_end_of_turn():
    replayed("us_formatted.jsonl")


def test_case_20_speech_started_then_one_formatted_end():
    replayed("u3_hesitation.jsonl")


def test_case_21_a_token_shortens_the_session():
    server = opened()
    event = SessionStarted(session_id="s", language="en", started_at=1000, expires_at=1060)
    assert msgspec.json.decode(server.send(event)[0])["expires_at"] == 1060
    text = "Session Expired: Maximum session duration exceeded"
    assert error_of(server, ExpiredError(session_s=60.0)) == (3008, text)


def test_a_session_without_an_end_is_said_to_end_after_three_hours():
    event = SessionStarted(session_id="s", language="en", started_at=1000)
    assert msgspec.json.decode(opened().send(event)[0])["expires_at"] == 11_800


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CapacityError(slots=2), (3009, "Unauthorized Connection: Too many concurrent sessions")),
        (RateError(per_minute=5), (3009, "Unauthorized Connection: Too many concurrent sessions")),
        (
            ForbiddenError("use this backend"),
            (1008, "Unauthorized Connection: this key may not use this backend"),
        ),
        (AudioError("no Ogg"), (3006, "User Input Validation Error: no Ogg")),
        (
            ConfigError("this server hears en", field="language"),
            (
                3006,
                (
                    "User Input Validation Error: Invalid 'language_codes': "
                    "Value error, this server hears en"
                ),
            ),
        ),
        (UpstreamError("upstream words"), (3005, "Session Cancelled: An error occurred")),
        (CrossfadeError("ours"), (3005, "Session Cancelled: An error occurred")),
        (
            FrameLengthError(duration_ms=20.04),
            (
                3007,
                (
                    "Input Duration Error: Input Duration Violation: 20.0 ms. "
                    "Expected between 50 and 1000 ms"
                ),
            ),
        ),
    ],
)
def test_every_class_of_error_has_its_code_and_text(error, said):
    assert error_of(DIALECT.server(DialectSettings()), error) == said


def test_a_close_reason_is_cut_between_characters():
    reason = close_reason("é" * 100)
    assert reason == "é" * 61


def test_a_forced_end_is_asked_of_the_recognizer():
    assert opened().receive('{"type":"ForceEndpoint","extra":1}') == [ForceTurn()]


def test_frames_after_terminate_are_ignored_whatever_they_are():
    server = opened()
    server.receive('{"type":"Terminate"}')
    for frame in (bytes(64_000), "{not json", '{"type":"Terminate"}'):
        assert server.receive(frame) == []


def test_durations_are_rounded_to_the_nearest_second():
    *_, frame, goodbye = opened().send(SessionEnded(audio_ms=3600, session_ms=69_150))
    assert msgspec.json.decode(frame) == {
        "type": "Termination",
        "audio_duration_seconds": 4,
        "session_duration_seconds": 69,
    }
    assert goodbye == Goodbye(code=1000, reason="Session Ended", linger_s=0.3)


def test_an_update_names_only_what_changed():
    server = opened(("speech_model", "u3-rt-pro"), ("keyterms_prompt", '["Ann"]'))
    same = {"type": "UpdateConfiguration", "min_turn_silence": 100, "keyterms_prompt": ["Ann"]}
    assert server.receive(msgspec.json.encode(same).decode()) == []
    (change,) = server.receive('{"keyterms_prompt":[],"type":"UpdateConfiguration"}')
    assert change == Reconfigure(keyterms=())


def test_an_update_changes_how_the_running_turn_is_told():
    server = opened(("speech_model", "universal-streaming-english"))
    word = Word(text="Hi", start_ms=0, end_ms=90, confidence=1.0)
    server.send(SpeechStarted(turn=0, at_ms=0, confidence=1.0))
    server.send(Partial(turn=0, words=(word,), through_ms=100))
    assert server.receive('{"format_turns":true,"type":"UpdateConfiguration"}') == []
    ended = server.send(TurnEnded(turn=0, at_ms=500, confidence=0.9))
    assert [msgspec.json.decode(frame)["turn_is_formatted"] for frame in ended] == [False, True]


def test_every_path_of_the_vendor_is_registered():
    assert DIALECT.paths == ("/v3/ws", "/v3/ws/", "//v3/ws")
