"""What becomes of what is said in a session, on the way from one protocol to another."""

import json
import logging
from contextlib import suppress
from itertools import pairwise

import pytest
from msgspec import structs
from websockets.exceptions import ConnectionClosed

import agent_wire
import assemblyai_wire
import speechmatics_wire
from assemblyai_wire import US
from crossfade.model import NoEndpointing, Word
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossing import (
    EACH_BEHIND,
    EACH_PAIR,
    FRONTS,
    MS,
    QUIET,
    SCRIPT,
    WORD_BY_WORD,
    crossing,
    pairs,
)
from reluctant import client_of, reluctant

pytestmark = pytest.mark.asyncio(loop_scope="module")

row = pytest.mark.mapping
SHORT = bytes(200 * MS)
WRITTEN = " ".join(word.text + word.punctuation for word in SCRIPT)
SPEECHMATICS, ASSEMBLYAI = FRONTS["speechmatics"], FRONTS["assemblyai"]
BEHIND_ASSEMBLYAI = pytest.mark.parametrize("behind", ["assemblyai"])
BEHIND_SPEECHMATICS = pytest.mark.parametrize("behind", ["speechmatics"])


@pytest.fixture(autouse=True)
def log(caplog):
    caplog.set_level(logging.INFO)
    return caplog


def texts(words):
    return [word.text for word in words]


# Words.


@row("messages.partial", "adapted", front="speechmatics")
@EACH_BEHIND
async def test_a_partial_is_what_comes_behind_the_final_words(there, behind):
    heard = await SPEECHMATICS.converse(there.url, enable_partials=True, max_delay=0.7)
    assert SPEECHMATICS.partials(heard)
    settled_s = 0.0
    for message in speechmatics_wire.of(heard, "AddTranscript", "AddPartialTranscript"):
        starts = [item["start_time"] for item in message["results"]]
        assert all(start_s >= settled_s for start_s in starts)
        if message["message"] == "AddTranscript":
            settled_s = message["metadata"]["end_time"]


@row("messages.partial", "adapted", front="assemblyai")
@EACH_BEHIND
async def test_a_partial_is_the_whole_turn_so_far(there, behind):
    script = spoken("one two three four five six seven eight.")
    there.far.says(script)
    heard = await ASSEMBLYAI.converse(there.url)
    shown = ASSEMBLYAI.partials(heard)
    assert len(shown) > 2
    for text in shown:
        assert "One two three four five six seven eight.".lower().startswith(text.lower())


@row("messages.partial", "adapted")
@pairs(fronts=["agent-stt"])
async def test_a_partial_segment_is_what_comes_behind_the_last_segment(there, front, behind):
    heard = await FRONTS[front].converse(there.url, enable_partials=True)
    assert FRONTS[front].partials(heard)
    ended_s = 0.0
    for message in agent_wire.of(heard, "AddSegment", "AddPartialSegment"):
        assert message["metadata"]["start_time"] >= ended_s
        if message["message"] == "AddSegment":
            ended_s = message["metadata"]["end_time"]


@row("messages.final", "degraded")
@pairs(fronts=["agent-stt"])
async def test_each_word_comes_once_as_text_with_the_end_of_its_turn(there, front, behind):
    heard = await FRONTS[front].converse(there.url)
    segments = agent_wire.of(heard, "AddSegment")
    assert " ".join(m["segment"]["transcript"] for m in segments) == WRITTEN
    assert not any("words" in m["segment"] for m in segments)


@row("messages.final", "adapted")
@pairs(fronts=WORD_BY_WORD)
async def test_each_final_word_comes_once(there, front, behind):
    heard = await FRONTS[front].converse(there.url)
    assert texts(FRONTS[front].words(heard)) == texts(SCRIPT)


