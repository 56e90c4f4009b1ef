"""Backends that stall, fall silent, are all down, or come back: by the clock, without a network."""

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from crossfade.audio import encode
from crossfade.errors import UpstreamError
from crossfade.gateway import course, stage
from crossfade.gateway.breaker import FAILURES, FIRST_REST_S, PROBE_S, Breaker
from crossfade.gateway.deafness import PATIENCE_S
from crossfade.gateway.failover import FailoverRecognizer
from crossfade.model import (
    Audio,
    Encoding,
    Final,
    Finish,
    Partial,
    ReportSpeakers,
    SpeakersKnown,
)
from crossfade.recognizers.scripted import ScriptedRecognizer
from faulty_backends import (
    CHUNK_MS,
    CONFIG,
    N_MS,
    Broken,
    Endless,
    Hanging,
    Mute,
    Stream,
    check,
    hear,
    words,
)
from legible import LegibleRecognizer, babble, legible_audio
from virtual_time import now_s, run


class Faulty:
    """Opens streams with faults; from the second session on, without."""

    def __init__(self, stream_type, **fault):
        self._inner = LegibleRecognizer(babble(N_MS))
        self._stream_type = stream_type
        self._fault = fault
        self.opened_s = []

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def open(self, config):
        self.opened_s.append(now_s())
        return self._stream_type(self._inner.open(config), **self._fault)


async def moved(recognizer, hearing):
    """What was heard, and who was left for what."""
    events = await hearing
    return events, [
        (status.name, each.cause, each.n)
        for status in recognizer.backends()
        for each in status.moves
    ]


def route(first, *others):
    return FailoverRecognizer([*zip("abc", (first, *others), strict=False)])


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        pytest.param(Faulty(Hanging), "stalled", id="takes-nothing-from-the-start"),
        pytest.param(Faulty(Hanging, from_ms=12_000), "stalled", id="stops-taking"),
        pytest.param(Faulty(Mute), "deaf", id="says-nothing-from-the-start"),
        pytest.param(Faulty(Mute, from_ms=12_000), "deaf", id="stops-talking"),
        pytest.param(Faulty(Mute, from_ms=38_000), "stalled", id="never-says-its-last-words"),
        pytest.param(Faulty(Endless), "stalled", id="says-its-last-words-and-does-not-end"),
    ],
)
def test_a_backend_that_stalls_is_left_and_costs_no_word(fault, cause):
    recognizer = route(fault, LegibleRecognizer(babble(N_MS)))
    events, moves = run(moved(recognizer, hear(recognizer)))
    check(events)
    assert moves == [("a", cause, 1)]


def test_a_stall_is_told_within_its_time():
    async def last_gap_s():
        events = await hear(route(Faulty(Hanging, from_ms=12_000), LegibleRecognizer(babble(N_MS))))
        times_s = [at_s for at_s, event in events if isinstance(event, Final) and event.words]
        return max(b - a for a, b in pairwise(times_s))

    assert run(last_gap_s()) < stage.TAKE_S + 2.5


def test_loud_audio_that_nobody_has_words_for_ends_no_session():
    """Music on hold, say: all backends are asked once, the first goes on."""
    noise = encode(np.random.default_rng(7).normal(0, 0.1, 16_000), Encoding.PCM_S16LE) * 60
    first, second = (ScriptedRecognizer([]), ScriptedRecognizer([]))
    recognizer = route(*(Silent(each) for each in (first, second)))
    events, moves = run(moved(recognizer, hear(recognizer, noise)))
    assert words(events) == []
    assert moves == [("a", "deaf", 1), ("b", "deaf", 1)]


class Silent:
    """A recognizer that is silent about silence, as some vendors are."""

    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def open(self, config):
        return OnlyTheEnd(self._inner.open(config))


class OnlyTheEnd(Stream):
    async def events(self):
        said = [event async for event in self._inner.events()]
        for event in said[-2:]:
            yield event


def test_a_client_that_does_not_read_is_nobodys_stall():
    recognizer = route(LegibleRecognizer(babble(N_MS)), LegibleRecognizer(babble(N_MS)))

    async def hear_late():
        stream = recognizer.open(CONFIG)
        audio = legible_audio(N_MS)

        async def feed():
            for at in range(0, len(audio), 32 * CHUNK_MS):
                await stream.feed(Audio(data=audio[at : at + 32 * CHUNK_MS]))
            await stream.feed(Finish())

        async with asyncio.TaskGroup() as group:
            group.create_task(feed())
            events = []
            async for event in stream.events():
                events.append((now_s(), event))
                if len(events) in (20, 300):
                    await asyncio.sleep(200)
        await stream.aclose()
        return events

    events, moves = run(moved(recognizer, hear_late()))
    check(events)
    assert moves == []


def test_where_all_are_down_at_the_start_each_is_asked_once_and_the_client_told_at_once():
    async def fail():
        each = [Faulty(Broken) for _ in range(3)]
        with pytest.raises(ExceptionGroup) as caught:
            await hear(route(*each))
        assert caught.group_contains(UpstreamError, match="gone")
        return [backend.opened_s for backend in each]

    opened_s = run(fail())
    assert [len(each) for each in opened_s] == [1, 1, 1]
    assert max(max(opened_s)) == 0.0


