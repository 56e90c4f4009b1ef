"""``docs/migrate.md``: its commands run, its tables are made of the data, its links lead on."""

import re
import shutil
import subprocess

import pytest

import sample_programs
from crossfade.dialects import DIALECTS
from crossfade.migrate.checking import readable
from crossfade.migrate.page import with_tables
from processes import CHECKOUT, LIMIT_S, crossfade, environment, serving

PAGE = (CHECKOUT / "docs" / "migrate.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"<!-- test: (.+?) -->\n```console\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [(how, line.removeprefix("$ ")) for how, block in BLOCKS for line in block.splitlines()]


@pytest.fixture
def folder(tmp_path):
    """A user's folder, with the files that the page names."""
    shutil.copy(sample_programs.PROGRAMS / "speechmatics" / "guide.py", tmp_path / "client.py")
    shutil.copy(sample_programs.PROGRAMS / "other" / "captured.json", tmp_path / "start.json")
    (tmp_path / "query.txt").write_text("?sample_rate=16000&speech_model=u3-rt-pro")
    sample_programs.silence(tmp_path / "speech.wav", seconds=2)
    return tmp_path


def run(command, folder):
    done = subprocess.run(
        command,
        shell=True,
        env=environment(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.parametrize("command", [command for how, command in COMMANDS if how == "alone"])
def test_commands_that_need_nothing(folder, command):
    assert run(command, folder)


@pytest.mark.parametrize("command", [c for how, c in COMMANDS if how == "with a server"])
def test_commands_that_need_a_server(folder, command):
    key = crossfade("keys", "add", "migrate", data_dir=folder).stdout.strip()
    with serving(folder) as server:
        run(command.replace("127.0.0.1:8765", server.address).replace("YOUR_KEY", key), folder)
    assert (folder / "report.html").exists()


def test_every_command_is_run():
    shown = re.findall(r"^\$ (crossfade .*)$", PAGE, re.MULTILINE)
    assert [command for _, command in COMMANDS] == shown
    assert {how for how, _ in COMMANDS} == {"alone", "with a server"}


def test_the_tables_are_made_of_the_data():
    written = "python -m crossfade.migrate.page docs/migrate.md"
    assert with_tables(PAGE, DIALECTS) == PAGE, written


@pytest.mark.parametrize("dialect", readable(DIALECTS), ids=lambda dialect: dialect.name)
def test_every_setting_and_message_is_in_them(dialect):
    api = dialect.programs().apis[0]
    for name in (*api.settings, *api.messages):
        assert f"| `{name}` |" in PAGE


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)", PAGE))))
def test_what_is_linked_is_there(link):
    assert (CHECKOUT / "docs" / link).exists()
