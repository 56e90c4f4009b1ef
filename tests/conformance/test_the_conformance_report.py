"""The tables are made rightly: what is read from a reference, and how results are shown."""

from collections import Counter

import pytest

from conformance_report import CHECKLISTS, Checklist, Line, Proof, Recorder, page


@pytest.fixture
def checklist(tmp_path, monkeypatch):
    monkeypatch.setattr("conformance_report.DOCS", tmp_path)
    reference = tmp_path / "reference.md"
    reference.write_text(
        "## 1. Before\n- [ ] not this\n## 2. Checklist\n\nStart\n- [ ] a `b`\n- [ ] c | d\n\n"
        "End\n- [ ] e\n\n---\n\n## 3. After\n- [ ] nor this\n"
    )
    return Checklist("vendor", "Vendor", "reference.md", 2)


def test_boxes_are_numbered_and_grouped(checklist):
    assert checklist.lines() == (
        Line("2.1", "a `b`", "Start"),
        Line("2.2", "c | d", "Start"),
        Line("2.3", "e", "End"),
    )


def test_rows_of_a_table_are_lines_too():
    first, *_, last = CHECKLISTS["assemblyai"].lines()
    assert first.number == "16.1"
    assert first.text.startswith("connect with raw key")
    assert last.number == "16.23"


def test_a_page_shows_every_line_with_its_tests_and_how_they_went(checklist):
    passed = Proof("test_one", outcomes=Counter(passed=3))
    failed = Proof("test_two", untested="the rest", outcomes=Counter(failed=1))
    skipped = Proof("test_three", outcomes=Counter(skipped=1), reasons={"no node"})
    shown = page(
        checklist,
        {
            ("vendor", "2.1"): {"test_one": passed, "test_two": failed},
            ("vendor", "2.2"): {"test_three": skipped},
        },
    )
    assert "| 2.1 | *Start:* a `b` | `test_one`<br>`test_two` | passed (3)<br>failed<br>" in shown
    assert "not tested: the rest |" in shown
    assert "| 2.2 | *Start:* c \\| d | `test_three` | skipped: no node |" in shown
    assert "| 2.3 | *End:* e | none | no test |" in shown


@pytest.mark.parametrize(
    ("status", "is_written"),
    [
        (pytest.ExitCode.OK, True),
        (pytest.ExitCode.TESTS_FAILED, True),
        (pytest.ExitCode.INTERRUPTED, False),
        (pytest.ExitCode.INTERNAL_ERROR, False),
    ],
)
def test_a_run_that_was_broken_off_writes_no_page(checklist, tmp_path, status, is_written):
    Recorder([checklist]).pytest_sessionfinish(status)
    assert (tmp_path / checklist.page).exists() is is_written
