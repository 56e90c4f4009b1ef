"""`crossfade compare` as users run it, with the scripted recognizer and servers."""

import json
import os
import shutil
import signal
import subprocess

import msgspec
import pytest
from click.testing import CliRunner

from crossfade.cli import crossfade as command_line
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

SIDES = ("--a", "scripted", "--b", "scripted:silence=0.4")


@pytest.fixture
def folder(tmp_path, recordings):
    """Three recordings of a second and a half, and what the script says in one of them."""
    spoken = next(r for r in recordings if r.category == "read_en")
    (tmp_path / "calls").mkdir()
    for name in ("one", "two", "three"):
        write_wav(tmp_path / "calls" / f"{name}.wav", spoken.path, seconds=1.5)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "one.txt").write_text("these words come from a book")
    return tmp_path


def compare(folder, *arguments, **variables):
    return crossfade("compare", *arguments, data_dir=folder, **variables)


def test_a_table_on_the_screen_figures_in_a_file_and_a_page(folder):
    done = compare(
        folder,
        *("calls", "--reference", "texts", *SIDES, "--unpaced"),
        *("--json", "out.json", "--html", "out.html"),
    )
    assert done.returncode == 0, done.stderr
    assert "A  scripted" in done.stdout
    assert "B  scripted:silence=0.4" in done.stdout
    figures = json.loads((folder / "out.json").read_text())
    assert (figures["clips"], figures["scored_clips"]) == (3, 1)
    assert figures["results"]["A"]["wer"] == figures["results"]["B"]["wer"] | {
        "over_first": None,
        "over_first_interval": None,
    }
    assert [side["rules"]["turn_silence_ms"] for side in figures["sides"]] == [800, 400]
    assert "<h1>Comparison</h1>" in (folder / "out.html").read_text()
    assert not list(folder.glob("*.part"))


