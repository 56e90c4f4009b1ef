"""Section 16 of the reference, cases 12 to 14 and 18 to 20: what is said, and when."""

import asyncio
import time

import pytest
import pytest_asyncio

from assemblyai_turns import check_incremental, check_whole_turns
from assemblyai_wire import (
    FORCE,
    TERMINATE,
    U3,
    U3_RT,
    US,
    WHISPER,
    converse,
    cut,
    dial,
    ends,
    of,
    quiet,
    text,
)
from crossfade.audio import Resampler, encode
from crossfade.model import Encoding
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.scoring import normalize, word_errors
from crossfade.server.run import running_server

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCRIPT = [
    *spoken("Order the tickets.", start_ms=500),  # until 1600
    *spoken("And call me on Friday", start_ms=4000),  # until 5900
    *spoken("Thanks.", start_ms=9000),
]
SAID = "order the tickets and call me on friday thanks"
WHOLE = quiet(11_000)
IN_FIRST_TURN_MS = 1700
"""100 ms after its last word: too early for any model to end it, with 400 ms of silence to wait."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("turns")
    async with running_server(ScriptedRecognizer(SCRIPT), data_dir=folder) as running:
        yield running


@pytest.mark.conformance(
    "assemblyai", "16.12", "μ-law 8 kHz, 100 ms frames of 800 bytes: transcript"
)
@pytest.mark.model
@pytest.mark.parametrize("model", [US, U3])
async def test_telephone_audio_is_understood(live_server, key, recording, model):
    entry = recording("ls-61-70968-0000")
    resampler = Resampler(16_000, 8000)
    samples = resampler.push(entry.samples())
    data = encode(samples, Encoding.MULAW)
    heard = await converse(
        f"ws://{live_server.address}",
        *cut(data, 800),
        key=key,
        speech_model=model,
        encoding="pcm_mulaw",
        sample_rate=8000,
    )
    assert word_errors(entry.text, text(heard)).rate < 0.2
    assert heard[-1]["audio_duration_seconds"] == round(entry.duration_s)


@pytest.mark.conformance(
    "assemblyai",
    "16.13",
    "speech, then stop sending: no EOT until `Terminate` / `ForceEndpoint` / silence audio",
)
async def test_only_audio_time_ends_a_turn(server):
    async def stop_and(model: str, *then: dict | bytes) -> None:
        async with dial(server.url, speech_model=model, min_turn_silence=400) as wire:
            await wire.say(*quiet(IN_FIRST_TURN_MS))
            # More wall time than any silence that the model waits for.
            assert of(await wire.hear_for(1.5), "Turn")
            assert not ends(wire.heard)
            await wire.say(*then)
            end = await wire.hear_end_of_turn()
            assert end["turn_order"] == 0
            assert normalize(end["transcript"]) == "order the tickets"

    async with asyncio.TaskGroup() as group:
        for model in (US, U3):
            for then in ([TERMINATE], [FORCE], quiet(1500)):
                group.create_task(stop_and(model, *then))


@pytest.mark.conformance(
    "assemblyai",
    "16.14",
    "`ForceEndpoint` mid-speech: EOT < 1 s, later words in `turn_order`+1",
)
@pytest.mark.parametrize("model", [US, WHISPER, U3_RT, U3])
async def test_a_forced_end_cuts_the_turn_and_loses_no_word(server, model):
    async with dial(server.url, speech_model=model, format_turns=True) as wire:
        await wire.say(*quiet(1300))
        await wire.say(FORCE)
        end = await wire.hear_end_of_turn()
        assert (end["turn_order"], normalize(end["transcript"])) == (0, "order the")
        await wire.say(*quiet(9700))
        heard = await wire.terminate()
    assert normalize(text(heard)) == SAID
    later = [turn for turn in of(heard, "Turn") if turn["words"][-1]["start"] >= 1300]
    assert {turn["turn_order"] for turn in later} == {1, 2, 3}


@pytest.mark.conformance(
    "assemblyai",
    "16.14",
    "`ForceEndpoint` mid-speech: EOT < 1 s, later words in `turn_order`+1",
)
@pytest.mark.model
async def test_a_forced_end_in_real_speech_comes_within_a_second(live_server, key, recording):
    entry = recording("ls-533-1066-0007")
    frames = cut(encode(entry.samples(), Encoding.PCM_S16LE))

    async def force(model: str) -> None:
        async with dial(f"ws://{live_server.address}", key=key, speech_model=model) as wire:
            await wire.hear("Begin")
            await wire.play(frames[:25])
            asked = time.monotonic()
            await wire.say(FORCE)
            # A turn may have ended by itself just before: the forced end is the one that holds
            # what was said last.
            end = await wire.hear_end_of_turn()
            assert time.monotonic() - asked < 1.0
            await wire.say(*frames[25:])
            heard = await wire.terminate()
        assert word_errors(entry.text, text(heard)).rate < 0.25
        after = [t for t in of(heard, "Turn") if t["turn_order"] == end["turn_order"] + 1]
        assert after, "later words are in the next turn"
        assert after[0]["words"][0]["start"] >= end["words"][-1]["start"]

    async with asyncio.TaskGroup() as group:
        for model in (US, U3):
            group.create_task(force(model))


async def test_forcing_where_nothing_was_said_is_not_answered(server):
    async with dial(server.url, speech_model=US) as wire:
        await wire.hear("Begin")
        await wire.say(FORCE, *quiet(300), FORCE)
        heard = await wire.terminate()
    assert [message["type"] for message in heard] == ["Begin", "Termination"]


@pytest.mark.parametrize("model", [US, WHISPER, U3_RT, U3])
async def test_the_end_of_the_open_turn_is_the_first_message_after_terminate(server, model):
    async with dial(server.url, speech_model=model) as wire:
        await wire.say(*quiet(1650))  # 50 ms after the last word: nobody was told of that one
        await wire.hear("Turn")
        n_before = len(wire.heard)
        heard = await wire.terminate()
    end, termination = heard[n_before:]
    assert (end["end_of_turn"], normalize(end["transcript"])) == (True, "order the tickets")
    assert termination["type"] == "Termination"


@pytest.mark.conformance(
    "assemblyai", "16.18", "US + `format_turns=true`: raw EOT then formatted EOT, same `turn_order`"
)
@pytest.mark.parametrize("model", [US, "universal-streaming-multilingual", WHISPER])
async def test_a_formatted_end_follows_the_raw_one(server, model):
    heard = await converse(server.url, *WHOLE, speech_model=model, format_turns=True)
    check_incremental(heard, formatted=True)
    told = [(t["turn_order"], t["turn_is_formatted"], t["transcript"]) for t in ends(heard)]
    assert told == [
        (0, False, "order the tickets"),
        (0, True, "Order the tickets."),
        (1, False, "and call me on friday"),
        (1, True, "And call me on Friday"),
        (2, False, "thanks"),
        (2, True, "Thanks."),
    ]


@pytest.mark.conformance(
    "assemblyai", "16.19", "US partials: prefix property: final words never change"
)
@pytest.mark.parametrize("model", [US, "universal-streaming-multilingual", WHISPER])
async def test_final_words_never_change(server, model):
    heard = await converse(server.url, *WHOLE, speech_model=model)
    check_incremental(heard)
    assert text(heard) == SAID
    partials = [turn for turn in of(heard, "Turn") if not turn["end_of_turn"]]
    assert len(partials) >= 6, "there was something to change"
    utterances = [turn["utterance"] for turn in of(heard, "Turn") if turn["utterance"]]
    assert " ".join(utterances).lower().replace(".", "") == SAID, "each utterance is told once"


@pytest.mark.conformance(
    "assemblyai",
    "16.20",
    "U3: `SpeechStarted` immediately before each turn's first `Turn`; one EOT per turn, formatted",
)
@pytest.mark.parametrize("model", [U3_RT, "u3-rt-pro-beta-1", "universal-3-5-pro", U3])
@pytest.mark.parametrize("partials", [True, False])
async def test_a_turn_is_announced_and_ends_once(server, model, partials):
    heard = await converse(
        server.url, *WHOLE, speech_model=model, include_partial_turns=partials, format_turns=False
    )
    check_whole_turns(heard, partials_formatted=not model.startswith("u3-rt"))
    assert [end["transcript"] for end in ends(heard)] == [
        "Order the tickets.",
        "And call me on Friday",
        "Thanks.",
    ]
    if not partials:
        assert of(heard, "Turn") == ends(heard)


@pytest.mark.parametrize("model", [US, U3])
async def test_how_audio_is_cut_and_how_fast_it_comes_changes_nothing(server, model):
    at_once = await converse(server.url, *WHOLE, speech_model=model)
    data = b"".join(WHOLE)
    odd = await converse(server.url, *cut(data, 1733), speech_model=model)
    assert of(odd, "Turn", "SpeechStarted") == of(at_once, "Turn", "SpeechStarted")
