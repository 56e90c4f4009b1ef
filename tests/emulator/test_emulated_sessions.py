"""What clients are told, byte for byte, over real sockets."""

import asyncio
import base64
import json
import ssl
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from certificates import make
from crossfade.emulator.faults import FaultError, parse_fault
from crossfade.emulator.reading import make_script
from crossfade.emulator.script import as_script
from crossfade.emulator.serving import KEY
from crossfade.emulator.theatre import Scenario
from emulated_clients import SILENCE, START, Told, assemblyai_told, speechmatics_told

MORNING = "Good morning. Welcome aboard."  # 500-800 900-1200. 2200-2500 2600-2900.

BOTH = pytest.mark.parametrize(
    "told_by", [speechmatics_told, assemblyai_told], ids=["speechmatics", "assemblyai"]
)


def without_acknowledgements(told: Told) -> list[str]:
    return [frame for frame in told.frames if "AudioAdded" not in frame]


@BOTH
async def test_two_runs_give_the_same_bytes(emulator, told_by):
    runs = []
    for _ in range(2):
        async with emulator(MORNING) as (url, _):
            runs.append([await told_by(url, patient=True) for _ in range(2)])
    assert runs[0] == runs[1]
    first, second = runs[0]
    assert first.frames[0] != second.frames[0], "each session has an id of its own"
    assert first.frames[1:] == second.frames[1:]
    assert len(first.frames) > 5


@BOTH
async def test_sessions_at_once_are_told_what_one_alone_is_told(emulator, told_by):
    async with emulator(MORNING) as (url, _):
        alone = await told_by(url)
        together = await asyncio.gather(*(told_by(url) for _ in range(12)))
    assert all(told.frames[1:] == alone.frames[1:] for told in together)
    assert len({told.frames[0] for told in together}) == 12


@BOTH
async def test_another_seed_gives_other_ids_and_the_same_words(emulator, told_by):
    async with emulator(MORNING) as (url, theatre):
        one = await told_by(url)
        theatre.play(Scenario(script=as_script(MORNING), speed=None, seed="other"))
        other = await told_by(url)
    assert one.frames[0] != other.frames[0]
    assert one.frames[1:] == other.frames[1:]