def test_figures_alone_on_stdout(folder):
    done = compare(folder, "calls/one.wav", *SIDES, "--unpaced", "--json", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["clips"] == 1


def test_in_real_time_with_servers_of_both_protocols(folder):
    with serving(folder / "server", "--key", KEY) as server:
        done = compare(
            folder,
            *("calls/one.wav", "--a", "scripted", "--json", "out.json", "--key", KEY),
            *("--b", f"speechmatics=ws://{server.address}:max_delay=1"),
            *("--with", f"assemblyai=ws://{server.address}"),
        )
    assert done.returncode == 0, done.stderr
    figures = json.loads((folder / "out.json").read_text())
    assert [side["dialect"] for side in figures["sides"]] == [None, "speechmatics", "assemblyai"]
    for result in figures["results"].values():
        assert result["words"] > 0
        assert result["partial_lag_ms"]["p50"] is not None
        assert result["session_s"] >= 1.4
    assert any(side["notes"] for side in figures["sides"])
    assert all(side["price"] is None for side in figures["sides"])  # nobody's server but ours
    assert {pair["letters"] for pair in figures["pairs"]} == {"AB", "AC", "BC"}


def test_backends_of_the_configuration_at_the_price_that_it_names(folder):
    with serving(folder / "server", "--key", KEY) as server:
        (folder / "crossfade.toml").write_text(
            f'[backends.near]\nvendor = "speechmatics"\nurl = "ws://{server.address}"\n'
            f'key = "{KEY}"\n[prices.near]\nper_session_hour = 0.3\nsource = "our contract"\n'
            "date = 2026-01-31\n"
        )
        done = compare(
            folder, "calls/one.wav", "--a", "near", "--b", "scripted", "--json", "out.json"
        )
    assert done.returncode == 0, done.stderr
    assert "A: price by our contract 2026-01-31" in done.stdout
    figures = json.loads((folder / "out.json").read_text())
    assert figures["results"]["A"]["cost"]["per_session_hour"] == 0.3
    assert figures["results"]["B"]["cost"] is None
    assert KEY not in (folder / "out.json").read_text()


def test_after_an_interruption_the_same_command_goes_on(folder, recordings):
    spoken = next(r for r in recordings if r.category == "conversation_sim")
    calls = folder / "calls"
    shutil.rmtree(calls)
    calls.mkdir()
    shutil.copy(write_wav(folder / "short.wav", spoken.path, seconds=1), calls / "a.wav")
    (calls / "b.wav").write_bytes(b"no sound")  # is told when its turn comes: the first is done
    write_wav(calls / "c.wav", spoken.path)
    command = ("compare", "calls", *SIDES, "--json", "out.json")
    assert interrupted(command, folder, when="b.wav") == 130
    part = folder / "out.json.part"
    heading, finished = part.read_bytes().splitlines()
    assert not (folder / "out.json").exists()
    marked = msgspec.json.decode(finished) | {"audio_ms": 123_456}
    part.write_bytes(heading + b"\n" + msgspec.json.encode(marked) + b"\n")
    (calls / "b.wav").unlink()
    (calls / "c.wav").unlink()
    done = crossfade(*command, data_dir=folder)
    assert done.returncode == 0, done.stderr
    recordings = json.loads((folder / "out.json").read_text())["recordings"]
    assert [entry["audio_ms"] for entry in recordings] == [123_456]  # it was not played again
    assert not part.exists()


def interrupted(command, folder, *, when):
    """Press Ctrl-C as soon as something is said; give the exit code."""
    with subprocess.Popen(
        [PROGRAMS / "crossfade", *command],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            next(line for line in process.stderr if when in line)
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
            process.wait(timeout=LIMIT_S)
        finally:
            process.kill()
    assert "1 of 3 recordings are done; the same command goes on there" in said
    return process.returncode


def test_a_kept_work_file_gives_the_report_again_without_playing(folder):
    options = (*SIDES, "--unpaced", "--work", "work.jsonl", "--json", "out.json")
    assert compare(folder, "calls", *options).returncode == 0
    lines = (folder / "work.jsonl").read_bytes()
    first = json.loads((folder / "out.json").read_text())
    assert compare(folder, "calls", *options).returncode == 0
    assert (folder / "work.jsonl").read_bytes() == lines
    again = json.loads((folder / "out.json").read_text())
    assert again["recordings"] == first["recordings"]
    other = compare(folder, "calls", *options, "--silence", "1")
    assert other.returncode == 1
    assert "is of another comparison" in other.stderr


def test_what_cannot_be_decoded_is_left_out_and_told(folder):
    (folder / "calls" / "zero.wav").write_bytes(b"no sound")
    done = compare(folder, "calls", *SIDES, "--unpaced", "--json", "out.json")
    assert done.returncode == 1
    assert "zero.wav" in done.stderr
    figures = json.loads((folder / "out.json").read_text())
    assert figures["clips"] == 3
    assert "zero.wav" in figures["left_out"][0]


def test_where_nothing_can_be_compared_there_is_no_table(folder):
    done = compare(folder, "nowhere.wav", *SIDES)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "crossfade: there is no file nowhere.wav\n"


def test_a_server_that_is_not_there_fails_and_the_other_side_is_reported(folder):
    done = compare(
        folder,
        *("calls/one.wav", "--a", "scripted", "--b", "speechmatics=ws://127.0.0.1:9"),
        *("--json", "out.json"),
    )
    assert done.returncode == 1
    assert "B failed: one.wav" in done.stdout
    figures = json.loads((folder / "out.json").read_text())
    assert figures["results"]["A"]["words"] > 0
    assert len(figures["results"]["B"]["failures"]) == 1
    assert (folder / "out.json.part").exists() is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("calls", "--a", "scripted"), "Missing option '--b'"),
        ((*SIDES,), "name recordings, or a --manifest of them"),
        (("calls", "--manifest", "m.jsonl", *SIDES), "name recordings, or a --manifest"),
        (("calls", "--a", "scripted", "--b", "nobody"), "there is no backend 'nobody'"),
        (("calls", "--a", "scripted", "--b", "x=ws://h"), "there is no dialect 'x'"),
        (("calls", "--a", "scripted", "--b", "scripted:delay=1"), "has no setting 'delay'"),
        (
            ("calls", "--unpaced", "--a", "scripted", "--b", "speechmatics=ws://h"),
            "--unpaced is for recognizers of this process",
        ),
    ],
)
def test_wrong_usage_is_told_before_anything_is_played(folder, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    done = CliRunner(env=environment(folder)).invoke(command_line, ["compare", *arguments])
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_page_needs_its_extra_and_says_so_first(folder):
    blocked = folder / "blocked"
    blocked.mkdir()
    (blocked / "jinja2.py").write_text("raise ImportError")
    done = compare(folder, "calls", *SIDES, "--html", "out.html", PYTHONPATH=str(blocked))
    assert done.returncode == 1
    assert "pip install 'crossfade[report]'" in done.stderr


def test_the_scripted_words_are_on_the_page(folder):
    done = compare(folder, "calls/one.wav", *SIDES, "--unpaced", "--html", "out.html", "--no-audio")
    assert done.returncode == 0, done.stderr
    page = (folder / "out.html").read_text()
    assert SCRIPTED_WORDS.split()[0] in page
    assert "<audio" not in page
    assert os.fspath(folder) not in page
