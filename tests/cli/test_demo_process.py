"""`crossfade demo` as a process."""

import os
import pty
import socket
import subprocess

import pytest

from crossfade.dialects import DIALECTS
from processes import PROGRAMS, crossfade, environment


@pytest.fixture
def demo(tmp_path):
    """The command with the scripted recognizer; the recording still plays at real time."""
    return ("demo", "--once", "--backend", "scripted", "--port")


def test_every_dialect_captions_the_recording_and_says_the_same(tmp_path, demo):
    done = crossfade(*demo, "0", data_dir=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    titles = {line.partition(":")[0] for line in lines}
    assert titles == {dialect.title for dialect in DIALECTS}
    texts = [
        " ".join(line.partition(": ")[2] for line in lines if line.startswith(f"{title}: "))
        for title in titles
    ]
    assert texts == [texts[0]] * len(DIALECTS)
    assert texts[0]
    assert "The same words in each." in done.stderr


def test_a_taken_port_is_stepped_over_and_a_terminal_gets_moving_panels(tmp_path, demo):
    """Both in one run, because each run plays the recording at real time."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        screen, terminal = pty.openpty()
        process = subprocess.Popen(
            [PROGRAMS / "crossfade", *demo, str(port)],
            env=environment(tmp_path) | {"TERM": "xterm-256color", "COLUMNS": "160"},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            cwd=tmp_path,
        )
        os.close(terminal)
        shown = _everything(screen)
    assert process.wait(timeout=30) == 0
    assert f"ws://127.0.0.1:{port}" not in shown
    assert "╭" in shown
    assert "\x1b[2m" in shown  # dim: a partial
    assert "These words come from a script." in shown


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
