"""`crossfade listen`, as users run it, on a real sound stack: see `virtual_sound`.

Sound is played into the room that the microphone is in; nothing between ALSA and the words is
replaced.
"""

import asyncio
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import wave
from contextlib import ExitStack, contextmanager, suppress

import numpy as np
import pytest

from crossfade import Final, sources
from crossfade.audio import encode
from crossfade.cli.listening import in_process
from crossfade.client.lines import written
from crossfade.model import Encoding
from crossfade.scoring import word_errors
from crossfade.settings import load
from processes import (
    KEY,
    LIMIT_S,
    PROGRAMS,
    SCRIPTED_WORDS,
    crossfade,
    environment,
    serving,
    write_wav,
)
from virtual_sound import required, sound_card

RATE_HZ = 48_000
SPOKEN = ("ls-1688-142285-0006", "ls-61-70968-0000", "lj-LJ001-0020", "vctk-p286_010")
"""21 s in all."""


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    required()
    # The socket's whole path may have 108 bytes.
    with sound_card(tmp_path_factory.mktemp("s")) as running:
        yield running


@pytest.fixture
def speech(recording, tmp_path):
    return write_wav(tmp_path / "spoken.wav", recording("vctk-p286_010").path)


def tone(path, amplitude, *, seconds):
    times_s = np.arange(int(RATE_HZ * seconds)) / RATE_HZ
    samples = np.clip(amplitude * np.sin(2 * np.pi * 300 * times_s), -1, 1).astype(np.float32)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(encode(samples, Encoding.PCM_S16LE))
    return path


