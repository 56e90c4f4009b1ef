"""The listening process: a server whose sessions play a script."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from crossfade.dialects import DIALECTS
from crossfade.dialects.base import Dialect
from crossfade.emulator.script import Script
from crossfade.emulator.session import EmulatedSession
from crossfade.emulator.theatre import Scenario, Theatre
from crossfade.recognizers.scripted import ScriptedRecognizer
from crossfade.server.keys import Keyring
from crossfade.server.run import Server, ServerConfig

KEY = "crossfade-emulator"
"""What lets clients in where nobody chose another key. It protects nothing."""

_TOKEN_SECRET = "crossfade-emulator-signs-tokens-that-protect-nothing"
"""The same in every emulator: a token that one made is good for the next."""

SLOTS = 100_000
"""An emulator is never full, unless its script says so."""


@asynccontextmanager
async def emulating(
    scenario: Scenario,
    config: ServerConfig,
    *,
    keys: Sequence[str] = (KEY,),
    dialects: Sequence[Dialect] = DIALECTS,
) -> AsyncIterator[tuple[Server, Theatre]]:
    """Start an emulator; leaving the context stops it, whoever is connected.

    Args:
        scenario: What it does first; ``Theatre.play`` changes it.
        config: Where it listens, and how. Nothing is written into its data folder.
        keys: What lets clients in.
        dialects: What is spoken.

    Raises:
        ConfigError: If it cannot listen there.
        FaultError: If a fault has a name that nobody knows.
    """
    theatre = Theatre(scenario, dialects)
    server = Server(
        config,
        ScriptedRecognizer((), languages=_languages(scenario)),
        Keyring(config.data_dir / "emulator-has-no-keys.json", run_keys=keys),
        token_secrets=(_TOKEN_SECRET,),
        dialects=dialects,
        make_session=partial(EmulatedSession, theatre=theatre),
    )
    try:
        await server.start()
        yield server, theatre
    finally:
        await theatre.cut()
        await server.aclose()


def _languages(scenario: Scenario) -> Sequence[str]:
    """What discovery endpoints name; sessions may ask for any, unless the script says otherwise."""
    script = scenario.script
    return (script.options.languages if isinstance(script, Script) else ()) or ("en",)
