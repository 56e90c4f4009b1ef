"""A server of the settings' kind, as ``serve`` and ``demo`` start it."""

import errno
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from crossfade.cli.backends import open_recognizer, vendor_of
from crossfade.cli.keys import token_secrets
from crossfade.dialects import DIALECTS
from crossfade.dialects.base import Dialect, DialectSettings
from crossfade.errors import ConfigError, CrossfadeError
from crossfade.recognizers.base import Recognizer
from crossfade.server.doors import AddressError
from crossfade.server.keys import Keyring
from crossfade.server.limits import Bounds
from crossfade.server.run import MeasureSlots, Server, ServerConfig
from crossfade.settings import BackendSettings, Settings

if TYPE_CHECKING:
    from crossfade.server.certificates import Issued


_UPSTREAM_SLOTS = 50
"""Sessions that are recognized elsewhere: each keeps 1.5 % of a core busy (``bench gateway``), and
all of a process are on one core."""


class Reached(Protocol):
    """What clients can be pointed at: a server, or several behind one port."""

    @property
    def url(self) -> str:
        """See ``Server.url``."""

    @property
    def plain_url(self) -> str | None:
        """See ``Server.plain_url``."""


@asynccontextmanager
async def running(
    settings: Settings, keyring: Keyring, *, sockets: Sequence[socket.socket] = ()
) -> AsyncIterator[Server]:
    """Start a server; leaving the context stops it.

    Args:
        settings: What the operator chose.
        keyring: Who may come in.
        sockets: Where it listens together with others, see ``Server``.

    Raises:
        CrossfadeError: If it cannot listen there, or its recognizer cannot be had.
    """
    recognizer = await open_recognizer(settings, is_shadowed=True)
    first = vendor_of(settings.backend[0], settings)
    measure = {"local": _measured_slots, "scripted": None}.get(first, _upstream_slots(settings))
    server = Server(
        _config(settings),
        recognizer,
        keyring,
        token_secrets=token_secrets(settings),
        measure_slots=measure,
        dialects=_dialects(settings),
        sockets=sockets,
    )
    try:
        try:
            await server.start()
        except AddressError as error:
            raise explained(error, settings) from error
        yield server
    finally:
        await server.aclose()


def check(settings: Settings) -> None:
    """Look at what settings say together, before anything is started.

    Raises:
        click.UsageError: If that makes no sense.
    """
    has_tls = settings.tls or settings.cert is not None
    if settings.also_plain is not None and not has_tls:
        raise click.UsageError(
            "--also-plain opens a second port, without TLS; give --tls or --cert with it"
        )
    if settings.key_file is not None and not has_tls:
        raise click.UsageError("--key-file is of no use without --cert")
    if settings.record_audio and settings.record_dir is None:
        raise click.UsageError("--record-audio says what, --record DIR where to")
    _check_default_model(settings.default_model)
    try:
        for name in heard_by(settings):
            vendor_of(name, settings)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error


def _check_default_model(name: str | None) -> None:
    known = [model for dialect in DIALECTS for model in dialect.models]
    if name is not None and name not in known:
        raise click.UsageError(
            f"--default-model cannot be {name!r}: it must be one of {', '.join(known)}"
        )


def websocket_urls(server: Reached) -> Iterable[tuple[Dialect, str]]:
    """Yield each dialect with the address that its clients are pointed at."""
    for dialect in DIALECTS:
        yield dialect, server.url + dialect.paths[0]


def plain_urls(server: Reached) -> Iterable[tuple[Dialect, str]]:
    """Yield the same for the port without TLS, where that is another one."""
    if server.plain_url is not None:
        for dialect in DIALECTS:
            yield dialect, server.plain_url + dialect.paths[0]


def page_url(server: Reached) -> str:
    """Return the address of the live page."""
    return server.url.replace("ws", "http", 1) + "/"


