"""What runs conformance cases: which, against whom, and how it puts what went wrong."""

import asyncio
import re
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from conformance_report import CHECKLISTS, DOCS
from conformance_runs import endpoint
from crossfade.dialects import DIALECTS
from crossfade.dialects.cases import (
    Case,
    HungUpError,
    TurnedAwayError,
    UnmetError,
    UntestableError,
    expect,
)
from crossfade.dialects.wire import Wire, find_null
from crossfade.errors import UpstreamError
from crossfade.testing import conformance
from crossfade.testing.conformance import cases_of, examine, plan, run_case, spoken_at
from crossfade.testing.endpoint import RemoteEndpoint

SPOKEN = [dialect for dialect in DIALECTS if dialect.conformance is not None]
BY_NAME = {dialect.name: dialect for dialect in SPOKEN}
NOBODY = SimpleNamespace(key="top-secret", patience_s=0.05)


def case(key="a.b", *, raises=None, audio_s=0.0, needs=()):
    async def run(endpoint):
        if raises is not None:
            raise raises

    return Case(key=key, title="t", clause="1", run=run, audio_s=audio_s, needs=frozenset(needs))


def keys(chosen):
    return [each.key for each in chosen]


# What the cases say of themselves.


@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_every_case_names_a_section_and_a_line_that_there_are(dialect):
    checklist = CHECKLISTS[dialect.name]
    reference = (DOCS / checklist.reference).read_text(encoding="utf-8")
    sections = set(re.findall(r"^##+ ([\d.]+?)\.? ", reference, re.MULTILINE))
    lines = {line.number for line in checklist.lines()}
    cases = cases_of(dialect)
    assert [each.key for each in cases if each.clause not in sections] == []
    assert [each.key for each in cases if each.line not in {None, *lines}] == []
    assert len(set(keys(cases))) == len(cases) >= 25


UNSEEN = {
    "speechmatics": {"21.29", "21.30", "21.31", "21.32", "21.33", "21.34"},
    "assemblyai": {"16.23"},
}
"""Slots that are freed, and official clients: not to be seen from outside."""


@pytest.mark.parametrize("name", UNSEEN)
def test_every_line_that_can_be_seen_from_outside_has_a_case(name):
    lines = {line.number for line in CHECKLISTS[name].lines()}
    assert lines - {each.line for each in cases_of(BY_NAME[name])} == UNSEEN[name]


# Which cases run.


def test_everything_runs_unless_somebody_says_otherwise():
    cases = [case("a.b"), case("a.c", needs=["token"]), case("b.c", needs=["sessions"])]
    assert keys(plan(cases).cases) == ["a.b", "a.c", "b.c"]
    assert keys(plan(cases, only=["a.*"]).cases) == ["a.b", "a.c"]
    assert keys(plan(cases, only=["sessions"]).cases) == ["b.c"]
    chosen = plan(cases, only=["a.*"], skip=["token"])
    assert keys(chosen.cases) == ["a.b"]
    assert [(o.case.key, o.state, o.why) for o in chosen.skipped] == [
        ("a.c", "skipped", "left out by --skip")
    ]


def test_without_a_key_no_case_shows_one():
    cases = [case("a", needs=[need]) for need in ("key", "wrong-key", "token", "sessions")]
    chosen = plan(cases, has_key=False)
    assert [each.needs for each in chosen.cases] == [{"sessions"}]
    assert {outcome.why for outcome in chosen.skipped} == {"needs a key"}


def test_no_more_audio_is_planned_than_the_budget_holds():
    cases = [case("a", audio_s=5), case("b", audio_s=6), case("c", audio_s=5), case("d")]
    chosen = plan(cases, budget_s=10)
    assert keys(chosen.cases) == ["a", "c", "d"]
    assert chosen.audio_s == 10
    assert [outcome.why for outcome in chosen.skipped] == ["its 6 s of audio are over the limit"]


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("ws://127.0.0.1:8765", set(BY_NAME)),
        ("ws://127.0.0.1:8765/", set(BY_NAME)),
        ("ws://127.0.0.1:8765/elsewhere", set(BY_NAME)),
        ("ws://127.0.0.1:8765/v2", {"speechmatics"}),
        ("ws://127.0.0.1:8765/v2/en", {"speechmatics"}),
        ("ws://127.0.0.1:8765/v3/ws?token=x", {"assemblyai"}),
        ("wss://streaming.eu.assemblyai.com", {"assemblyai"}),
        ("wss://eu2.rt.speechmatics.com/v2", {"speechmatics"}),
    ],
)
def test_host_and_path_say_which_protocol_is_meant(url, names):
    assert {dialect.name for dialect in spoken_at(url, DIALECTS)} == names


# How they go.