@row("messages.final", "adapted", front="speechmatics")
@BEHIND_ASSEMBLYAI
async def test_words_that_are_final_with_their_turn_come_with_its_end(there, behind):
    heard = await SPEECHMATICS.converse(there.url)
    finals = [m for m in speechmatics_wire.of(heard, "AddTranscript") if m["results"]]
    assert [speechmatics_wire.text([final]).strip() for final in finals] == [
        "Good morning, everybody.",
        "Welcome aboard! Is it late?",
    ]


@row("messages.final", "adapted", front="assemblyai")
@BEHIND_SPEECHMATICS
async def test_a_turn_shows_its_final_words_before_it_ends(there, behind):
    script = spoken("one two three four five six seven eight nine ten.")
    there.far.says(script)
    heard = await ASSEMBLYAI.converse(there.url, speech_model=US)
    open_turns = [turn for turn in assemblyai_wire.of(heard, "Turn") if not turn["end_of_turn"]]
    seen = [word["text"] for turn in open_turns for word in turn["words"] if word["word_is_final"]]
    assert "one" in seen


@row("messages.turn_end", "adapted")
@EACH_PAIR
async def test_turns_end_one_for_one(there, front, behind):
    heard = await FRONTS[front].converse(there.url)
    assert FRONTS[front].n_ends(heard) == 2
    assert FRONTS[behind].n_ends(there.call.said) == 2


class Endless(ScriptedRecognizer):
    """Never ends a turn, whatever it is asked for."""

    def open(self, config):
        return super().open(structs.replace(config, endpointing=NoEndpointing()))


@row("messages.turn_end", "adapted")
@BEHIND_SPEECHMATICS
@pytest.mark.parametrize("front", WORD_BY_WORD)
async def test_an_end_that_the_far_side_leaves_out_is_told_here(tmp_path, front, behind):
    script = [*spoken("Good morning."), *spoken("Welcome aboard.", start_ms=8000)]
    async with crossing(behind, tmp_path, far=Endless(script)) as there:
        heard = await FRONTS[front].converse(there.url, QUIET + QUIET)
    assert texts(FRONTS[front].words(heard)) == texts(script)
    assert FRONTS[front].n_ends(heard) == 2
    assert FRONTS[behind].n_ends(there.call.said) == 0


@row("messages.punctuation", "adapted")
@EACH_PAIR
async def test_no_mark_is_lost(there, front, behind):
    heard = await FRONTS[front].converse(there.url)
    marks = [word.punctuation for word in FRONTS[front].words(heard)]
    assert marks == [word.punctuation for word in SCRIPT]
    if front == "speechmatics":
        found = [i for i in speechmatics_wire.items(heard) if i["type"] == "punctuation"]
        assert [(item["attaches_to"], item["is_eos"]) for item in found] == [
            ("previous", mark != ",") for mark in filter(None, marks)
        ]


@row("messages.times", "adapted")
@pairs(WORD_BY_WORD, WORD_BY_WORD)
async def test_times_are_those_of_the_audio(there, front, behind):
    heard = await FRONTS[front].converse(there.url)
    times = [(word.start_ms, word.end_ms) for word in FRONTS[front].words(heard)]
    assert times == [(word.start_ms, word.end_ms) for word in SCRIPT]


@row("messages.times", "adapted")
@pairs(WORD_BY_WORD, ["agent-stt"])
async def test_words_of_a_segment_share_its_time(there, front, behind):
    heard = await FRONTS[front].converse(there.url)
    told = FRONTS[front].words(heard)
    assert (told[0].start_ms, told[2].end_ms) == (SCRIPT[0].start_ms, SCRIPT[2].end_ms)
    assert (told[3].start_ms, told[-1].end_ms) == (SCRIPT[3].start_ms, SCRIPT[-1].end_ms)
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(told))


@row("messages.times", "degraded")
@pairs(fronts=["agent-stt"])
async def test_a_segment_has_times_and_its_words_have_none(there, front, behind):
    heard = await FRONTS[front].converse(there.url)
    spans = [m["metadata"] for m in agent_wire.of(heard, "AddSegment")]
    starts, ends = (
        [round(span[name] * 1000) for span in spans] for name in ("start_time", "end_time")
    )
    assert (starts[0], ends[-1]) == (SCRIPT[0].start_ms, SCRIPT[-1].end_ms)
    assert len(spans) < len(SCRIPT)


