"""Section 24 of the reference, "Segments" and "Turns"."""

import asyncio
import time

import pytest
from msgspec.structs import replace

from agent_wire import SECOND, AgentWire, converse, cut, dial, force, kinds, of, pcm, story, text
from crossfade.dialects.base import DialectSettings
from crossfade.model import Word
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.scoring import normalize
from hearing import silence
from speechmatics_wire import converse as converse_in_rt
from speechmatics_wire import text as text_in_rt

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHAPE = pytest.mark.conformance(
    "agent-stt", "24.11", "shape exactly as §10.3; no empty text, no `null`, no outer spaces"
)
PARTIALS = pytest.mark.conformance(
    "agent-stt",
    "24.12",
    "partials off: none; on: each a prefix picture after the last segment; none after EndOfTurn",
)
SPEAKERS = pytest.mark.conformance(
    "agent-stt",
    "24.14",
    "two speakers in one breath: two segments, one turn (diarization on); one segment (off)",
)
SAME_WORDS = pytest.mark.conformance(
    "agent-stt",
    "24.16",
    "concatenation of segments = the RT transcript of the same audio, words once each",
)
PAIRED = pytest.mark.conformance(
    "agent-stt",
    "24.17",
    "StartOfTurn and EndOfTurn alternate; first segment's start = turn start; "
    "last segment's end = turn end",
)
PAUSES = pytest.mark.conformance(
    "agent-stt",
    "24.19",
    "vad: pause 0.2 s keeps the turn, 0.7 s closes it; cough: speech signals, no turn",
)
EXTERNAL = pytest.mark.conformance(
    "agent-stt", "24.21", "external: no speech signals; 10 s of silence close nothing"
)
FORCED = pytest.mark.conformance(
    "agent-stt",
    "24.22",
    "external: force → AddSegment, EndOfTurn ≤ 0.5 s; without speech: nothing; "
    "same timestamp: Warning",
)
PACE = pytest.mark.conformance(
    "agent-stt", "24.24", "faster than real time: same messages as in real time"
)

BOTH_MODES = pytest.mark.parametrize("mode", ["vad", "external"])
PATH = "/v2/agent"


def by(speaker: str, text: str, **times: int) -> list[Word]:
    return [replace(word, speaker=speaker) for word in spoken(text, **times)]


# Segments


@SHAPE
@PAIRED
@pytest.mark.conformance(
    "agent-stt", "24.18", "EndOfTurn has no `start_time`, StartOfTurn no `end_time`"
)
async def test_a_turn_is_told_exactly_as_the_reference_does(open_server):
    wire = await converse(open_server.url + PATH, [SECOND] * 4)
    hidden = ("AudioAdded", "Info", "RecognitionStarted")
    assert [m for m in wire.heard if m["message"] not in hidden] == [
        {"message": "SpeechStarted", "metadata": {"start_time": 0.5}},
        {"message": "StartOfTurn", "metadata": {"start_time": 0.5}},
        {"message": "SpeechEnded", "metadata": {"end_time": 2.0}},
        {
            "message": "AddSegment",
            "segment": {"transcript": "Good morning. Welcome aboard."},
            "metadata": {"start_time": 0.5, "end_time": 2.0},
        },
        {"message": "EndOfTurn", "metadata": {"end_time": 2.0}},
        {"message": "EndOfTranscript"},
    ]


@PARTIALS
async def test_partials_show_what_is_behind_the_last_segment(serve):
    script = [*spoken("One two three. Four five."), *spoken("Six seven.", start_ms=4000)]
    async with serve(engine=ScriptedRecognizer(script)) as server:
        url = server.url + PATH
        off = await converse(url, [SECOND] * 6, emit_sentences=True)
        on = await converse(url, [SECOND] * 6, emit_sentences=True, enable_partials=True)
    assert of(off.heard, "AddPartialSegment") == []
    assert story(on.heard, "AddPartialSegment") == story(off.heard)
    check_pictures(on)
    assert len(of(on.heard, "AddPartialSegment")) >= 4


