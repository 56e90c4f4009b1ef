"""Which script is played, to whom: what all sessions of an emulator share.

Sessions are numbered in the order in which their clients connect. A number decides a session's id,
and which faults it has.
"""

import asyncio
import hashlib
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from crossfade.dialects.base import Dialect
from crossfade.emulator.bundle import Bundle, is_bundle, read_bundle
from crossfade.emulator.faults import Fault, check, known_names
from crossfade.emulator.performance import Performance, ScriptPerformance
from crossfade.emulator.reading import read_script
from crossfade.emulator.replay import BundlePerformance
from crossfade.emulator.script import Script
from crossfade.model import SessionStarted, Start

STARTED_AT = 1_735_689_600
"""Every session begins at this Unix time, 2025-01-01T00:00:00Z."""


class Scenario(Struct, frozen=True, kw_only=True):
    """What an emulator is to do."""

    script: Script | Bundle = Script()
    faults: tuple[Fault, ...] = ()
    """Besides those of the script."""
    speed: float | None = 1.0
    """Seconds of the script that pass in a second, at most; ``None``: nothing is waited for."""
    seed: str = ""
    """Other seeds give other ids."""

    @property
    def all_faults(self) -> tuple[Fault, ...]:
        """Those of the script first."""
        own = self.script.faults if isinstance(self.script, Script) else ()
        return (*own, *self.faults)


class Part(Struct, frozen=True, kw_only=True):
    """What one session is to play."""

    number: int
    scenario: Scenario
    dialect: Dialect

    @property
    def session_id(self) -> str:
        """A UUID, made of the number."""
        made = hashlib.sha256(f"{self.scenario.seed}/{self.number}".encode()).digest()
        return str(uuid.UUID(bytes=made[:16], version=4))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those that this session has."""
        return tuple(
            fault for fault in self.scenario.all_faults if fault.happens(self.dialect, self.number)
        )

    def performance(self, start: Start) -> Performance:
        """Who says what.

        Raises:
            ConfigError: If the script knows no such language.
        """
        script = self.scenario.script
        if isinstance(script, Bundle):
            return BundlePerformance(script, start.config, dialect=self.dialect.name)
        return ScriptPerformance(script, start.config, heartbeat_s=start.limits.heartbeat_s)

    def started(self, start: Start) -> SessionStarted:
        """The session's own beginning."""
        session_s = start.limits.session_s
        script = self.scenario.script
        return SessionStarted(
            session_id=self.session_id,
            language=start.config.language,
            started_at=STARTED_AT,
            expires_at=None if session_s is None else STARTED_AT + int(session_s),
            speaker_labels=(
                start.config.speaker_labels is not None
                and isinstance(script, Script)
                and script.has_speakers
            ),
        )


class Theatre:
    """Gives each session its part; ends all of them when the play changes."""

    def __init__(self, scenario: Scenario, dialects: Sequence[Dialect]) -> None:
        """Begin with nobody.

        Raises:
            FaultError: If a fault has a name that none of the dialects knows.
        """
        self._dialects = {dialect.name: dialect for dialect in dialects}
        self._n_parts = 0
        self._n_playing = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._curtain = asyncio.Event()
        self._scenario = scenario
        self.play(scenario)

    def play(self, scenario: Scenario) -> None:
        """Give this to every session from now on, and number them from 1 again.

        Raises:
            FaultError: If a fault has a name that none of the dialects knows.
        """
        check(scenario.all_faults, self._dialects.values())
        self._scenario = scenario
        self._n_parts = 0

    def next_part(self, name: str) -> Part:
        """The part of the next session, by the name of its dialect."""
        self._n_parts += 1
        return Part(number=self._n_parts, scenario=self._scenario, dialect=self._dialects[name])

    @contextmanager
    def playing(self) -> Iterator[None]:
        """Be one of the sessions that ``cut`` waits for."""
        self._n_playing += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._n_playing -= 1
            if self._n_playing == 0:
                self._empty.set()

    async def curtain(self) -> None:
        """Wait until the sessions of now are to end."""
        await self._curtain.wait()

    async def cut(self) -> None:
        """End every session without a word, and wait until they are gone."""
        self._curtain.set()
        self._curtain = asyncio.Event()
        await self._empty.wait()


def read_scenario(path: Path, dialects: Sequence[Dialect]) -> Script | Bundle:
    """Read a script or a recorded session.

    Raises:
        ScriptError: If it is neither.
    """
    if is_bundle(path):
        return read_bundle(path, dialects)
    return read_script(path, faults=known_names(dialects))
