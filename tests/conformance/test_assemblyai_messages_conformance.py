"""Section 16 of the reference, cases 8 to 11, 15 to 17 and 22: frames, both ways."""

import asyncio
import json
from itertools import pairwise
from urllib.parse import urlencode

import pytest

from assemblyai_wire import (
    FORCE,
    KEEP_ALIVE,
    TERMINATE,
    U3,
    U3_RT,
    US,
    WHISPER,
    Message,
    converse,
    dial,
    of,
    quiet,
    text,
    update,
)
from crossfade.dialects import ASSEMBLYAI
from crossfade.recognizers.scripted import spoken
from sessions_in_virtual_time import session
from virtual_time import run

pytestmark = pytest.mark.asyncio(loop_scope="module")

INVALID = "User Input Validation Error: "
SPOKEN = quiet(2500)
"""Long enough for all that the script says."""
MS_BYTES = 32
MODELS = (US, "universal-streaming-multilingual", WHISPER, U3_RT, "universal-3-5-pro", U3)


async def fatal(url, *frames: Message | bytes | str, **parameters) -> dict:
    """Send these into a session that has begun; return the error that ends it."""
    async with dial(url, **parameters) as wire:
        await wire.hear("Begin")
        await wire.say(*frames)
        heard = await wire.hear_all()
    assert heard[-1]["type"] == "Error", heard
    assert heard[-1]["error_code"] == wire.closed[0]
    assert not of(heard, "Termination")
    return heard[-1]


@pytest.mark.conformance(
    "assemblyai", "16.8", '`{not json`, `[]`, `{"type":"Bogus"}`: `Error` 3006'
)
@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ("{not json", "Invalid JSON: "),
        ("", "Invalid JSON: "),
        ("[]", "Invalid Message: []"),
        ('"Terminate"', 'Invalid Message: "Terminate"'),
        ('{"type":"Bogus"}', "Invalid Message Type: Bogus"),
        ('{"type":7}', 'Invalid Message: {"type":7}'),
        ('{"terminate_session":true}', 'Invalid Message: {"terminate_session":true}'),
    ],
)
async def test_a_message_that_is_none_ends_the_session(open_server, frame, said):
    error = await fatal(open_server.url, *quiet(100), frame)
    assert error["error_code"] == 3006
    assert error["error"].startswith(INVALID + said)


@pytest.mark.conformance("assemblyai", "16.9", "1200 ms frame: `Error` 3007 with `1200.0 ms`")
async def test_a_frame_of_more_than_a_second_is_refused(open_server):
    error = await fatal(open_server.url, bytes(1200 * MS_BYTES))
    assert error["error_code"] == 3007
    assert error["error"] == (
        "Input Duration Error: Input Duration Violation: 1200.0 ms. Expected between 50 and 1000 ms"
    )
    heard = await converse(open_server.url, bytes(1000 * MS_BYTES), bytes(50 * MS_BYTES))
    assert heard[-1]["audio_duration_seconds"] == 1


@pytest.mark.conformance(
    "assemblyai",
    "16.10",
    "60 × 20 ms frames: `Error` 3007 after ≥ 1 s",  # noqa: RUF001 (the reference's own sign)
)
async def test_a_second_of_short_frames_is_too_many(open_server):
    short = bytes(20 * MS_BYTES)
    error = await fatal(open_server.url, *[short] * 60)
    assert error["error_code"] == 3007
    assert "Input Duration Violation: 20.0 ms" in error["error"]
    heard = await converse(open_server.url, *[short] * 49, *quiet(100), *[short] * 49)
    assert heard[-1]["audio_duration_seconds"] == 2, "a legal frame between them makes it good"


@pytest.mark.conformance(
    "assemblyai", "16.11", "legal frames then one 10 ms frame, then `Terminate`: no error"
)
async def test_the_last_frame_may_be_short(open_server):
    heard = await converse(open_server.url, *SPOKEN, bytes(10 * MS_BYTES))
    assert heard[-1]["audio_duration_seconds"] == 3  # 2.51 s
    assert text(heard)


async def test_odd_frames_and_late_ones_do_no_harm(open_server):
    data = b"".join(SPOKEN)
    odd = [data[at : at + 3201] for at in range(0, len(data), 3201)]
    async with dial(open_server.url, speech_model=US) as wire:
        await wire.say(b"", *odd, b"", TERMINATE, SPOKEN[0], FORCE, "{not json", TERMINATE)
        heard = await wire.hear_all()
    assert wire.closed == (1000, "Session Ended")
    assert (heard[-1]["type"], heard[-1]["audio_duration_seconds"]) == ("Termination", 3)
    assert text(heard) == text(await converse(open_server.url, *SPOKEN, speech_model=US))


IDLE = pytest.mark.conformance(
    "assemblyai",
    "16.15",
    "`inactivity_timeout=5`, `KeepAlive` every 3 s: stays open; without it `Error` 3006 at 5 s",
)


async def heard_in_virtual_time(*steps: Message | bytes | float, **parameters) -> list:
    """Say frames, or wait for seconds, on a clock that jumps; what is heard and when.

    Such a clock has an event loop of its own, and so a thread.
    """
    query = urlencode({"sample_rate": 16_000, "speech_model": US, **parameters})

    async def main():
        async with session(ASSEMBLYAI, url=f"/v3/ws?{query}", script=spoken("Hello")) as (wire, _):
            for step in steps:
                if isinstance(step, int | float):
                    await asyncio.sleep(step)
                else:
                    wire.say(step)
        return wire.heard

    return await asyncio.to_thread(run, main())


