"""Every command of the README and of the client's page is run, every program is an example.

A ```console block is preceded by a comment that says how:

    <!-- test: alone -->             as it is
    <!-- test: with a server -->     with `crossfade serve` running; address and key are put in
    <!-- test: with the model -->    as it is, where the model is
    <!-- test: with a microphone --> on a sound card of the test's own, until Ctrl-C; with a server
    <!-- test: start, then stop -->  until it is ready, then SIGTERM
    <!-- test: dry run -->           `make -n`: a full run is what CI does, in a fresh checkout
"""

import os
import re
import shlex
import shutil
import signal
import subprocess

import pytest

from processes import CHECKOUT, KEY, LIMIT_S, crossfade, environment, serving, write_wav
from virtual_sound import required, sound_card

README = (CHECKOUT / "README.md").read_text()
CLIENT = (CHECKOUT / "docs" / "client.md").read_text()
HOW = (
    *("alone", "with a server", "with the model", "with a microphone"),
    *("start, then stop", "dry run"),
)
BLOCKS = [
    block
    for page in (README, CLIENT)
    for block in re.findall(r"(?:<!-- test: (.+?) -->\n)?```console\n(.*?)```", page, re.DOTALL)
]


def blocks(how):
    found = [commands for said, commands in BLOCKS if said == how]
    return pytest.mark.parametrize("block", found, ids=lambda block: block.split("\n")[0][2:])


@pytest.fixture
def folder(tmp_path, recordings):
    """A user's folder: two recordings, and the examples."""
    spoken = next(r for r in recordings if r.category == "read_en")
    write_wav(tmp_path / "speech.wav", spoken.path, seconds=3)
    shutil.copy(tmp_path / "speech.wav", tmp_path / "other.wav")
    (tmp_path / "examples").symlink_to(CHECKOUT / "examples")
    return tmp_path


def commands_of(block):
    assert all(line.startswith("$ ") for line in block.splitlines())
    return [line.removeprefix("$ ") for line in block.splitlines()]


def run_block(block, folder):
    for command in commands_of(block):
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
        assert done.stdout or done.stderr


def test_every_block_says_how_it_is_tested():
    assert BLOCKS
    assert {how for how, _ in BLOCKS} <= set(HOW)


@blocks("alone")
def test_what_needs_nothing(folder, block):
    run_block(block, folder)


@blocks("with a server")
def test_what_needs_a_server(folder, block):
    key = crossfade("keys", "add", "readme", data_dir=folder).stdout.strip()
    with serving(folder) as server:
        filled = block.replace("127.0.0.1:8765", server.address).replace("YOUR_KEY", key)
        filled = re.sub(r"(raw_\w+_client\.py)", rf"\1 --server {server.address}", filled)
        run_block(filled, folder)


@pytest.mark.model
@blocks("with the model")
def test_what_needs_the_model(folder, block):
    run_block(block, folder)


@blocks("with a microphone")
def test_what_listens(folder, block, tmp_path_factory):
    required()
    with (
        sound_card(tmp_path_factory.mktemp("s")) as card,
        serving(folder, "--key", KEY) as server,
    ):
        filled = block.replace("127.0.0.1:8765", server.address).replace("YOUR_KEY", KEY)
        for command in commands_of(filled):
            listen_until_ctrl_c(command, folder, card)


def listen_until_ctrl_c(command, folder, card):
    with subprocess.Popen(
        shlex.split(command),
        env=environment(folder) | card.variables | {"CROSSFADE_BACKEND": "scripted"},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            for line in process.stderr:
                if "Ctrl-C ends" in line:
                    process.send_signal(signal.SIGINT)
            assert process.wait(timeout=LIMIT_S) == 0, command
        finally:
            process.kill()


@blocks("start, then stop")
def test_what_runs_until_it_is_stopped(folder, block):
    (command,) = commands_of(block)
    assert command == "crossfade serve"
    with serving(folder) as server:
        assert server.stop()[0] == 0


@blocks("dry run")
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not here")
def test_what_make_would_do(block):
    for command in commands_of(block):
        program, *arguments = command.split()
        assert program == "make"
        done = subprocess.run(
            [program, "-n", *arguments],
            cwd=CHECKOUT,
            env=os.environ | {"MAKEFLAGS": ""},
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0


@pytest.mark.parametrize("name", ["speechmatics_sdk.py", "assemblyai_sdk.py"])
def test_the_programs_for_the_vendors_clients_are_those_of_the_examples(name):
    assert f"```python\n{(CHECKOUT / 'examples' / name).read_text()}```" in README


def test_our_own_client_is_shown_as_in_the_example():
    example = (CHECKOUT / "examples" / "captions.py").read_text()
    start = example.index("    async with connect")
    body = example[start : example.index("\n\n\nif __name__")]
    shown = "".join(f"{line[4:]}\n" for line in body.splitlines())
    assert f"```python\n{shown}```" in README


def test_the_clients_page_shows_the_example():
    example = (CHECKOUT / "examples" / "guide_speechmatics.py").read_text()
    assert f"```python\n{example}```" in CLIENT


def test_the_clients_page_shows_the_microphone_as_the_example_does():
    example = (CHECKOUT / "examples" / "microphone.py").read_text()
    shown = example[example.index("microphone = sources") :]
    assert f"```python\n{shown}```" in CLIENT
