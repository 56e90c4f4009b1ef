"""Every command of docs/compare.md is run, and what the page promises is so."""

import asyncio
import re
import subprocess
import tomllib

import pytest

from crossfade.settings import load
from processes import CHECKOUT, KEY, LIMIT_S, environment, serving, write_wav
from shadowed_sessions import record

PAGE = (CHECKOUT / "docs" / "compare.md").read_text()
BLOCKS = dict(re.findall(r"<!-- test: (.+?) -->\n```console\n\$ (.*?)\n```", PAGE))


@pytest.fixture
def folder(tmp_path, recordings):
    spoken = next(r for r in recordings if r.category == "commands")
    write_wav(tmp_path / "speech.wav", spoken.path)
    for folder in ("calls", "texts"):
        (tmp_path / folder).mkdir()
    write_wav(tmp_path / "calls" / "one.wav", spoken.path)
    (tmp_path / "texts" / "one.txt").write_text(spoken.text)
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
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_every_command_says_how_it_is_tested():
    assert len(BLOCKS) == PAGE.count("```console") == 4


@pytest.mark.model
def test_with_the_model(folder):
    run(BLOCKS["with the model"], folder)
    assert (folder / "report.html").exists()


def test_with_a_server(folder):
    with serving(folder / "server", "--key", KEY) as server:
        command = BLOCKS["with a server"].replace("127.0.0.1:8765", server.address)
        run(command.replace("YOUR_KEY", KEY), folder)


def test_alone(folder):
    run(BLOCKS["alone"], folder)
    assert (folder / "figures.json").exists()


async def test_with_records(tmp_path):
    await record(tmp_path / "shadow")
    await asyncio.to_thread(run, BLOCKS["with records"], tmp_path)
    assert (tmp_path / "report.html").exists()


def test_the_prices_that_are_shown_are_lawful(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert tomllib.loads(text).keys() == {"prices"}
    (tmp_path / "crossfade.toml").write_text(text)
    prices = load({}, environ={}, file=tmp_path / "crossfade.toml").prices
    assert prices["local"].per_audio_hour == 0.02
    assert (prices["assemblyai"].per_session_hour, prices["assemblyai"].date) == (
        0.12,
        "2026-10-01",
    )


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)", PAGE))))
def test_what_is_linked_is_there(link):
    assert (CHECKOUT / "docs" / link).exists()
