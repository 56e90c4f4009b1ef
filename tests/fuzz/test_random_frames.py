"""A short run of ``make fuzz``."""

import logging

import pytest

from fuzz.dialects import VOCABULARIES
from fuzz.run import fuzz


async def test_random_frames_do_no_harm(tmp_path):
    findings = await fuzz(VOCABULARIES, tmp_path, n_frames=8000, seed=0, limit_s=8)
    assert findings.faults == []
    assert findings.n_sessions >= 50
    # It has come far enough to be worth something: orderly ends and errors of both dialects.
    assert {"EndOfTranscript", "Termination", "Error", "AddTranscript", "Turn"} <= set(
        findings.heard
    )


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda v: v.dialect)
async def test_a_fault_is_found(vocabulary, tmp_path):
    """The run is not blind: a server that logs a traceback does not pass."""

    def hear(frame):
        logging.getLogger("crossfade.server").error("Traceback of this test")
        raise AssertionError("not in the schema")

    blind = vocabulary.__class__(**{**vars(vocabulary), "rules": lambda: hear})
    findings = await fuzz([blind], tmp_path, n_frames=500, seed=0, limit_s=8)
    assert any("not in the schema" in fault for fault in findings.faults)
    assert any("Traceback of this test" in fault for fault in findings.faults)
