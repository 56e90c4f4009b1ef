"""Both ends against the wire transcripts, and the checks that every dialect must pass."""

from pathlib import Path

import pytest

from crossfade.dialects.assemblyai import DIALECT
from crossfade.dialects.base import DialectSettings
from crossfade.testing import check_dialect, check_transcript, read_transcript, replay

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts" / "assemblyai"


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_both_ends_agree_with_the_transcript(path):
    check_transcript(DIALECT, read_transcript(path))


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_the_rules_on_frame_lengths_do_not_mind_the_transcript(path):
    replay(read_transcript(path), DIALECT.server(DialectSettings()))


def test_the_dialect_passes_what_every_dialect_must_pass():
    check_dialect(DIALECT, TRANSCRIPTS)
