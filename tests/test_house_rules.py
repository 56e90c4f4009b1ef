"""Rules of the house that no linter knows."""

import re
from pathlib import Path

import pytest

from crossfade.dialects import DIALECTS

SOURCE = Path(__file__).parents[1] / "src" / "crossfade"
REGISTER = SOURCE / "dialects" / "__init__.py"


@pytest.mark.parametrize("name", [dialect.name for dialect in DIALECTS])
def test_a_vendor_is_named_only_in_its_own_folder(name):
    own = SOURCE / "dialects" / name
    assert own.is_dir()
    elsewhere = [
        path.relative_to(SOURCE)
        for path in SOURCE.rglob("*.py")
        if own not in path.parents
        and path != REGISTER
        and re.search(name, path.read_text(encoding="utf-8"), re.IGNORECASE)
    ]
    assert elsewhere == []


def test_every_dialect_has_recordings_of_its_own():
    transcripts = Path(__file__).parent / "transcripts"
    for dialect in DIALECTS:
        assert any((transcripts / dialect.name).glob("*.jsonl")), dialect.name
