"""What the vendors' own clients make of an emulator, and of what goes wrong there."""

import asyncio
import gc
import json
import time
import warnings
from dataclasses import dataclass, field

import assemblyai.streaming.v3 as aai
import pytest
from speechmatics import rt

from crossfade.dialects import DIALECTS
from crossfade.emulator.serving import KEY

# One of them asks its newest websockets library in a way that this frowns upon.
pytestmark = pytest.mark.filterwarnings("ignore:ConnectionClosed:DeprecationWarning")

MORNING = "Good morning. Welcome aboard."
CHUNKS = [bytes(3200)] * 40
LIMIT_S = 30


@dataclass
class Seen:
    """What a program sees through its client."""

    finals: list[str] = field(default_factory=list)
    errors: list[object] = field(default_factory=list)
    """Types or codes of error messages, and of closes that its client reports as errors."""
    ended: bool = False
    """The closing message came."""
    raised: Exception | None = None


async def speechmatics_sees(url) -> Seen:
    seen = Seen()
    try:
        async with asyncio.timeout(LIMIT_S), rt.AsyncClient(api_key=KEY, url=f"{url}/v2") as client:
            client.on(rt.ServerMessageType.ADD_TRANSCRIPT)(
                lambda message: seen.finals.append(message["metadata"]["transcript"].strip())
            )
            client.on(rt.ServerMessageType.ERROR)(
                lambda message: seen.errors.append(message["type"])
            )
            client.on(rt.ServerMessageType.END_OF_TRANSCRIPT)(
                lambda message: setattr(seen, "ended", True)
            )
            await client.start_session(
                transcription_config=rt.TranscriptionConfig(language="en", enable_partials=True),
                audio_format=rt.AudioFormat(
                    encoding=rt.AudioEncoding.PCM_S16LE, sample_rate=16_000
                ),
            )
            for chunk in CHUNKS:
                await client.send_audio(chunk)
            await client.stop_session()
    except (rt.TranscriptionError, rt.TransportError, rt.ConnectionError) as error:
        seen.raised = error
    return seen


async def assemblyai_sees(url, *, fails=False) -> Seen:
    """``fails``: wait for the error that will come before the client is asked to end."""
    seen = Seen()
    failed = asyncio.Event()
    options = aai.RealTimeTranscriberOptions(api_key=KEY, api_host=url)
    client = aai.AsyncRealTimeTranscriber(options)

    async def on_turn(_, turn):
        if turn.end_of_turn:
            seen.finals.append(turn.transcript)

    async def on_error(_, error):
        seen.errors.append(int(error.code))
        failed.set()

    async def on_termination(_, message):
        seen.ended = True

    client.on(aai.RealTimeEvents.Turn, on_turn)
    client.on(aai.RealTimeEvents.Error, on_error)
    client.on(aai.RealTimeEvents.Termination, on_termination)
    async with asyncio.timeout(LIMIT_S):
        await client.connect(aai.RealTimeParameters(sample_rate=16_000))
        for chunk in CHUNKS:
            await client.stream(chunk)
        if fails:
            await failed.wait()
        await client.disconnect(terminate=True)
    return seen