class Listening:
    """A running `crossfade listen` whose output nobody looks at."""

    def __init__(self, process):
        self.process = process
        self.said = ""

    def wait_until_it_says(self, text):
        """Read stderr, line by line, until this is in it."""
        while text not in self.said:
            line = self.process.stderr.readline()
            assert line, f"it ended: {self.said}"
            self.said += line

    def end(self, number=signal.SIGINT):
        """Signal it; return its exit code and what it wrote to stdout."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=LIMIT_S)
        self.said += err
        assert "Traceback" not in self.said
        return self.process.returncode, out


@contextmanager
def listening(card, folder, *arguments, backend="scripted"):
    """Run it until it hears."""
    process = subprocess.Popen(
        [PROGRAMS / "crossfade", "listen", *arguments],
        env=environment(folder) | card.variables | {"CROSSFADE_BACKEND": backend},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            heard = Listening(process)
            heard.wait_until_it_says("Listening to default (44100 Hz)")
            yield heard
        finally:
            process.kill()


async def words_of(paths):
    """What the same recognizer hears in files in place of the microphone."""
    texts = []
    async with in_process(load({}), "en") as listener:
        for path in paths:
            words = []

            def show(event, _, words=words):
                if isinstance(event, Final):
                    words.extend(event.words)

            await listener(sources.media(path), show)
            texts.append(written(words))
    return texts


@pytest.mark.model
def test_the_microphone_gives_the_words_of_the_file(card, tmp_path, recording, model_files):
    spoken = [recording(name) for name in SPOKEN]
    paths = [write_wav(tmp_path / f"{each.id}.wav", each.path) for each in spoken]
    texts = []
    for path in paths:
        with listening(card, tmp_path, backend="local") as heard:
            card.play(path)
            code, text = heard.end()
        assert code == 0
        texts.append(text)

    def errors_in(heard):
        return [word_errors(one.text, text) for one, text in zip(spoken, heard, strict=True)]

    of_files = errors_in(asyncio.run(words_of(paths)))
    n_words = sum(each.reference_words for each in of_files)
    n_wrong = sum(each.total for each in of_files)
    assert sum(each.total for each in errors_in(texts)) - n_wrong <= 0.01 * n_words
    assert n_wrong < 0.1 * n_words


@pytest.mark.model
def test_the_last_words_come_though_ctrl_c_comes_right_behind_them(
    card, tmp_path, speech, model_files
):
    with listening(card, tmp_path, backend="local") as heard:
        card.play(speech)
        code, text = heard.end()
    assert code == 0
    assert text == "People look, but no one ever finds it.\n"


def test_into_a_pipe_go_settled_words_only_a_line_for_each_sentence(card, tmp_path):
    with listening(card, tmp_path) as heard:
        lines = [heard.process.stdout.readline() for _ in range(2)]  # while it listens
        code, rest = heard.end()
    assert lines == ["These words come from a script.\n", "Nobody has listened to you.\n"]
    assert code == 0
    assert "\x1b" not in rest


def test_a_server_may_do_the_work(card, tmp_path):
    with serving(tmp_path, "--key", KEY) as server, ExitStack() as stack:
        where = ("--url", f"ws://{server.address}", "--key", KEY, "--dialect")
        names = ("speechmatics", "assemblyai")
        started = [stack.enter_context(listening(card, tmp_path, *where, name)) for name in names]
        for heard in started:
            assert heard.process.stdout.readline().startswith("These words")
            assert heard.end()[0] == 0


def test_json_is_an_object_for_each_line_and_captions_are_written_while_it_listens(card, tmp_path):
    with listening(card, tmp_path, "--json", "--save", "said.txt") as heard:
        line = json.loads(heard.process.stdout.readline())
        assert line["text"] == SCRIPTED_WORDS
        assert [word["text"] for word in line["words"]] == SCRIPTED_WORDS.rstrip(".").split()
        assert line["start_ms"] == line["words"][0]["start_ms"]
        assert (tmp_path / "said.txt.part").read_text().startswith("These words")
        assert not (tmp_path / "said.txt").exists()
        code, _ = heard.end()
    assert code == 0
    assert "Saved said.txt" in heard.said
    assert (tmp_path / "said.txt").read_text().startswith(SCRIPTED_WORDS)
    assert not (tmp_path / "said.txt.part").exists()


def test_a_file_that_is_there_is_not_replaced_unasked(here, tmp_path):
    (tmp_path / "said.srt").write_text("precious")
    done = here("listen", "--save", "said.srt")
    assert done.returncode == 2
    assert "--overwrite" in done.stderr
    assert (tmp_path / "said.srt").read_text() == "precious"


def seconds_until(heard, text):
    start_s = time.monotonic()
    heard.wait_until_it_says(text)
    return time.monotonic() - start_s


# The bounds are twice what is promised: the machine of a test may be busy.


def test_a_muted_microphone_is_told(card, tmp_path):
    with listening(card, tmp_path) as heard:
        assert seconds_until(heard, "nothing but zeros") < 4


@pytest.mark.parametrize(
    ("amplitude", "message"), [(0.0005, "silence only"), (8.0, "too loud, it clips")]
)
def test_what_is_too_quiet_or_too_loud_is_told(card, tmp_path, amplitude, message):
    sound = tone(tmp_path / "tone.wav", amplitude, seconds=8)
    player = subprocess.Popen(["paplay", sound], env=card.environment)
    try:
        with listening(card, tmp_path) as heard:
            assert seconds_until(heard, message) < 4
    finally:
        player.kill()
        player.wait()


def test_a_microphone_that_is_lost_ends_it_with_all_that_was_said(tmp_path_factory, tmp_path):
    required()
    with (
        sound_card(tmp_path_factory.mktemp("s")) as own,
        listening(own, tmp_path, "--save", "said.txt") as heard,
    ):
        first = heard.process.stdout.readline()
        subprocess.run(["pactl", "exit"], env=own.environment, check=True)
        heard.wait_until_it_says("the microphone is gone")
        heard.process.wait(timeout=LIMIT_S)
    assert heard.process.returncode == 1
    assert (tmp_path / "said.txt").read_text().startswith(first.strip())


def test_no_microphone_is_told_in_one_line(card, tmp_path):
    nobody = card.variables | {"PULSE_SERVER": f"unix:{tmp_path}/none"}
    done = crossfade("listen", data_dir=tmp_path, **nobody)
    assert done.returncode == 1
    assert "crossfade: there is no microphone: plug one in" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("failure", "advice"),
    [
        ("ModuleNotFoundError", "pip install 'crossfade[mic]'"),
        ("OSError", "apt install libportaudio2"),
    ],
)
def test_what_is_not_installed_is_told_in_one_line(tmp_path, failure, advice):
    (tmp_path / "sounddevice.py").write_text(f"raise {failure}('not here')")
    for arguments in (["listen"], ["listen", "--list-devices"]):
        done = crossfade(*arguments, data_dir=tmp_path, PYTHONPATH=str(tmp_path))
        assert done.returncode == 1
        assert advice in done.stderr
        assert done.stderr.count("\n") == 1


def test_devices_are_listed(card, tmp_path):
    done = crossfade("listen", "--list-devices", data_dir=tmp_path, **card.variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^\* +\d+  default  \(ALSA, \d+ in, 44100 Hz\)$", done.stdout, re.MULTILINE)
    done = crossfade("listen", "--list-devices", "--json", data_dir=tmp_path, **card.variables)
    assert [row["name"] for row in json.loads(done.stdout) if row["is_default"]] == ["default"]


def test_a_device_that_is_not_there_is_told(card, tmp_path):
    done = crossfade("listen", "--device", "teapot", data_dir=tmp_path, **card.variables)
    assert done.returncode == 1
    assert "there is no microphone 'teapot'; `crossfade listen --list-devices`" in done.stderr


class Terminal:
    """A terminal with a `crossfade listen` in it, and what that drew."""

    def __init__(self, card, folder, *arguments):
        self.pid, self._keys = pty.fork()
        if self.pid == 0:
            variables = {"CROSSFADE_BACKEND": "scripted", "TERM": "xterm-256color", "LINES": "30"}
            os.chdir(folder)
            program = str(PROGRAMS / "crossfade")
            everything = environment(folder) | card.variables | variables
            os.execve(program, [program, "listen", *arguments], everything)
        self.drawn = ""

    def press(self, key):
        os.write(self._keys, key)

    def read_until(self, text):
        deadline_s = time.monotonic() + LIMIT_S
        while text not in self.drawn:
            assert time.monotonic() < deadline_s, self.drawn
            if select.select([self._keys], [], [], 1)[0]:
                self.drawn += os.read(self._keys, 65536).decode(errors="replace")

    def end(self):
        """Read to the end of the program; return its exit code."""
        with suppress(OSError):  # Linux says so at the end of a terminal
            while data := os.read(self._keys, 65536):
                self.drawn += data.decode(errors="replace")
        _, status = os.waitpid(self.pid, 0)
        os.close(self._keys)
        return os.waitstatus_to_exitcode(status)

    @property
    def last_lines(self):
        """What stays on the screen behind the last drawing, without colours."""
        plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", self.drawn)
        return [line.rsplit("\r")[-1] for line in plain.replace("\r\n", "\n").split("\n")]


CTRL_C = b"\x03"
DIM = "\x1b[2m"
SHOW_CURSOR = "\x1b[?25h"


def test_a_terminal_shows_partials_dim_a_meter_and_after_ctrl_c_every_word(card, tmp_path, speech):
    terminal = Terminal(card, tmp_path)
    terminal.read_until("Listening to default")
    card.play(speech)
    terminal.read_until("script.")
    terminal.press(CTRL_C)
    assert terminal.end() == 0
    assert f"{DIM}These" in terminal.drawn
    assert "█" in terminal.drawn
    assert "lag " in terminal.drawn
    assert "Traceback" not in terminal.drawn
    assert terminal.drawn.rindex(SHOW_CURSOR) > terminal.drawn.rindex("█")
    assert any(line.startswith(SCRIPTED_WORDS.rstrip(".")) for line in terminal.last_lines)


def test_trouble_stands_beside_the_meter_in_a_terminal(card, tmp_path):
    terminal = Terminal(card, tmp_path)
    terminal.read_until("nothing but zeros")
    terminal.press(CTRL_C)
    assert terminal.end() == 0


def test_a_second_ctrl_c_leaves_at_once_though_the_server_hangs(card, tmp_path):
    with serving(tmp_path, "--key", KEY) as server:
        where = ("--url", f"ws://{server.address}", "--dialect", "assemblyai", "--key", KEY)
        terminal = Terminal(card, tmp_path, *where, "--save", "said.srt")
        terminal.read_until("Listening to default")
        terminal.read_until("0:06 ")  # behind the end of the first turn
        server.process.send_signal(signal.SIGSTOP)
        terminal.press(CTRL_C)
        terminal.read_until("the last words")
        start_s = time.monotonic()
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert time.monotonic() - start_s < 3
        server.process.send_signal(signal.SIGCONT)
    assert "These words" in (tmp_path / "said.srt").read_text()
