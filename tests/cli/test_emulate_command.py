"""``crossfade emulate`` and what belongs to it, in processes of their own."""

import asyncio
import json
import re
import subprocess
import sys
from contextlib import contextmanager

import pytest

from emulated_clients import SILENCE, assemblyai_told, speechmatics_told
from processes import CHECKOUT, KEY, PROGRAMS, RunningServer, crossfade, environment, serving

SCRIPT = """
- say: Good morning. Welcome aboard.
  ends_turn: true
- say: Where are we going
"""


@contextmanager
def emulating(data_dir, *arguments):
    process = subprocess.Popen(
        [PROGRAMS / "crossfade", "emulate", "--port", "0", *arguments],
        env=environment(data_dir),
        cwd=data_dir,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    emulator = RunningServer(process)
    try:
        yield emulator
    finally:
        emulator.kill()


def told(emulator, told_by=speechmatics_told):
    return asyncio.run(told_by(f"ws://{emulator.address}"))


def test_two_processes_say_the_same_byte_for_byte(tmp_path):
    (tmp_path / "script.yaml").write_text(SCRIPT)
    runs = []
    for _ in range(2):
        with emulating(tmp_path, "script.yaml", "--instant") as emulator:
            runs.append([told(emulator), told(emulator, assemblyai_told)])
            assert emulator.stop()[0] == 0
    assert runs[0] == runs[1]
    assert runs[0][0].words == ["Good", "morning", "Welcome", "aboard", "Where", "are"]


def test_it_says_something_without_a_script(tmp_path):
    with emulating(tmp_path, "--instant") as emulator:
        assert told(emulator).words[:2] == ["Good", "morning"]
    assert list(tmp_path.iterdir()) == [], "and writes nothing"


def test_words_and_faults_may_stand_in_the_command(tmp_path):
    with emulating(tmp_path, "--instant", "--say", "Hi.", "--fault", "drop:at=end") as emulator:
        heard = told(emulator)
    assert (heard.words, heard.code) == (["Hi"], 1006)


def test_a_session_that_serve_recorded_is_played(tmp_path):
    with serving(tmp_path, "--key", "crossfade-emulator", "--record", "sessions") as server:
        heard = told(server)
        assert server.stop()[0] == 0
    (bundle,) = (tmp_path / "sessions").iterdir()
    with emulating(tmp_path, bundle, "--instant") as emulator:
        assert told(emulator) == heard


def test_it_takes_a_key_of_ones_own(tmp_path):
    with emulating(tmp_path, "--key", KEY) as emulator:
        assert "Key:" not in emulator.said
        assert KEY not in emulator.said


def test_nothing_heavy_is_loaded_before_it_is_ready():
    program = """
import sys
from crossfade.cli import emulate, serving
from crossfade.cli.options import load_settings
from crossfade.emulator import serving, theatre, script
print(*{"numpy", "onnx", "onnxruntime", "av", "soxr", "yaml"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_every_fault_is_listed(here):
    listed = here("emulate", "--list-faults")
    assert listed.returncode == 0
    for name in ("drop", "capacity", "quota_exceeded", "session_expired"):
        assert re.search(rf"^{name}: ", listed.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        pytest.param(["nowhere.yaml"], 2, "nowhere.yaml", id="no-such-script"),
        pytest.param(["bad.yaml"], 1, "unknown field `sya`", id="bad-script"),
        pytest.param(["--fault", "earthquake"], 2, "there is no fault 'earthquake'", id="no-fault"),
        pytest.param(["--fault", "drop:at=noon"], 2, "drop:at=noon", id="bad-fault"),
        pytest.param(["bad.yaml", "--say", "Hi."], 2, "not both", id="script-and-words"),
        pytest.param(["--speed", "0"], 2, "--speed", id="no-speed"),
    ],
)
def test_what_makes_no_sense_is_refused(here, tmp_path, arguments, code, complaint):
    (tmp_path / "bad.yaml").write_text("- sya: hello")
    done = here("emulate", *arguments)
    assert done.returncode == code
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_named(tmp_path):
    with emulating(tmp_path) as emulator:
        port = emulator.address.partition(":")[2]
        done = crossfade("emulate", "--port", port, data_dir=tmp_path)
    assert (done.returncode, "--port 0" in done.stderr) == (1, True)


def test_the_image_runs_this_very_command(tmp_path):
    text = (CHECKOUT / "deploy" / "emulator" / "Containerfile").read_text()
    program, command, *arguments = json.loads(
        re.search(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)[1]
    )
    assert program.endswith("/bin/crossfade")
    assert command == "emulate"
    assert arguments[:2] == ["--host", "0.0.0.0"]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    for name in " ".join(copied).split():
        assert (CHECKOUT / name).exists()
    with emulating(tmp_path, "--host", "0.0.0.0", "--instant") as emulator:
        assert asyncio.run(speechmatics_told(f"ws://{emulator.address}", SILENCE[:10])).words
