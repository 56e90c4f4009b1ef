"""What the clock says in a session: heartbeats, warnings, limits. Hours pass in no time."""

import asyncio

import pytest

from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from plain_dialect import PLAIN, SECOND
from sessions_in_virtual_time import session
from virtual_time import now_s, run

MORNING = spoken("Good morning. Welcome aboard.")


def kinds(heard):
    return [message["type"] for _, message in heard]


def of(kind, heard):
    return [(at_s, message) for at_s, message in heard if message["type"] == kind]


async def sleep_until(at_s):
    await asyncio.sleep(at_s - now_s())


def test_heartbeats_come_at_their_pace_and_tell_of_the_time_between_them():
    async def main():
        async with session(PLAIN, url="/?start=now&heartbeat_s=5") as (socket, _):
            await asyncio.sleep(1)
            socket.say(SECOND * 4)
            await sleep_until(6)
            socket.say(SECOND * 10)
            await sleep_until(16)
            socket.say("finish")
        return socket.heard

    heard = run(main())
    assert kinds(heard)[0] == "session_started"
    assert [(at_s, beat["audio_ms"], beat["session_ms"], beat["realtime_factor"])
            for at_s, beat in of("heartbeat", heard)] == [
        (5, 4000, 5000, 0.8),
        (10, 14_000, 10_000, 2.0),
        (15, 14_000, 15_000, 0.0),
    ]  # fmt: skip
    assert {beat["speech_probability"] for _, beat in of("heartbeat", heard)} == {1.0}


def test_a_client_that_does_not_read_gets_no_heap_of_heartbeats_later():
    async def main():
        async with session(PLAIN, url="/?start=now&heartbeat_s=5") as (socket, _):
            await asyncio.sleep(1)
            socket.reads.clear()
            await sleep_until(50)
            socket.reads.set()
            socket.say("finish")
        return socket.heard

    beats = of("heartbeat", run(main()))
    assert [at_s for at_s, _ in beats] == [50]


def test_a_client_that_does_not_read_is_given_up_though_the_clock_wants_to_speak():
    async def main():
        async with session(PLAIN, url="/?start=now&heartbeat_s=5") as (socket, _):
            await asyncio.sleep(1)
            socket.reads.clear()
        return now_s(), socket.closed

    ended_s, closed = run(main())
    assert 65 <= ended_s <= 80
    assert closed is None


def test_warnings_are_said_at_their_times_and_the_end_follows():
    idle = "idle_s=100&audio_only&idle_warnings_s=60,30"
    url = f"/?start=now&{idle}&session_s=200&session_warnings_s=50"

    async def main():
        async with session(PLAIN, url=url) as (socket, _):
            await sleep_until(80)
            socket.say(SECOND)
        return socket.heard

    assert [
        (at_s, message.get("cause"), message.get("left_s"), message.get("error"))
        for at_s, message in run(main())
        if message["type"] in ("time_runs_out", "error")
    ] == [
        (40, "idle", 60, None),
        (70, "idle", 30, None),
        (120, "idle", 60, None),
        (150, "idle", 30, None),
        (150, "session", 50, None),
        (180, None, None, "IdleError"),
    ]


def idle_end(url, *, frame=None, every_s=0.0, n=0):
    """When a client is sent away that says something now and then, ``n`` times."""

    async def main():
        async with session(PLAIN, url=url) as (socket, _):
            for _ in range(n):
                await asyncio.sleep(every_s)
                socket.say(frame)
        return socket.heard[-1]

    return run(main())


def test_an_idle_client_is_sent_away_and_any_frame_keeps_it_alive():
    idle = {"type": "error", "error": "IdleError"}
    assert idle_end("/?start=now&idle_s=40") == (40, idle)
    assert idle_end("/?start=now&idle_s=40", frame="alive", every_s=30, n=4) == (160, idle)


def test_where_only_audio_counts_control_messages_keep_nobody_alive():
    url = "/?start=now&idle_s=40&audio_only"
    assert idle_end(url, frame="alive", every_s=5, n=7)[0] == 40
    assert idle_end(url, frame=SECOND, every_s=30, n=4)[0] == 160


def test_who_waits_for_us_after_its_last_word_is_not_idle():
    async def main():
        engine = ScriptedRecognizer(MORNING)
        engine.running.clear()
        async with session(PLAIN, url="/?start=now&idle_s=20", recognizer=engine) as (socket, _):
            socket.say("finish")
            await asyncio.sleep(50)
            engine.running.set()
        return socket.heard[-1]

    at_s, message = run(main())
    assert (at_s, message["type"]) == (50, "session_ended")


def test_a_client_of_whom_nothing_comes_for_three_minutes_is_told_and_let_go():
    async def main():
        async with session(PLAIN, url="/?start=now&idle_s=3600") as (socket, _):
            await sleep_until(100)
            socket.say("alive")
            socket.answers_pings = False
        return socket

    socket = run(main())
    assert socket.heard[-1] == (280, {"type": "error", "error": "IdleError"})
    assert socket.closed == (4005, "IdleError")


def test_a_client_that_answers_pings_may_be_silent_for_longer():
    async def main():
        async with session(PLAIN, url="/?start=now&idle_s=3600") as (socket, _):
            pass
        return socket

    assert run(main()).heard[-1][0] == 3600


@pytest.mark.parametrize(
    ("chunks", "audio_ms", "accepted"),
    [
        pytest.param([SECOND] * 5, 2000, 5, id="the-rest-is-only-acknowledged"),
        pytest.param([SECOND * 5], 2000, 1, id="a-chunk-across-the-limit-is-heard-in-part"),
        pytest.param([SECOND * 2], 2000, 1, id="just-enough"),
    ],
)
def test_audio_beyond_the_sessions_share_is_acknowledged_and_not_heard(chunks, audio_ms, accepted):
    async def main():
        url = "/?start=now&audio_s=2&idle_s=60"
        async with session(PLAIN, url=url, script=MORNING) as (socket, _):
            socket.say(*chunks)
            if len(chunks) * len(chunks[0]) == 2 * len(SECOND):
                await asyncio.sleep(1)
                assert of("audio_limit_reached", socket.heard) == []
                socket.say("finish")
        return socket

    socket = run(main())
    assert kinds(socket.heard)[-1] == "session_ended"
    assert socket.heard[-1][1]["audio_ms"] == audio_ms
    numbers = [message["number"] for _, message in of("audio_accepted", socket.heard)]
    assert numbers == [*range(1, accepted + 1)]
    finals = [message for _, message in of("final", socket.heard)]
    words = [word["text"] for final in finals for word in final["words"]]
    assert words == ["Good", "morning", "Welcome", "aboard"]
    is_beyond = sum(map(len, chunks)) > 2 * len(SECOND)
    assert len(of("audio_limit_reached", socket.heard)) == is_beyond
    assert socket.closed == (1000, "done")


def test_a_drained_session_says_that_the_server_wanted_it():
    async def main(politely):
        async with session(PLAIN, url="/?start=now", script=MORNING) as (socket, server):
            socket.say(SECOND * 2)
            await asyncio.sleep(1)
            if politely:
                socket.say("finish")
                await asyncio.sleep(0)
            server.service.sessions.drain(now_s() + 10)
        return socket.heard[-1][1]

    assert run(main(politely=False))["by_server"] is True
    assert "by_server" in run(main(politely=True))
    assert run(main(politely=True))["by_server"] is False
