"""Which test holds the server to which line of a protocol reference: a pytest plugin.

A reference in ``docs/protocols/`` ends in a checklist. A test names the line that it proves::

    @pytest.mark.conformance("speechmatics", "21.4", "temporary key: 201, JWT with ...")

The number is the section's and the line's within it; the text has to be the reference's own, so
that neither moves away from the other unseen. ``untested="..."`` says what of the line the test
leaves out. ``make conformance`` writes each dialect's table to ``docs/``. Vendors stand here in
one register only, ``CHECKLISTS``.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"

_WRITES = "--conformance-docs"
_DIALECT = "--conformance-dialect"


@dataclass(frozen=True)
class Line:
    """One line of a checklist."""

    number: str
    text: str
    group: str = ""
    """The heading above it, where the checklist has some."""


@dataclass(frozen=True)
class Checklist:
    """Where a dialect's checklist stands: a section of its reference.

    Two forms are read: ``- [ ] text`` with headings between, and rows ``| number | do | expect |``.
    """

    dialect: str
    title: str
    reference: str
    section: int

    def lines(self) -> tuple[Line, ...]:
        text = (DOCS / self.reference).read_text(encoding="utf-8")
        found = re.search(rf"^## {self.section}\. .*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        assert found, f"{self.reference} has no section {self.section}"
        return tuple(_boxes(self.section, found[0])) or tuple(_rows(self.section, found[0]))

    @property
    def page(self) -> str:
        return f"conformance-{self.dialect}.md"


CHECKLISTS = {
    checklist.dialect: checklist
    for checklist in (
        Checklist("speechmatics", "Speechmatics Real-Time v2", "protocols/speechmatics-rt.md", 21),
        Checklist(
            "assemblyai", "AssemblyAI Streaming v3", "protocols/assemblyai-streaming-v3.md", 16
        ),
        Checklist("agent-stt", "Speechmatics Agent STT", "protocols/speechmatics-agent-stt.md", 24),
    )
}


def _boxes(section: int, text: str) -> Iterator[Line]:
    number = 0
    group = ""
    for line in text.splitlines()[1:]:
        if line.startswith("- [ ] "):
            number += 1
            yield Line(f"{section}.{number}", line.removeprefix("- [ ] "), group)
        elif line and not line.startswith((" ", "-", "|")):
            group = line


def _rows(section: int, text: str) -> Iterator[Line]:
    for number, do, expect in re.findall(r"^\| (\d+) \| (.*?) \| (.*?) \|$", text, re.MULTILINE):
        yield Line(f"{section}.{number}", f"{do}: {expect}")


@dataclass
class Proof:
    """How the tests of one function went; a parametrized one is many."""

    function: str
    untested: str = ""
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    reasons: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        counted = ", ".join(
            f"{outcome} ({count})" if count > 1 else outcome
            for outcome, count in sorted(self.outcomes.items())
        )
        why = f": {'; '.join(sorted(self.reasons))}" if self.reasons else ""
        return (counted or "not run") + why


Proofs = dict[tuple[str, str], dict[str, Proof]]
"""By dialect and number of the line, then by the name of the test."""


def page(checklist: Checklist, proofs: Proofs) -> str:
    """The table of one dialect. Holds no time and no duration: it changes when a result does."""
    rows = []
    for line in checklist.lines():
        tests = proofs.get((checklist.dialect, line.number), {}).values()
        names = "<br>".join(f"`{proof.function}`" for proof in tests) or "none"
        results = "<br>".join(str(proof) for proof in tests) or "no test"
        missing = "; ".join(sorted({proof.untested for proof in tests if proof.untested}))
        results += f"<br>not tested: {missing}" if missing else ""
        text = f"*{line.group}:* {line.text}" if line.group else line.text
        rows.append(f"| {line.number} | {_cell(text)} | {names} | {results} |")
    return _PAGE.format(
        title=checklist.title,
        reference=checklist.reference,
        section=checklist.section,
        rows="\n".join(rows),
    )


_PAGE = """\
# Conformance: {title}

Every line of the checklist in [section {section} of the reference]({reference}), the tests that
prove it over a real socket, and how they went. Written by `make conformance`; don't edit.

| Line | What the reference asks | Tests | Result |
|---|---|---|---|
{rows}
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# What pytest calls.


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        _WRITES, action="store_true", help="write the tables docs/conformance-*.md after the run"
    )
    parser.addoption(
        _DIALECT, choices=sorted(CHECKLISTS), help="only this dialect's tests, and its table"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "conformance(dialect, number, text, untested=''): "
        "proves this line of the dialect's checklist",
    )
    dialect = config.getoption(_DIALECT)
    if dialect:
        config.pluginmanager.register(_Chooser(dialect), "conformance-chooser")
    if config.getoption(_WRITES):
        chosen = [CHECKLISTS[dialect]] if dialect else list(CHECKLISTS.values())
        config.pluginmanager.register(Recorder(chosen), "conformance-recorder")


class _Chooser:
    """Leaves out every test that proves nothing about a dialect."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [
            item
            for item in items
            if any(mark.args[0] == self._dialect for mark in item.iter_markers("conformance"))
        ]


class Recorder:
    """Collects results while the tests run; writes the pages when they have."""

    def __init__(self, checklists: Sequence[Checklist]) -> None:
        self._checklists = checklists
        self._proofs: Proofs = defaultdict(dict)
        self._of_item: dict[str, list[Proof]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            self._of_item[item.nodeid] = [
                self._proof(item, mark) for mark in item.iter_markers("conformance")
            ]

    def _proof(self, item: pytest.Item, mark: pytest.Mark) -> Proof:
        dialect, number, _ = mark.args
        function = item.nodeid.partition("[")[0].rpartition("::")[2]
        tests = self._proofs[dialect, number]
        return tests.setdefault(function, Proof(function, mark.kwargs.get("untested", "")))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        is_result = report.when == "call" or (report.when == "setup" and not report.passed)
        if not is_result:
            return
        for proof in self._of_item.get(report.nodeid, []):
            proof.outcomes[report.outcome] += 1
            if report.skipped and isinstance(report.longrepr, tuple):
                proof.reasons.add(report.longrepr[2].removeprefix("Skipped: "))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return  # broken off: what did not run any more would stand there as untested
        for checklist in self._checklists:
            (DOCS / checklist.page).write_text(page(checklist, self._proofs), encoding="utf-8")
