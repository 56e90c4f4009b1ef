"""`crossfade doctor`: what it finds, and what it says to do."""

import json
import re
import shutil
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import certificates
from crossfade.bench.machine import Hardware
from crossfade.cli import checks
from crossfade.server.certificates import ensure
from crossfade.settings import Settings
from processes import KEY, crossfade, serving
from virtual_sound import required, sound_card

ROWS = {"device", "cores", "instructions", "threads", "model", "microphone", "tls", "port"}
MEASURED = {"speed", "slots"}


def result_of(done):
    assert "Traceback" not in done.stderr
    result = json.loads(done.stdout)
    assert done.returncode == (0 if result["ok"] else 1)
    return result


@pytest.fixture
def examine(here, tmp_path, monkeypatch):
    """Run it where nothing can record: that takes two seconds, and has tests of its own."""
    monkeypatch.setattr(checks, "find_spec", lambda name: None)

    def run(*arguments, model_dir=tmp_path / "none"):
        return result_of(here("doctor", "--json", "--model-dir", model_dir, *arguments))

    return run


def test_a_machine_without_the_model_gets_a_warning_and_no_measurements(examine):
    result = examine("--port", "0")
    assert result["ok"]
    assert result["checks"].keys() == ROWS
    assert result["checks"]["model"]["state"] == "warn"
    assert "crossfade models pull" in result["checks"]["model"]["advice"]
    assert "crossfade[mic]" in result["checks"]["microphone"]["found"]


def test_people_get_a_line_for_each_row_and_what_to_do_below_it(here, tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    done = here("doctor", "--port", "0", "--host", "0.0.0.0", "--model-dir", tmp_path / "none")
    assert done.returncode == 0
    assert re.search(r"^TLS +warning +off, at 0\.0\.0\.0 *$", done.stdout, re.MULTILINE)
    assert "--tls, --cert, or a proxy in front" in done.stdout


def test_a_port_that_another_program_has_is_broken(examine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = examine("--port", port)
    assert not result["ok"]
    assert result["checks"]["port"]["state"] == "broken"
    assert "--port" in result["checks"]["port"]["advice"]


def test_a_server_of_ours_on_the_port_is_in_order(examine, tmp_path):
    with serving(tmp_path, "--key", KEY) as server:
        port = server.address.rpartition(":")[2]
        result = examine("--port", port)
    assert result["ok"]
    assert "a server answers" in result["checks"]["port"]["found"]


def test_an_address_of_another_machine_is_broken(examine):
    assert examine("--host", "192.0.2.1")["checks"]["port"]["state"] == "broken"


def test_more_threads_than_cores_are_warned_of(examine):
    row = examine("--port", "0", "--threads", "1000")["checks"]["threads"]
    assert (row["state"], row["value"]) == ("warn", 1000)


@pytest.mark.model
def test_a_sound_machine_is_measured(examine, model_files):
    result = examine("--port", "0", model_dir=model_files.directory)
    assert "checksums are right" in result["checks"]["model"]["found"]
    assert result["checks"].keys() == ROWS | MEASURED
    assert result["checks"]["slots"]["value"] >= 1
    assert result["checks"]["speed"]["value"] > 0


@pytest.mark.model
def test_a_model_with_a_wrong_bit_is_broken(examine, tmp_path, model_files):
    copy = tmp_path / "model"
    shutil.copytree(model_files.directory, copy)
    with (copy / "decoder.onnx").open("r+b") as file:
        file.seek(1_000_000)
        byte = file.read(1)
        file.seek(1_000_000)
        file.write(bytes([byte[0] ^ 1]))
    result = examine("--port", "0", model_dir=copy)
    assert not result["ok"]
    assert "decoder.onnx is damaged" in result["checks"]["model"]["found"]
    assert "crossfade models pull" in result["checks"]["model"]["advice"]


@pytest.mark.model
def test_a_model_with_a_file_missing_is_broken(examine, tmp_path, model_files):
    copy = tmp_path / "model"
    shutil.copytree(model_files.directory, copy)
    (copy / "encoder.onnx").unlink()
    result = examine("--port", "0", model_dir=copy)
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
    command = ("doctor", "--json", "--port", "0", "--model-dir", tmp_path / "none")
    with sound_card(tmp_path_factory.mktemp("s")) as card:
        done = crossfade(*command, data_dir=tmp_path, **card.variables)
    row = result_of(done)["checks"]["microphone"]
    assert (row["state"], row["value"]) == ("warn", "default")
    assert "nothing but zeros" in row["advice"]


def test_a_machine_without_a_microphone_serves_all_the_same(tmp_path):
    command = ("doctor", "--json", "--port", "0", "--model-dir", tmp_path / "none")
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    result = result_of(crossfade(*command, data_dir=tmp_path, PYTHONPATH=str(tmp_path)))
    assert result["ok"]
    assert result["checks"]["microphone"]["state"] == "warn"
    assert "libportaudio2" in result["checks"]["microphone"]["advice"]


@pytest.mark.parametrize(
    ("settings", "state", "words"),
    [
        (Settings(), "ok", "off; nobody but this machine"),
        (Settings(host="0.0.0.0"), "warn", "in the clear"),
        (Settings(key_file=Path("key.pem")), "broken", "name that with --cert"),
        (Settings(cert=Path("/no/such.pem")), "broken", "/no/such.pem: No such file"),
    ],
)
def test_what_is_to_be_said_of_tls_without_a_certificate(settings, state, words):
    check = checks._tls(settings)
    assert check.state == state
    assert words in check.found + check.advice


@pytest.mark.parametrize(
    ("days", "state"), [(90.5, "ok"), (5.5, "warn"), (-0.5, "broken")], ids=lambda value: str(value)
)
def test_a_certificate_is_warned_of_before_it_ends(tmp_path, days, state):
    made = certificates.make(tmp_path, ends=datetime.now(UTC) + timedelta(days=days))
    check = checks._tls(Settings(cert=made.chain, key_file=made.key))
    assert (check.state, check.value) == (state, days // 1)
    assert bool(check.advice) is (state != "ok")


def test_a_certificate_of_our_own_is_looked_at_and_not_made(tmp_path):
    settings = Settings(tls=True, data_dir=tmp_path)
    assert "made at the first start" in checks._tls(settings).found
    assert not list(tmp_path.iterdir())
    ensure(tmp_path / "tls", ["localhost"])
    check = checks._tls(settings)
    assert (check.state, check.value) == ("ok", 396)


def test_a_key_of_another_certificate_is_broken(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = (certificates.make(tmp_path / name) for name in ("one", "other"))
    check = checks._tls(Settings(cert=one.chain, key_file=other.key))
    assert check.state == "broken"
    assert "crossfade certs" in check.advice