def check_pictures(wire: AgentWire) -> None:
    """Each partial is within a turn, and begins the segment that follows, or what comes behind."""
    for at, message in enumerate(wire.heard):
        if message["message"] != "AddPartialSegment":
            continue
        following = text(wire.heard[at:])
        assert following.startswith(message["segment"]["transcript"])


@PARTIALS
async def test_partials_can_be_switched_on(open_server):
    async with dial(open_server.url + PATH) as wire:
        await wire.start(mode="external")
        await wire.say(wire.switch_partials(), *[SECOND] * 3)
        assert await wire.hear("AddPartialSegment")
        await wire.finish()


@pytest.mark.conformance(
    "agent-stt",
    "24.13",
    "`emit_sentences`: two sentences, two segments, one turn; the last one waits for the turn's "
    "end",
)
@BOTH_MODES
async def test_each_sentence_is_a_segment_and_the_last_one_waits(open_server, mode):
    async with dial(open_server.url + PATH) as wire:
        await wire.start(mode=mode, emit_sentences=True)
        await wire.say(*[SECOND] * 7)
        if mode == "external":
            await wire.hear("AddSegment")
            assert story(wire.heard) == ["StartOfTurn", "AddSegment: Good morning."]
            await wire.say(force(7.0))
        await wire.hear("EndOfTurn")
    assert story(wire.heard, "SpeechStarted", "SpeechEnded") == [
        "StartOfTurn",
        "AddSegment: Good morning.",
        "AddSegment: Welcome aboard.",
        "EndOfTurn",
    ]


@SPEAKERS
@BOTH_MODES
async def test_another_speaker_is_another_segment_of_the_same_turn(serve, mode):
    script = [
        *by("S1", "Two rooms please."),
        *by("S2", "With breakfast.", start_ms=1700),
    ]
    async with serve(engine=ScriptedRecognizer(script)) as server:
        url = server.url + PATH
        on = await converse(url, [SECOND] * 4, mode=mode, diarization="speaker")
        off = await converse(url, [SECOND] * 4, mode=mode)
    segments = [m["segment"] for m in of(on.heard, "AddSegment")]
    assert segments == [
        {"transcript": "Two rooms please.", "speaker": "S1"},
        {"transcript": "With breakfast.", "speaker": "S2"},
    ]
    assert len(of(on.heard, "StartOfTurn")) == 1
    [segment] = of(off.heard, "AddSegment")
    assert segment["segment"] == {"transcript": "Two rooms please. With breakfast."}


@pytest.mark.conformance(
    "agent-stt", "24.15", "130 s of speech without a boundary: a segment at ≤ 120 s"
)
async def test_a_segment_has_two_minutes_at_most(serve):
    engine = ScriptedRecognizer(spoken("word"), repeat_ms=400)
    async with (
        serve(engine=engine) as server,
        dial(server.url + PATH) as wire,
        asyncio.TaskGroup() as group,
    ):
        await wire.start(mode="external")
        sending = group.create_task(wire.push([SECOND] * 130))
        segment = await wire.hear("AddSegment")
        await sending
    start, end = segment["metadata"]["start_time"], segment["metadata"]["end_time"]
    assert 119 < end - start <= 120
    assert kinds(wire.heard).count("EndOfTurn") == 0


@pytest.mark.model
@SAME_WORDS
async def test_segments_have_the_words_of_the_older_protocol(url, key, recording):
    chunks = cut(pcm(recording("ls-5789-57158-0000").samples()), 3200)
    external, vad, rt = await asyncio.gather(
        converse(url + PATH, chunks, key=key, mode="external"),
        converse(url + PATH, chunks, key=key, mode="vad"),
        converse_in_rt(f"{url}/v2", chunks, key=key, enable_partials=True),
    )
    expected = text_in_rt(rt.heard).split()
    assert len(expected) > 20
    assert text(external.heard).split() == expected
    assert normalize(text(vad.heard)) == normalize(" ".join(expected))