HELLO = Word(text="Hello", start_ms=500, end_ms=900, confidence=0.123456789)


@row("messages.confidence", "adapted")
@pairs(fronts=WORD_BY_WORD)
async def test_confidence_has_the_decimals_of_the_clients_protocol(there, front, behind):
    there.far.says([HELLO])
    heard = await FRONTS[front].converse(there.url)
    [told] = FRONTS[front].words(heard)
    # What the far side rounds, or does not tell, is lost.
    least = {"assemblyai": 0.123457, "speechmatics": 0.12, "agent-stt": 1.0}
    assert told.confidence == (
        0.12 if (front, behind) == ("speechmatics", "assemblyai") else least[behind]
    )


@row("messages.confidence", "dropped")
@pairs(fronts=["agent-stt"])
async def test_a_protocol_without_confidence_tells_none(there, front, behind):
    assert "confidence" not in json.dumps(await FRONTS[front].converse(there.url))


# Commands.


@row("messages.force", "kept", behind="speechmatics")
@row("messages.force", "degraded", behind="assemblyai")
@pytest.mark.parametrize("behind", WORD_BY_WORD)
async def test_a_forced_end_is_where_the_client_wants_it_or_at_the_audio_so_far(there, behind, log):
    async with speechmatics_wire.dial(f"{there.url}/v2") as wire:
        await wire.start()
        force = {"message": "ForceEndOfUtterance", "timestamp": 0.9}
        await wire.say(bytes(1500 * MS), force)
        end = await wire.hear("EndOfUtterance")
        early = speechmatics_wire.words(wire.heard)
        await wire.say(bytes(7500 * MS))
        heard = await wire.finish()
    assert end["forced"]
    assert texts(SPEECHMATICS.words(heard)) == texts(SCRIPT)
    is_kept = behind == "speechmatics"
    assert early == (["Good"] if is_kept else ["Good", "morning"])
    asked = {"speechmatics": force, "assemblyai": {"type": "ForceEndpoint"}}
    assert asked[behind] in there.call.heard
    note = "force: degraded, the turn ends at the audio sent so far"
    assert (note in log.text) != is_kept


@row("messages.force", "degraded", behind="agent-stt")
@pytest.mark.parametrize("is_external", [True, False], ids=["external", "vad"])
@pytest.mark.parametrize("behind", ["agent-stt"])
async def test_a_forced_end_goes_where_nothing_else_ends_turns(there, behind, is_external, log):
    trigger = 0.0 if is_external else 0.8
    async with speechmatics_wire.dial(f"{there.url}/v2") as wire:
        await wire.start(conversation_config={"end_of_utterance_silence_trigger": trigger})
        force = {"message": "ForceEndOfUtterance", "timestamp": 0.9}
        await wire.say(bytes(1500 * MS), force)
        assert (await wire.hear("EndOfUtterance"))["forced"]
        await wire.say(bytes(7500 * MS))
        heard = await wire.finish()
    assert texts(SPEECHMATICS.words(heard)) == texts(SCRIPT)
    assert (force in there.call.heard) == is_external
    assert ("a forced end: dropped" in log.text) != is_external


@row("messages.force", "kept", behind="speechmatics")
@row("messages.force", "degraded", behind="assemblyai")
@pairs(WORD_BY_WORD, WORD_BY_WORD)
async def test_a_forced_end_is_answered_also_where_nothing_was_said(there, front, behind):
    """In a protocol that tells no empty turns the answer is that nothing breaks."""
    if front == "speechmatics":
        async with speechmatics_wire.dial(f"{there.url}/v2") as wire:
            await wire.start()
            await wire.say(SHORT, {"message": "ForceEndOfUtterance"})
            assert (await wire.hear("EndOfUtterance"))["forced"]
            await wire.finish()
    else:
        async with assemblyai_wire.dial(there.url, sample_rate=16_000) as wire:
            await wire.say(SHORT, assemblyai_wire.FORCE)
            await wire.terminate()
    kinds = {message.get("message") or message.get("type") for message in there.call.heard}
    assert kinds & {"ForceEndOfUtterance", "ForceEndpoint"}