@IDLE
async def test_keepalive_is_a_sign_of_life():
    signs = (3, KEEP_ALIVE) * 4
    heard = await heard_in_virtual_time(*signs, TERMINATE, inactivity_timeout=5)
    assert [(at_s, message["type"]) for at_s, message in heard] == [
        (0, "Begin"),
        (12, "Termination"),
    ]


@IDLE
async def test_a_client_that_says_nothing_is_sent_away():
    *_, (_, last), (at_s, error) = await heard_in_virtual_time(*quiet(1000), inactivity_timeout=5)
    said = "Session terminated due to inactivity: No messages received for 5 seconds"
    assert (at_s, error) == (5, {"type": "Error", "error_code": 3006, "error": said})
    assert last["end_of_turn"], "the turn that was open is told first"


@pytest.mark.conformance(
    "assemblyai", "16.16", "`UpdateConfiguration` with 2000-char `agent_context`: `Error` 3006"
)
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"agent_context": "x" * 2000},
            "Invalid 'agent_context': Value error, agent_context exceeds maximum length",
        ),
        ({"keyterms_prompt": ["a"] * 101}, "Invalid 'keyterms_prompt': Value error, Max 100 items"),
        ({"vad_threshold": 1.5}, "Invalid 'vad_threshold': "),
        ({"mode": "fastest"}, "Invalid 'mode': Input should be 'min_latency', "),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_limits_hold_in_mid_session_too(open_server, fields, said):
    error = await fatal(open_server.url, *quiet(600), update(**fields), speech_model=U3)
    assert error["error_code"] == 3006
    assert error["error"].startswith(INVALID + said)


@pytest.mark.conformance(
    "assemblyai", "16.17", '`UpdateConfiguration {"min_turn_silence": null}`: no change'
)
@pytest.mark.parametrize("model", [US, U3])
async def test_null_changes_nothing(open_server, model):
    nothing = [
        update(min_turn_silence=None),
        update(**dict.fromkeys(["format_turns", "keyterms_prompt", "prompt", "mode"])),
        update(speaker_labels=True, sample_rate=8000, speech_model="nope", whatever=[1]),
        update(),
    ]
    parameters = {"speech_model": model, "format_turns": True}
    plain = await converse(open_server.url, *SPOKEN, **parameters)
    updated = await converse(
        open_server.url, *nothing, *SPOKEN[:8], *nothing, *SPOKEN[8:], **parameters
    )
    assert of(updated, "Turn", "SpeechStarted") == of(plain, "Turn", "SpeechStarted")


@pytest.mark.conformance(
    "assemblyai",
    "16.22",
    "every frame: text, object, `type` string, no stray `error` key, integers where required",
)
@pytest.mark.parametrize(
    "features",
    [
        {},
        {"format_turns": True, "language_detection": True},
        {"speaker_labels": True, "max_speakers": 2},
        {"redact_pii": True, "filter_profanity": True, "include_partial_turns": True},
        {"session_heartbeat": True, "acknowledge_silence": True},
        {"include_partial_turns": False, "keyterms_prompt": ["Crossfade"], "domain": "medical-v1"},
    ],
    ids=lambda features: "+".join(features) or "nothing",
)
async def test_every_frame_is_as_every_client_can_read_it(open_server, features):
    # Each frame is held against the schema when it is heard.
    said = (*SPOKEN, FORCE, *quiet(3000))
    sessions = [
        converse(open_server.url, *said, speech_model=model, **features) for model in MODELS
    ]
    for heard in await asyncio.gather(*sessions):
        assert heard[0]["type"] == "Begin"
        assert heard[-1]["type"] == "Termination"
        assert text(heard)
        for message in heard:
            assert "error" not in message
            nowhere = {name: value for name, value in message.items() if name != "configuration"}
            assert "null" not in json.dumps(nowhere)
            for word in message.get("words", []):
                assert all(type(word[edge]) is int for edge in ("start", "end"))


async def test_nothing_is_said_that_was_not_asked_for(open_server):
    # Pipecat takes every other type for an error.
    expected = {"Begin", "Turn", "SpeechStarted", "Termination"}
    sessions = [
        converse(open_server.url, *SPOKEN, *quiet(3000), speech_model=model) for model in MODELS
    ]
    for heard in await asyncio.gather(*sessions):
        assert {message["type"] for message in heard} <= expected


async def test_a_heartbeat_comes_every_five_seconds_of_wall_time():
    heard = await heard_in_virtual_time(*quiet(2000), 11, TERMINATE, session_heartbeat="true")
    beats = [(at_s, message) for at_s, message in heard if message["type"] == "Heartbeat"]
    assert [at_s for at_s, _ in beats] == [5, 10]
    first = beats[0][1]
    assert first["total_audio_received_ms"] == 2000
    assert first["total_duration_ms"] == 5000
    assert first["realtime_factor"] == pytest.approx(0.4)
    assert 0 <= first["max_speech_probability"] <= 1


async def test_silence_is_acknowledged_about_once_a_second(open_server):
    async with dial(open_server.url, speech_model=U3, acknowledge_silence=True) as wire:
        await wire.say(*quiet(7000))
        end = await wire.hear_end_of_turn()
        told = [await wire.hear("Silence") for _ in range(4)]
        heard = await wire.terminate()
    assert told[0]["start_ms"] >= end["words"][-1]["end"]
    for silence in told:
        assert 800 <= silence["end_ms"] - silence["start_ms"] <= 1200
    for before, after in pairwise(told):
        assert before["end_ms"] == after["start_ms"]
    assert heard[-1]["audio_duration_seconds"] == 7
