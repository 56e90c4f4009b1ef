"""``crossfade serve``: the server, until it is told to stop."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossfade.cli.keys import keyring
from crossfade.cli.options import example, load_settings, run, setting_options

if TYPE_CHECKING:
    from crossfade.cli.serving import Reached
    from crossfade.server.keys import Keyring
    from crossfade.settings import Settings

FIRST_KEY = "default"


@click.command(
    short_help="Serve speech recognition, in the protocols of your clients.",
    epilog=example("crossfade serve", "crossfade serve --host 0.0.0.0 --tls --max-sessions 20"),
)
@setting_options()
def serve(config: Path | None, **flags: object) -> None:
    """Serve speech recognition over WebSockets, in the protocols of the clients that you have.

    The first start fetches and prepares the model, and makes a first key and prints it.
    """
    from crossfade.cli import logs
    from crossfade.cli.serving import check

    settings = load_settings(flags, config)
    check(settings)
    logs.set_up(settings)
    run(_serve(settings))


async def _serve(settings: "Settings") -> None:
    from crossfade.cli.serving import running

    ring = keyring(settings, settings.keys)
    if settings.auth and not ring.entries():
        _be_without_keys(settings, ring)
    _warn(settings)
    if settings.workers > 1:
        from crossfade.cli.workers import serve_with_workers

        await serve_with_workers(settings, lambda server: _announce(settings, server))
        return
    async with running(settings, ring) as server, asyncio.TaskGroup() as tasks:
        tasks.create_task(server.wait())
        await asyncio.sleep(0)  # it has run once: from here on, signals end it in order
        _announce(settings, server)


def _be_without_keys(settings: "Settings", ring: "Keyring") -> None:
    if settings.keys_file is None:
        _make_first_key(ring)
    else:  # shared with other servers, and perhaps only mounted here
        click.echo(f"warning: nobody can come in: {settings.keys_file} holds no key yet", err=True)


def _make_first_key(ring: "Keyring") -> None:
    key = ring.add(FIRST_KEY)
    click.echo(
        f"There were no keys yet. This is one; it is shown this once:\n\n    {key}\n", err=True
    )
    click.echo(
        "Give it to your client as its API key; crossfade keys add NAME makes more.", err=True
    )


def _warn(settings: "Settings") -> None:
    from crossfade.cli.backends import vendor_of
    from crossfade.cli.serving import heard_by, is_loopback
    from crossfade.settings import BUILT_IN

    if settings.auth:
        return
    vendors = [name for name in heard_by(settings) if vendor_of(name, settings) not in BUILT_IN]
    if not is_loopback(settings.host):
        click.echo(
            f"warning: whoever reaches {settings.host} can use this server (--no-auth)", err=True
        )
    elif vendors:  # the protocols let browsers in from any origin
        click.echo(
            "warning: any page in a browser on this machine can use this server, and with it your"
            f" account with {', '.join(vendors)} (--no-auth)",
            err=True,
        )


def _announce(settings: "Settings", server: "Reached") -> None:
    from crossfade.cli.serving import page_url, plain_urls, websocket_urls

    for dialect, url in (*websocket_urls(server), *plain_urls(server)):
        click.echo(f"{dialect.title}: {url}", err=True)
    click.echo(f"Live page: {page_url(server)}", err=True)
    if settings.tls and settings.cert is None:
        click.echo("Clients have to trust its certificate: crossfade certs says how", err=True)
    click.echo("Ctrl-C stops it. How to point clients at it: docs/getting-started.md", err=True)
