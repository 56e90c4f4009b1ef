"""``crossfade emulate``: a server that says what a script says, and fails as it is told to."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossfade.cli.options import example, load_settings, run, setting_options

if TYPE_CHECKING:  # imported where they are used, so that ``--help`` is quick
    from crossfade.dialects.base import Refusal
    from crossfade.emulator.theatre import Scenario
    from crossfade.server.run import Server, ServerConfig
    from crossfade.settings import Settings

SAYING_EVERY_MS = 12_000
"""Where no script is given."""

_SETTINGS = (
    *("host", "port", "cert", "key_file", "tls", "keys", "auth", "max_sessions"),
    *("data_dir", "log_format", "log_level", "lenient_audio", "message_bytes"),
)


@click.command(
    short_help="Play a script to clients, and fail as told: for tests.",
    epilog=example(
        "crossfade emulate",
        "crossfade emulate meeting.yaml --speed 4 --fault late_finals:ms=3000",
        "crossfade emulate recorded.jsonl --instant --fault drop:after_words=20,sessions=1",
    ),
)
@click.argument(
    "script", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@click.option(
    "--speed",
    metavar="N",
    type=click.FloatRange(0.01, 1000),
    default=1.0,
    show_default=True,
    help="Let the script's time pass so many times as fast as the clock's, at most.",
)
@click.option("--instant", is_flag=True, help="Wait for nothing but the client's audio.")
@click.option(
    "--say", metavar="TEXT", help="Play these words instead of a script; each sentence is a turn."
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[:KEY=VALUE,...]",
    help="Let this go wrong, besides the script's own faults. Can be repeated. Keys: at (connect, "
    "start, end), at_ms, after_words, sessions (1+3), ms, speed, code, reason, status.",
)
@click.option("--list-faults", is_flag=True, help="Print the name of every fault, and exit.")
@click.option("--seed", default="", help="Another seed gives sessions other ids.")
@setting_options(*_SETTINGS)
def emulate(
    script: Path | None,
    speed: float,
    instant: bool,
    say: str | None,
    faults: tuple[str, ...],
    list_faults: bool,
    seed: str,
    config: Path | None,
    **flags: object,
) -> None:
    """Play a SCRIPT, or a session that `serve --record` recorded, to every client.

    For tests: no model, no key of a vendor's, and the same answer to the same frames in every run.
    Scripts are YAML, or JSON lines; docs/emulator.md describes them.
    """
    if list_faults:
        _list_faults()
        return
    if script is not None and say is not None:
        raise click.UsageError("a SCRIPT or --say, not both")
    from crossfade.cli import logs

    settings = load_settings(flags, config)
    scenario = _scenario(script, say, faults, speed=None if instant else speed, seed=seed)
    logs.set_up(settings)
    run(_emulate(scenario, settings))


async def _emulate(scenario: "Scenario", settings: "Settings") -> None:
    from crossfade.cli.serving import explained
    from crossfade.emulator.serving import KEY, emulating
    from crossfade.server.doors import AddressError

    keys = settings.keys or (KEY,)
    try:
        async with (
            emulating(scenario, _server_config(settings), keys=keys) as (server, _),
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(server.wait())
            await asyncio.sleep(0)  # it has run once: from here on, signals end it in order
            _announce(settings, server)
    except AddressError as error:
        raise explained(error, settings) from error


def _announce(settings: "Settings", server: "Server") -> None:
    from crossfade.cli.serving import websocket_urls
    from crossfade.emulator.serving import KEY

    for dialect, url in websocket_urls(server):
        click.echo(f"{dialect.title}: {url}", err=True)
    if settings.auth and not settings.keys:
        click.echo(f"Key: {KEY}", err=True)
    click.echo("Ctrl-C stops it. What it can play: docs/emulator.md", err=True)


def _scenario(
    path: Path | None, say: str | None, faults: tuple[str, ...], *, speed: float | None, seed: str
) -> "Scenario":
    from crossfade.dialects import DIALECTS
    from crossfade.emulator.faults import FaultError, check, parse_fault
    from crossfade.emulator.script import SAYING, Options, as_script
    from crossfade.emulator.theatre import Scenario, read_scenario

    if path is not None:
        script = read_scenario(path, DIALECTS)
    elif say is not None:
        script = as_script(say)
    else:
        script = as_script(SAYING, Options(repeat_ms=SAYING_EVERY_MS))
    try:
        wanted = tuple(map(parse_fault, faults))
        check(wanted, DIALECTS)
    except FaultError as error:
        raise click.UsageError(str(error)) from error
    return Scenario(script=script, faults=wanted, speed=speed, seed=seed)


def _server_config(settings: "Settings") -> "ServerConfig":
    from crossfade.cli.serving import certificate
    from crossfade.dialects.base import DialectSettings
    from crossfade.emulator.serving import SLOTS
    from crossfade.server.limits import Bounds
    from crossfade.server.run import ServerConfig

    certfile, keyfile = certificate(settings)
    return ServerConfig(
        data_dir=settings.data_dir,
        host=settings.host,
        port=settings.port,
        certfile=certfile,
        keyfile=keyfile,
        no_auth=not settings.auth,
        max_sessions=settings.max_sessions or SLOTS,
        drain_s=0.0,
        dialect=DialectSettings(lenient_audio=settings.lenient_audio),
        # Tests that show wrong keys on purpose come from one address.
        bounds=Bounds(message_bytes=settings.message_bytes, wrong_keys_per_minute=0),
    )


def _list_faults() -> None:
    from crossfade.dialects import DIALECTS
    from crossfade.emulator.faults import BEHAVIOURS, CAUSES

    for name, what in BEHAVIOURS.items():
        click.echo(f"{name}: {what.replace('`', '')}")
    for name in CAUSES:
        click.echo(f"{name}: as each protocol puts it")
    for dialect in DIALECTS:
        for name, ending in dialect.endings.items():
            click.echo(f"{name}: {dialect.title}, {_told(ending)}")


def _told(ending: "Refusal") -> str:
    if ending.http_status is not None:
        return f"HTTP status {ending.http_status}"
    return f"close code {ending.goodbye.code}"
