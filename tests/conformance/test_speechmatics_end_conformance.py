"""Section 21 of the reference, "End": how sessions end, in order and otherwise."""

import asyncio
import time

import pytest

from crossfade.dialects.base import DialectSettings
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from speechmatics_wire import (
    RAW,
    SECOND,
    converse,
    cut,
    dial,
    kinds,
    of,
    pcm,
    start_message,
    text,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

EOS = {"message": "EndOfStream", "last_seq_no": 0}


async def nobody_left(server) -> None:
    """Wait until nobody is connected; then nothing may be held."""
    async with asyncio.timeout(5):
        await server.service.sessions.emptied()
    assert server.service.slots.taken == 0
    assert server.service.recognizer.n_open == 0


END = pytest.mark.conformance(
    "speechmatics",
    "21.24",
    "EndOfStream: last final, empty partial, EndOfTranscript, in that order, under 1 s for "
    "live audio",
)


@END
@pytest.mark.parametrize("partials", [True, False])
async def test_the_end_is_a_final_an_empty_partial_and_end_of_transcript(open_server, partials):
    async with dial(open_server.url + "/v2") as wire:
        await wire.start(enable_partials=partials)
        await wire.say(SECOND, SECOND, EOS)
        await wire.hear_all()
        expected = ["AddTranscript", *["AddPartialTranscript"] * partials, "EndOfTranscript"]
        assert kinds(wire.heard)[-len(expected) :] == expected
        assert text(wire.heard) == "Good morning. Welcome aboard. "
        for partial in of(wire.heard, "AddPartialTranscript")[-1:]:
            assert partial["results"] == []
            assert partial["metadata"]["transcript"] == ""
        assert wire.closed == (1000, ""), "the server closes when the client doesn't"


@END
@pytest.mark.model
async def test_the_end_of_live_audio_comes_within_a_second(url, key, recording):
    """With the embedded recognizer, wherever in a sentence the audio ends."""
    samples = recording("ls-1688-142285-0006").samples()

    async def ended_after_s(seconds: int) -> float:
        chunks = cut(pcm(samples[: seconds * 16_000]), 1600)
        wire = await converse(url + "/v2", chunks, key=key, bytes_per_s=32_000)
        return wire.ended_after_s

    assert max(await asyncio.gather(*map(ended_after_s, (1, 2, 3)))) < 1.0


SEQUENCE = pytest.mark.conformance(
    "speechmatics", "21.25", "`last_seq_no` wrong, 0, missing: no difference"
)


@SEQUENCE
async def test_last_seq_no_makes_no_difference(open_server):
    heard = []
    numbers = [{"last_seq_no": n} for n in (2, 0, 99, -1, "2", None, 1.5)]
    for fields in [*numbers, {}]:
        async with dial(open_server.url + "/v2") as wire:
            await wire.start()
            await wire.say(SECOND, SECOND, {"message": "EndOfStream"} | fields)
            await wire.hear("EndOfTranscript")
            # The others tell of the session and its time, not of the audio.
            heard.append(
                [m for m in wire.heard if m["message"] not in ("RecognitionStarted", "Info")]
            )
    assert all(messages == heard[0] for messages in heard)


@pytest.mark.conformance(
    "speechmatics", "21.26", "audio after EndOfStream: one warning, no acknowledgement"
)
async def test_audio_after_the_end_is_warned_of_once(serve):
    recognizer = ScriptedRecognizer(spoken("Good morning."))
    async with serve(engine=recognizer) as server, dial(server.url + "/v2") as wire:
        await wire.start()
        await wire.say(SECOND)
        await wire.hear("AudioAdded")
        recognizer.running.clear()
        await wire.say(EOS, SECOND, SECOND, SECOND)
        await (await wire.socket.ping())  # everything has arrived
        recognizer.running.set()
        await wire.hear_all()
        [warning] = of(wire.heard, "Warning")
        assert warning["type"] == "add_audio_after_eos"
        assert warning["reason"]
        assert kinds(wire.heard).count("AudioAdded") == 1
        assert wire.heard[-1]["message"] == "EndOfTranscript"
        assert text(wire.heard) == "Good "


@pytest.mark.conformance("speechmatics", "21.27", "EndOfStream with no audio: EndOfTranscript")
@pytest.mark.parametrize("audio_format", [RAW, {"type": "file"}], ids=["raw", "file"])
async def test_a_session_without_audio_ends_in_order(open_server, audio_format):
    async with dial(open_server.url + "/v2") as wire:
        await wire.start(audio_format)
        await wire.finish()
        assert wire.heard[-1] == {"message": "EndOfTranscript"}
        assert text(wire.heard) == ""
        assert "Error" not in kinds(wire.heard)


ABNORMAL = pytest.mark.conformance(
    "speechmatics",
    "21.28",
    "every abnormal close is preceded by Error; reason text matches §14.4",
)


async def last_words(server, *messages, path: str = "/v2"):
    """Say these, and hear the error and the close frame that follow."""
    async with dial(server.url + path) as wire:
        await wire.say(*messages)
        await wire.hear_all()
    assert kinds(wire.heard).count("Error") == 1
    error = wire.heard[-1]
    assert error["message"] == "Error"
    assert error.get("code", wire.closed[0]) == wire.closed[0]
    return error["type"], *wire.closed


@ABNORMAL
@pytest.mark.parametrize(
    ("messages", "kind"),
    [
        pytest.param(["{not json"], "invalid_message", id="not-json"),
        pytest.param(["[]"], "invalid_message", id="not-an-object"),
        pytest.param([{"no": "message"}], "invalid_message", id="no-message"),
        pytest.param([{"message": "Bogus"}], "invalid_message", id="unknown-message"),
        pytest.param([{"message": "startrecognition"}], "invalid_message", id="wrong-case"),
        pytest.param([start_message(), "nonsense"], "invalid_message", id="later"),
        pytest.param([SECOND], "protocol_error", id="too-early"),
        pytest.param([start_message(max_delay_mode="slow")], "invalid_config", id="bad-value"),
        pytest.param([start_message(enable_partials="yes")], "invalid_config", id="bad-type"),
        pytest.param(
            [start_message() | {"translation_config": {"target_languages": ["de"] * 6}}],
            "invalid_config",
            id="too-many-targets",
        ),
        pytest.param([start_message({"type": "tape"})], "invalid_audio_type", id="audio"),
        pytest.param(
            [start_message({"type": "file"}), b"this is no audio" * 4096, EOS],
            "invalid_audio_type",
            marks=pytest.mark.model,
            id="no-media",
        ),
    ],
)
async def test_mistakes_of_the_client_are_1003_with_their_type(
    open_server, request, messages, kind
):
    if request.node.get_closest_marker("model"):
        url, key = request.getfixturevalue("url"), request.getfixturevalue("key")
        async with dial(url + "/v2", key=key) as wire:
            await wire.say(*messages)
            assert (await wire.hear_all())[-1]["type"] == kind
            assert wire.closed == (1003, kind)
    else:
        assert await last_words(open_server, *messages) == (kind, 1003, kind)


@ABNORMAL
@pytest.mark.parametrize("language", ["", "auto", "e n", "klingon!"])
async def test_what_is_no_language_is_invalid_language(open_server, language):
    found = await last_words(open_server, start_message(language=language))
    assert found == ("invalid_language", 4004, "invalid_language")


@ABNORMAL
async def test_a_full_server_says_quota_exceeded_before_anything_starts(serve):
    async with serve(max_sessions=1) as server, dial(server.url + "/v2") as first:
        await first.start()
        found = await last_words(server, start_message())
        assert found == ("quota_exceeded", 4005, "quota_exceeded")


@ABNORMAL
async def test_a_recognizer_that_fails_is_a_job_error(serve):
    engine = ScriptedRecognizer(spoken("Good morning."), fails_at_ms=1000)
    async with serve(engine=engine) as server:
        found = await last_words(server, start_message(), SECOND)
        assert found == ("job_error", 4013, "job_error")
        await nobody_left(server)


@ABNORMAL
async def test_silence_before_the_start_and_idleness_after_it_break_the_policy(serve):
    async with serve(patience={"start_s": 0.2}, dialect=DialectSettings(idle_s=0.2)) as server:
        for messages in ([], [start_message()]):
            found = await last_words(server, *messages)
            assert found == ("idle_timeout", 1008, "policy_violation")


@ABNORMAL
async def test_a_session_that_is_too_long_breaks_the_policy(serve):
    async with serve(dialect=DialectSettings(session_s=0.2)) as server:
        found = await last_words(server, start_message())
        assert found == ("session_timeout", 1008, "policy_violation")


@ABNORMAL
async def test_a_server_that_shuts_down_sends_clients_elsewhere(serve):
    engine = ScriptedRecognizer(spoken("Good morning."))
    async with serve(engine=engine) as server, dial(server.url + "/v2") as wire:
        await wire.start()
        engine.running.clear()  # it can't finish in time
        await server.drain(0.2)
        await wire.hear_all()
        assert wire.heard[-1]["type"] == "job_error"
        assert wire.closed == (4013, "job_error")


@ABNORMAL
async def test_text_that_is_not_utf_8_and_messages_too_big_close_by_the_book(open_server):
    async with dial(open_server.url + "/v2") as wire:
        await wire.start()
        await wire.socket.send(b"\xff\xfe{}", text=True)
        await wire.hear_all()
        assert wire.closed[0] == 1007
    async with dial(open_server.url + "/v2") as wire:
        await wire.start()
        await wire.say(bytes(8 * 1024 * 1024))
        await wire.hear("AudioAdded")
        await wire.say(bytes(17 * 1024 * 1024))
        await wire.hear_all()
        assert wire.closed[0] == 1009


STATES = ["connected", "starting", "running", "in-speech", "finishing", "ended"]


@pytest.mark.conformance(
    "speechmatics", "21.29", "client vanishes in every state: slot freed at once"
)
@pytest.mark.parametrize("politely", [True, False], ids=["closing", "vanishing"])
@pytest.mark.parametrize("state", STATES)
async def test_who_vanishes_holds_nothing(serve, state, politely):
    recognizer = ScriptedRecognizer(spoken("Good morning."))
    async with serve(engine=recognizer) as server, dial(server.url + "/v2") as wire:
        if state != "connected":
            await wire.say(start_message(enable_partials=True))
        if state in ("running", "in-speech", "finishing", "ended"):
            await wire.hear("RecognitionStarted")
        if state == "in-speech":
            await wire.say(SECOND)
            await wire.hear("AddPartialTranscript")
        if state == "finishing":
            recognizer.running.clear()
            await wire.say(SECOND, EOS)
            await (await wire.socket.ping())
        if state == "ended":
            await wire.say(EOS)
            await wire.hear("EndOfTranscript")
        left_at = time.monotonic()
        if politely:
            await wire.socket.close()
        else:
            wire.socket.transport.abort()
        await nobody_left(server)
        assert time.monotonic() - left_at < 1.0
