"""The ``crossfade`` fixture of pytest: an emulator for the tests of a program.

    def test_the_app_shows_what_was_said(crossfade):
        crossfade.say("Good morning. Welcome aboard.")
        crossfade.fault("drop:after_words=2,sessions=1")
        assert app.transcribe(url=crossfade.url, key=crossfade.key) == "Good morning. Welcome ..."

One emulator a run, started by the first test that asks for it; for each test it is as new. pytest
loads this module in every run wherever Crossfade is installed: so it imports nothing until then.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from crossfade.emulator.thread import EmulatorThread


@pytest.fixture(scope="session")
def _crossfade_emulator(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[EmulatorThread]":
    from crossfade.emulator.thread import EmulatorThread

    with EmulatorThread(tmp_path_factory.mktemp("crossfade")) as emulator:
        yield emulator


@pytest.fixture
def crossfade(_crossfade_emulator: "EmulatorThread") -> "Iterator[EmulatorThread]":
    """A server that says what it is told, with ``url``, ``key``, ``say``, ``script``, ``fault``."""
    yield _crossfade_emulator
    _crossfade_emulator.reset()
