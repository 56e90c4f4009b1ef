"""The fixture, in runs of pytest that know nothing of this one."""

import os
import subprocess
import sys
from importlib.metadata import entry_points

from processes import LIMIT_S

USES = """
import pytest
from crossfade import Final, sync


def words(crossfade, dialect):
    with sync.connect(
        crossfade.url, key=crossfade.key, dialect=dialect, reconnect=None
    ) as session:
        session.send(bytes(3200))
        session.finish()
        return [word.text for event in session if isinstance(event, Final) for word in event.words]


@pytest.mark.parametrize("dialect", ["speechmatics", "assemblyai", "agent-stt"])
def test_says_what_it_is_told(crossfade, dialect):
    crossfade.say("Hello world.")
    assert [word.lower() for word in words(crossfade, dialect)] == ["hello", "world"]
    assert crossfade.urls[dialect].startswith(crossfade.url)


def test_fails_as_it_is_told(crossfade):
    from crossfade import UpstreamError

    crossfade.fault("capacity:sessions=1")
    with pytest.raises(UpstreamError):
        words(crossfade, "speechmatics")
    assert words(crossfade, "speechmatics")


def test_plays_scripts(crossfade, tmp_path):
    crossfade.script([{"say": "one two", "at_ms": 0, "word_ms": 20, "gap_ms": 10}])
    assert words(crossfade, "speechmatics") == ["one", "two"]
    (tmp_path / "script.yaml").write_text("- say: three\\n- set: {say_rest: true}")
    crossfade.script(tmp_path / "script.yaml")
    crossfade.speed(8.0)
    assert words(crossfade, "speechmatics") == ["three"]


def test_is_as_new_for_every_test(crossfade):
    assert words(crossfade, "speechmatics")[:2] == ["Good", "morning"]


def test_says_what_is_wrong_with_a_script_and_goes_on(crossfade):
    from crossfade.emulator.script import ScriptError

    with pytest.raises(ScriptError):
        crossfade.script([{"sya": "one"}])
    assert words(crossfade, "speechmatics")[:2] == ["Good", "morning"]
"""

DOES_NOT = """
import sys


def test_nothing_is_imported_for_those_who_do_not_ask():
    heavy = {"asyncio", "numpy", "av", "starlette", "uvicorn", "websockets", "yaml", "httpx"}
    assert not heavy & set(sys.modules)
    assert "crossfade.emulator.pytest_plugin" in sys.modules
    assert "crossfade.emulator.thread" not in sys.modules


def test_a_fixture_of_that_name_may_be_ones_own(crossfade):
    assert crossfade == "mine"


import pytest


@pytest.fixture
def crossfade():
    return "mine"
"""


def pytest_run(folder, program, *arguments, **variables):
    (folder / "test_program.py").write_text(program)
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-W", "error", "--strict-markers"),
            *("-p", "no:cacheprovider", "--rootdir", folder, folder, *arguments),
        ],
        cwd=folder,
        env={**os.environ, "PYTEST_ADDOPTS": "", **variables},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


OTHER_PLUGINS = [f"-pno:{name}" for name in ("asyncio", "timeout", "hypothesispytest", "anyio")]


def test_a_test_says_what_is_said_and_what_goes_wrong(tmp_path):
    done = pytest_run(tmp_path, USES, "-pcrossfade", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_run_that_does_not_use_it_does_not_notice_it(tmp_path):
    done = pytest_run(tmp_path, DOES_NOT, *OTHER_PLUGINS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_plugin_is_registered():
    (found,) = [each for each in entry_points(group="pytest11") if each.name == "crossfade"]
    assert found.value == "crossfade.emulator.pytest_plugin"
