"""The command line as users run it: in processes of its own."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crossfade.audio import SAMPLE_RATE_HZ, encode, read_media
from crossfade.model import Encoding

CHECKOUT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent
KEY = "key-of-this-test"
LIMIT_S = 60
SCRIPTED_WORDS = "These words come from a script."


def environment(data_dir: Path) -> dict[str, str]:
    """The environment of this process without settings, and with a data folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not _is_setting(name)}
    path = f"{PROGRAMS}{os.pathsep}{kept.get('PATH', '')}"
    # rich would wrap what it writes into a pipe at 80 characters.
    return kept | {"PATH": path, "CROSSFADE_DATA_DIR": str(data_dir), "COLUMNS": "200"}


def crossfade(
    *arguments: str | Path,
    data_dir: Path,
    cwd: Path | None = None,
    stdin: bytes | None = None,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    done = subprocess.run(
        [PROGRAMS / "crossfade", *arguments],
        env=environment(data_dir) | variables,
        cwd=cwd or data_dir,
        input=stdin if stdin is not None else b"",
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


class RunningServer:
    """A server process, and what it writes to stderr."""

    def __init__(self, process: subprocess.Popen[str], *, log_is_read: bool = True) -> None:
        self.process = process
        self._log_is_read = log_is_read
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.said = ""
        """What it wrote until it was ready."""
        self.wait_until_it_says("Ctrl-C stops it")

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line)
            if "Ctrl-C stops it" in line and not self._log_is_read:
                break
        self._lines.put("")

    @property
    def address(self) -> str:
        """Host and port."""
        match = re.search(r"wss?://([\d.]+:\d+)/", self.said)
        assert match, self.said
        return match[1]

    def resident_megabytes(self) -> float:
        """Memory that the process holds now (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) / 1024

    def wait_until_it_says(self, text: str) -> None:
        """Read what it writes to stderr until this is in it."""
        while text not in self.said:
            line = self._lines.get(timeout=LIMIT_S)
            assert line, f"the server ended: {self.said}"
            self.said += line

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Signal it; return its exit code and what else it wrote to stderr."""
        self.process.send_signal(number)
        self.process.wait(timeout=LIMIT_S)
        self._reader.join(LIMIT_S)
        return self.process.returncode, "".join(iter(self._lines.get, ""))

    def kill(self) -> None:
        """End it at once, if it still runs."""
        self.process.kill()
        self.process.wait(timeout=LIMIT_S)
        self._reader.join(LIMIT_S)
        assert self.process.stderr is not None
        self.process.stderr.close()


@contextmanager
def serving(
    data_dir: Path,
    *arguments: str,
    backend: str | None = "scripted",
    log_is_read: bool = True,
    **variables: str,
) -> Iterator[RunningServer]:
    """Run `crossfade serve` on a free port; ``backend=None``: the one that its settings name."""
    recognizes = () if backend is None else ("--backend", backend)
    command = [PROGRAMS / "crossfade", "serve", "--port", "0", *recognizes, *arguments]
    data_dir.mkdir(exist_ok=True)
    process = subprocess.Popen(
        command,
        env=environment(data_dir) | variables,
        cwd=data_dir,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = RunningServer(process, log_is_read=log_is_read)
    try:
        yield server
    finally:
        server.kill()


def write_wav(path: Path, recording: Path, *, seconds: float | None = None) -> Path:
    """Write a recording as WAV, 16 kHz mono 16-bit, perhaps only its beginning."""
    data = b"".join(encode(samples, Encoding.PCM_S16LE) for samples in read_media(recording))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(data if seconds is None else data[: int(seconds * SAMPLE_RATE_HZ) * 2])
    return path


def _is_setting(name: str) -> bool:
    return name.startswith("CROSSFADE_") and name != "CROSSFADE_MODEL_DIR"
