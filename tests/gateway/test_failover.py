"""A session moves from backend to backend: one timeline, each word final once."""

import asyncio
from itertools import pairwise
from random import Random

import pytest

from crossfade.gateway import UpstreamRecognizer, course
from crossfade.gateway.failover import FailoverRecognizer
from crossfade.gateway.upstream import NO_RETRY
from crossfade.model import (
    Audio,
    AudioAccepted,
    Final,
    Finish,
    ForceTurn,
    Partial,
    TurnEnded,
)
from faulty_backends import CONFIG, N_MS, Broken
from gateways import backend
from legible import LegibleRecognizer, babble, legible_audio
from mortal import mortal_server


class Mortal:
    """A recognizer whose streams fail after so much audio, as often as it is told."""

    def __init__(self, inner, *, lives_ms):
        self._inner = inner
        self._lives_ms = list(lives_ms)
        self.n_opened = 0

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def open(self, config):
        self.n_opened += 1
        stream = self._inner.open(config)
        return Broken(stream, from_ms=self._lives_ms.pop(0)) if self._lives_ms else stream


async def hear(recognizer, *, n_ms=N_MS, forces_at_ms=()):
    stream = recognizer.open(CONFIG)
    audio = legible_audio(n_ms)

    async def feed():
        for at_ms in range(0, n_ms, 100):
            if at_ms in forces_at_ms:
                await stream.feed(ForceTurn())
            await stream.feed(Audio(data=audio[at_ms * 32 : (at_ms + 100) * 32]))
            await asyncio.sleep(0)
        await stream.feed(Finish())

    try:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(feed())
            events = [event async for event in stream.events()]
    finally:
        await stream.aclose()
    return events, stream


def words(events):
    return [word for event in events if isinstance(event, Final) for word in event.words]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(course, "PAUSE_S", 0.0)


@pytest.mark.parametrize("seed", range(20))
async def test_a_backend_that_dies_at_any_moment_costs_no_word_and_doubles_none(seed):
    death_ms = Random(seed).randrange(500, N_MS - 500)
    first = Mortal(LegibleRecognizer(babble(N_MS)), lives_ms=[death_ms])
    second = Mortal(LegibleRecognizer(babble(N_MS)), lives_ms=[])
    events, stream = await hear(FailoverRecognizer([("a", first), ("b", second)]))
    assert (first.n_opened, second.n_opened) == (1, 1)
    heard = words(events)
    assert [word.text for word in heard] == [word.text for word in babble(N_MS)]
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(heard))
    ended = [event.turn for event in events if isinstance(event, TurnEnded)]
    assert ended == list(range(len(ended)))
    numbers = [event.number for event in events if isinstance(event, AudioAccepted)]
    assert numbers == list(range(1, N_MS // 100 + 1))
    assert stream.audio_ms == N_MS


async def test_a_session_comes_back_to_the_first_when_the_second_dies_too():
    first = Mortal(LegibleRecognizer(babble(N_MS)), lives_ms=[8000])
    second = Mortal(LegibleRecognizer(babble(N_MS)), lives_ms=[9000])
    events, _ = await hear(FailoverRecognizer([("a", first), ("b", second)]))
    assert (first.n_opened, second.n_opened) == (2, 1)
    assert [word.text for word in words(events)] == [word.text for word in babble(N_MS)]


async def test_after_three_failures_new_sessions_pass_a_backend_by():
    first = Mortal(LegibleRecognizer(babble(4000)), lives_ms=[0] * 10)
    second = Mortal(LegibleRecognizer(babble(4000)), lives_ms=[])
    recognizer = FailoverRecognizer([("a", first), ("b", second)])
    for _ in range(5):
        events, _ = await hear(recognizer, n_ms=4000)
        assert words(events)
    assert (first.n_opened, second.n_opened) == (3, 5)


async def test_a_forced_end_that_a_dead_backend_owes_is_given_by_the_next():
    first = Mortal(LegibleRecognizer(babble(N_MS)), lives_ms=[10_100])
    second = LegibleRecognizer(babble(N_MS))
    recognizer = FailoverRecognizer([("a", first), ("b", second)])
    events, _ = await hear(recognizer, forces_at_ms=(10_000,))
    assert sum(e.forced for e in events if isinstance(e, TurnEnded)) == 1


async def test_a_server_that_is_killed_in_mid_sentence_is_followed_by_another_one(tmp_path):
    """Over real sockets, in the client's end of another vendor's protocol each time."""
    local = LegibleRecognizer(babble(N_MS))
    async with (
        mortal_server(tmp_path / "a", n_ms=N_MS) as first,
        mortal_server(tmp_path / "b", n_ms=N_MS) as second,
    ):
        servers = {"speechmatics": first, "assemblyai": second}
        route = [
            (name, UpstreamRecognizer(backend(name, server.url), reconnect=NO_RETRY))
            for name, server in servers.items()
        ]
        stream = FailoverRecognizer([*route, ("local", local)]).open(CONFIG)
        audio = legible_audio(N_MS)
        deaths = {12_000: first, 25_000: second}
        said = []
        heard_ms = 0

        async def feed():
            for at_ms in range(0, N_MS, 100):
                if at_ms in deaths:
                    while heard_ms < at_ms - 3000:
                        await heard.wait()
                        heard.clear()
                    await deaths[at_ms].die()
                await stream.feed(Audio(data=audio[at_ms * 32 : (at_ms + 100) * 32]))
            await stream.feed(Finish())

        heard = asyncio.Event()
        try:
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                group.create_task(feed())
                async for event in stream.events():
                    said += event.words if isinstance(event, Final) else ()
                    if isinstance(event, Partial):
                        heard_ms = max(heard_ms, event.through_ms)
                    heard.set()
        finally:
            await stream.aclose()
    assert [word.text for word in said] == [word.text for word in babble(N_MS)]
