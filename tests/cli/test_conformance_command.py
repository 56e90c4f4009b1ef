"""`crossfade conformance`: what it runs, asks and prints; and its page."""

import json
import os
import pty
import re
import subprocess

import pytest

from crossfade.dialects import DIALECTS
from processes import CHECKOUT, KEY, LIMIT_S, PROGRAMS, environment, serving

PAGE = (CHECKOUT / "docs" / "conformance.md").read_text()
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), "--key", KEY) as running:
        yield running


@pytest.fixture
def ask(here, server):
    """Run it against the server; with its key, and what else is given."""

    def run(*arguments, key=KEY):
        url = f"ws://{server.address}"
        return here("conformance", url, *arguments, CROSSFADE_KEY=key)

    return run


def test_its_help_has_an_example(here):
    done = here("conformance", "--help")
    assert done.returncode == 0
    assert "crossfade conformance" in done.stdout.partition("Examples:")[2]


def test_a_server_of_ours_passes_in_every_protocol(ask):
    done = ask("--only", "handshake.*", "--only", "start.unknown*")
    assert done.returncode == 0, done.stdout
    assert re.match(r"\d+ cases of .+ and .+ at .+: at most \d\.\d minutes of audio\.", done.stderr)
    assert "handshake.wrong-key" in done.stdout
    assert "§14.5" in done.stdout
    assert done.stdout.count(" passed, 0 failed, 0 skipped") == len(DIALECTS)


def test_a_failure_is_told_and_exits_1(ask):
    # A script decodes nothing, so it takes noise for a media file.
    done = ask("--only", "audio.no-media", "--only", "parameters.model")
    assert done.returncode == 1
    assert "expected Error invalid_audio_type" in done.stdout
    assert "AddTranscript, EndOfTranscript" in done.stdout
    assert KEY not in done.stdout + done.stderr


def test_json_has_what_a_program_wants(ask):
    done = ask(
        "--dialect", "speechmatics", "--only", "audio.no-media", "--only", "*.methods", "--json"
    )
    assert done.returncode == 1
    result = json.loads(done.stdout)["dialects"]["speechmatics"]
    assert (result["passed"], result["failed"], result["skipped"]) == (1, 1, 0)
    passed, failed = result["cases"]
    assert (passed["case"], passed["state"], passed["expected"]) == (
        "handshake.methods",
        "passed",
        None,
    )
    assert (failed["clause"], failed["line"], failed["audio_s"]) == ("9.2", "21.28", 1)
    assert failed["expected"]
    assert failed["came"]
    assert failed["needs"] == ["ears", "our-choice"]


def test_no_more_audio_is_sent_than_allowed(ask):
    done = ask("--only", "end.[nlo]*", "--minutes", "0.05", "--json")
    result = json.loads(done.stdout)["dialects"].values()
    assert "at most 0.1 minutes" in done.stderr or "at most 0.0 minutes" in done.stderr
    assert sum(each["audio_s"] for each in result) <= 3
    reasons = {case["why"] for each in result for case in each["cases"] if case["why"]}
    assert reasons
    assert all("over the limit" in why for why in reasons)


def test_without_a_key_no_case_shows_one(ask):
    done = ask("--only", "token.*", key="")
    assert done.returncode == 0
    assert "needs a key" in done.stdout
    assert "0 passed, 0 failed" in done.stdout


def test_cases_are_listed_without_a_server(here):
    done = here("conformance", "--list", "--only", "start.*")
    assert done.returncode == 0
    assert "start.second-start" in done.stdout
    done = here("conformance", "--list", "--json")
    listed = json.loads(done.stdout)["dialects"]
    assert all(len(cases) >= 25 for cases in listed.values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'URL'"),
        (["http://127.0.0.1"], "URL must start with ws:// or wss://"),
        (["ws://"], "and name a host"),
        (["ws://127.0.0.1:9", "--only", "nonsense"], "there is no such case"),
        (["ws://127.0.0.1:9", "--dialect", "klingon"], "'klingon' is not one of"),
        (["wss://speech.example"], "say --yes if it may be charged"),
    ],
)
def test_wrong_usage_exits_2_with_a_sentence(here, arguments, message):
    done = here("conformance", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert not done.stdout


def test_a_server_that_is_not_there_is_one_sentence(here):
    done = here("conformance", "ws://127.0.0.1:9")
    assert done.returncode == 1
    assert "crossfade: nothing listens at 127.0.0.1:9" in done.stderr
    assert not done.stdout


def test_who_says_no_pays_nothing(tmp_path):
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"n\n")
        done = subprocess.run(
            [PROGRAMS / "crossfade", "conformance", "wss://speech.example"],
            env=environment(tmp_path),
            cwd=tmp_path,
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 130
    assert "minutes of audio" in done.stderr
    assert "Go on?" in done.stderr
    assert not done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_page_are_run(here, server, command):
    program, *arguments = [part.strip("'") for part in command.split()]
    assert program == "crossfade"
    if "--list" not in arguments:
        # Vendors are not called: a server of ours stands in. Without audio, to be quick.
        arguments = [re.sub(r"wss?://[^/]+", f"ws://{server.address}", part) for part in arguments]
        arguments += ["--minutes", "0", "--at-once", "8"]
    filled = [part.replace("YOUR_KEY", KEY) for part in arguments]
    done = here(*filled)
    assert done.returncode == 0, done.stdout
    assert done.stdout


@pytest.mark.model
def test_a_server_that_hears_passes_what_needs_ears(here, live_server):
    wanted = ("ears", "transcripts.utterances", "universal.one-end", "streaming.formatted")
    done = here(
        "conformance",
        f"ws://{live_server.address}",
        *(part for name in wanted for part in ("--only", name)),
        CROSSFADE_KEY=KEY,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(" 0 failed, 0 skipped") == len(DIALECTS)