@row("messages.reconfigure", "degraded", behind="agent-stt")
@pytest.mark.parametrize("behind", ["agent-stt"])
async def test_only_partials_can_change_there_and_the_log_names_what_stays(there, behind, log):
    change = {"enable_partials": True, "max_delay": 1.5}
    async with speechmatics_wire.dial(f"{there.url}/v2") as wire:
        await wire.start()
        await wire.say(SHORT, {"message": "SetRecognitionConfig", "transcription_config": change})
        await wire.finish()
    [sent] = [m for m in there.call.heard if m["message"] == "SetRecognitionConfig"]
    assert sent["transcription_config"] == {"enable_partials": True}
    assert "max_delay_ms: dropped, it cannot change during a session" in log.text


@row("messages.reconfigure", "adapted")
@pairs(WORD_BY_WORD, WORD_BY_WORD)
async def test_a_change_of_the_silence_goes_upstream(there, front, behind):
    if front == "speechmatics":
        change = {"conversation_config": {"end_of_utterance_silence_trigger": 1.5}}
        async with speechmatics_wire.dial(f"{there.url}/v2") as wire:
            await wire.start()
            message = {"message": "SetRecognitionConfig", "transcription_config": change}
            await wire.say(SHORT, message)
            await wire.finish()
    else:
        silences = {"min_turn_silence": 1500, "max_turn_silence": 1500}
        async with assemblyai_wire.dial(there.url, sample_rate=16_000) as wire:
            await wire.say(SHORT, assemblyai_wire.update(**silences))
            await wire.terminate()
    [change] = there.far.changes
    policy = structs.asdict(change.endpointing)
    assert policy.get("silence_ms", policy.get("max_silence_ms")) == 1500


@row("messages.reconfigure", "adapted", behind="assemblyai")
@BEHIND_ASSEMBLYAI
async def test_delay_and_partials_stay_and_the_log_says_so_once(there, behind, log):
    message = {
        "message": "SetRecognitionConfig",
        "transcription_config": {"max_delay": 1.5, "enable_partials": True},
    }
    async with speechmatics_wire.dial(f"{there.url}/v2") as wire:
        await wire.start()
        await wire.say(SHORT, message, message)
        await wire.finish()
    assert there.far.changes == []
    for name in ("max_delay_ms", "partials_wanted"):
        assert log.text.count(f"{name}: dropped, it cannot change during a session") == 1


@row("messages.reconfigure", "adapted", behind="speechmatics")
@row("messages.reconfigure", "adapted", behind="assemblyai")
@row("messages.reconfigure", "degraded", behind="agent-stt")
@EACH_BEHIND
async def test_words_to_expect_and_the_threshold_go_where_they_can_change(there, behind, log):
    change = assemblyai_wire.update(keyterms_prompt=["Xanthippe"], vad_threshold=0.6)
    async with assemblyai_wire.dial(there.url, sample_rate=16_000) as wire:
        await wire.say(SHORT, change)
        await wire.terminate()
    if behind == "assemblyai":
        [arrived] = there.far.changes
        assert [term.text for term in arrived.keyterms] == ["Xanthippe"]
        assert arrived.vad_threshold == 0.6
    else:
        assert there.far.changes == []
        for name in ("keyterms", "vad_threshold"):
            assert f"{name}: dropped, it cannot change during a session" in log.text
        assert "Xanthippe" not in log.text


