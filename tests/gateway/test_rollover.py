"""A far session ends for its length; ours does not: another one takes over in time."""

import asyncio
import logging
from collections import Counter
from itertools import pairwise

import pytest
from msgspec.structs import replace

from crossfade.client import sources
from crossfade.dialects.base import DialectSettings
from crossfade.errors import CapacityError
from crossfade.gateway import UpstreamRecognizer
from crossfade.gateway.failover import FailoverRecognizer
from crossfade.gateway.rollover import LEAD_S, Ending, Pause, Window
from crossfade.gateway.upstream import NO_RETRY
from crossfade.model import (
    Audio,
    AudioAccepted,
    Final,
    Finish,
    ForceTurn,
    NoEndpointing,
    Partial,
    SessionConfig,
    SilenceEndpointing,
    TurnEnded,
)
from crossfade.server.run import ServerConfig, running_server
from gateways import BY_NAME, backend
from legible import LegibleRecognizer, babble, legible_audio
from virtual_time import now_s, run

N_MS = 45_000
SPEED = 15
TOLD_S = 1.2
CAP_S = 2.2
"""The session takes three seconds. A far session that is not left when it should be is killed."""

CONFIG = SessionConfig(
    language="en",
    audio=sources.MEDIA_AUDIO,
    endpointing=SilenceEndpointing(silence_ms=800),
    max_delay_ms=1500,
)
EITHER = pytest.mark.parametrize("behind", list(BY_NAME))


class Counted(LegibleRecognizer):
    """Counts its streams."""

    def __init__(self, script):
        super().__init__(script)
        self.n_opened = 0

    def open(self, config):
        self.n_opened += 1
        return super().open(config)


def capped_server(recognizer, tmp_path, *, cap_s=CAP_S, slots=0):
    config = ServerConfig(
        data_dir=tmp_path,
        port=0,
        no_auth=True,
        max_sessions=slots,
        dialect=DialectSettings(session_s=cap_s),
    )
    return running_server(recognizer, data_dir=tmp_path, config=config)


def route(behind, url, **more):
    reached = backend(behind, url, **({"session_s": TOLD_S} | more))
    return FailoverRecognizer([("far", UpstreamRecognizer(reached, reconnect=NO_RETRY))])


async def hear(recognizer, *, n_ms=N_MS, config=CONFIG, forces_at_ms=(), speed=SPEED):
    """Everything that a session says to audio that comes at many times real time."""
    stream = recognizer.open(config)
    audio = legible_audio(n_ms)
    clock = asyncio.get_running_loop().time
    began_s = clock()

    async def feed():
        for at_ms in range(0, n_ms, 100):
            await asyncio.sleep(max(0.0, began_s + at_ms / 1000 / speed - clock()))
            if at_ms in forces_at_ms:
                await stream.feed(ForceTurn())
            await stream.feed(Audio(data=audio[at_ms * 32 : (at_ms + 100) * 32]))
        await stream.feed(Finish())

    try:
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            group.create_task(feed())
            return [event async for event in stream.events()]
    finally:
        await stream.aclose()


def texts(events):
    return [word.text for e in events if isinstance(e, Final) for word in e.words]


def moves(recognizer):
    [status] = recognizer.backends()
    return {(moves.kind, moves.cause): moves.n for moves in status.moves}


