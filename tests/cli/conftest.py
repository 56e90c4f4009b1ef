"""A recording as users have them, and commands without a process of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from crossfade.cli import main
from processes import environment, write_wav

Here = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def speech_wav(recordings, tmp_path_factory):
    """Three seconds of real speech."""
    spoken = next(r for r in recordings if r.category == "read_en")
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    return write_wav(path, spoken.path, seconds=3)


@pytest.fixture
def here(tmp_path, monkeypatch, capsys) -> Here:
    """Run a command to its end as ``processes.crossfade`` does, but in this process.

    To start one takes half a second. Not for commands that serve: they set the log up.
    """
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        argv = ["crossfade", *map(str, arguments)]
        with monkeypatch.context() as typed:
            typed.setattr(sys, "argv", argv)
            for name in os.environ.keys() - environment(tmp_path).keys():
                typed.delenv(name)
            for name, value in (environment(tmp_path) | variables).items():
                typed.setenv(name, value)
            handler = signal.getsignal(signal.SIGTERM)
            with pytest.raises(SystemExit) as ended:
                main()
            signal.signal(signal.SIGTERM, handler)
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(argv, ended.value.code, out, err)

    return run
