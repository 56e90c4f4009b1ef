"""What is finished stays finished."""

import msgspec
import pytest

from compare_sides import UNPACED, clip, facts, heard
from crossfade.bench.recordings import Recording
from crossfade.compare.clips import Clip
from crossfade.compare.prices import Price
from crossfade.compare.work_file import Heading, WorkFile, WorkFileError

HEADING = Heading(sides=(facts("A"), facts("B")), pacing=UNPACED)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "work.jsonl"


@pytest.fixture
def one(tmp_path):
    (tmp_path / "one.wav").write_bytes(b"sound")
    entry = Recording(
        id="one",
        file="one.wav",
        category="",
        language="en",
        duration_s=0.0,
        text="the words",
        folder=tmp_path,
    )
    return Clip(entry, has_reference=True)


def row(one, **changes):
    sides = {"A": heard("the words"), "B": heard("the")}
    made = clip("one", reference="the words", **sides)
    facts_of_file = {"path": str(one.recording.path), "stamp": one.stamp}
    return msgspec.structs.replace(made, **facts_of_file | changes)


def test_a_clip_is_done_once_it_is_written_and_after_it_was_opened_anew(path, one):
    with WorkFile(path, HEADING) as work:
        assert not work.has(one)
        work.add(row(one))
        assert work.has(one)
    with WorkFile(path, HEADING) as work:
        assert work.has(one)
        assert list(work.rows([str(one.recording.path), "other"])) == [row(one)]


def test_a_clip_whose_file_reference_or_luck_changed_is_done_again(path, one):
    with WorkFile(path, HEADING) as work:
        failed = {"A": heard("the"), "B": heard("", failure="it broke")}
        work.add(row(one, sides=failed))
        assert not work.has(one)
        work.add(row(one, reference="other words"))
        assert not work.has(one)
        work.add(row(one))
        assert work.has(one)
        one.recording.path.write_bytes(b"other sound")
        assert not work.has(one)


def test_the_newest_line_of_a_clip_counts(path, one):
    with WorkFile(path, HEADING) as work:
        work.add(row(one, audio_ms=1))
        work.add(row(one, audio_ms=2))
    with WorkFile(path, HEADING) as work:
        assert [found.audio_ms for found in work.rows([str(one.recording.path)])] == [2]


@pytest.mark.parametrize("kept", [1.0, 0.5])
def test_a_line_that_was_cut_off_is_forgotten_and_the_file_goes_on(path, one, kept):
    with WorkFile(path, HEADING) as work:
        work.add(row(one))
        n_whole = path.stat().st_size
        work.add(row(one, path="other"))
    data = path.read_bytes()
    path.write_bytes(data[: n_whole + int(kept * (len(data) - n_whole - 1))])
    with WorkFile(path, HEADING) as work:
        assert len(work) == 1
        work.add(row(one, path="third"))
    with WorkFile(path, HEADING) as work:
        assert len(work) == 2


def test_one_that_was_cut_off_in_its_first_line_begins_anew(path):
    with WorkFile(path, HEADING):
        pass
    path.write_bytes(path.read_bytes()[:10])
    with WorkFile(path, HEADING) as work:
        assert len(work) == 0
    with WorkFile(path, HEADING):
        pass


def test_another_comparison_does_not_go_on_from_it(path):
    with WorkFile(path, HEADING):
        pass
    other = msgspec.structs.replace(HEADING, sides=(facts("A"), facts("B", name="other")))
    with pytest.raises(WorkFileError, match="of another comparison"), WorkFile(path, other):
        pass


def test_a_new_price_needs_no_new_sessions(path):
    price = Price(per_audio_hour=1.0, per_session_hour=0.0, currency="USD", source="", date="")
    with WorkFile(path, HEADING):
        pass
    with WorkFile(
        path, msgspec.structs.replace(HEADING, sides=(facts("A", price=price), facts("B")))
    ):
        pass


@pytest.mark.parametrize("content", ["{}\n", "no JSON\n", '{"sides": 1}\n'])
def test_a_file_of_somebody_else_is_left_alone(path, content):
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(WorkFileError, match="is not a work file"), WorkFile(path, HEADING):
        pass
    assert path.read_text() == content


def test_two_processes_do_not_write_one_file(path):
    with (
        WorkFile(path, HEADING),
        pytest.raises(WorkFileError, match="another process is writing"),
        WorkFile(path, HEADING),
    ):
        pass
