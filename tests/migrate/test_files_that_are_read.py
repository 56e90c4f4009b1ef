"""Which files are read of a project: programs and settings, nothing of others, nothing outside."""

import pytest

from crossfade.migrate import walking
from crossfade.migrate.walking import files


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")


def names(*paths, below):
    return [str(path.relative_to(below)) for path in files(paths)]


def test_programs_and_configurations_are_read_in_order(tmp_path):
    write(tmp_path, "b.py", "a/x.ts", "a/.env", "a/.env.local", "c.yaml", "d.txt", "e.wav", "f.md")
    assert names(tmp_path, below=tmp_path) == ["a/.env", "a/.env.local", "a/x.ts", "b.py", "c.yaml"]


@pytest.mark.parametrize(
    "folder", [".git", ".venv", "node_modules", "__pycache__", "dist", "lib/site-packages"]
)
def test_code_of_others_is_not(tmp_path, folder):
    write(tmp_path, "mine.py", f"{folder}/theirs.py")
    assert names(tmp_path, below=tmp_path) == ["mine.py"]


def test_virtual_environments_are_known_whatever_their_name(tmp_path):
    write(tmp_path, "mine.py", "tools/pyvenv.cfg", "tools/theirs.py")
    assert names(tmp_path, below=tmp_path) == ["mine.py"]


def test_lock_files_and_huge_files_are_not_read(tmp_path):
    write(tmp_path, "mine.json", "package-lock.json", "huge.json")
    (tmp_path / "huge.json").write_bytes(bytes(walking.MAX_FILE_BYTES + 1))
    assert names(tmp_path, below=tmp_path) == ["mine.json"]


def test_links_are_not_followed(tmp_path):
    write(tmp_path, "outside/a.py", "inside/b.py")
    (tmp_path / "inside" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "inside" / "file.py").symlink_to(tmp_path / "outside" / "a.py")
    (tmp_path / "inside" / "circle").symlink_to(tmp_path / "inside")
    assert names(tmp_path / "inside", below=tmp_path) == ["inside/b.py"]


def test_a_file_that_is_named_is_read_whatever_it_is(tmp_path):
    write(tmp_path, ".git/hook", "d.txt")
    paths = [tmp_path / ".git" / "hook", tmp_path / "d.txt"]
    assert names(*paths, below=tmp_path) == [".git/hook", "d.txt"]


def test_there_is_a_greatest_number_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr(walking, "MAX_FILES", 2)
    write(tmp_path, "a.py", "b.py", "c.py")
    assert names(tmp_path, below=tmp_path) == ["a.py", "b.py"]
