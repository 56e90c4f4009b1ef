"""What docs/emulator.md shows is run.

A console block is preceded by a comment that says how:

    <!-- test: emulate -->               until it is ready, then SIGTERM
    <!-- test: alone -->                 as it is
    <!-- test: record, then emulate -->  a session with the first command, then the second
    <!-- test: bench -->                 with fewer sessions
"""

import asyncio
import json
import re
import shlex
import subprocess
import sys
from contextlib import contextmanager

import pytest

from crossfade.emulator.reading import parse_yaml
from crossfade.emulator.serving import KEY
from emulated_clients import speechmatics_told
from processes import CHECKOUT, LIMIT_S, PROGRAMS, RunningServer, crossfade, environment

PAGE = (CHECKOUT / "docs" / "emulator.md").read_text()
SCRIPT = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
PROGRAM = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]


def commands(how):
    blocks = re.findall(rf"<!-- test: {how} -->\n```console\n(.*?)```", PAGE, re.DOTALL)
    return [line.removeprefix("$ crossfade ") for block in blocks for line in block.splitlines()]


@contextmanager
def running(command, folder):
    process = subprocess.Popen(
        [PROGRAMS / "crossfade", *shlex.split(command), "--port", "0"],
        env=environment(folder),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = RunningServer(process)
    try:
        yield server
        assert server.stop()[0] == 0
    finally:
        server.kill()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "meeting.yaml").write_text(SCRIPT)
    return tmp_path


def test_every_block_says_how_it_is_tested():
    assert PAGE.count("```console") == PAGE.count("<!-- test: ")


def test_the_script_can_be_played():
    script = parse_yaml(SCRIPT)
    assert len(script.utterances) == 3
    assert script.part(None).end_of_word(script.faults[0].after_words) is not None


@pytest.mark.parametrize("command", commands("emulate"))
def test_emulators_start(folder, command):
    with running(command, folder) as emulator:
        assert f"Key: {KEY}" in emulator.said


@pytest.mark.parametrize("command", commands("alone"))
def test_what_needs_nothing(folder, command):
    assert crossfade(*shlex.split(command), data_dir=folder).returncode == 0


def test_a_session_is_recorded_and_played(folder):
    record, play = commands("record, then emulate")
    with running(f"{record} --backend scripted --key {KEY}", folder) as server:
        heard = asyncio.run(speechmatics_told(f"ws://{server.address}"))
    (bundle,) = (folder / "sessions").glob("*.jsonl")
    played = play.replace("sessions/*.jsonl", str(bundle))
    assert played != play
    with running(played, folder) as emulator:
        assert asyncio.run(speechmatics_told(f"ws://{emulator.address}")) == heard


@pytest.mark.parametrize("command", commands("bench"))
def test_the_benchmark_compares_every_session_with_one_alone(folder, command):
    fewer = command.replace("--sessions 500 --seconds 20", "--sessions 6 --seconds 1")
    assert fewer != command
    done = crossfade(*shlex.split(fewer), data_dir=folder)
    found = json.loads((folder / "emulator.json").read_text())
    assert (found["sessions"], found["identical"], found["failed"]) == (6, 6, 0)
    assert found["frames"] > 6 * 10
    assert found["ready_s"] > 0
    # On a busy machine it may say that it was late, and nothing else.
    assert done.returncode == 0 or "p95 lag" in done.stderr


def test_the_tests_that_are_shown_pass(folder):
    (folder / "test_shown.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-pno:asyncio", "-pno:cacheprovider"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("link", sorted(set(re.findall(r"`(deploy/[^`]+)`", PAGE))))
def test_what_is_named_is_there(link):
    assert (CHECKOUT / link).exists()
