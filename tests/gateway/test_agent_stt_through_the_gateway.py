"""Agent STT in front of other backends and behind other clients: what only it does its own way."""

import asyncio

import pytest

from agent_wire import SECOND, dial, force, story
from crossfade.gateway import UpstreamRecognizer
from crossfade.model import (
    Audio,
    ConfidenceEndpointing,
    Encoding,
    Final,
    Finish,
    ForceTurn,
    NoEndpointing,
    Partial,
    RawAudio,
    SessionConfig,
    SilenceEndpointing,
    SpeakerLabels,
    TurnEnded,
    Word,
)
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.run import running_server
from gateways import BY_NAME, backend, gateway
from speechmatics_wire import dial as dial_rt
from speechmatics_wire import text as text_in_rt

SCRIPT = [*spoken("Good morning. Welcome aboard."), *spoken("Goodbye!", start_ms=4000)]
SAMPLES = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
BEHIND = pytest.mark.parametrize("behind", list(BY_NAME))


class Keeping(ScriptedRecognizer):
    """Keeps what it was asked."""

    def __init__(self, script=SCRIPT):
        super().__init__(script)
        self.configs = []

    def open(self, config):
        self.configs.append(config)
        return super().open(config)


async def told(server, commands, **config):
    """What a stream over the gateway reports."""
    wanted = SessionConfig(**{"language": "en", "audio": SAMPLES} | config)
    stream = UpstreamRecognizer(backend("agent-stt", server.url)).open(wanted)

    async def feed():
        for command in commands:
            await stream.feed(command)

    try:
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            group.create_task(feed())
            return [event async for event in stream.events()]
    finally:
        await stream.aclose()


def finals(events):
    return [[w.text for w in event.words] for event in events if isinstance(event, Final)]


# In front


@BEHIND
async def test_turns_are_told_whatever_is_behind(tmp_path, behind):
    async with (
        gateway(ScriptedRecognizer(SCRIPT), behind, tmp_path) as (server, _),
        dial(f"{server.url}/v2/agent") as wire,
    ):
        await wire.start(enable_partials=True)
        await wire.push([SECOND] * 8)
        await wire.finish()
    signals = ("AddPartialSegment", "SpeechStarted", "SpeechEnded")
    assert story(wire.heard, *signals) == [
        *("StartOfTurn", "AddSegment: Good morning. Welcome aboard.", "EndOfTurn"),
        *("StartOfTurn", "AddSegment: Goodbye!", "EndOfTurn"),
        "EndOfTranscript",
    ]


@BEHIND
async def test_forced_ends_are_answered_whatever_is_behind(tmp_path, behind):
    async with (
        gateway(ScriptedRecognizer(SCRIPT), behind, tmp_path) as (server, _),
        dial(f"{server.url}/v2/agent") as wire,
    ):
        await wire.start(mode="external")
        await wire.push([SECOND] * 3)
        await wire.say(force(3.0))
        await wire.hear("EndOfTurn")
        await wire.push([bytes(3200)])
        await wire.say(force(3.1))  # nothing was said
        await wire.push([SECOND] * 3)
        await wire.say(force(6.1))
        await wire.hear("EndOfTurn")
        await wire.finish()
    assert story(wire.heard) == [
        *("StartOfTurn", "AddSegment: Good morning. Welcome aboard.", "EndOfTurn"),
        *("StartOfTurn", "AddSegment: Goodbye!", "EndOfTurn"),
        "EndOfTranscript",
    ]


# Behind


async def test_finals_come_by_the_sentence_where_nobody_ends_turns(tmp_path):
    engine = Keeping()
    async with running_server(engine, data_dir=tmp_path) as server:
        events = await told(server, [*[Audio(data=SECOND)] * 8, Finish()])
    assert engine.configs[0].endpointing == NoEndpointing()
    assert not any(isinstance(event, TurnEnded) for event in events)
    assert [words for words in finals(events) if words] == [
        ["Good", "morning"],
        ["Welcome", "aboard"],
        ["Goodbye"],
    ]


async def test_a_forced_end_reaches_the_far_side_where_nobody_else_ends_turns(tmp_path):
    async with running_server(Keeping(), data_dir=tmp_path) as server:
        commands = [*[Audio(data=SECOND)] * 3, ForceTurn(), *[Audio(data=SECOND)] * 5, Finish()]
        events = await told(server, commands)
    ends = [event for event in events if isinstance(event, TurnEnded)]
    assert [(end.turn, end.forced) for end in ends] == [(0, True)]
    first = events[: events.index(ends[0])]
    assert [w for words in finals(first) for w in words] == ["Good", "morning", "Welcome", "aboard"]
    assert isinstance(first[-1], Partial)


@pytest.mark.parametrize(
    "endpointing",
    [
        SilenceEndpointing(silence_ms=1200),
        ConfidenceEndpointing(min_silence_ms=400, max_silence_ms=1280, threshold=0.4),
    ],
)
async def test_the_server_ends_turns_where_somebody_is_to(tmp_path, endpointing):
    engine = Keeping()
    async with running_server(engine, data_dir=tmp_path) as server:
        commands = [*[Audio(data=SECOND)] * 8, Finish()]
        events = await told(server, commands, endpointing=endpointing)
    assert engine.configs[0].endpointing == SilenceEndpointing(silence_ms=500)
    assert sum(isinstance(event, TurnEnded) for event in events) == 2


async def test_telephone_samples_are_decoded_here(tmp_path):
    engine = Keeping()
    audio = RawAudio(encoding=Encoding.MULAW, sample_rate_hz=8000)
    async with running_server(engine, data_dir=tmp_path) as server:
        await told(server, [Audio(data=bytes(8000)), Finish()], audio=audio)
    assert engine.configs[0].audio == SAMPLES


async def test_a_word_of_nobody_goes_to_the_speaker_of_its_segment(tmp_path):
    script = [
        Word(text=text, start_ms=at, end_ms=at + 300, confidence=0.9, speaker=speaker)
        for text, at, speaker in [("Hello", 500, "S1"), ("there", 1000, "S2"), ("hm", 1500, None)]
    ]
    async with running_server(Keeping(script), data_dir=tmp_path) as server:
        commands = [*[Audio(data=SECOND)] * 4, Finish()]
        events = await told(server, commands, speaker_labels=SpeakerLabels())
    words = [word for event in events if isinstance(event, Final) for word in event.words]
    assert [(w.text, w.speaker) for w in words] == [("Hello", "S1"), ("there", "S2"), ("hm", "S2")]


async def test_a_client_of_the_older_protocol_hears_its_turns(tmp_path):
    config = {"conversation_config": {"end_of_utterance_silence_trigger": 0.8}}
    async with (
        gateway(ScriptedRecognizer(SCRIPT), "agent-stt", tmp_path) as (server, _),
        dial_rt(f"{server.url}/v2") as wire,
    ):
        await wire.start(**config)
        await wire.push([SECOND] * 8)
        await wire.finish()
    assert text_in_rt(wire.heard).strip() == "Good morning. Welcome aboard. Goodbye!"
    assert [m["message"] for m in wire.heard].count("EndOfUtterance") == 2
