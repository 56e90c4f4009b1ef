"""An emulator beside the tests of a program: in a thread, so that the program may block."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self

from msgspec.structs import replace

from crossfade.dialects import DIALECTS
from crossfade.emulator.bundle import Bundle
from crossfade.emulator.faults import parse_fault
from crossfade.emulator.reading import make_script
from crossfade.emulator.script import SAYING, Options, Script, as_script
from crossfade.emulator.serving import KEY, SLOTS, emulating
from crossfade.emulator.theatre import Scenario, Theatre, read_scenario
from crossfade.server.limits import Bounds
from crossfade.server.run import Server, ServerConfig

START_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0


class EmulatorThread:
    """An emulator on a free port of this machine. Use it as a context manager.

    Nothing is waited for but the client's audio, unless ``speed`` says otherwise. Each change below
    ends the sessions that are open, and the next session is number 1 again.
    """

    def __init__(self, data_dir: Path) -> None:
        """Nothing listens yet.

        Args:
            data_dir: Any folder; nothing is written there.
        """
        self._data_dir = data_dir
        self._scenario = _first_scenario()
        self._thread = threading.Thread(target=self._run, name="crossfade-emulator", daemon=True)
        self._ready: Future[tuple[Server, Theatre]] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result(START_LIMIT_S)
        return self

    def __exit__(self, *error: object) -> None:
        assert self._loop is not None
        assert self._stopping is not None
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(STOP_LIMIT_S)

    @property
    def url(self) -> str:
        """Where it listens, without a path: ``ws://127.0.0.1:PORT``."""
        return self._server.url

    @property
    def urls(self) -> Mapping[str, str]:
        """The whole address for each protocol, by its name."""
        return {dialect.name: self.url + dialect.paths[0] for dialect in DIALECTS}

    @property
    def key(self) -> str:
        """What lets clients in."""
        return KEY

    def say(self, text: str) -> None:
        """Play these words; what the client's audio is too short for, at its end."""
        self._change(script=as_script(text, Options(say_rest=True)))

    def script(self, script: Path | str | Iterable[Mapping[str, Any]]) -> None:
        """Play a script or a recorded session.

        Args:
            script: A file's path, or the entries of a script.

        Raises:
            ScriptError: If it cannot be played.
        """
        played: Script | Bundle
        if isinstance(script, Path | str):
            played = read_scenario(Path(script), DIALECTS)
        else:
            played = make_script(script)
        self._change(script=played)

    def fault(self, *faults: str) -> None:
        """Let these go wrong, and none of those before: ``"drop:after_words=3"``.

        Raises:
            FaultError: If one of them makes no sense.
        """
        self._change(faults=tuple(map(parse_fault, faults)))

    def speed(self, speed: float | None) -> None:
        """Let so many seconds of the script pass in a second; ``None``: wait for nothing."""
        self._change(speed=speed)

    def reset(self) -> None:
        """Be as new."""
        self._play(_first_scenario())

    def _change(self, **changes: Any) -> None:
        self._play(replace(self._scenario, **changes))

    def _play(self, scenario: Scenario) -> None:
        self._wait_for(self._cut_and_play(scenario))
        self._scenario = scenario

    async def _cut_and_play(self, scenario: Scenario) -> None:
        theatre = self._ready.result()[1]
        await theatre.cut()
        theatre.play(scenario)

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(STOP_LIMIT_S)

    @property
    def _server(self) -> Server:
        return self._ready.result()[0]

    # In the thread.

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)  # whoever starts it gets to hear it

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        # Tests that show wrong keys on purpose come from one address.
        config = ServerConfig(
            data_dir=self._data_dir,
            port=0,
            max_sessions=SLOTS,
            bounds=Bounds(wrong_keys_per_minute=0),
        )
        async with emulating(self._scenario, config) as emulator:
            self._ready.set_result(emulator)
            await self._stopping.wait()


def _first_scenario() -> Scenario:
    return Scenario(script=as_script(SAYING, Options(say_rest=True)), speed=None)
