"""Rules of the house that no linter knows."""

import re
from pathlib import Path

import pytest

from crossfade.dialects import DIALECTS

SOURCE = Path(__file__).parents[1] / "src" / "crossfade"
FOLDERS = SOURCE / "dialects"
WRITERS = SOURCE / "migrate" / "rewriting"
"""How programs speak each dialect, in a folder of its own here too."""
REGISTER = FOLDERS / "__init__.py"


@pytest.mark.parametrize("dialect", DIALECTS, ids=[dialect.name for dialect in DIALECTS])
def test_a_vendor_is_named_only_in_its_own_folder(dialect):
    # Two protocols of one vendor share their keys, and may name each other.
    own = [FOLDERS / other.folder for other in DIALECTS if other.token_scope == dialect.token_scope]
    writers = [WRITERS / folder.name for folder in own]
    assert FOLDERS / dialect.folder in own
    assert all(folder.is_dir() for folder in own)
    name = dialect.name.replace("-", "[-_ ]?")
    elsewhere = [
        path.relative_to(SOURCE)
        for path in SOURCE.rglob("*.py")
        if not any(folder in path.parents for folder in [*own, *writers])
        and path != REGISTER
        and re.search(name, path.read_text(encoding="utf-8"), re.IGNORECASE)
    ]
    assert elsewhere == []


def test_every_dialect_has_recordings_of_its_own():
    transcripts = Path(__file__).parent / "transcripts"
    for dialect in DIALECTS:
        assert any((transcripts / dialect.name).glob("*.jsonl")), dialect.name
