"""No row of the table is without a test that shows it.

A test says which row it shows by ``@pytest.mark.mapping(topic, verdict)``; ``front=`` and
``behind=`` narrow that to a client's or a far side's protocol, and so does a parameter of either
name. A new row, or a verdict that was changed, fails here until a test shows it.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType

import pytest

from crossfade.dialects import DIALECTS
from crossfade.gateway.mapping import TOPICS, Row, table

HERE = Path(__file__).parent
ROWS = table(DIALECTS)
PAIRS = sorted({(row.front, row.behind) for row in ROWS})


@dataclass(frozen=True)
class Shown:
    """What one mark of a test claims."""

    test: str
    topic: str
    verdict: str
    pairs: frozenset[tuple[str, str]]

    def covers(self, row: Row) -> bool:
        is_same = (self.topic, self.verdict) == (row.topic, row.verdict)
        return is_same and (row.front, row.behind) in self.pairs


def all_tests() -> Iterator[FunctionType]:
    for path in sorted(HERE.glob("test_*_rows.py")):
        spec = importlib.util.spec_from_file_location(f"marks_of_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield from (
            value
            for name, value in vars(module).items()
            if name.startswith("test_") and isinstance(value, FunctionType)
        )


def shown_by(test: FunctionType) -> Iterator[Shown]:
    marks = getattr(test, "pytestmark", [])
    parameters = [mark for mark in marks if mark.name == "parametrize"]
    pairs = {pair for pair in PAIRS if all(admits(mark, pair) for mark in parameters)}
    for mark in marks:
        if mark.name != "mapping":
            continue
        topic, verdict = mark.args
        assert mark.kwargs.keys() <= {"front", "behind"}, test.__name__
        front, behind = mark.kwargs.get("front"), mark.kwargs.get("behind")
        claimed = {pair for pair in pairs if front in (None, pair[0]) and behind in (None, pair[1])}
        yield Shown(test.__name__, topic, verdict, frozenset(claimed))


def admits(mark: pytest.Mark, pair: tuple[str, str]) -> bool:
    """Whether one of a test's parameters is this pair, or says nothing of pairs."""
    names = mark.args[0]
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    wanted = dict(zip(("front", "behind"), pair, strict=True))
    places = {name: at for at, name in enumerate(names) if name in wanted}
    return not places or any(
        all(values[at] == wanted[name] for name, at in places.items())
        for values in ((value,) if len(names) == 1 else value for value in mark.args[1])
    )


SHOWN = [shown for test in all_tests() for shown in shown_by(test)]


@pytest.mark.parametrize(("front", "behind"), PAIRS)
def test_every_row_has_a_test_that_shows_its_verdict(front, behind):
    rows = [row for row in ROWS if (row.front, row.behind) == (front, behind)]
    assert len(rows) == len(TOPICS)
    bare = [row.topic for row in rows if not any(shown.covers(row) for shown in SHOWN)]
    assert bare == []


def test_no_mark_claims_what_the_table_does_not_say():
    known = {(row.topic, row.verdict) for row in ROWS}
    assert [s for s in SHOWN if (s.topic, s.verdict) not in known] == []


def test_the_marks_are_read_as_they_are_meant():
    @pytest.mark.mapping("a.b", "kept", front="x")
    @pytest.mark.parametrize("behind", ["y"])
    def example():
        """Of nothing."""

    [shown] = shown_by(example)
    assert (shown.topic, shown.pairs) == ("a.b", frozenset())