@pytest.fixture(autouse=True)
def _sockets_that_they_leave_behind():
    """Where a session fails, some of these clients never close their socket."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


WHOLE = {"speechmatics": [MORNING], "assemblyai": ["Good morning.", "Welcome aboard."]}


@pytest.fixture
def see(emulator):
    """What both see of the same emulator."""

    async def see(*faults, fails=False):
        async with emulator(MORNING, *faults) as (url, _):
            return await speechmatics_sees(url), await assemblyai_sees(url, fails=fails)

    return see


async def test_they_hear_the_script(see):
    speechmatics, assemblyai = await see()
    assert speechmatics == Seen(finals=WHOLE["speechmatics"], ended=True)
    assert assemblyai == Seen(finals=WHOLE["assemblyai"], ended=True)


async def test_they_hear_late_words_all_the_same(see):
    speechmatics, assemblyai = await see("late_finals:ms=700")
    assert speechmatics == Seen(finals=WHOLE["speechmatics"], ended=True)
    assert assemblyai == Seen(finals=WHOLE["assemblyai"], ended=True)


async def test_they_do_not_notice_that_words_come_twice(see):
    speechmatics, assemblyai = await see("duplicate_finals")
    assert speechmatics.finals == WHOLE["speechmatics"] * 2
    assert assemblyai.finals == ["Good morning."] * 2 + ["Welcome aboard."] * 2


async def test_one_of_them_dies_of_a_message_that_is_cut_off_the_other_goes_on(see):
    speechmatics, assemblyai = await see("truncated_json:at_ms=600")
    assert not speechmatics.ended
    assert speechmatics.finals == []
    assert assemblyai == Seen(finals=WHOLE["assemblyai"], ended=True)


async def test_a_lost_connection_ends_neither_in_order(see):
    speechmatics, assemblyai = await see("drop:after_words=3", fails=True)
    assert not speechmatics.ended
    assert (assemblyai.finals, assemblyai.errors) == (["Good morning."], [1006])
    assert not assemblyai.ended


async def test_a_close_without_a_message_is_an_error_for_one_of_them(see):
    speechmatics, assemblyai = await see("close:code=1011,after_words=3", fails=True)
    assert not speechmatics.ended
    assert assemblyai.errors == [1011]


async def test_a_missing_last_message_costs_no_words(see):
    speechmatics, assemblyai = await see("drop:at=end")
    assert (speechmatics.finals, speechmatics.ended) == (WHOLE["speechmatics"], False)
    assert (assemblyai.finals, assemblyai.ended) == (WHOLE["assemblyai"], False)


async def test_a_full_server_is_told_in_the_words_that_they_know(see):
    speechmatics, assemblyai = await see("capacity", fails=True)
    assert speechmatics.errors == ["quota_exceeded"]
    assert isinstance(speechmatics.raised, rt.TranscriptionError)
    assert assemblyai.errors == [3009]


async def test_an_engine_that_fails_in_mid_session_is_too(see):
    speechmatics, assemblyai = await see("recognizer:after_words=3", fails=True)
    assert (speechmatics.errors, speechmatics.ended) == (["job_error"], False)
    assert (assemblyai.finals, assemblyai.errors) == (["Good morning."], [3005])


async def test_a_wrong_key_is_refused_at_the_handshake_or_right_after_it(see):
    speechmatics, assemblyai = await see("credential_unknown", fails=True)
    assert isinstance(speechmatics.raised, rt.ConnectionError)
    assert "HTTP 401" in str(speechmatics.raised)
    assert assemblyai.errors == [1008]


async def test_a_handshake_that_is_refused_is_seen_with_its_status(see):
    speechmatics, assemblyai = await see("http:status=503", fails=True)
    assert "HTTP 503" in str(speechmatics.raised)
    assert assemblyai.errors == [503]


ENDINGS = {dialect.name: dialect.endings for dialect in DIALECTS}


def told_by(ending):
    """The error message of an ending; ``None``: it has none."""
    return json.loads(ending.frames[0]) if ending.frames else None


@pytest.mark.parametrize("name", ENDINGS["speechmatics"])
async def test_every_error_of_speechmatics_reaches_its_client(emulator, name):
    ending = ENDINGS["speechmatics"][name]
    async with emulator(MORNING, f"{name}:after_words=3") as (url, _):
        seen = await speechmatics_sees(url)
    told = told_by(ending)
    assert seen.errors == ([] if told is None else [told["type"]])
    assert not seen.ended


@pytest.mark.parametrize("name", ENDINGS["assemblyai"])
async def test_every_close_code_of_assemblyai_reaches_its_client(emulator, name):
    ending = ENDINGS["assemblyai"][name]
    async with emulator(MORNING, f"{name}:after_words=3") as (url, _):
        seen = await assemblyai_sees(url, fails=True)
    told = told_by(ending) or {"error_code": ending.goodbye.code}
    assert (seen.finals, seen.errors[0]) == (["Good morning."], told["error_code"])
    assert not seen.ended


async def test_a_slow_server_slows_them_down_and_costs_no_words(emulator):
    """4 s of audio at 16 times real time; nothing may come before it was taken."""
    async with emulator(MORNING, "slow_consumer:speed=16") as (url, _):
        began = time.monotonic()
        speechmatics = await speechmatics_sees(url)
        first_s = time.monotonic() - began
        assemblyai = await assemblyai_sees(url)
    assert first_s > 4 / 16
    assert time.monotonic() - began > 2 * 4 / 16
    assert speechmatics == Seen(finals=WHOLE["speechmatics"], ended=True)
    assert assemblyai == Seen(finals=WHOLE["assemblyai"], ended=True)


async def test_a_program_that_comes_again_is_served(emulator):
    async with emulator(MORNING, "drop:after_words=1,sessions=1") as (url, _):
        first = await assemblyai_sees(url, fails=True)
        second = await assemblyai_sees(url)
    assert (first.ended, second.ended) == (False, True)