@EITHER
async def test_a_session_outlives_the_far_sessions_and_nobody_can_tell(tmp_path, behind, caplog):
    engine = Counted(babble(N_MS))
    async with capped_server(engine, tmp_path) as server:
        recognizer = route(behind, server.url)
        with caplog.at_level(logging.INFO):
            events = await hear(recognizer)
        assert server.service.metrics.text().count(b'crossfade_errors_total{dialect="') == 0
    assert texts(events) == [word.text for word in babble(N_MS)]
    words = [word for e in events if isinstance(e, Final) for word in e.words]
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(words))
    for one, other in pairwise(events):
        assert not isinstance(one, Final) or isinstance(other, Partial)
    ended = [event.turn for event in events if isinstance(event, TurnEnded)]
    assert ended == list(range(len(ended)))
    numbers = [event.number for event in events if isinstance(event, AudioAccepted)]
    assert numbers == list(range(1, N_MS // 100 + 1))
    n_moves = moves(recognizer)["rollover", "time"]
    assert n_moves >= 2
    assert list(moves(recognizer)) == [("rollover", "time")]
    assert engine.n_opened - n_moves in (1, 2)  # the last may not have come to its turn
    assert caplog.text.count("rollover: backend far (time), going on with far from") == n_moves


async def test_a_session_without_ends_of_turns_moves_between_two_words(tmp_path):
    async with capped_server(LegibleRecognizer(babble(N_MS)), tmp_path) as server:
        recognizer = route("assemblyai", server.url)
        wanted = replace(CONFIG, endpointing=NoEndpointing())
        events = await hear(recognizer, config=wanted)
    assert texts(events) == [word.text for word in babble(N_MS)]
    assert {event.turn for event in events if isinstance(event, Final)} == {0}
    assert moves(recognizer)["rollover", "time"] >= 2


class Ageing(LegibleRecognizer):
    """Ends its sessions for their length; by the clock, without a network."""

    def __init__(self, script, *, most=9):
        super().__init__(script)
        self._most = most
        self._open = set()

    def open(self, config):
        if len(self._open) >= self._most:
            raise CapacityError(slots=self._most)
        stream = AgeingStream(super().open(config), self._open)
        self._open.add(stream)
        return stream


class AgeingStream:
    def __init__(self, inner, others):
        self._inner = inner
        self._others = others
        self._dies_s = now_s() + SPEED * CAP_S
        self.ending = Ending()
        self.ending.began(now_s(), lasts_s=SPEED * TOLD_S)

    def __getattr__(self, name):
        return getattr(self._inner, name)

    async def feed(self, command):
        assert now_s() < self._dies_s
        await self._inner.feed(command)

    async def aclose(self):
        self._others.discard(self)
        await self._inner.aclose()


def heard_from(engine, **more):
    """What a session in virtual time says, and how often it moved."""

    async def session():
        recognizer = FailoverRecognizer([("far", engine)])
        return await hear(recognizer, speed=1, **more), moves(recognizer)

    return run(session())


def test_without_room_for_a_second_session_the_first_is_left_in_time():
    events, moved = heard_from(Ageing(babble(N_MS), most=1))
    assert texts(events) == [word.text for word in babble(N_MS)]
    assert set(moved) == {("rollover", "time")}


def test_forced_ends_are_answered_once_each_while_two_sessions_listen():
    forces = range(2000, N_MS, 1500)
    events, moved = heard_from(
        Ageing(babble(N_MS)),
        config=replace(CONFIG, endpointing=NoEndpointing()),
        forces_at_ms=forces,
    )
    assert sum(e.forced for e in events if isinstance(e, TurnEnded)) == len(forces)
    assert moved["rollover", "time"] >= 2


async def test_the_far_side_itself_says_when_it_will_end(tmp_path):
    """The protocol that tells it needs no setting; its clock has whole seconds."""
    async with capped_server(LegibleRecognizer(babble(N_MS)), tmp_path, cap_s=12.0) as server:
        recognizer = UpstreamRecognizer(backend("assemblyai", server.url), reconnect=NO_RETRY)
        stream = recognizer.open(CONFIG)
        try:
            async with asyncio.timeout(10):
                await stream.feed(Audio(data=bytes(3200)))
                await anext(stream.events())
            left_s = stream.ending.left_s(asyncio.get_running_loop().time())
        finally:
            await stream.aclose()
    assert 5 < left_s <= 12


async def test_no_more_sessions_are_opened_than_the_operator_allows(tmp_path):
    async with running_server(LegibleRecognizer(babble(4000)), data_dir=tmp_path) as server:
        recognizer = route("speechmatics", server.url, max_sessions=2)
        first, second = recognizer.open(CONFIG), recognizer.open(CONFIG)
        with pytest.raises(CapacityError, match="2 slots"):
            recognizer.open(CONFIG)
        await first.aclose()
        third = recognizer.open(CONFIG)
        await asyncio.gather(second.aclose(), third.aclose())


def test_the_window_is_the_last_part_of_a_life():
    long = Window.of(began_s=100.0, ends_s=100.0 + 3 * 3600)
    assert long.opens_s == 100.0 + 3 * 3600 - LEAD_S
    short = Window.of(began_s=100.0, ends_s=108.0)
    assert (short.opens_s, short.at_border_s, short.at_once_s) == (106.0, 107.0, 107.8)
    assert short.next_s(106.5) == 107.0
    assert short.next_s(107.5) == 107.8
    assert short.next_s(107.9) == pytest.approx(108.1)


async def test_the_nearest_of_all_that_is_said_about_the_end_counts():
    ending = Ending()
    ending.began(0.0, lasts_s=3600.0, told_s=600.0)
    assert ending.left_s(0.0) == 600.0
    ending.began(20.0, lasts_s=3600.0, told_s=-5.0)  # another clock
    assert ending.left_s(20.0) == 3600.0


def test_a_pause_is_quiet_only_where_no_turn_and_no_word_is_open():
    word = babble(4000)[0]
    pause = Pause()
    assert pause.is_quiet
    seen = Counter()
    for event in (
        Partial(turn=0, words=(word,), through_ms=900),
        Final(turn=0, words=(word,), through_ms=900),
        Partial(turn=0, words=(), through_ms=900),
        TurnEnded(turn=0, at_ms=1700, confidence=1.0),
    ):
        pause.take(event, now_s=1.0)
        seen[type(event).__name__, pause.is_whole, pause.is_quiet] += 1
    assert seen == {
        ("Partial", True, False): 2,
        ("Final", False, False): 1,
        ("TurnEnded", True, True): 1,
    }
