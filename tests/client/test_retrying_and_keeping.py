"""When a lost session is tried again, and what is kept for it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade import Reconnect, UpstreamError
from crossfade.client.pacing import Pacer
from crossfade.client.retrying import Outage, wait_s
from crossfade.client.tape import Tape
from crossfade.dialects import DIALECTS
from crossfade.model import Audio, Finish, ForceTurn, Reconfigure

CHUNK = Audio(data=bytes(100))  # 100 ms
POLICY = Reconnect(attempts=5, budget_s=60, first_wait_s=0.5, longest_wait_s=4)


def wait(code, *, attempts=0, now_s=0.0, random=1.0, policy=POLICY, advice=lambda code: None):
    return wait_s(
        Outage(began_s=0.0, attempts=attempts),
        policy,
        UpstreamError("lost", code=code),
        advice=advice,
        now_s=now_s,
        random=lambda: random,
    )


def test_waits_double_up_to_the_longest():
    assert [wait(None, attempts=n) for n in range(5)] == [0.5, 1.0, 2.0, 4.0, 4.0]


@given(st.floats(0, 1), st.integers(0, 4))
def test_jitter_spreads_clients_over_half_of_the_wait(random, attempts):
    assert 0.5 <= wait(1006, attempts=attempts, random=random) / wait(1006, attempts=attempts) <= 1


def test_attempts_and_time_are_bounded():
    assert wait(None, attempts=5) is None
    assert wait(None, now_s=59.6) is None
    assert wait(None, now_s=59.4) is not None


@pytest.mark.parametrize("code", [None, 1001, 1006, 1012, 429, 503])
def test_what_says_nothing_about_the_session_is_tried_again(code):
    assert wait(code) is not None


@pytest.mark.parametrize("code", [1008, 1003, 401, 404])
def test_what_would_be_refused_again_is_not(code):
    assert wait(code) is None


def test_a_vendors_advice_is_followed_unless_the_user_knows_better():
    def advice(code):
        return 5.0

    assert wait(4005, random=0.0, advice=advice) == 5.0
    assert wait(4005, random=1.0, advice=advice) == 10.0
    hurried = Reconnect(first_wait_s=0.5, advice_honoured=False)
    assert wait(4005, advice=advice, policy=hurried) == 0.5


@pytest.mark.parametrize(
    ("vendor", "later", "never"),
    [
        ("speechmatics", {4005: 5.0, 4013: 5.0, 1011: 5.0}, (1003, 1008, 4001, 4003, 4004, 4006)),
        ("assemblyai", {1011: 0.5, 3005: 0.5, 3008: 0.0, 3009: 5.0}, (1008, 3006, 3007)),
    ],
)
def test_what_each_vendor_says_about_coming_again(vendor, later, never):
    end = next(dialect for dialect in DIALECTS if dialect.name == vendor).client()
    assert {code: end.retry_after_s(code) for code in later} == later
    assert {end.retry_after_s(code) for code in never} == {None}


def test_late_audio_leaves_faster_until_it_is_on_time_again():
    pacer, now_s, left_at_s = Pacer(late_s=1.0, catch_up=2.0), 0.0, []
    for _ in range(40):
        now_s += pacer.wait_s(0.1, now_s=now_s)
        left_at_s.append(round(now_s, 3))
    assert left_at_s[20] == 1.0  # the first two seconds take one
    assert left_at_s[30] == 2.0  # and then a second takes a second


async def recorded(*commands, waits_when_full=True):
    """A tape that nobody plays yet."""
    tape = Tape(bytes_per_s=1000, keep_s=1.0, waits_when_full=waits_when_full)
    tape.stop()
    for command in commands:
        await tape.record(command)
    return tape


async def play(tape, n):
    played = []
    for _ in range(n):
        entry = await tape.next()
        tape.play(entry)
        played.append(entry.command)
    return played


async def test_a_tape_is_played_again_from_a_position():
    tape = await recorded(*[CHUNK] * 5, Finish())
    assert len(await play(tape, 6)) == 6
    assert tape.rewind(250) == (200, 2)
    assert [type(command) for command in await play(tape, 4)] == [Audio, Audio, Audio, Finish]


async def test_the_end_is_said_again_though_all_audio_is_settled():
    tape = await recorded(CHUNK, Finish())
    await play(tape, 2)
    tape.trim(10_000)
    assert tape.rewind(10_000) == (100, 1)
    assert await play(tape, 1) == [Finish()]


async def test_settings_and_answered_marks_are_not_said_again():
    tape = await recorded(CHUNK, Reconfigure(), ForceTurn(), CHUNK, ForceTurn(), Reconfigure())
    await play(tape, 5)
    tape.answered()
    tape.rewind(0)
    assert [type(c) for c in await play(tape, 4)] == [Audio, Audio, ForceTurn, Reconfigure]


async def test_a_recorder_waits_for_the_player_but_not_where_there_is_none():
    tape = Tape(bytes_per_s=1000, keep_s=1.0, waits_when_full=True)
    recording = asyncio.create_task(tape.record(CHUNK))
    await asyncio.sleep(0)
    assert not recording.done()
    tape.stop()
    async with asyncio.timeout(5):
        await recording


async def test_a_full_tape_holds_the_recorder_up_until_something_is_settled():
    tape = await recorded(*[CHUNK] * 11)
    await play(tape, 11)
    recording = asyncio.create_task(tape.record(CHUNK))
    await asyncio.sleep(0)
    assert tape.end_ms == 1100
    tape.trim(500)
    async with asyncio.timeout(5):
        await recording
    assert tape.end_ms == 1200


async def test_a_tape_of_paced_audio_lets_the_oldest_go():
    tape = await recorded(*[CHUNK] * 11, waits_when_full=False)
    tape.rewind(0)
    await play(tape, 11)
    recording = asyncio.create_task(tape.record(CHUNK))
    async with asyncio.timeout(5):
        await play(tape, 1)
        await recording
    assert tape.rewind(0) == (100, 1)


async def test_a_tape_that_keeps_nothing_holds_nothing():
    tape = Tape(bytes_per_s=1000, keep_s=0, waits_when_full=True)
    for command in (CHUNK, Finish()):
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            tasks.create_task(tape.record(command))
            tasks.create_task(play(tape, 1))
    assert tape.rewind(0) == (100, 1)


async def test_a_closed_tape_tells_why_to_whoever_waits():
    tape = Tape(bytes_per_s=1000, keep_s=1.0, waits_when_full=True)
    recording = asyncio.create_task(tape.record(CHUNK))
    await asyncio.sleep(0)
    tape.close(UpstreamError("gone"))
    with pytest.raises(UpstreamError, match="gone"):
        await recording
