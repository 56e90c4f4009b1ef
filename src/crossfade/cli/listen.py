"""``crossfade listen``: a microphone to live captions."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossfade.cli.options import DialectName, example, load_settings, run, setting_options

if TYPE_CHECKING:  # imported where it is used: ``--help`` does not wait for numpy
    from crossfade.cli.listening import Ear
    from crossfade.client.transcript import Format
    from crossfade.dialects.base import Dialect


@click.command(
    epilog=example(
        "crossfade listen",
        "crossfade listen --device headset --save captions.srt",
    )
)
@click.option("--list-devices", is_flag=True, help="Show what can be recorded from, and exit.")
@click.option(
    "--device",
    metavar="NAME",
    help="Record from this device: its number, or its name or a part of it.  [default: the "
    "system's]",
)
@click.option(
    "--save",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what is heard into this file too. Its ending says how: .txt, .srt, .vtt, .json or "
    ".ctm. It is FILE.part while it grows.",
)
@click.option("--overwrite", is_flag=True, help="Replace that file if it is there.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each line.")
@click.option(
    "--language", metavar="CODE", default="en", show_default=True, help="Spoken language."
)
@click.option("--url", metavar="URL", help="Stream to this server (ws:// or wss://) instead.")
@click.option("--dialect", type=DialectName(), help="The protocol that the server at --url speaks.")
@click.option(
    "--key",
    metavar="KEY",
    envvar="CROSSFADE_KEY",
    help="Key for the server at --url.  [env: CROSSFADE_KEY]",
)
@setting_options("backend", "model_dir", "threads")
def listen(
    *,
    list_devices: bool,
    device: str | None,
    save: Path | None,
    overwrite: bool,
    as_json: bool,
    language: str,
    url: str | None,
    dialect: "Dialect | None",
    key: str | None,
    config: Path | None,
    **flags: object,
) -> None:
    """Caption what a microphone hears, live.

    In a terminal: turns as they end, below them what is being said, grey where it may still
    change, and a level meter. Into a pipe or file: settled words only, a line for each sentence or
    turn.

    Ctrl-C ends it with all words; a second one at once.
    """
    from crossfade.cli.listening import in_process, listen_to, on_server

    if list_devices:
        _list_devices(as_json=as_json)
        return
    settings = load_settings(flags, config)
    if (url is None) != (dialect is None):
        raise click.UsageError("--url and --dialect go together")
    wanted = None if save is None else _format(save, overwrite=overwrite)
    ear: Ear = (
        on_server(url, dialect, key, language)
        if url is not None and dialect is not None
        else in_process(settings, language)
    )
    try:
        run(listen_to(device, ear, save=save, wanted=wanted, as_json=as_json))
    except asyncio.CancelledError:  # by the second Ctrl-C
        raise KeyboardInterrupt from None


def _format(save: Path, *, overwrite: bool) -> "Format":
    """Say what to write into a file of this name.

    Raises:
        click.UsageError: If nothing can be, or it is there already.
    """
    from crossfade.client.transcript import SUFFIXES

    if save.exists() and not overwrite:
        raise click.UsageError(f"{save} is there already; --overwrite replaces it")
    for wanted, suffix in SUFFIXES.items():
        if save.suffix.lower() == suffix:
            return wanted
    raise click.UsageError(f"{save} ends with none of {', '.join(SUFFIXES.values())}")


def _list_devices(*, as_json: bool) -> None:
    from crossfade.client.sources import input_devices

    devices = input_devices()
    if as_json:
        fields = ("number", "name", "system", "channels", "rate_hz", "is_default")
        rows = [{name: getattr(device, name) for name in fields} for device in devices]
        click.echo(json.dumps(rows, indent=2))
        return
    for device in devices:
        mark = "*" if device.is_default else " "
        about = f"{device.system}, {device.channels} in, {device.rate_hz} Hz"
        click.echo(f"{mark} {device.number:3}  {device.name}  ({about})")
    if not devices:
        click.echo("There is nothing to record from.", err=True)
