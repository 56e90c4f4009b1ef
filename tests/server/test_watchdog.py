"""The clock of a session, on a clock of the test's own."""

import asyncio

import pytest

from crossfade.errors import ExpiredError, IdleError, RecognizerError
from crossfade.model import SessionLimits, TimeRunsOut
from crossfade.server.limits import Patience
from crossfade.server.socket import ClientGone
from crossfade.server.watchdog import Watchdog, capped
from virtual_time import now_s, run

HOUR = 3600.0


def watch(limits: SessionLimits, *, patience=None, unheard_s=lambda: 0.0) -> Watchdog:
    return Watchdog(limits, patience or Patience(), opened_at=now_s(), unheard_s=unheard_s)


def end_of(limits, *, meanwhile=None, patience=None, unheard_s=lambda: 0.0):
    """When and how the watchdog ends a session in which ``meanwhile(watchdog)`` goes on."""

    async def main():
        watchdog = watch(limits, patience=patience, unheard_s=unheard_s)
        going_on = asyncio.ensure_future(meanwhile(watchdog)) if meanwhile else None
        try:
            await watchdog.run()
        except Exception as error:
            return now_s(), type(error)
        finally:
            if going_on is not None:
                going_on.cancel()

    return run(main())


def warnings_of(limits, *, hours, meanwhile=None):
    """Every warning with the minute at which it came."""

    async def main():
        watchdog = watch(limits)
        going_on = asyncio.ensure_future(meanwhile(watchdog)) if meanwhile else None
        heard = []

        async def listen():
            async for warning in watchdog.warnings():
                at_min = round(now_s() / 60, 3)
                heard.append((at_min, warning.cause, warning.left_s / 60))

        try:
            async with asyncio.timeout(hours * HOUR):
                await listen()
        except TimeoutError:
            pass
        finally:
            if going_on is not None:
                going_on.cancel()
        return heard

    return run(main())


def test_limits_are_met_to_the_second():
    assert end_of(SessionLimits(idle_s=HOUR)) == (HOUR, IdleError)
    assert end_of(SessionLimits(session_s=48 * HOUR)) == (48 * HOUR, ExpiredError)
    assert end_of(SessionLimits(idle_s=7, session_s=7)) == (7, ExpiredError)


@pytest.mark.parametrize(("audio_only", "end_s"), [(False, 130), (True, 100)])
def test_what_counts_as_life_is_the_limits_business(audio_only, end_s):
    async def chat(watchdog):
        await asyncio.sleep(30)
        watchdog.frame()

    limits = SessionLimits(idle_s=100, idle_reset_by_audio_only=audio_only)
    assert end_of(limits, meanwhile=chat) == (end_s, IdleError)


def test_audio_is_life():
    async def speak(watchdog):
        for _ in range(10):
            await asyncio.sleep(99)
            watchdog.frame()
            watchdog.audio()

    limits = SessionLimits(idle_s=100, idle_reset_by_audio_only=True)
    assert end_of(limits, meanwhile=speak) == (1090, IdleError)


def test_time_in_which_a_frame_waited_for_us_is_not_the_clients_idleness():
    async def feed(watchdog):
        watchdog.frame()
        watchdog.audio()
        watchdog.feeding()
        await asyncio.sleep(50)
        watchdog.fed()

    limits = SessionLimits(idle_s=30, idle_reset_by_audio_only=True)
    assert end_of(limits, meanwhile=feed) == (80, IdleError)


def test_who_has_finished_waits_for_us():
    async def finish(watchdog):
        watchdog.finished()
        while True:
            await asyncio.sleep(10)
            watchdog.event()

    limits = SessionLimits(idle_s=30, session_s=500)
    assert end_of(limits, meanwhile=finish) == (500, ExpiredError)


def test_a_recognizer_that_neither_takes_nor_gives_is_stuck():
    async def feed(watchdog):
        watchdog.feeding()
        await asyncio.sleep(30)
        watchdog.event()  # still alive
        await asyncio.sleep(HOUR)

    end_s, kind = end_of(SessionLimits(), meanwhile=feed)
    assert kind is RecognizerError
    assert 90 <= end_s <= 105


def test_a_client_that_does_not_read_is_gone_and_the_recognizer_not_to_blame():
    async def send(watchdog):
        watchdog.finished()
        watchdog.sending()
        await asyncio.sleep(HOUR)

    end_s, kind = end_of(SessionLimits(), meanwhile=send)
    assert kind is ClientGone
    assert 60 <= end_s <= 75


def test_three_minutes_without_audio_ping_or_pong_are_the_end():
    heard_at = 100.0
    end = end_of(SessionLimits(idle_s=HOUR), unheard_s=lambda: max(now_s() - heard_at, 0.0))
    assert end == (280, IdleError)


def test_warnings_come_at_their_times_before_the_end_for_idleness():
    limits = SessionLimits(
        idle_s=HOUR, idle_reset_by_audio_only=True, idle_warnings_s=(900, 600, 300)
    )
    assert warnings_of(limits, hours=1) == [(45, "idle", 15), (50, "idle", 10), (55, "idle", 5)]


def test_warnings_come_at_their_times_before_the_longest_session_ends():
    limits = SessionLimits(session_s=48 * HOUR, session_warnings_s=(900, 2700, 1800))
    assert warnings_of(limits, hours=48) == [
        (2835, "session", 45),
        (2850, "session", 30),
        (2865, "session", 15),
    ]


def test_both_kinds_of_warnings_in_one_session():
    limits = SessionLimits(
        idle_s=HOUR, session_s=2 * HOUR, idle_warnings_s=(600,), session_warnings_s=(3900,)
    )
    assert warnings_of(limits, hours=1) == [(50, "idle", 10), (55, "session", 65)]


def test_after_new_life_idleness_is_warned_of_again():
    async def speak_after_50_minutes(watchdog):
        await asyncio.sleep(50 * 60)
        watchdog.frame()
        watchdog.audio()

    limits = SessionLimits(idle_s=HOUR, idle_reset_by_audio_only=True, idle_warnings_s=(900, 300))
    assert warnings_of(limits, hours=1.9, meanwhile=speak_after_50_minutes) == [
        (45, "idle", 15),
        (95, "idle", 15),
        (105, "idle", 5),
    ]


def test_who_waits_for_us_is_not_warned():
    async def finish(watchdog):
        watchdog.finished()

    limits = SessionLimits(idle_s=HOUR, idle_warnings_s=(900,))
    assert warnings_of(limits, hours=5, meanwhile=finish) == []


def test_a_limit_shorter_than_its_warnings_has_none():
    assert warnings_of(SessionLimits(idle_s=60, idle_warnings_s=(60, 900)), hours=1) == []
    assert warnings_of(SessionLimits(), hours=1) == []


def test_a_warning_says_which_limit_it_is_about():
    async def first():
        limits = SessionLimits(session_s=600, session_warnings_s=(60,))
        return await anext(watch(limits).warnings())

    assert run(first()) == TimeRunsOut(cause="session", left_s=60, limit_s=600)


def test_a_token_caps_the_length_and_nothing_else():
    limits = SessionLimits(idle_s=5, session_s=100, heartbeat_s=5, audio_s=7, idle_warnings_s=(1,))
    assert capped(limits, None) == limits
    assert capped(limits, 200) == limits
    short = capped(limits, 50)
    assert short.session_s == 50
    assert capped(short, 100) == short
    assert (short.heartbeat_s, short.audio_s, short.idle_warnings_s) == (5, 7, (1,))
    assert capped(SessionLimits(), 50).session_s == 50