def is_loopback(host: str) -> bool:
    """Nobody outside of this machine reaches it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class PortTakenError(CrossfadeError):
    """Another program listens there."""


async def _measured_slots(recognizer: Recognizer) -> int:
    # Imported here: with the scripted recognizer nobody waits for onnxruntime.
    from crossfade.gateway.failover import FailoverRecognizer
    from crossfade.recognizers.onnx import EmbeddedRecognizer
    from crossfade.recognizers.onnx.calibrate import measure_slots

    if isinstance(recognizer, FailoverRecognizer):
        recognizer = recognizer.first
    assert isinstance(recognizer, EmbeddedRecognizer)
    return await measure_slots(recognizer)


def _upstream_slots(settings: Settings) -> MeasureSlots:
    """As many as the first backend of the route admits, and as one process can pass on."""
    section = settings.backends.get(settings.backend[0], BackendSettings())

    async def measure(recognizer: Recognizer) -> int:
        most = section.max_sessions
        return _UPSTREAM_SLOTS if most is None else min(_UPSTREAM_SLOTS, most)

    return measure


def explained(error: AddressError, settings: Settings) -> CrossfadeError:
    """Say what to do about an address that cannot be listened on."""
    where = f"{error.host} port {error.port}"
    flag = {settings.port: "--port", settings.also_plain: "--also-plain"}.get(
        error.port, "--metrics-port"
    )
    match error.errno:
        case errno.EADDRINUSE:
            message = (
                f"{where} is taken by another program; choose another with {flag}, "
                f"or {flag} 0 for a free one"
            )
            return PortTakenError(message)
        case errno.EACCES:
            return CrossfadeError(f"{where} needs rights that you lack; ports from 1024 do not")
        case None | errno.EADDRNOTAVAIL:
            return CrossfadeError(f"{error.host} is not an address of this machine; see --host")
        case _:
            return error


def _config(settings: Settings) -> ServerConfig:
    certfile, keyfile = certificate(settings)
    return ServerConfig(
        data_dir=settings.data_dir,
        host=settings.host,
        port=settings.port,
        certfile=certfile,
        keyfile=keyfile,
        plain_port=settings.also_plain,
        metrics_port=settings.metrics_port,
        metrics_host=settings.metrics_host,
        traces=settings.traces,
        trusted_proxies=settings.trusted_proxies,
        backends=heard_by(settings),
        single_use_tokens=settings.single_use_tokens,
        no_auth=not settings.auth,
        max_sessions=settings.max_sessions,
        max_channels=settings.max_channels,
        webhook_hosts=settings.webhook_hosts,
        drain_s=settings.drain_s,
        bounds=Bounds(
            request_s=settings.request_s,
            message_bytes=settings.message_bytes,
            connections=settings.connections,
            connections_per_address=settings.connections_per_address,
            wrong_keys_per_minute=settings.wrong_keys_per_minute,
        ),
        dialect=DialectSettings(
            strict_parameters=settings.strict_parameters,
            idle_s=settings.idle_s,
            session_s=settings.session_s,
            audio_s=settings.audio_s,
            lenient_audio=settings.lenient_audio,
            strict_pace=settings.strict_pace,
            default_model=settings.default_model,
            single_end=settings.single_formatted_final,
            turn_silence_s=settings.turn_silence_s,
            partials_default=settings.partials_default,
        ),
    )


def _dialects(settings: Settings) -> Sequence[Dialect]:
    """What is spoken; overheard, where sessions are to be recorded.

    Raises:
        ConfigError: If nothing can be written there.
    """
    if settings.record_dir is None:
        return DIALECTS
    from crossfade.emulator.recording import Recordings

    recordings = Recordings(settings.record_dir, with_audio=settings.record_audio)
    return [recordings.of(dialect) for dialect in DIALECTS]


def heard_by(settings: Settings) -> tuple[str, ...]:
    """Who may hear a session: its key has to be allowed all of them."""
    shadow = settings.shadow_backend
    return settings.backend if shadow is None else (*settings.backend, shadow)


def certificate(settings: Settings) -> tuple[Path | None, Path | None]:
    """The certificate and its key; of our own authority where the settings say so."""
    if settings.cert is not None or not settings.tls:
        return settings.cert, settings.key_file
    issued = local_certificate(settings)
    return issued.certificate, issued.key


def local_certificate(settings: Settings) -> "Issued":
    """A certificate of this machine's own authority; both are made where they are missing.

    Raises:
        ConfigError: If it cannot be made.
    """
    from crossfade.server.certificates import ensure, own_names  # cryptography takes its time

    return ensure(settings.data_dir / "tls", own_names(settings.host))