@pytest.mark.parametrize(
    ("raised", "state", "expected", "came"),
    [
        (None, "passed", None, None),
        (UnmetError("this", "that"), "failed", "this", "that"),
        (HungUpError(1011, "words"), "failed", "a session", "close 1011"),
        (TurnedAwayError(503), "failed", "a session", "HTTP 503"),
        (UpstreamError("nothing listens"), "failed", "a session", "nothing listens"),
        (ExceptionGroup("", [ExceptionGroup("", [UnmetError("a", "b")])]), "failed", "a", "b"),
        (UnmetError("a top-secret", "top-secret!"), "failed", "a …", "…!"),
        (UntestableError("no words"), "skipped", None, None),
    ],
    ids=["passes", "unmet", "hung-up", "turned-away", "unreachable", "in-a-group", "key", "skips"],
)
async def test_whatever_ends_a_case_becomes_an_outcome(raised, state, expected, came):
    outcome = await run_case(NOBODY, case(raises=raised))
    assert (outcome.state, outcome.expected, outcome.came) == (state, expected, came)
    assert outcome.why == ("no words" if state == "skipped" else None)


async def test_a_case_that_never_ends_is_ended(monkeypatch):
    monkeypatch.setattr(conformance, "_LIMIT_S", 0.01)

    async def run(endpoint):
        await asyncio.Event().wait()

    outcome = await run_case(NOBODY, Case(key="a", title="t", clause="1", run=run))
    assert (outcome.state, outcome.came) == ("failed", "none")
    assert outcome.expected == "an end within 0.01 s"


async def test_outcomes_keep_their_order_whatever_ends_first():
    gate = asyncio.Event()

    async def waits(endpoint):
        await gate.wait()

    async def opens(endpoint):
        gate.set()

    cases = [
        Case(key=key, title="t", clause="1", run=run)
        for key, run in (("first", waits), ("second", opens))
    ]
    told = []
    outcomes = await examine(NOBODY, cases, at_once=2, tell=told.append)
    assert [outcome.case.key for outcome in outcomes] == ["first", "second"]
    assert [outcome.case.key for outcome in told] == ["second", "first"]


async def test_a_bug_in_a_case_is_not_the_endpoints_fault():
    with pytest.raises(ExceptionGroup):
        await run_case(NOBODY, case(raises=ExceptionGroup("", [ZeroDivisionError()])))


# The wire.


class Server:
    """A ``Socket`` that says what it is told to, then closes."""

    def __init__(self, *frames, code=1000):
        self.frames = list(frames)
        self.code = code

    async def receive(self):
        if not self.frames:
            raise HungUpError(self.code, "")
        return self.frames.pop(0)


class PlainWire(Wire):
    def check(self, text):
        expect("bad" not in text, "nothing bad", "something")


def wire(*frames):
    return PlainWire(Server(*frames), NOBODY)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (b'{"type": "a"}', "nothing but text frames"),
        ("{", "JSON"),
        ("[]", "a JSON object"),
        ('{"type": 1}', "a text in 'type'"),
        ('{"type": "bad"}', "nothing bad"),
    ],
)
async def test_what_is_no_message_is_noticed_when_it_is_heard(frame, expected):
    with pytest.raises(UnmetError) as unmet:
        await wire(frame).next()
    assert unmet.value.expected == expected


async def test_what_was_waited_for_and_what_came_is_told_by_kinds_alone():
    frames = ['{"type": "a", "text": "private"}'] * 3
    with pytest.raises(UnmetError, match=r"expected b; came a \(3\), close 1000"):
        await wire(*frames).hear("b")
    with pytest.raises(UnmetError, match=r"expected b; came a \(3\), Error$"):
        await wire(*frames, '{"type": "Error"}').hear("b")


async def test_only_the_last_kinds_are_told():
    heard = wire(*(f'{{"type": "{kind}"}}' for kind in "abcdefgh"))
    await heard.hear_all()
    assert heard.told() == "…, c, d, e, f, g, h"


async def test_a_server_that_says_nothing_is_not_waited_for():
    class Silent(Server):
        async def receive(self):
            await asyncio.Event().wait()

    silent = PlainWire(Silent(), NOBODY)
    with pytest.raises(UnmetError, match=r"expected a within 0\.05 s; came nothing"):
        await silent.hear("a")
    with pytest.raises(UnmetError, match=r"expected a close within 0\.05 s"):
        await silent.hear_all()
    assert await silent.hear_for(0.01) == []


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"a": [1, {"b": None}]}, ".a.1.b"),
        ({"kept": None, "a": 0}, None),
        ({"a": "", "b": []}, None),
    ],
)
def test_a_null_is_found_wherever_it_is(value, where):
    assert find_null(value, apart_from=("kept",)) == where


# The endpoint.


async def test_an_endpoint_that_nobody_listens_at_says_so():
    with pytest.raises(UpstreamError, match=r"nothing listens at 127\.0\.0\.1:9"):
        await RemoteEndpoint(url="ws://127.0.0.1:9", speech=None).reach()


async def test_a_long_message_is_not_taken():
    from websockets.asyncio.server import serve

    @asynccontextmanager
    async def chatterbox():
        async def say(socket):
            await socket.send("x" * (1 << 20) + "x")
            await socket.wait_closed()

        async with serve(say, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            yield SimpleNamespace(url=f"ws://127.0.0.1:{port}")

    async with chatterbox() as server, endpoint(server, None).dial(server.url, {}) as socket:
        with pytest.raises(HungUpError) as hung_up:
            await socket.receive()
        await socket.send("late words are nobody's business")
        assert hung_up.value.code in (1006, 1009)
