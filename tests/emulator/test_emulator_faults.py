"""Faults by name: ours, and those of each protocol."""

import msgspec
import pytest

from crossfade import errors
from crossfade.dialects import DIALECTS
from crossfade.dialects.base import DialectSettings, Handshake
from crossfade.emulator.faults import (
    BEHAVIOURS,
    CAUSES,
    Fault,
    FaultError,
    check,
    known_names,
    parse_fault,
)
from crossfade.errors import CrossfadeError

BY_NAME = {dialect.name: dialect for dialect in DIALECTS}

CODES = {  # those that the references list, sections 14.3 (Speechmatics) and 4.3 (AssemblyAI)
    "speechmatics": {1003, 1008, 1009, 1011, 4001, 4003, 4004, 4005, 4006, 4013},
    "assemblyai": {1001, 1008, 1009, 1011, 3005, 3006, 3007, 3008, 3009},
}


def error_types():
    found = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in found if issubclass(kind, CrossfadeError)]


def test_every_error_of_ours_has_a_name():
    assert {type(make()) for make in CAUSES.values()} == set(error_types())


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("cause", CAUSES)
def test_every_dialect_has_words_for_every_cause(dialect, cause):
    server = dialect.server(DialectSettings())
    server.credential(Handshake(path=dialect.paths[0]))
    refusal = server.refuse(CAUSES[cause]())
    assert refusal.goodbye.code > 1000


@pytest.mark.parametrize("name", CODES)
def test_every_close_code_of_a_vendor_is_there_by_a_name(name):
    assert {ending.goodbye.code for ending in BY_NAME[name].endings.values()} == CODES[name]


@pytest.mark.parametrize("name", CODES)
def test_what_a_vendor_says_at_the_end_is_understood_by_its_client(name):
    client = BY_NAME[name].client
    for ending in BY_NAME[name].endings.values():
        for frame in ending.frames:
            with pytest.raises(errors.UpstreamError):
                client().receive(frame)


def test_every_error_type_of_speechmatics_is_there_by_its_own_name():
    endings = BY_NAME["speechmatics"].endings
    for name, ending in endings.items():
        for frame in ending.frames:
            assert msgspec.json.decode(frame)["type"] == name


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_no_name_of_a_vendor_is_one_of_ours(dialect):
    assert dialect.endings
    assert not dialect.endings.keys() & {*BEHAVIOURS, *CAUSES}


def test_a_fault_is_written_in_one_line():
    assert parse_fault("drop") == Fault(fault="drop")
    assert parse_fault("drop:after_words=3,sessions=1+4") == Fault(
        fault="drop", after_words=3, sessions=(1, 4)
    )
    assert parse_fault("close:code=4010,reason=go away,at=end") == Fault(
        fault="close", code=4010, reason="go away", at="end"
    )
    assert parse_fault("slow_consumer:speed=0.25").speed == 0.25


@pytest.mark.parametrize(
    "text",
    [
        "drop:after_words",
        "drop:after_words=0",
        "drop:when=now",
        "drop:at=noon",
        "drop:at=end,at_ms=100",
        "close:code=1006",
        "close:code=2000",
        "http:at=end",
        "http:status=200",
        "late_finals:at=start",
        "late_finals:ms=soon",
        "drop:sessions=0",
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(text):
    with pytest.raises(FaultError):
        parse_fault(text)


def test_a_name_that_nobody_knows_is_refused():
    check([Fault(fault=name) for name in known_names(DIALECTS)], DIALECTS)
    with pytest.raises(FaultError, match="no fault 'earthquake'"):
        check([Fault(fault="earthquake")], DIALECTS)


def test_a_vendors_own_name_means_nothing_in_the_other_protocol():
    fault = Fault(fault="quota_exceeded")
    assert fault.happens(BY_NAME["speechmatics"], 1)
    assert not fault.happens(BY_NAME["assemblyai"], 1)


def test_a_fault_happens_in_the_sessions_that_it_names():
    fault = Fault(fault="drop", sessions=(2, 3))
    assert [fault.happens(DIALECTS[0], number) for number in (1, 2, 3, 4)] == [0, 1, 1, 0]


def test_each_behaviour_is_documented():
    from processes import CHECKOUT

    page = (CHECKOUT / "docs" / "emulator.md").read_text()
    for name in BEHAVIOURS:
        assert f"`{name}`" in page
