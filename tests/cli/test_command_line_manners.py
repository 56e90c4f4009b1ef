"""What all commands have in common: help, exit codes, no tracebacks."""

import pytest

from processes import crossfade

COMMANDS = [
    ["serve"],
    ["demo"],
    ["transcribe"],
    ["keys"],
    ["keys", "add"],
    ["keys", "list"],
    ["keys", "rotate"],
    ["keys", "revoke"],
    ["token"],
    ["models"],
    ["models", "pull"],
    ["models", "list"],
    ["models", "verify"],
    ["models", "export"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(tmp_path, command):
    done = crossfade(*command, "--help", data_dir=tmp_path)
    assert done.returncode == 0
    assert f"crossfade {' '.join(command)}" in done.stdout.partition("Example")[2]
    assert not done.stderr


def test_the_version_is_printed(tmp_path):
    assert crossfade("--version", data_dir=tmp_path).stdout.startswith("crossfade 0.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "No such command"),
        (["transcribe"], "Missing argument"),
        (["serve", "--port", "99999"], "--port cannot be '99999': it must be a whole number from"),
        (["transcribe", "a.wav", "b.wav", "--format", "srt"], "needs --output DIR"),
        (["transcribe", "a/x.wav", "b/x.wav", "--output", "o"], "two files have the same name"),
        (["transcribe", "a.wav", "--url", "ws://h"], "--url and --dialect go together"),
        (["keys", "add", "x", "--expires", "soon"], "--expires cannot be 'soon'"),
        (["keys", "add", "x", "--expires", "2001-01-01"], "a day to come"),
        (["token", "--dialect", "klingon", "--key", "k"], "'klingon' is not one of"),
        (["token", "--dialect", "speechmatics", "--key", "k", "--ttl", "1"], "--ttl cannot be 1"),
    ],
)
def test_wrong_usage_exits_2_with_a_sentence_on_stderr(tmp_path, arguments, message):
    done = crossfade(*arguments, data_dir=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["keys", "revoke", "nobody"], "crossfade: there is no key named nobody"),
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
    ],
)
def test_failure_exits_1_with_a_sentence_on_stderr(tmp_path, arguments, message):
    done = crossfade(*arguments, data_dir=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_a_bad_configuration_file_exits_2_and_names_it(tmp_path):
    (tmp_path / "crossfade.toml").write_text("[server]\nprot = 1\n")
    done = crossfade("serve", data_dir=tmp_path)
    assert done.returncode == 2
    assert "crossfade.toml: unknown setting server.prot; the nearest is server.port" in done.stderr
