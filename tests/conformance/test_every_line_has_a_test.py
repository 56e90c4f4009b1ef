"""No line of a checklist is forgotten, and none is quoted wrongly."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance_report import CHECKLISTS, DOCS

TESTS = Path(__file__).parents[1]


def marks() -> Iterator[tuple[str, str, str]]:
    """Every use of the marker in the tests' sources: dialect, number, text."""
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.conformance":
                dialect, number, text = (ast.literal_eval(argument) for argument in node.args)
                yield dialect, number, text


MARKS = tuple(marks())


@pytest.mark.parametrize("dialect", CHECKLISTS)
def test_every_line_of_the_checklist_has_a_test(dialect):
    lines = {line.number: line.text for line in CHECKLISTS[dialect].lines()}
    assert lines
    proved = {number for of, number, _ in MARKS if of == dialect}
    assert sorted(lines.keys() - proved) == []


def test_marks_quote_the_reference():
    lines = {
        (dialect, line.number): line.text
        for dialect, checklist in CHECKLISTS.items()
        for line in checklist.lines()
    }
    assert [mark for mark in MARKS if lines.get(mark[:2]) != mark[2]] == []


@pytest.mark.parametrize("dialect", CHECKLISTS)
def test_the_table_in_the_docs_has_every_line(dialect):
    text = (DOCS / CHECKLISTS[dialect].page).read_text(encoding="utf-8")
    shown = [row.split(" | ")[0].removeprefix("| ") for row in text.splitlines()]
    assert [line.number for line in CHECKLISTS[dialect].lines() if line.number not in shown] == []