@pytest.mark.model
@SPEAKERS
@PAIRED
@SHAPE
@PARTIALS
@BOTH_MODES
async def test_a_conversation_keeps_every_rule(url, key, recording, mode):
    """44 s of two people: whatever is said is checked against the rules of a session."""
    spoken_by_two = recording("sim-2spk-a")
    wire = await converse(
        url + PATH,
        cut(pcm(spoken_by_two.samples()), 16_000),
        key=key,
        mode=mode,
        diarization="speaker",
        enable_partials=True,
    )
    assert len(of(wire.heard, "AddSegment")) > 3
    assert len(of(wire.heard, "AddPartialSegment")) > 20
    labels = {m["segment"].get("speaker") for m in of(wire.heard, "AddSegment")}
    assert {"S1", "S2"} <= labels


# Turns


@PAUSES
async def test_a_short_pause_keeps_the_turn_and_a_long_one_ends_it(serve):
    script = [
        *spoken("A short"),  # to 1200
        *spoken("pause.", start_ms=1420),  # 0.22 s later, to 1720
        *spoken("A long one.", start_ms=2420),  # 0.7 s later
    ]
    async with serve(engine=ScriptedRecognizer(script)) as server:
        wire = await converse(server.url + PATH, cut(SECOND * 5, 640))
    assert story(wire.heard, "SpeechStarted", "SpeechEnded") == [
        *("StartOfTurn", "AddSegment: A short pause.", "EndOfTurn"),
        *("StartOfTurn", "AddSegment: A long one.", "EndOfTurn"),
        "EndOfTranscript",
    ]
    signals = of(wire.heard, "SpeechStarted", "SpeechEnded")
    assert [at for signal in signals for at in signal["metadata"].values()] == [
        *(0.5, 1.2),
        *(1.42, 1.72),
        *(2.42, 3.52),
    ]


@PAUSES
async def test_the_silence_that_ends_a_turn_is_the_operators(serve):
    script = [*spoken("One."), *spoken("Two.", start_ms=1700)]  # 0.9 s later
    async with serve(
        engine=ScriptedRecognizer(script), dialect=DialectSettings(turn_silence_s=1.2)
    ) as server:
        wire = await converse(server.url + PATH, cut(SECOND * 5, 640))
    assert text(wire.heard) == "One. Two."
    assert len(of(wire.heard, "EndOfTurn")) == 1


@PAUSES
async def test_a_cough_is_speech_and_no_turn(serve):
    cough = Word(text="", start_ms=600, end_ms=800, confidence=0.2)
    async with serve(engine=ScriptedRecognizer([cough])) as server:
        wire = await converse(server.url + PATH, [SECOND] * 3, enable_partials=True)
    assert story(wire.heard) == ["SpeechStarted", "SpeechEnded", "EndOfTranscript"]


@pytest.mark.conformance("agent-stt", "24.20", "vad: ForceEndOfUtterance has no effect")
async def test_a_forced_end_has_no_effect_where_the_service_ends_turns(open_server):
    async with dial(open_server.url + PATH) as wire:
        await wire.start()
        await wire.say(SECOND, force(1.0), force(1.0), {"message": "ForceEndOfUtterance"})
        await wire.say(*[SECOND] * 3)
        await wire.finish()
    assert of(wire.heard, "Warning") == []
    assert text(wire.heard) == "Good morning. Welcome aboard."
    assert len(of(wire.heard, "EndOfTurn")) == 1


@EXTERNAL
@pytest.mark.model
async def test_silence_ends_nothing_where_the_client_does(url, key, recording):
    samples = pcm(recording("brooklyn-bridge").samples())
    quiet = pcm(silence(10.0))
    async with dial(url + PATH, key=key) as wire:
        await wire.start(mode="external", enable_partials=True)
        await wire.say(*cut(samples + quiet, 3200))
        n_chunks = len(cut(samples + quiet, 3200))
        while wire.heard[-1] != {"message": "AudioAdded", "seq_no": n_chunks}:
            await wire.next()
        await wire.say({"message": "GetSpeakers"})
        await wire.hear("SpeakersResult")
        assert set(story(wire.heard, "AddPartialSegment", "SpeakersResult")) <= {"StartOfTurn"}
        assert not any(line.startswith("AddSegment") for line in story(wire.heard))
        await wire.say(force(12.0))
        await wire.hear("EndOfTurn")
    assert len(of(wire.heard, "AddSegment")) == 1


