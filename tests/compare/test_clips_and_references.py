"""Which recordings are played, and what is known about them."""

import pytest

from crossfade.bench.recordings import MaterialError
from crossfade.compare.clips import from_files


@pytest.fixture
def folder(tmp_path):
    for name in ("one.wav", "two.wav", "deep/one.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"sound")
    return tmp_path


def clips(folder, *names, references=None):
    return from_files([folder / name for name in names], references, language="en")


def test_without_references_nothing_is_known(folder):
    (only,) = clips(folder, "one.wav")
    assert (only.recording.id, only.has_reference) == ("one.wav", False)
    assert only.recording.path == folder / "one.wav"


def test_a_folder_has_a_text_for_those_it_has_one_for(folder):
    (folder / "one.txt").write_text("\ufeffwhat\nis  said\n")
    one, two = clips(folder, "one.wav", "two.wav", references=folder)
    assert (one.recording.text, one.has_reference, two.has_reference) == (
        "what is said",
        True,
        False,
    )


def test_an_empty_text_says_that_nothing_is_said(folder):
    (folder / "one.txt").write_text("\n")
    (only,) = clips(folder, "one.wav", references=folder / "one.txt")
    assert (only.recording.text, only.has_reference) == ("", True)


def test_two_files_of_one_name_are_told_apart(folder):
    names = [one.recording.id for one in clips(folder, "one.wav", "deep/one.wav", "two.wav")]
    assert names == [str(folder / "one.wav"), str(folder / "deep/one.wav"), "two.wav"]


def test_one_text_is_not_for_several_recordings(folder):
    (folder / "one.txt").write_text("a")
    with pytest.raises(MaterialError, match="several recordings need a folder"):
        clips(folder, "one.wav", "two.wav", references=folder / "one.txt")


def test_a_folder_without_any_text_is_told(folder):
    with pytest.raises(MaterialError, match=r"has no NAME\.txt for any recording"):
        clips(folder, "two.wav", references=folder / "deep")


def test_a_text_that_is_none_is_told(folder):
    (folder / "one.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(MaterialError, match="is not text in UTF-8"):
        clips(folder, "one.wav", references=folder)
