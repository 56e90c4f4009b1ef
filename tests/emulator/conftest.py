"""Emulators in the test's own loop."""

from contextlib import asynccontextmanager

import pytest

from crossfade.emulator.faults import parse_fault
from crossfade.emulator.reading import make_script
from crossfade.emulator.script import as_script
from crossfade.emulator.serving import SLOTS, emulating
from crossfade.emulator.theatre import Scenario
from crossfade.server.limits import Bounds
from crossfade.server.run import ServerConfig


@pytest.fixture
def emulator(tmp_path):
    """Open an emulator: ``async with emulator("Good morning.", "drop", speed=2) as (url, ...)``."""

    @asynccontextmanager
    async def opened(script="", *faults, speed=None, **config):
        scenario = Scenario(
            script=_script(script), faults=tuple(map(parse_fault, faults)), speed=speed
        )
        options = {
            "data_dir": tmp_path,
            "port": 0,
            "max_sessions": SLOTS,
            "bounds": Bounds(wrong_keys_per_minute=0),
        }
        async with emulating(scenario, ServerConfig(**options | config)) as (server, theatre):
            yield server.url, theatre

    return opened


def _script(script):
    if isinstance(script, str):
        return as_script(script)
    return make_script(script) if isinstance(script, list) else script
