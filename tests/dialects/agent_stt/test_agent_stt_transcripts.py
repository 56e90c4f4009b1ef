"""Recorded and composed sessions, through both ends."""

from pathlib import Path

from crossfade.dialects.agent_stt import DIALECT
from crossfade.testing import check_dialect

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts" / DIALECT.name


def test_everything_that_holds_for_a_dialect_holds_for_this_one():
    check_dialect(DIALECT, TRANSCRIPTS)