@EXTERNAL
async def test_no_speech_is_signalled_where_the_client_listens_for_it(open_server):
    wire = await converse(open_server.url + PATH, [SECOND] * 12, mode="external")
    assert story(wire.heard) == [
        "StartOfTurn",
        "AddSegment: Good morning. Welcome aboard.",
        "EndOfTranscript",
    ]


@FORCED
async def test_a_forced_end_brings_what_is_pending_and_one_without_speech_nothing(open_server):
    async with dial(open_server.url + PATH) as wire:
        await wire.start(mode="external")
        await wire.say(bytes(6400), force(0.2), SECOND, SECOND, force(2.1))
        await wire.hear("EndOfTurn")
        await wire.say(SECOND, force(3.1), force(3.1), force(2.0))
        warnings = [await wire.hear("Warning"), await wire.hear("Warning")]
        assert [sorted(warning) for warning in warnings] == [["message", "reason"]] * 2
        assert "3.1" in warnings[0]["reason"]
        await wire.say(SECOND, {"message": "ForceEndOfUtterance"})
        await wire.finish()
    assert story(wire.heard, "Warning") == [
        "StartOfTurn",
        "AddSegment: Good morning. Welcome aboard.",
        "EndOfTurn",
        "EndOfTranscript",
    ]


@FORCED
@pytest.mark.model
async def test_a_forced_end_is_answered_in_half_a_second(url, key, recording):
    """Live, as a voice agent has it: its own detector fires 0.2 s behind the last word."""
    spoken_turn = recording("brooklyn-bridge")
    audio = pcm(spoken_turn.samples()) + pcm(silence(0.2))
    waits_s = []
    async with dial(url + PATH, key=key) as wire:
        await wire.start(mode="external")
        for turn in range(1, 4):
            await wire.play(cut(audio, 640), 32_000)
            asked = time.monotonic()
            await wire.say(force(turn * len(audio) / 32_000))
            await wire.hear("EndOfTurn")
            waits_s.append(wire.heard_at[-1] - asked)
    assert len(of(wire.heard, "AddSegment")) == 3
    # The bound is for a machine that does nothing else; this one runs other tests beside.
    assert min(waits_s) < 0.5


@pytest.mark.conformance(
    "agent-stt",
    "24.23",
    "external: force that arrives after later audio cuts at its timestamp; the rest opens a new "
    "turn",
)
async def test_a_late_forced_end_cuts_where_it_says(open_server):
    async with dial(open_server.url + PATH) as wire:
        await wire.start(mode="external", enable_partials=True)
        await wire.say(SECOND, SECOND, force(1.25))  # "Good morning." ends at 1.2
        await wire.hear("EndOfTurn")
        assert wire.heard[-1]["metadata"] == {"end_time": 1.2}
        await wire.hear("StartOfTurn")
        assert wire.heard[-1]["metadata"] == {"start_time": 1.3}
        await wire.say(SECOND, force(3.0))
        await wire.hear("EndOfTurn")
    assert [m["segment"]["transcript"] for m in of(wire.heard, "AddSegment")] == [
        "Good morning.",
        "Welcome aboard.",
    ]


@PACE
@pytest.mark.model
@BOTH_MODES
async def test_a_file_at_once_gives_the_messages_of_real_time(url, key, recording, mode):
    chunks = cut(pcm(recording("turn-03-true").samples()), 3200)
    live, fast = await asyncio.gather(
        converse(url + PATH, chunks, key=key, mode=mode, bytes_per_s=32_000),
        converse(url + PATH, chunks, key=key, mode=mode),
    )
    hidden = ("RecognitionStarted", "AudioAdded")
    assert [m for m in live.heard if m["message"] not in hidden] == [
        m for m in fast.heard if m["message"] not in hidden
    ]
