"""`crossfade transcribe` over many files: interrupted, gone on with, never half a text."""

import fcntl
import io
import os
import shutil
import signal
import subprocess
import time
import wave

import pytest

from processes import KEY, LIMIT_S, PROGRAMS, SCRIPTED_WORDS, crossfade, environment, serving

N_FILES = 100


@pytest.fixture(scope="module")
def on_server(tmp_path_factory):
    """The arguments that lead to a running server."""
    with serving(tmp_path_factory.mktemp("server"), "--key", KEY) as server:
        yield ("--url", f"ws://{server.address}", "--key", KEY, "--dialect", "speechmatics")


@pytest.fixture
def talk(tmp_path, speech_wav):
    """A folder with one recording."""
    (tmp_path / "talks").mkdir()
    return shutil.copy(speech_wav, tmp_path / "talks" / "talk.wav")


def until(happens, process):
    """Look again and again: a file system tells nobody."""
    deadline_s = time.monotonic() + LIMIT_S
    while not happens():
        assert process.poll() is None
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_a_hundred_files_survive_ctrl_c_and_go_on(tmp_path, speech_wav, on_server):
    talks, out = tmp_path / "talks", tmp_path / "out"
    talks.mkdir()
    for number in range(N_FILES):
        os.link(speech_wav, talks / f"{number:03}.wav")
    (talks / "notes.md").write_text("not a recording")
    command = ("transcribe", "talks", "--output", "out", "--jobs", "8", *on_server)
    process = subprocess.Popen(
        [PROGRAMS / "crossfade", *command],
        env=environment(tmp_path),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    )
    until(lambda: out.exists() and len(list(out.glob("*.txt"))) >= 5, process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, said.strip()) == (130, b"")
    done = {path: path.stat().st_mtime_ns for path in out.glob("*.txt")}
    assert 5 <= len(done) < N_FILES
    assert all(path.read_text().startswith(SCRIPTED_WORDS) for path in done)

    again = crossfade(*command, data_dir=tmp_path)
    assert again.returncode == 0, again.stderr
    assert again.stderr == f"{N_FILES - len(done)} written, {len(done)} kept\n"
    assert len(list(out.iterdir())) == N_FILES  # nothing half done is left
    assert all(path.stat().st_mtime_ns == at_ns for path, at_ns in done.items())
    assert len({path.read_text() for path in out.iterdir()}) == 1


def test_what_a_killed_run_left_is_done_anew(here, tmp_path, talk, on_server):
    left = tmp_path / "out" / "talk.txt.part"
    left.parent.mkdir()
    left.write_text("These words were nev")
    done = here("transcribe", talk, "--output", "out", *on_server)
    assert done.returncode == 0, done.stderr
    assert not left.exists()
    assert (tmp_path / "out" / "talk.txt").read_text().startswith(SCRIPTED_WORDS)


def test_a_text_is_made_anew_if_its_recording_changed_or_the_user_says_so(
    here, tmp_path, talk, on_server
):
    text = tmp_path / "out" / "talk.txt"
    text.parent.mkdir()
    command = ("transcribe", talk, "--output", "out", *on_server)
    text.write_text("kept")
    here(*command)
    assert text.read_text() == "kept"
    here(*command, "--overwrite")
    assert text.read_text().startswith(SCRIPTED_WORDS)
    text.write_text("old")
    os.utime(text, (0, 0))
    here(*command)
    assert text.read_text().startswith(SCRIPTED_WORDS)


def test_a_text_that_another_run_is_writing_is_left_to_it(here, tmp_path, talk, on_server):
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / "talk.txt.part").open("w") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        done = here("transcribe", talk, "--output", "out", *on_server)
    assert done.returncode == 1
    assert "another process is writing out/talk.txt" in done.stderr


def test_words_are_on_the_disk_while_the_recording_is_heard(tmp_path, speech_wav, on_server):
    process = subprocess.Popen(
        [PROGRAMS / "crossfade", "transcribe", "-", "--output", "out", *on_server],
        env=environment(tmp_path),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
    )
    recording = io.BytesIO()
    with wave.open(recording, "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(32_000 * 20))
    process.stdin.write(recording.getvalue())
    process.stdin.flush()
    part, whole = tmp_path / "out" / "stdin.txt.part", tmp_path / "out" / "stdin.txt"
    until(lambda: part.exists() and part.read_text().startswith("These words"), process)
    assert not whole.exists()
    process.stdin.close()
    assert process.wait(timeout=LIMIT_S) == 0
    assert whole.read_text().startswith(SCRIPTED_WORDS)
    assert not part.exists()


def test_a_folder_without_recordings_is_wrong_usage(here, tmp_path):
    (tmp_path / "empty").mkdir()
    done = here("transcribe", "empty")
    assert done.returncode == 2
    assert "there are no recordings in empty" in done.stderr
