"""``crossfade token``: temporary credentials, for browsers and other places unfit for a key."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossfade.cli.keys import keyring, token_secrets
from crossfade.cli.options import JSON_OPTION, DialectName, example, load_settings, setting_options

if TYPE_CHECKING:
    from crossfade.dialects.base import Dialect


@click.command(epilog=example("crossfade token --dialect NAME --ttl 600 --key KEY"))
@click.option("--dialect", type=DialectName(), required=True, help="The protocol that it is for.")
@click.option("--ttl", default=60, show_default=True, metavar="SECONDS", help="How long it opens.")
@click.option(
    "--key",
    metavar="KEY",
    envvar="CROSSFADE_KEY",
    required=True,
    help="The key that it stands for; one of `crossfade keys`.  [env: CROSSFADE_KEY]",
)
@setting_options("data_dir", "keys_file", "token_secrets", "token_secret_file")
@JSON_OPTION
def token(
    *, dialect: "Dialect", ttl: int, key: str, config: Path | None, as_json: bool, **flags: object
) -> None:
    """Make a temporary credential and print it.

    It opens sessions on servers with the same keys and the same secret, until it expires or its
    key ends.
    """
    from crossfade.server.tokens import Authority

    settings = load_settings(flags, config)
    shortest_s, longest_s = dialect.token_ttl_s
    if not shortest_s <= ttl <= longest_s:
        raise click.UsageError(
            f"--ttl cannot be {ttl}: for {dialect.name} it must be from {shortest_s} to {longest_s}"
        )
    authority = Authority(keyring(settings), token_secrets=token_secrets(settings))
    made = authority.mint(key, scope=dialect.token_scope, ttl_s=ttl)
    click.echo(json.dumps({"token": made, "ttl_s": ttl}) if as_json else made)
