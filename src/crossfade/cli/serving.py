"""A server of the settings' kind, as ``serve`` and ``demo`` start it."""

import errno
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from ipaddress import ip_address

from crossfade.cli.model_files import open_recognizer
from crossfade.dialects import DIALECTS
from crossfade.dialects.base import Dialect, DialectSettings
from crossfade.errors import ConfigError, CrossfadeError
from crossfade.recognizers.base import Recognizer
from crossfade.server.keys import Keyring
from crossfade.server.run import Server, ServerConfig
from crossfade.settings import Settings


@asynccontextmanager
async def running(settings: Settings, keyring: Keyring) -> AsyncIterator[Server]:
    """Start a server; leaving the context stops it.

    Raises:
        CrossfadeError: If it cannot listen there, or its recognizer cannot be had.
    """
    recognizer = await open_recognizer(settings)
    measure = None if settings.backend == "scripted" else _measured_slots
    server = Server(_config(settings), recognizer, keyring, measure_slots=measure)
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
    from crossfade.recognizers.onnx import EmbeddedRecognizer
    from crossfade.recognizers.onnx.calibrate import measure_slots

    assert isinstance(recognizer, EmbeddedRecognizer)  # the only other backend
    return await measure_slots(recognizer)


def _explained(error: ConfigError, settings: Settings) -> CrossfadeError:
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
    return ServerConfig(
        data_dir=settings.data_dir,
        host=settings.host,
        port=settings.port,
        no_auth=not settings.auth,
        max_sessions=settings.max_sessions,
        drain_s=settings.drain_s,
        dialect=DialectSettings(
            strict_parameters=settings.strict_parameters,
            idle_s=settings.idle_s,
            session_s=settings.session_s,
            lenient_audio=settings.lenient_audio,
        ),
    )