@row("messages.finish", "adapted")
@EACH_PAIR
async def test_the_end_is_one_for_one_and_the_length_our_own_count(there, front, behind):
    heard = await FRONTS[front].converse(there.url, bytes(2980 * MS), piece=149 * MS)
    if front != "assemblyai":
        assert heard[-1] == {"message": "EndOfTranscript"}
    else:
        assert heard[-1]["type"] == "Termination"
        assert heard[-1]["audio_duration_seconds"] == 3
    ends = [message.get("message") or message.get("type") for message in there.call.heard]
    assert ends[-1] == ("Terminate" if behind == "assemblyai" else "EndOfStream")
    assert there.call.close_code == 1000


# Errors and warnings.

CODES = {  # how each protocol says a cause: a type or nothing, the close code
    "speechmatics": {
        "credential": ("not_authorised", 4001),
        "capacity": ("quota_exceeded", 4005),
        "request": ("invalid_config", 1003),
        "time": ("session_timeout", 1008),
        "fault": ("job_error", 4013),
    },
    "assemblyai": {
        "credential": ("Error", 1008),
        "capacity": ("Error", 3009),
        "request": ("Error", 3006),
        "time": ("Error", 3008),
        "fault": ("Error", 3005),
    },
    "agent-stt": {
        "credential": ("not_authorised", 4001),
        "capacity": (None, 1013),
        "request": ("invalid_config", 1003),
        "time": ("session_timeout", 1008),
        "fault": ("job_error", 4013),
    },
}


def far_error(behind, cause):
    """What a far side says before it closes; its sentence is nobody's business."""
    kind, code = CODES[behind][cause]
    if behind == "assemblyai":
        return {"type": kind, "error_code": code, "error": "KEY-4711"}
    return kind and {"message": "Error", "type": kind, "reason": "KEY-4711", "code": code}


@row("messages.error", "adapted")
@EACH_PAIR
@pytest.mark.parametrize("cause", CODES["speechmatics"])
async def test_errors_are_told_by_their_cause_in_the_clients_own_codes(
    tmp_path, front, behind, cause, log
):
    async with reluctant(behind, tmp_path) as (far, near), client_of(near, front) as client:
        await far.start()
        await client.send(SHORT)
        await far.has_audio.wait()
        if error := far_error(behind, cause):
            await far.say(error)
        await (await far.socket).close(CODES[behind][cause][1])
        heard = []
        with suppress(ConnectionClosed):
            while True:
                heard.append(json.loads(await client.recv()))
    kinds = [m["type"] for m in heard if "Error" in (m.get("message"), m.get("type"))]
    kind, expected = CODES[front][cause]
    assert (kinds, client.close_code) == ([kind] if kind else [], expected)
    assert "KEY-4711" not in f"{heard} {log.text}"


WARNINGS = {
    "speechmatics": {"message": "Warning", "type": "duration_limit_exceeded", "reason": "Ann"},
    "assemblyai": {"type": "Warning", "warning_code": 17, "warning": "Ann"},
    "agent-stt": {"message": "Warning", "type": "speaker_id", "reason": "Ann"},
}
INFO = {"message": "Info", "type": "recognition_quality", "reason": "Ann", "quality": "broadcast"}


@row("messages.warnings", "dropped")
@EACH_PAIR
async def test_warnings_of_the_far_side_are_not_passed_on_and_the_log_names_them(
    tmp_path, front, behind, log
):
    async with reluctant(behind, tmp_path) as (far, near), client_of(near, front) as client:
        await far.start()
        await client.send(SHORT)
        await far.has_audio.wait()
        for _ in range(2):
            await far.say(WARNINGS[behind])
        if behind != "assemblyai":
            await far.say(INFO)
        await (await far.socket).close(1011)
        heard = []
        with suppress(ConnectionClosed):
            while True:
                heard.append(json.loads(await client.recv()))
    kinds = [message.get("message") or message["type"] for message in heard]
    assert "Warning" not in kinds
    named = {
        "speechmatics": "duration_limit_exceeded",
        "assemblyai": "17",
        "agent-stt": "speaker_id",
    }
    assert log.text.count(f"the server warned: {named[behind]}") == 1
    assert "Ann" not in f"{heard} {log.text}"
