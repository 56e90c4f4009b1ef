"""`crossfade transcribe`, on a server with the scripted recognizer and in process."""

import json
import os
import select
import shutil
import signal
import subprocess

import pytest

from processes import KEY, LIMIT_S, PROGRAMS, SCRIPTED_WORDS, crossfade, environment, serving


@pytest.fixture(scope="module")
def on_server(tmp_path_factory):
    """The arguments that lead to a running server."""
    with serving(tmp_path_factory.mktemp("server"), "--key", KEY) as server:
        yield ("--url", f"ws://{server.address}", "--key", KEY)


@pytest.mark.parametrize("dialect", ["speechmatics", "assemblyai"])
def test_the_words_and_nothing_else_go_to_stdout(here, speech_wav, on_server, dialect):
    done = here("transcribe", speech_wav, *on_server, "--dialect", dialect)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(SCRIPTED_WORDS)
    assert done.stderr == ""


def test_many_files_are_written_in_order_and_one_bad_file_does_not_stop_them(
    here, tmp_path, speech_wav, on_server
):
    shutil.copy(speech_wav, tmp_path / "a.wav")
    shutil.copy(speech_wav, tmp_path / "c.wav")
    (tmp_path / "b.wav").write_bytes(b"no audio at all")
    done = here(
        *("transcribe", "a.wav", "b.wav", "c.wav", "none.wav", "--json", *on_server),
        *("--dialect", "speechmatics"),
    )
    assert done.returncode == 1
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == ["a.wav", "c.wav"]
    assert "b.wav" in done.stderr
    assert "there is no file none.wav" in done.stderr
    assert "Traceback" not in done.stderr


def test_texts_go_into_a_folder_and_leave_nothing_else_there(here, tmp_path, speech_wav, on_server):
    done = here(
        *("transcribe", speech_wav, *on_server, "--dialect", "speechmatics"),
        *("--format", "vtt", "--output", "out"),
    )
    assert done.returncode == 0
    assert done.stdout == ""
    (written,) = (tmp_path / "out").iterdir()
    assert written.name == "speech.vtt"
    assert written.read_text().startswith("WEBVTT\n\n00:00:00.500 --> ")


def test_a_folder_that_cannot_be_written_is_told(here, tmp_path, speech_wav, on_server):
    (tmp_path / "blocked").write_text("a file")
    done = here(
        *("transcribe", speech_wav, *on_server, "--dialect", "speechmatics"),
        *("--output", "blocked/out"),
    )
    assert done.returncode == 1
    assert "cannot write blocked/out/speech.txt" in done.stderr


def test_audio_comes_from_standard_input_too(tmp_path, speech_wav, on_server):
    done = crossfade(
        *("transcribe", "-", "--json", *on_server, "--dialect", "speechmatics"),
        data_dir=tmp_path,
        stdin=speech_wav.read_bytes(),
    )
    result = json.loads(done.stdout)
    assert (result["file"], result["audio_ms"]) == ("stdin", 3000)


def test_ctrl_c_ends_it_quietly_though_nobody_writes_to_its_standard_input(tmp_path, on_server):
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [PROGRAMS / "crossfade", "transcribe", "-", *on_server, "--dialect", "assemblyai"],
        env=environment(tmp_path),
        stdin=reading,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.write(writing, b"RIFF")
    while select.select([reading], [], [], 0)[0]:  # until it has taken that, and wants more
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT_S)
    os.close(reading)
    os.close(writing)
    assert process.returncode == 130
    assert (out, err.strip()) == (b"", b"")


@pytest.mark.model
def test_a_recording_is_transcribed_in_process(here, recordings):
    spoken = next(r for r in recordings if r.category == "read_en")
    done = here("transcribe", spoken.path, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert abs(result["audio_ms"] - spoken.duration_s * 1000) < 20
    assert "happy disposition" in result["text"]
    starts = [word["start_ms"] for word in result["words"]]
    assert starts == sorted(starts)


@pytest.mark.model
def test_a_language_that_the_model_does_not_speak_is_told(here, speech_wav):
    done = here("transcribe", speech_wav, "--language", "fr")
    assert done.returncode == 1
    assert "language 'fr' is not available here" in done.stderr
