"""`crossfade doctor`: what it finds, and what it says to do."""

import json
import shutil
import socket

import pytest

from crossfade.bench.machine import Hardware
from crossfade.cli import checks
from processes import KEY, crossfade, serving
from virtual_sound import required, sound_card

ROWS = {"device", "cores", "instructions", "threads", "model", "microphone", "port"}
MEASURED = {"speed", "slots"}


def examine(tmp_path, *arguments, **variables):
    done = crossfade("doctor", "--json", *arguments, data_dir=tmp_path, **variables)
    assert "Traceback" not in done.stderr
    result = json.loads(done.stdout)
    assert done.returncode == (0 if result["ok"] else 1)
    return result


def test_a_machine_without_the_model_gets_a_warning_and_no_measurements(tmp_path):
    result = examine(tmp_path, "--port", "0", "--model-dir", tmp_path / "none")
    assert result["ok"]
    assert result["checks"].keys() == ROWS
    assert result["checks"]["model"]["state"] == "warn"
    assert "crossfade models pull" in result["checks"]["model"]["advice"]


def test_a_port_that_another_program_has_is_broken(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = examine(tmp_path, "--port", port, "--model-dir", tmp_path / "none")
    assert not result["ok"]
    assert result["checks"]["port"]["state"] == "broken"
    assert "--port" in result["checks"]["port"]["advice"]


def test_a_server_of_ours_on_the_port_is_in_order(tmp_path):
    with serving(tmp_path, "--key", KEY) as server:
        port = server.address.rpartition(":")[2]
        result = examine(tmp_path, "--port", port, "--model-dir", tmp_path / "none")
    assert result["ok"]
    assert "a server answers" in result["checks"]["port"]["found"]


def test_an_address_of_another_machine_is_broken(tmp_path):
    arguments = ("--host", "192.0.2.1", "--model-dir", tmp_path / "none")
    assert examine(tmp_path, *arguments)["checks"]["port"]["state"] == "broken"


def test_more_threads_than_cores_are_warned_of(tmp_path):
    arguments = ("--port", "0", "--threads", "1000", "--model-dir", tmp_path / "none")
    row = examine(tmp_path, *arguments)["checks"]["threads"]
    assert (row["state"], row["value"]) == ("warn", 1000)


@pytest.mark.model
def test_a_sound_machine_is_measured(tmp_path, model_files):
    done = crossfade("doctor", "--port", "0", data_dir=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "checksums are right" in done.stdout
    result = examine(tmp_path, "--port", "0")
    assert result["checks"].keys() == ROWS | MEASURED
    assert result["checks"]["slots"]["value"] >= 1
    assert result["checks"]["speed"]["value"] > 0


@pytest.mark.model
def test_a_model_with_a_wrong_bit_is_broken(tmp_path, model_files):
    copy = tmp_path / "model"
    shutil.copytree(model_files.directory, copy)
    with (copy / "decoder.onnx").open("r+b") as file:
        file.seek(1_000_000)
        byte = file.read(1)
        file.seek(1_000_000)
        file.write(bytes([byte[0] ^ 1]))
    result = examine(tmp_path, "--port", "0", "--model-dir", copy)
    assert not result["ok"]
    assert "decoder.onnx is damaged" in result["checks"]["model"]["found"]
    assert "crossfade models pull" in result["checks"]["model"]["advice"]


@pytest.mark.model
def test_a_model_with_a_file_missing_is_broken(tmp_path, model_files):
    copy = tmp_path / "model"
    shutil.copytree(model_files.directory, copy)
    (copy / "encoder.onnx").unlink()
    result = examine(tmp_path, "--port", "0", "--model-dir", copy)
    assert result["checks"]["model"]["state"] == "broken"


@pytest.mark.parametrize(
    ("instructions", "state"),
    [(("avx2", "avx512_vnni"), "ok"), (("avx2",), "warn"), ((), "warn"), (None, "ok")],
)
def test_a_processor_without_fast_products_of_bytes_is_warned_of(instructions, state):
    machine = Hardware(cpu="c", architecture="a", cores=2, instructions=instructions, system="s")
    check = checks._instructions(machine)
    assert check.state == state
    assert bool(check.advice) is (state != "ok")


@pytest.mark.parametrize(("factor", "state"), [(0.05, "ok"), (0.3, "warn"), (1.0, "broken")])
def test_a_stream_must_be_faster_than_it_is_spoken(factor, state):
    check = checks._factor(factor)
    assert check.state == state
    assert bool(check.advice) is (state != "ok")


def test_more_sessions_than_slots_are_warned_of():
    assert checks._slots(0.024, 1, chosen=0).state == "ok"
    assert checks._slots(0.024, 1, chosen=10_000).state == "warn"


def test_a_microphone_that_is_muted_is_warned_of(tmp_path, tmp_path_factory):
    required()
    arguments = ("--port", "0", "--model-dir", tmp_path / "none")
    with sound_card(tmp_path_factory.mktemp("s")) as card:
        row = examine(tmp_path, *arguments, **card.variables)["checks"]["microphone"]
    assert (row["state"], row["value"]) == ("warn", "default")
    assert "nothing but zeros" in row["advice"]


def test_a_machine_without_a_microphone_serves_all_the_same(tmp_path):
    arguments = ("--port", "0", "--model-dir", tmp_path / "none")
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    result = examine(tmp_path, *arguments, PYTHONPATH=str(tmp_path))
    assert result["ok"]
    assert result["checks"]["microphone"]["state"] == "warn"
    assert "libportaudio2" in result["checks"]["microphone"]["advice"]


def test_help_has_an_example(tmp_path):
    done = crossfade("doctor", "--help", data_dir=tmp_path)
    assert "crossfade doctor" in done.stdout.partition("Example")[2]