def test_where_all_go_down_in_mid_session_they_are_tried_again_with_growing_pauses():
    class Dying(Faulty):
        def open(self, config):
            stream = super().open(config)
            stream._from_ms = 12_000 if len(self.opened_s) == 1 and self._fault else 0
            return stream

    async def fail():
        each = [Dying(Broken, from_ms=12_000), Dying(Broken)]
        with pytest.raises(ExceptionGroup):
            await hear(route(*each))
        return sorted(at_s for backend in each for at_s in backend.opened_s)

    opened_s = run(fail())
    assert len(opened_s) == course.ATTEMPTS
    first_s, other_s, *again_s = opened_s
    assert (first_s, round(other_s)) == (0, 12), "the other one is asked at once"
    waits_s = [b - a for a, b in zip(opened_s[1:], again_s, strict=False)]
    for n, pause_s in enumerate(waits_s):
        longest_s = course.PAUSE_S * 2 ** min(n, 4)
        assert longest_s / 2 <= pause_s <= longest_s + CHUNK_MS / 1000
    assert sum(waits_s) > 4


def test_a_client_that_leaves_a_backend_on_probation_leaves_it_to_the_next():
    async def leave():
        recognizer = route(Faulty(Broken), Faulty(Broken))
        for _ in range(FAILURES):
            with pytest.raises(ExceptionGroup):
                await hear(recognizer)
        assert [each.breaker for each in recognizer.backends()] == ["open", "open"]
        await asyncio.sleep(FIRST_REST_S)
        stream = recognizer.open(CONFIG)  # the probe
        await asyncio.sleep(0)
        await stream.aclose()
        return [place.breaker.allows(now_s()) for place in recognizer._places]

    assert run(leave()) == [True, True]


def test_a_session_that_goes_on_says_nothing_about_how_new_ones_fare():
    """Else each new client would wait for a server that takes nobody any more."""

    class Full(Faulty):
        def open(self, config):
            stream = super().open(config)
            stream._from_ms = 10**9 if len(self.opened_s) == 1 else 0
            return stream

    async def states():
        full = Full(Broken)
        recognizer = route(full, LegibleRecognizer(babble(N_MS)))
        old = asyncio.ensure_future(hear(recognizer))
        await asyncio.sleep(5)
        for _ in range(FAILURES + 2):
            await asyncio.sleep(2)
            check(await hear(recognizer, chunk_s=0))
        check(await old)
        return len(full.opened_s)

    assert run(states()) == 1 + FAILURES


def test_a_probe_of_whom_nothing_is_heard_keeps_no_other_out_for_ever():
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.failed(0.0)
    at_s = FIRST_REST_S
    assert [breaker.allows(at_s), breaker.allows(at_s + 1)] == [True, False]
    assert breaker.allows(at_s + PROBE_S)
    breaker.failed(at_s + PROBE_S)
    assert breaker.state(at_s + PROBE_S + 2 * FIRST_REST_S - 1) == "open"


def test_a_question_about_speakers_is_answered_whoever_is_lost_meanwhile():
    class Deaf(Broken):
        async def feed(self, command):
            if isinstance(command, ReportSpeakers):
                raise UpstreamError("gone", cause="gone")
            await super().feed(command)

    async def ask():
        recognizer = route(Faulty(Deaf, from_ms=20_000), LegibleRecognizer(babble(N_MS)))
        stream = recognizer.open(CONFIG)
        audio = legible_audio(N_MS)

        async def feed():
            for at in range(0, len(audio), 32 * CHUNK_MS):
                if at % (32 * 5000) == 0:
                    await stream.feed(ReportSpeakers())
                await stream.feed(Audio(data=audio[at : at + 32 * CHUNK_MS]))
                await asyncio.sleep(0.1)
            await stream.feed(Finish())

        async with asyncio.TaskGroup() as group:
            group.create_task(feed())
            events = [(now_s(), event) async for event in stream.events()]
        await stream.aclose()
        return events

    events = run(ask())
    check(events)
    answers = [event for _, event in events if isinstance(event, SpeakersKnown)]
    assert len(answers) == N_MS // 5000


@pytest.mark.parametrize("first", [Faulty(Broken), Faulty(Hanging), Faulty(Stream)])
def test_a_session_without_audio_ends_in_order_whoever_is_down(first):
    recognizer = route(first, LegibleRecognizer(babble(N_MS)))
    events = [event for _, event in run(hear(recognizer, b""))]
    assert [type(event) for event in events[-2:]] == [Final, Partial]
    assert words([(0, event) for event in events]) == []


def test_the_limits_of_patience_are_in_an_order_that_makes_sense():
    """Below the server's own, which ends a session of which nothing comes for a minute."""
    assert stage.TAKE_S < PATIENCE_S < stage.LAST_WORDS_S < 60