@BOTH
@pytest.mark.parametrize("chunk_ms", [50, 80, 1000])
async def test_how_audio_is_cut_changes_nothing_but_acknowledgements(emulator, told_by, chunk_ms):
    async with emulator(MORNING) as (url, theatre):
        usual = await told_by(url)
        theatre.play(Scenario(script=as_script(MORNING), speed=None))
        cut = await told_by(url, [bytes(32 * chunk_ms)] * (4000 // chunk_ms))
    assert without_acknowledgements(cut) == without_acknowledgements(usual)


async def test_the_words_are_those_of_the_script_with_their_times(emulator):
    async with emulator([{"say": "Good morning.", "at_ms": 700, "confidence": 0.61}]) as (url, _):
        told = await speechmatics_told(url)
    assert told.words == ["Good", "morning"]
    first = told.of("AddTranscript")[0]["results"][0]
    assert (first["start_time"], first["end_time"]) == (0.7, 1.0)
    assert first["alternatives"][0]["confidence"] == 0.61
    assert told.of("EndOfTranscript")


async def test_a_script_ends_turns_where_it_says_and_how_sure(emulator):
    script = [
        {"say": "well then", "ends_turn": True, "turn_after_ms": 40, "turn_confidence": 0.87},
        {"say": "let us go.", "at_ms": 1400, "ends_turn": False},
        {"say": "now", "at_ms": 3000},
    ]
    async with emulator(script) as (url, _):
        told = await assemblyai_told(url)
    assert told.turns == ["well then", "let us go now"]
    ended = next(turn for turn in told.of("Turn") if turn["end_of_turn"])
    assert ended["end_of_turn_confidence"] == 0.87


async def test_what_the_audio_was_too_short_for_is_said_if_the_script_wants_it(emulator):
    script = [{"say": MORNING}, {"set": {"say_rest": True}}]
    async with emulator(script) as (url, _):
        told = await speechmatics_told(url, SILENCE[:3])
    assert told.words == ["Good", "morning", "Welcome", "aboard"]


async def test_what_the_audio_was_too_short_for_is_lost_otherwise(emulator):
    async with emulator(MORNING) as (url, _):
        told = await speechmatics_told(url, SILENCE[:10])
    assert told.words == ["Good"]


async def test_a_repeated_script_goes_on(emulator):
    script = [{"say": "again"}, {"set": {"repeat_ms": 1000}}]
    async with emulator(script) as (url, _):
        told = await speechmatics_told(url)
    assert told.words == ["again"] * 4


async def test_languages_that_the_script_does_not_know_are_refused(emulator):
    script = [{"say": "bonjour"}, {"set": {"languages": ["fr"]}}]
    async with emulator(script) as (url, _):
        told = await speechmatics_told(url)
    assert (told.of("Error")[0]["type"], told.code) == ("invalid_model", 4004)


async def test_channels_hear_what_is_theirs(emulator):
    script = [{"say": "left", "channel": "l"}, {"say": "right", "channel": "r"}]
    start = START | {
        "transcription_config": {
            "language": "en",
            "diarization": "channel",
            "channel_diarization_labels": ["l", "r"],
        }
    }
    audio = base64.b64encode(bytes(32_000 * 4)).decode()
    async with emulator(script) as (url, _):
        headers = {"Authorization": f"Bearer {KEY}"}
        async with connect(f"{url}/v2", additional_headers=headers) as socket:
            await socket.send(json.dumps(start))
            for channel in ("l", "r"):
                message = {"message": "AddChannelAudio", "channel": channel, "data": audio}
                await socket.send(json.dumps(message))
                await socket.send(
                    json.dumps({"message": "EndOfChannel", "channel": channel, "last_seq_no": 1})
                )
            told = Told([frame async for frame in socket])
    heard = {
        message["channel"]: message["results"][0]["alternatives"][0]["content"]
        for message in told.of("AddTranscript")
        if message["results"]
    }
    assert heard == {"l": "left", "r": "right"}
    assert told.of("EndOfTranscript")


async def test_heartbeats_follow_the_audio_not_the_clock(emulator):
    query = "sample_rate=16000&session_heartbeat=true"
    async with emulator(MORNING) as (url, _):
        told = await assemblyai_told(url, [bytes(32_000)] * 12, query=query)
    beats = told.of("SessionHeartbeat") or told.of("Heartbeat")
    assert [beat["total_audio_received_ms"] for beat in beats] == [5000, 10_000]


# Faults.


@BOTH
async def test_a_connection_is_dropped_after_some_words_and_what_was_said_arrives(
    emulator, told_by
):
    runs = []
    for _ in range(3):
        async with emulator(MORNING, "drop:after_words=3") as (url, _):
            runs.append(await told_by(url))
    assert runs[0] == runs[1] == runs[2]
    assert runs[0].code == 1006
    async with emulator(MORNING) as (url, _):
        whole = await told_by(url)
    assert runs[0].frames == whole.frames[: len(runs[0].frames)]
    assert 1 < len(runs[0].frames) < len(whole.frames)


async def test_a_connection_over_tls_is_dropped_too(emulator, tmp_path):
    made = make(tmp_path)
    context = ssl.create_default_context(cafile=made.authority)
    async with emulator(MORNING, "drop:after_words=3", certfile=made.chain, keyfile=made.key) as (
        url,
        _,
    ):
        headers = {"Authorization": f"Bearer {KEY}"}
        async with connect(f"{url}/v2", additional_headers=headers, ssl=context) as socket:
            await socket.send(json.dumps(START))
            for chunk in SILENCE[:25]:
                await socket.send(chunk)
            with pytest.raises(ConnectionClosed):
                await heard_out(socket)
    assert url.startswith("wss://")
    assert socket.close_code == 1006


async def test_a_fault_may_be_for_some_sessions_only(emulator):
    async with emulator(MORNING, "drop:after_words=1,sessions=1+3") as (url, _):
        codes = [(await speechmatics_told(url)).code for _ in range(4)]
    assert codes == [1006, 1000, 1006, 1000]


async def test_final_words_come_twice(emulator):
    async with emulator(MORNING, "duplicate_finals") as (url, _):
        speechmatics, assemblyai = await speechmatics_told(url), await assemblyai_told(url)
    assert speechmatics.words == ["Good", "morning"] * 2 + ["Welcome", "aboard"] * 2
    assert assemblyai.turns == ["good morning"] * 2 + ["welcome aboard"] * 2
    assert len(speechmatics.of("EndOfUtterance")) == 2, "only what has words"


@BOTH
async def test_one_message_is_cut_off_in_the_middle(emulator, told_by):
    async with emulator(MORNING, "truncated_json:at_ms=1000") as (url, theatre):
        told = await told_by(url)
        theatre.play(Scenario(script=as_script(MORNING), speed=None))
        whole = await told_by(url)
    cut = [(a, b) for a, b in zip(told.frames, whole.frames, strict=True) if a != b]
    assert len(cut) == 1
    assert cut[0][0] == cut[0][1][: len(cut[0][1]) // 2]
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut[0][0])


async def test_finals_come_late_and_in_order(emulator):
    async with emulator(MORNING, "late_finals:ms=700") as (url, theatre):
        late = await speechmatics_told(url)
        theatre.play(Scenario(script=as_script(MORNING), speed=None))
        usual = await speechmatics_told(url)
    assert late.words == usual.words

    def acknowledged_before_first_final(told):
        kinds = [message["message"] for message in told.messages]
        return kinds[: kinds.index("AddTranscript")].count("AudioAdded")

    assert acknowledged_before_first_final(late) == acknowledged_before_first_final(usual) + 7


async def test_a_late_final_comes_even_if_no_more_audio_does(emulator):
    async with emulator(MORNING, "late_finals:ms=150") as (url, _):
        headers = {"Authorization": f"Bearer {KEY}"}
        async with connect(f"{url}/v2", additional_headers=headers) as socket:
            await socket.send(json.dumps(START))
            for chunk in SILENCE[:10]:
                await socket.send(chunk)
            await socket.send(json.dumps({"message": "ForceEndOfUtterance"}))
            told = Told()
            async with asyncio.timeout(20):
                while not told.of("EndOfUtterance"):
                    told.frames.append(await socket.recv())
    assert told.words == ["Good"]


@BOTH
async def test_a_session_is_closed_with_any_code(emulator, told_by):
    async with emulator(MORNING, "close:code=4321,reason=because,after_words=2") as (url, _):
        told = await told_by(url)
    assert (told.code, told.reason) == (4321, "because")
    assert not told.of("Error")


@BOTH
async def test_the_last_message_may_be_missing(emulator, told_by):
    async with emulator(MORNING, "drop:at=end") as (url, theatre):
        told = await told_by(url)
        theatre.play(Scenario(script=as_script(MORNING), speed=None))
        whole = await told_by(url)
    assert told.frames == whole.frames[:-1]
    assert told.code == 1006


@BOTH
async def test_a_handshake_is_refused(emulator, told_by):
    async with emulator(MORNING, "http:status=502") as (url, _):
        with pytest.raises(InvalidStatus) as refused:
            await told_by(url)
    assert refused.value.response.status_code == 502


async def test_a_cause_is_told_in_each_protocols_words(emulator):
    async with emulator(MORNING, "capacity") as (url, _):
        speechmatics, assemblyai = await speechmatics_told(url), await assemblyai_told(url)
    assert [m["type"] for m in speechmatics.messages] == ["quota_exceeded"]
    assert speechmatics.code == 4005
    assert [m["error_code"] for m in assemblyai.messages] == [3009]
    assert assemblyai.code == 3009


async def test_a_wrong_key_is_refused_as_by_the_vendors(emulator):
    async with emulator(MORNING, "credential_unknown") as (url, _):
        with pytest.raises(InvalidStatus) as refused:
            await speechmatics_told(url)
        assert refused.value.response.status_code == 401
        assert (await assemblyai_told(url)).code == 1008


async def test_keys_are_judged_without_any_fault(emulator):
    async with emulator(MORNING) as (url, _):
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{url}/v2", additional_headers={"Authorization": "Bearer wrong"})
    assert refused.value.response.status_code == 401


async def test_an_error_in_mid_session_is_the_last_thing_said(emulator):
    async with emulator(MORNING, "recognizer:after_words=3") as (url, _):
        speechmatics, assemblyai = await speechmatics_told(url), await assemblyai_told(url)
    assert speechmatics.messages[-1]["type"] == "job_error"
    assert speechmatics.words == ["Good", "morning"]
    assert speechmatics.code == 4013
    assert assemblyai.messages[-1]["error_code"] == 3005
    assert assemblyai.turns == ["good morning"]


async def test_a_fault_that_comes_after_the_end_does_not_come(emulator):
    async with emulator(MORNING, "drop:at_ms=9000", "capacity:after_words=5") as (url, _):
        assert (await speechmatics_told(url)).code == 1000


async def test_faults_of_the_script_and_of_the_command_add_up(emulator):
    script = [{"say": MORNING}, {"fault": "duplicate_finals"}]
    async with emulator(script, "drop:at=end") as (url, _):
        told = await speechmatics_told(url)
    assert told.words == ["Good", "morning", "Welcome", "aboard"] * 2
    assert told.code == 1006


async def test_an_unknown_fault_starts_no_emulator(emulator):
    with pytest.raises(FaultError):
        async with emulator(MORNING, "earthquake"):
            pass


# What a test may do while it runs.


@asynccontextmanager
async def open_session(url):
    headers = {"Authorization": f"Bearer {KEY}"}
    async with connect(f"{url}/v2", additional_headers=headers) as socket:
        await socket.send(json.dumps(START))
        await socket.recv()
        yield socket


async def heard_out(socket):
    while True:
        await socket.recv()


async def test_a_new_play_numbers_sessions_anew_and_cutting_ends_those_of_the_old(emulator):
    async with emulator(MORNING) as (url, theatre):
        first = await speechmatics_told(url)
        async with open_session(url) as socket:
            await theatre.cut()
            with pytest.raises(ConnectionClosed):
                await heard_out(socket)
            assert socket.close_code == 1006
        theatre.play(Scenario(script=make_script([{"say": "Again."}]), speed=None))
        again = await speechmatics_told(url)
    assert again.words == ["Again"]
    assert again.frames[0] == first.frames[0]


async def test_a_play_that_makes_no_sense_changes_nothing(emulator):
    async with emulator(MORNING) as (url, theatre):
        with pytest.raises(FaultError):
            theatre.play(Scenario(faults=(parse_fault("earthquake"),)))
        assert (await speechmatics_told(url)).words[0] == "Good"
