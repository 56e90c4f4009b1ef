"""Every error, close code and fault that the emulator has for a vendor: the session goes on."""

import asyncio
import itertools

import pytest

from crossfade.client import sources
from crossfade.emulator.faults import Fault
from crossfade.emulator.script import Script, SpokenWord, Utterance
from crossfade.emulator.serving import KEY, SLOTS, emulating
from crossfade.emulator.theatre import Scenario
from crossfade.gateway import UpstreamRecognizer
from crossfade.gateway.failover import FailoverRecognizer
from crossfade.gateway.upstream import NO_RETRY
from crossfade.model import Audio, Final, Finish, SessionConfig, SilenceEndpointing, TurnEnded
from crossfade.server.limits import Bounds
from crossfade.server.run import ServerConfig
from gateways import BY_NAME, backend
from legible import LegibleRecognizer, babble, legible_audio

N_MS = 6000
WORDS = babble(N_MS)
CONFIG = SessionConfig(
    language="en",
    audio=sources.MEDIA_AUDIO,
    endpointing=SilenceEndpointing(silence_ms=800),
    max_delay_ms=1500,
)
PLACES = ({"at_ms": 3000}, {"at": "start"}, {"at": "connect"}, {"at": "end"})
FAULTS = (
    *({"fault": "close", "code": code, "at_ms": 3000} for code in (1000, 1011, 1012, 1013, 4999)),
    *({"fault": "drop", **place} for place in PLACES),
    *({"fault": "http", "status": status} for status in (400, 401, 403, 404, 429, 500, 502, 503)),
    {"fault": "truncated_json", "at_ms": 3000},
)
HARMLESS = ({"fault": "duplicate_finals"}, {"fault": "late_finals", "ms": 1000})
EACH = pytest.mark.parametrize("behind", BY_NAME)


def script():
    words = (
        SpokenWord(text=word.text + word.punctuation, start_ms=word.start_ms, end_ms=word.end_ms)
        for word in WORDS
    )
    return Script(utterances=tuple(Utterance(words=(word,)) for word in words))


def numbered(faults):
    """One for each session."""
    return tuple(Fault(**fault, sessions=(number,)) for number, fault in enumerate(faults, 1))


async def outcomes(behind, faults, tmp_path):
    """What one session after the other told its client, and why each of them moved."""
    scenario = Scenario(script=script(), faults=numbered(faults), speed=None)
    bounds = Bounds(wrong_keys_per_minute=0)
    config = ServerConfig(data_dir=tmp_path, port=0, max_sessions=SLOTS, bounds=bounds)
    async with emulating(scenario, config) as (server, _):
        for _ in faults:
            far = UpstreamRecognizer(backend(behind, server.url, key=KEY), reconnect=NO_RETRY)
            route = FailoverRecognizer([("far", far), ("local", LegibleRecognizer(WORDS))])
            events = await hear(route.open(CONFIG))
            yield events, [(each.cause, each.n) for each in route.backends()[0].moves]


async def hear(stream):
    audio = legible_audio(N_MS)

    async def feed():
        for at in range(0, len(audio), 3200):
            await stream.feed(Audio(data=audio[at : at + 3200]))
        await stream.feed(Finish())

    try:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(feed())
            return [event async for event in stream.events()]
    finally:
        await stream.aclose()


def check(events):
    words = [word for event in events if isinstance(event, Final) for word in event.words]
    assert [word.text for word in words] == [word.text for word in WORDS]
    assert all(one.end_ms <= other.start_ms for one, other in itertools.pairwise(words))
    turns = [event.turn for event in events if isinstance(event, TurnEnded)]
    assert turns == list(range(len(turns)))


@EACH
async def test_whatever_a_vendor_says_or_does_the_session_goes_on_elsewhere(tmp_path, behind):
    endings = zip(BY_NAME[behind].endings, itertools.cycle(PLACES))
    faults = [*FAULTS, *({"fault": name, **place} for name, place in endings)]
    number = 0
    async for events, moves in outcomes(behind, faults, tmp_path):
        check(events)
        assert [n for _, n in moves] == [1], faults[number]
        number += 1
    assert number == len(faults)


@EACH
async def test_final_words_that_come_twice_or_late_are_told_once_and_nobody_is_left(
    tmp_path, behind
):
    async for events, moves in outcomes(behind, HARMLESS, tmp_path):
        check(events)
        assert moves == []
