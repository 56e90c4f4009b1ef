"""Conformance cases: a server of ours passes all of them, and each of them notices a broken one."""

import asyncio
from functools import cache

import pytest

import agent_faults
import assemblyai_faults
import speechmatics_faults
from conformance_runs import Runs, side_by_side
from crossfade.dialects import DIALECTS
from crossfade.testing.conformance import cases_of

CASES = {dialect.name: cases_of(dialect) for dialect in DIALECTS if dialect.conformance}
FAULTS = {
    "agent-stt": agent_faults.FAULTS,
    "assemblyai": assemblyai_faults.FAULTS,
    "speechmatics": speechmatics_faults.FAULTS,
}


@cache
def runs(dialect: str) -> Runs:
    """What came of our server, how much audio it received, and what came of the broken ones."""
    found = next(one for one in DIALECTS if one.name == dialect)
    return asyncio.run(side_by_side(found, FAULTS[dialect]))


@pytest.mark.parametrize(
    ("dialect", "key"),
    [
        pytest.param(name, case.key, id=f"{name}-{case.key}")
        for name, cases in CASES.items()
        for case in cases
        if "ears" not in case.needs
    ],
)
def test_a_server_of_ours_passes(dialect, key):
    outcome = runs(dialect).ours[key]
    assert (outcome.state, outcome.expected, outcome.came, outcome.why) == (
        "passed",
        None,
        None,
        None,
    )


@pytest.mark.parametrize("dialect", CASES)
def test_no_more_audio_is_sent_than_was_said(dialect):
    said_s = sum(case.audio_s for case in CASES[dialect])
    assert said_s / 2 < runs(dialect).received_s <= said_s


@pytest.mark.parametrize(
    ("dialect", "name"), [(dialect, name) for dialect in CASES for name in FAULTS[dialect]]
)
def test_a_broken_server_is_noticed(dialect, name):
    fault, outcomes = FAULTS[dialect][name], runs(dialect).broken[name]
    assert len(outcomes) == len(set(fault.noticed_by)), "there are such cases"
    assert [o.case.key for o in outcomes if o.state != "failed"] == []
    assert [o.expected for o in outcomes if fault.expected not in (o.expected or "")] == []


@pytest.mark.parametrize("dialect", CASES)
def test_every_case_can_fail(dialect):
    seen = {key for fault in FAULTS[dialect].values() for key in fault.noticed_by}
    assert [case.key for case in CASES[dialect] if case.key not in seen] == []
