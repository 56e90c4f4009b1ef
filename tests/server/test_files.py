"""Files that are followed while they change."""

import os
import stat

import pytest

from crossfade.errors import ConfigError
from crossfade.server.files import Followed, changing, write_private


def number(content: bytes) -> int:
    try:
        return int(content)
    except ValueError as exc:
        raise ConfigError(f"{content!r} is no number", field="file") from exc


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "number"
    path.write_bytes(b"1")
    return path


def later(path):
    """Give it a time of its own: two writes within one tick of a file system look alike."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))


def test_a_file_edited_in_place_is_read_again(path):
    followed = Followed(path, number)
    assert followed.current() == 1
    path.write_bytes(b"2")
    later(path)
    assert followed.current() == 2


def test_a_file_that_was_replaced_is_read_again_though_it_is_as_long_and_as_old(path):
    followed = Followed(path, number)
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"2")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    assert followed.current() == 2


def test_a_mounted_secret_is_followed_when_its_folder_is_swapped(tmp_path):
    # As kubelet does it: number -> ..data/number, ..data -> a folder with a time as its name.
    for name, content in (("..2026_01", b"1"), ("..2026_02", b"2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "number").write_bytes(content)
    data = tmp_path / "..data"
    data.symlink_to("..2026_01")
    (tmp_path / "number").symlink_to("..data/number")
    followed = Followed(tmp_path / "number", number)
    assert followed.current() == 1
    swapped = tmp_path / "..data_tmp"
    swapped.symlink_to("..2026_02")
    swapped.replace(data)
    assert followed.current() == 2


@pytest.mark.parametrize("content", [b"", b"x"], ids=["just-being-written", "nonsense"])
def test_a_bad_version_keeps_the_good_one_and_is_told_once(path, content, caplog):
    followed = Followed(path, number)
    path.write_bytes(content)
    later(path)
    assert [followed.current() for _ in range(3)] == [1, 1, 1]
    assert caplog.text.count("what was read before stays in force") == 1
    path.write_bytes(b"3")
    later(path)
    assert followed.current() == 3


def test_a_file_that_goes_is_an_error_or_means_what_was_said(path, caplog):
    needed, optional = Followed(path, number), Followed(path, number, absent=0)
    path.unlink()
    assert (needed.current(), optional.current()) == (1, 0)
    assert "there is no" in caplog.text
    path.write_bytes(b"5")
    assert (needed.current(), optional.current()) == (5, 5)


def test_a_file_that_is_not_there_is_an_error_at_once(tmp_path):
    with pytest.raises(ConfigError, match="there is no"):
        Followed(tmp_path / "number", number)
    with pytest.raises(ConfigError, match="cannot read"):
        Followed(tmp_path, number)


def test_writing_replaces_what_a_link_points_at_and_not_the_link(tmp_path):
    (tmp_path / "real").write_bytes(b"1")
    (tmp_path / "link").symlink_to("real")
    write_private(tmp_path / "link", b"2")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"2"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot write"), changing(tmp_path / "file" / "keys"):
        pass
