"""Every program in `examples/`, unchanged but for address, key and file, against a real server."""

import subprocess
import sys
from string import Template

import pytest

from processes import CHECKOUT, KEY, LIMIT_S, SCRIPTED_WORDS, environment, serving, write_wav

EXAMPLES = CHECKOUT / "examples"
SNIPPETS = CHECKOUT / "src" / "crossfade" / "dialects"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), "--key", KEY) as running:
        yield running


@pytest.fixture(scope="module")
def speech(recordings, tmp_path_factory):
    """A little more than four seconds: all that the script says once, and a pause."""
    spoken = next(r for r in recordings if r.category == "read_en")
    return write_wav(tmp_path_factory.mktemp("speech") / "speech.wav", spoken.path, seconds=4.5)


def run(program, *arguments, folder):
    return subprocess.run(
        [sys.executable, program, *arguments],
        env=environment(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def spoken_words(output):
    return output.replace(".", "").split()


FIRST_WORDS = spoken_words(SCRIPTED_WORDS)


@pytest.mark.parametrize("temporary", [[], ["--temporary"]], ids=["key", "temporary"])
@pytest.mark.parametrize("name", ["raw_speechmatics_client.py", "raw_assemblyai_client.py"])
def test_a_program_on_a_bare_websocket_prints_the_words(tmp_path, server, speech, name, temporary):
    address = ("--server", server.address, "--key", KEY)
    done = run(EXAMPLES / name, speech, *address, *temporary, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert spoken_words(done.stdout)[: len(FIRST_WORDS)] == FIRST_WORDS
    assert "closed: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["raw_speechmatics_client.py", "raw_assemblyai_client.py"])
def test_a_program_on_a_bare_websocket_shows_the_refusal_of_a_wrong_key(
    tmp_path, server, speech, name
):
    address = ("--server", server.address, "--key", "wrong")
    done = run(EXAMPLES / name, speech, *address, folder=tmp_path)
    assert done.returncode == 1
    assert "error: " in done.stderr


@pytest.mark.parametrize("name", ["speechmatics_sdk.py", "assemblyai_sdk.py"])
def test_a_program_on_a_vendors_own_client_prints_the_words(tmp_path, server, speech, name):
    text = (EXAMPLES / name).read_text()
    text = text.replace("127.0.0.1:8765", server.address).replace("YOUR_KEY", KEY)
    program = tmp_path / name
    program.write_text(text.replace('"speech.wav"', repr(str(speech))))
    done = run(program, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert spoken_words(done.stdout)[: len(FIRST_WORDS)] == FIRST_WORDS


def test_our_own_client_prints_the_same_words_in_each_dialect(tmp_path, server, speech):
    address = ("--url", f"ws://{server.address}", "--key", KEY)
    said = []
    for dialect in ("speechmatics", "assemblyai"):
        done = run(
            EXAMPLES / "captions.py", speech, *address, "--dialect", dialect, folder=tmp_path
        )
        assert done.returncode == 0, done.stderr
        said.append(spoken_words(done.stdout))
    assert said[0] == said[1]
    assert said[0][: len(FIRST_WORDS)] == FIRST_WORDS


@pytest.mark.parametrize("vendor", ["speechmatics", "assemblyai"])
def test_the_guides_program_takes_fifteen_lines_with_our_client(tmp_path, server, speech, vendor):
    program = EXAMPLES / f"guide_{vendor}.py"
    body = program.read_text().partition('"""\n\n')[2]
    assert sum(bool(line.strip()) for line in body.splitlines()) <= 15
    assert "def " not in body
    done = run(program, speech, f"ws://{server.address}", KEY, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert spoken_words(done.stdout)[: len(FIRST_WORDS)] == FIRST_WORDS
    assert FIRST_WORDS[0] in done.stderr  # as a partial


@pytest.mark.parametrize(("vendor", "path"), [("speechmatics", "/v2"), ("assemblyai", "/v3/ws")])
def test_the_demo_prints_the_same_program_as_the_examples_hold(vendor, path):
    server = "ws://127.0.0.1:8765"
    snippet = Template((SNIPPETS / vendor / "snippet.txt").read_text())
    filled = snippet.substitute(server=server, url=server + path, key="YOUR_KEY")
    assert filled == (EXAMPLES / f"{vendor}_sdk.py").read_text()
