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
    from collections.abc import Sequence

    from crossfade.server.keys import KeyEntry, Keyring
    from crossfade.server.signing import SecretsFile
    from crossfade.settings import Settings

_FILE_OPTIONS = setting_options("data_dir", "keys_file")
_UNITS_S = {"m": 60, "h": 3600, "d": 86_400}


@click.group(epilog=example("crossfade keys add laptop"))
def keys() -> None:
    """Add, list, replace and revoke the keys that clients show.

    A running server follows every change at once.
    """


@keys.command(epilog=example("crossfade keys add laptop --max-sessions 2 --expires 30d"))
@click.argument("name")
@click.option(
    "--max-sessions", metavar="N", type=click.IntRange(1), help="Sessions at once with this key."
)
@click.option(
    "--opens-per-minute",
    metavar="N",
    type=click.IntRange(1),
    help="Sessions opened in any 60 seconds.",
)
@click.option(
    "--backends", metavar="NAMES", help="Backends that it may use, with commas.  [default: all]"
)
@click.option(
    "--expires",
    metavar="WHEN",
    help="From when on it is not valid: 30d, 12h, 45m from now, or a day such as 2030-01-31.",
)
@click.option("--no-mint", is_flag=True, help="It cannot make temporary credentials.")
@_FILE_OPTIONS
@JSON_OPTION
def add(
    name: str,
    *,
    max_sessions: int | None,
    opens_per_minute: int | None,
    backends: str | None,
    expires: str | None,
    no_mint: bool,
    config: Path | None,
    as_json: bool,
    **flags: object,
) -> None:
    """Make a key and print it: this once, only its hash is kept."""
    from crossfade.server.keys import KeyLimits

    limits = KeyLimits(
        max_sessions=max_sessions,
        opens_per_minute=opens_per_minute,
        backends=tuple(map(str.strip, backends.split(","))) if backends else (),
        expires=None if expires is None else _moment(expires, now_s=int(time.time())),
        may_mint=not no_mint,
    )
    key = keyring(load_settings(flags, config)).add(name, limits)
    _print_key(name, key, as_json=as_json)


@keys.command(epilog=example("crossfade keys rotate laptop"))
@click.argument("name")
@_FILE_OPTIONS
@JSON_OPTION
def rotate(name: str, *, config: Path | None, as_json: bool, **flags: object) -> None:
    """Replace a key by a new one and print it; the old one ends at once."""
    key = keyring(load_settings(flags, config)).rotate(name)
    _print_key(name, key, as_json=as_json)


@keys.command(epilog=example("crossfade keys revoke laptop"))
@click.argument("name")
@_FILE_OPTIONS
def revoke(name: str, *, config: Path | None, **flags: object) -> None:
    """End a key and the temporary tokens that were made with it."""
    keyring(load_settings(flags, config)).revoke(name)
    click.echo(f"revoked {name}", err=True)


@keys.command("list", epilog=example("crossfade keys list"))
@_FILE_OPTIONS
@JSON_OPTION
def list_keys(*, config: Path | None, as_json: bool, **flags: object) -> None:
    """List the keys: their names and limits, nothing secret."""
    entries = keyring(load_settings(flags, config)).entries()
    if as_json:
        click.echo(json.dumps([_public(entry) for entry in entries]))
    elif entries:
        click.echo(_table([_HEAD, *(_row(entry) for entry in entries)]))
    else:
        click.echo("no keys yet: crossfade keys add NAME", err=True)


@keys.command("rotate-secret", epilog=example("crossfade keys rotate-secret"))
@setting_options("data_dir", "token_secret_file")
def rotate_secret(*, config: Path | None, **flags: object) -> None:
    """Sign temporary credentials with a new secret from now on.

    Those made with the secret before it stay valid until they expire; a second rotation ends them.
    A running server follows. Secrets given by CROSSFADE_TOKEN_SECRET are yours to replace.
    """
    from crossfade.server.signing import SecretsFile

    path = secret_path(load_settings(flags, config))
    SecretsFile.made(path).rotate()
    click.echo(f"temporary credentials are signed with a new secret in {path}", err=True)


def keyring(settings: "Settings", run_keys: tuple[str, ...] = ()) -> "Keyring":
    """Open the keys that the settings name.

    Raises:
        ConfigError: If the file is not a keys file.
    """
    from crossfade.server.keys import Keyring

    return Keyring(settings.keys_file or settings.data_dir / "keys.json", run_keys=run_keys)


def secret_path(settings: "Settings") -> Path:
    """Where the secrets are that sign temporary credentials."""
    return settings.token_secret_file or settings.data_dir / "token-secret"


def token_secrets(settings: "Settings") -> "Sequence[str] | SecretsFile":
    """What signs temporary credentials: secrets of this run, or a file that is followed.

    Raises:
        ConfigError: If the file cannot be had, or somebody could guess a secret.
    """
    from crossfade.server.signing import SecretsFile, check_secrets

    if settings.token_secrets:
        check_secrets(settings.token_secrets, source="--token-secret or CROSSFADE_TOKEN_SECRET")
        return settings.token_secrets
    if settings.token_secret_file is not None:
        return SecretsFile(settings.token_secret_file)  # shared, so not ours to make
    return SecretsFile.made(secret_path(settings))


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


_HEAD = ("NAME", "CREATED", "EXPIRES", "SESSIONS", "A MINUTE", "BACKENDS", "TOKENS")


def _row(entry: "KeyEntry") -> tuple[str, ...]:
    return (
        entry.name,
        _day(entry.created),
        "never" if entry.expires is None else _day(entry.expires),
        _limit(entry.max_sessions),
        _limit(entry.opens_per_minute),
        ",".join(entry.backends) or "all",
        "yes" if entry.may_mint else "no",
    )


def _limit(number: int | None) -> str:
    return "any" if number is None else str(number)


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
        "opens_per_minute": entry.opens_per_minute,
        "may_mint": entry.may_mint,
        "backends": list(entry.backends),
    }
