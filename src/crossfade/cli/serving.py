"""A server of the settings' kind, as ``serve`` and ``demo`` start it."""

import errno
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from crossfade.cli.backends import open_recognizer, vendor_of
from crossfade.cli.keys import token_secrets
from crossfade.dialects import DIALECTS
from crossfade.dialects.base import Dialect, DialectSettings
from crossfade.errors import ConfigError, CrossfadeError
from crossfade.recognizers.base import Recognizer
from crossfade.server.keys import Keyring
from crossfade.server.limits import Bounds
from crossfade.server.run import Server, ServerConfig
from crossfade.settings import Settings

if TYPE_CHECKING:
    from crossfade.server.certificates import Issued


_UPSTREAM_SLOTS_PER_CORE = 50
"""Sessions that are recognized elsewhere; audio is only converted here. Not measured: a vendor's
own limit is mostly the lower one."""


@asynccontextmanager
async def running(settings: Settings, keyring: Keyring) -> AsyncIterator[Server]:
    """Start a server; leaving the context stops it.

    Raises:
        CrossfadeError: If it cannot listen there, or its recognizer cannot be had.
    """
    recognizer = await open_recognizer(settings)
    first = vendor_of(settings.backend[0], settings)
    measure = {"local": _measured_slots, "scripted": None}.get(first, _upstream_slots)
    server = Server(
        _config(settings),
        recognizer,
        keyring,
        token_secrets=token_secrets(settings),
        measure_slots=measure,
    )
    try:
        try:
            await server.start()
        except ConfigError as error:
            raise _explained(error, settings) from error
        yield server
    finally:
        await server.aclose()


def websocket_urls(server: Server) -> Iterable[tuple[Dialect, str]]:
    """Yield each dialect with the address that its clients are pointed at."""
    for dialect in DIALECTS:
        yield dialect, server.url + dialect.paths[0]


def plain_urls(server: Server) -> Iterable[tuple[Dialect, str]]:
    """Yield the same for the port without TLS, where that is another one."""
    if server.plain_url is not None:
        for dialect in DIALECTS:
            yield dialect, server.plain_url + dialect.paths[0]


def page_url(server: Server) -> str:
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


async def _upstream_slots(recognizer: Recognizer) -> int:
    return _UPSTREAM_SLOTS_PER_CORE * (os.cpu_count() or 1)


def _explained(error: ConfigError, settings: Settings) -> CrossfadeError:
    if error.field not in ("host", "port"):
        return error
    cause = error.__cause__
    where = f"{settings.host} port {settings.port}"
    match cause.errno if isinstance(cause, OSError) else None:
        case errno.EADDRINUSE:
            message = (
                f"{where} is taken by another program; choose another with --port, "
                "or --port 0 for a free one"
            )
            return PortTakenError(message)
        case errno.EACCES:
            return CrossfadeError(f"{where} needs rights that you lack; ports from 1024 do not")
        case errno.EADDRNOTAVAIL:
            return CrossfadeError(f"{settings.host} is not an address of this machine; see --host")
        case _:
            return error


def _config(settings: Settings) -> ServerConfig:
    certfile, keyfile = _certificate(settings)
    if settings.also_plain is not None and certfile is None:
        raise ConfigError(
            "--also-plain opens a second port, without TLS; give --tls or --cert with it",
            field="also_plain",
        )
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
        backends=settings.backend,
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
            default_model=_default_model(settings),
            single_end=settings.single_formatted_final,
        ),
    )


def _default_model(settings: Settings) -> str | None:
    """The model that clients get who name none; known to one of the dialects.

    Raises:
        ConfigError: If it is not.
    """
    known = [model for dialect in DIALECTS for model in dialect.models]
    if settings.default_model is not None and settings.default_model not in known:
        raise ConfigError(
            f"--default-model cannot be {settings.default_model!r}: it must be one of "
            f"{', '.join(known)}",
            field="default_model",
        )
    return settings.default_model


def _certificate(settings: Settings) -> tuple[Path | None, Path | None]:
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
