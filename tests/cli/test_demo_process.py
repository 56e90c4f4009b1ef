"""`crossfade demo` as a process. Each run plays the recording at real time, so all run at once."""

import os
import pty
import socket
import subprocess
from dataclasses import dataclass

import pytest

from crossfade.dialects import DIALECTS
from processes import LIMIT_S, PROGRAMS, environment

COMMAND = (PROGRAMS / "crossfade", "demo", "--once", "--backend", "scripted", "--port")

SETTINGS_OF_A_SERVER = {"CROSSFADE_TLS": "true", "CROSSFADE_MAX_SESSIONS": "1"}
"""As a crossfade.toml may have them, where somebody tries the demonstration."""


@dataclass
class Shown:
    """What came of two runs: into pipes, and on a terminal with the port taken."""

    code: int
    out: str
    err: str
    terminal_code: int
    terminal: str
    taken_port: int


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        screen, terminal = pty.openpty()
        on_terminal = subprocess.Popen(
            [*COMMAND, str(port)],
            env=environment(folder) | {"TERM": "xterm-256color", "COLUMNS": "160"},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            cwd=folder,
        )
        os.close(terminal)
        piped = subprocess.Popen(
            [*COMMAND, "0"],
            env=environment(folder) | SETTINGS_OF_A_SERVER,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            text=True,
        )
        drawn = _everything(screen)
        out, err = piped.communicate(timeout=LIMIT_S)
        return Shown(piped.returncode, out, err, on_terminal.wait(LIMIT_S), drawn, port)


def test_every_dialect_captions_the_recording_and_says_the_same(shown):
    assert shown.code == 0, shown.err
    lines = shown.out.splitlines()
    titles = {line.partition(":")[0] for line in lines}
    assert titles == {dialect.title for dialect in DIALECTS}
    texts = [
        " ".join(line.partition(": ")[2] for line in lines if line.startswith(f"{title}: "))
        for title in titles
    ]
    assert texts == [texts[0]] * len(DIALECTS)
    assert texts[0]


def test_nothing_but_what_it_does_is_told_beside_the_captions(shown):
    first, last = shown.err.splitlines()
    assert first.startswith("A server listens at ws://127.0.0.1:")
    assert last == "The same words in each."


def test_a_taken_port_is_stepped_over_and_a_terminal_gets_moving_panels(shown):
    assert shown.terminal_code == 0
    assert f"ws://127.0.0.1:{shown.taken_port}" not in shown.terminal
    assert "╭" in shown.terminal
    assert "\x1b[2m" in shown.terminal  # dim: a partial
    assert "These words come from a script." in shown.terminal


def _everything(screen):
    data = b""
    while True:
        try:
            piece = os.read(screen, 65_536)
        except OSError:  # Linux says EIO when the other end is closed
            piece = b""
        if not piece:
            os.close(screen)
            return data.decode()
        data += piece
