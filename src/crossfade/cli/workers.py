"""``serve --workers``: several servers behind one port."""

import os
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection

import click
from msgspec import Struct
from msgspec.structs import replace

from crossfade.cli import logs
from crossfade.cli.backends import vendor_of
from crossfade.cli.keys import keyring
from crossfade.cli.model_files import model_files
from crossfade.cli.options import run
from crossfade.cli.serving import Reached, certificate, explained, running
from crossfade.errors import CrossfadeError
from crossfade.server.doors import AddressError, bind
from crossfade.server.run import websocket_url
from crossfade.server.workers import READY, Workers, end_with_parent
from crossfade.settings import BackendSettings, Settings


class Addresses(Struct, frozen=True, kw_only=True):
    """A ``Reached``."""

    url: str
    plain_url: str | None


async def serve_with_workers(settings: Settings, announce: Callable[[Reached], None]) -> None:
    """Serve until a signal, then drain.

    Args:
        settings: What the operator chose, for all workers together.
        announce: Called once every worker is ready.

    Raises:
        CrossfadeError: If it cannot listen there, or a worker cannot start.
    """
    if any(vendor_of(name, settings) == "local" for name in settings.backend):
        await model_files(settings.model_dir)  # once, before each of the workers looks for them
    is_plain = certificate(settings)[0] is None
    sockets = _bind(settings)
    ports = [listening.getsockname()[1] for listening in sockets]
    urls = [websocket_url("ws", settings.host, port) for port in ports]
    if not is_plain:
        urls[0] = websocket_url("wss", settings.host, ports[0])
    addresses = Addresses(url=urls[0], plain_url=urls[1] if len(urls) > 1 else None)
    workers = Workers(
        partial(_work, settings), sockets, count=settings.workers, drain_s=settings.drain_s
    )
    await workers.run(lambda: announce(addresses))


def _bind(settings: Settings) -> list[socket.socket]:
    ports = [settings.port]
    if settings.also_plain is not None:
        ports.append(settings.also_plain)
    try:
        return [bind(settings.host, port) for port in ports]
    except AddressError as error:
        raise explained(error, settings) from error


def _work(
    settings: Settings, number: int, sockets: Sequence[socket.socket], ready: Connection
) -> None:
    """Be one of them; in a process of its own."""
    logs.set_up(settings)
    try:
        run(_serve(share(settings, number), sockets, ready))
    except CrossfadeError as error:
        click.echo(f"crossfade: {error}", err=True)
        sys.exit(1)


async def _serve(settings: Settings, sockets: Sequence[socket.socket], ready: Connection) -> None:
    end_with_parent()
    ring = keyring(settings, settings.keys)
    async with running(settings, ring, sockets=sockets) as server:
        ready.send(READY)
        ready.close()
        await server.wait()


def share(settings: Settings, number: int) -> Settings:
    """One worker's part of what is there for all of them."""
    count = settings.workers
    metrics_port = settings.metrics_port
    return replace(
        settings,
        threads=settings.threads or max(1, (os.cpu_count() or 1) // count),
        max_sessions=-(-settings.max_sessions // count),
        backends={
            name: _share_of(section, number, count) for name, section in settings.backends.items()
        },
        metrics_port=metrics_port + number if metrics_port else metrics_port,
    )


def _share_of(section: BackendSettings, number: int, count: int) -> BackendSettings:
    """A part of the sessions that a contract allows; no more of them together."""
    most = section.max_sessions
    if most is None:
        return section
    return replace(section, max_sessions=most // count + (number < most % count))
