"""``crossfade keys``: who may use the server. A running server follows every change."""

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossfade.cli.options import JSON_OPTION, example, load_settings, setting_options

if TYPE_CHECKING:
    from crossfade.server.keys import KeyEntry, Keyring

_UNITS_S = {"m": 60, "h": 3600, "d": 86_400}


@click.group(epilog=example("crossfade keys add laptop"))
def keys() -> None:
    """Add, list, replace and revoke the keys that clients show.

    A running server follows every change at once.
    """


@keys.command(epilog=example("crossfade keys add laptop --max-sessions 2 --expires 30d"))
@click.argument("name")
@click.option("--max-sessions", type=click.IntRange(1), help="Sessions at once with this key.")
@click.option("--backends", help="Backends that it may use, with commas.  [default: all]")
@click.option(
    "--expires",
    metavar="WHEN",
    help="From when on it is not valid: 30d, 12h, 45m from now, or a day such as 2030-01-31.",
)
@setting_options("data_dir")
@JSON_OPTION
def add(
    name: str,
    *,
    max_sessions: int | None,
    backends: str | None,
    expires: str | None,
    config: Path | None,
    as_json: bool,
    **flags: object,
) -> None:
    """Make a key and print it: this once, only its hash is kept."""
    expires_s = None if expires is None else _moment(expires, now_s=int(time.time()))
    allowed = tuple(backends.split(",")) if backends else ()
    ring = keyring(load_settings(flags, config).data_dir)
    key = ring.add(name, max_sessions=max_sessions, backends=allowed, expires=expires_s)
    _print_key(name, key, as_json=as_json)


@keys.command(epilog=example("crossfade keys rotate laptop"))
@click.argument("name")
@setting_options("data_dir")
@JSON_OPTION
def rotate(name: str, *, config: Path | None, as_json: bool, **flags: object) -> None:
    """Replace a key by a new one and print it; the old one ends at once."""
    key = keyring(load_settings(flags, config).data_dir).rotate(name)
    _print_key(name, key, as_json=as_json)


@keys.command(epilog=example("crossfade keys revoke laptop"))
@click.argument("name")
@setting_options("data_dir")
def revoke(name: str, *, config: Path | None, **flags: object) -> None:
    """End a key and the temporary tokens that were made with it."""
    keyring(load_settings(flags, config).data_dir).revoke(name)
    click.echo(f"revoked {name}", err=True)


@keys.command("list", epilog=example("crossfade keys list"))
@setting_options("data_dir")
@JSON_OPTION
def list_keys(*, config: Path | None, as_json: bool, **flags: object) -> None:
    """List the keys: their names and limits, nothing secret."""
    entries = keyring(load_settings(flags, config).data_dir).entries()
    if as_json:
        click.echo(json.dumps([_public(entry) for entry in entries]))
    elif entries:
        click.echo(_table([_HEAD, *(_row(entry) for entry in entries)]))
    else:
        click.echo("no keys yet: crossfade keys add NAME", err=True)


def keyring(data_dir: Path, run_keys: tuple[str, ...] = ()) -> "Keyring":
    """Open the keys of a data folder.

    Raises:
        ConfigError: If the file is not a keys file.
    """
    from crossfade.server.keys import Keyring

    return Keyring(data_dir / "keys.json", run_keys=run_keys)


def _print_key(name: str, key: str, *, as_json: bool) -> None:
    click.echo(json.dumps({"name": name, "key": key}) if as_json else key)


def _moment(text: str, *, now_s: int) -> int:
    """Read a time in the future, in Unix seconds; a day means its beginning, UTC.

    Raises:
        click.UsageError: If it is not one.
    """
    if match := re.fullmatch(r"([1-9]\d{0,5})([mhd])", text):
        return now_s + int(match[1]) * _UNITS_S[match[2]]
    try:
        moment_s = int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
    except ValueError:
        moment_s = 0
    if moment_s <= now_s:
        message = f"--expires cannot be {text!r}: it must be like 30d, 12h, 45m or a day to come"
        raise click.UsageError(message)
    return moment_s


_HEAD = ("NAME", "CREATED", "EXPIRES", "SESSIONS", "BACKENDS")


def _row(entry: "KeyEntry") -> tuple[str, ...]:
    return (
        entry.name,
        _day(entry.created),
        "never" if entry.expires is None else _day(entry.expires),
        "any" if entry.max_sessions is None else str(entry.max_sessions),
        ",".join(entry.backends) or "all",
    )


def _day(unix_s: int) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M")


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _public(entry: "KeyEntry") -> dict[str, object]:
    return {
        "name": entry.name,
        "created": entry.created,
        "expires": entry.expires,
        "max_sessions": entry.max_sessions,
        "backends": list(entry.backends),
    }
