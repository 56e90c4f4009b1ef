"""``crossfade migrate rewrite``: where it writes, what it says, when it refuses to."""

import json
import shutil

import pytest
from click.testing import CliRunner

import sample_programs
from crossfade.cli import crossfade
from crossfade.cli.migrate import NothingToRewriteError, TakenError, migrate
from crossfade.migrate.checking import MissingReaderError


def run(*arguments):
    return CliRunner().invoke(migrate, ["rewrite", *map(str, arguments)])


@pytest.fixture
def client(tmp_path):
    return shutil.copy(
        sample_programs.PROGRAMS / "speechmatics" / "guide.py", tmp_path / "client.py"
    )


def test_it_is_written_beside_the_program_by_the_name_of_the_protocol(client):
    before = client.read_text()
    done = run(client, "--to", "assemblyai")
    assert done.exit_code == 0, done.stderr
    written = client.with_name("client.assemblyai.py")
    assert "streaming.eu.assemblyai.com" in written.read_text()
    assert client.read_text() == before
    assert str(written) in done.stderr


def test_marked_places_are_listed_and_are_in_the_file(client):
    done = run(client, "--to", "assemblyai", "--json")
    said = json.loads(done.stdout)
    lines = client.with_name("client.assemblyai.py").read_text().splitlines()
    assert said["output"] == str(client.with_name("client.assemblyai.py"))
    assert said["marks"]
    for mark in said["marks"]:
        assert "TODO(crossfade)" in lines[mark["line"] - 1]
        assert f"line {mark['line']}: {mark['what']}" in done.stderr


def test_a_difference_is_shown_and_nothing_is_written(client):
    before = client.read_text()
    done = run(client, "--to", "assemblyai", "--diff")
    assert done.stdout.startswith(f"--- {client}\n+++ {client}\n@@")
    assert client.read_text() == before
    assert [path.name for path in client.parent.iterdir()] == ["client.py"]


def test_it_goes_where_it_is_told_to(client, tmp_path):
    assert run(client, "--to", "assemblyai", "--output", tmp_path / "other.py").exit_code == 0
    shown = run(client, "--to", "assemblyai", "--output", "-").stdout
    assert shown == (tmp_path / "other.py").read_text()
    assert run(client, "--to", "assemblyai", "--in-place").exit_code == 0
    assert client.read_text() == shown


def test_the_ends_of_lines_stay_as_they_are(client):
    client.write_bytes(client.read_bytes().replace(b"\n", b"\r\n"))
    run(client, "--to", "assemblyai", "--in-place")
    assert b"# --- Audio ---\r\n" in client.read_bytes()


def test_a_file_that_is_there_is_not_overwritten_by_chance(client):
    written = client.with_name("client.assemblyai.py")
    written.write_text("mine")
    assert isinstance(run(client, "--to", "assemblyai").exception, TakenError)
    assert written.read_text() == "mine"


@pytest.mark.parametrize("text", ["print(1)\n", 'url = "wss://streaming.assemblyai.com/v3/ws"\n'])
def test_where_there_is_nothing_to_rewrite_it_says_so(client, text):
    client.write_text(text)
    assert isinstance(run(client, "--to", "assemblyai").exception, NothingToRewriteError)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--to", "nobody"],
        ["--to", "agent-stt"],
        ["--to", "assemblyai", "--in-place", "--diff"],
    ],
)
def test_wrong_usage_is_called_so(client, arguments):
    assert run(client, *arguments).exit_code == 2


def test_where_programs_cannot_be_rewritten_to_it_says_what_can_be_done(client):
    done = run(client, "--to", "agent-stt")
    assert "rewritten to speechmatics and assemblyai only" in done.stderr
    assert "migrate check --to agent-stt" in done.stderr


def test_a_program_that_is_none_is_an_error_without_a_traceback(client):
    client.write_text("def f(:\n")
    done = CliRunner().invoke(
        crossfade, ["migrate", "rewrite", str(client), "--to", "assemblyai"], standalone_mode=False
    )
    assert "line 1 is not Python" in str(done.exception)


def test_without_libcst_it_says_what_to_install(client, monkeypatch):
    monkeypatch.setattr("crossfade.migrate.checking.find_spec", lambda name: None)
    assert isinstance(run(client, "--to", "assemblyai").exception, MissingReaderError)
