"""The listening process: binds, warms up, serves, drains, stops."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from msgspec import Struct

from crossfade.dialects import DIALECTS, RESERVED_PATHS
from crossfade.dialects.base import Dialect, DialectSettings
from crossfade.errors import ConfigError
from crossfade.recognizers.base import Recognizer
from crossfade.server.app import make_app
from crossfade.server.keys import Keyring
from crossfade.server.limits import Patience, Sessions, Slots
from crossfade.server.metrics import Metrics
from crossfade.server.session import Service
from crossfade.server.tokens import Authority, token_secret
from crossfade.server.wire import listener_config

logger = logging.getLogger("crossfade.server")

_SLOTS_PER_CORE = 12
"""Where nobody measured: the embedded recognizer keeps up with about 20 live streams a core."""

MeasureSlots = Callable[[Recognizer], Awaitable[int]]
"""Find out, once the recognizer is warm, how many sessions it can serve at once."""


class ServerConfig(Struct, frozen=True, kw_only=True):
    """What an operator chooses about the server as a whole. Holds no secrets, so it may be shown.

    Keys are the keyring's; secrets that sign tokens are an argument of ``Server``.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8765
    """0: the system chooses."""
    no_auth: bool = False
    max_sessions: int = 0
    """0: measured when the recognizer is warm."""
    dialect: DialectSettings = DialectSettings()
    patience: Patience = Patience()
    drain_s: float = 10.0
    """How long sessions may take to finish after a signal."""
    certfile: Path | None = None
    keyfile: Path | None = None


class Server:
    """One listening process.

    Owns the recognizer: ``start`` warms it up and ``aclose`` closes it.
    """

    def __init__(
        self,
        config: ServerConfig,
        recognizer: Recognizer,
        keyring: Keyring,
        *,
        token_secrets: Sequence[str] = (),
        measure_slots: MeasureSlots | None = None,
        dialects: Sequence[Dialect] = DIALECTS,
    ) -> None:
        """Put the parts together; nothing listens yet.

        Args:
            config: What the operator chose.
            recognizer: Not started yet.
            keyring: Who may come in.
            token_secrets: Sign temporary tokens (the first) and verify them (all); empty: the
                one in the data directory, made when there is none.
            measure_slots: Asked if ``config.max_sessions`` is 0; ``None``: a guess by cores.
            dialects: What is spoken.

        Raises:
            ConfigError: If the data directory cannot be used.
        """
        slots = Slots()
        self._config = config
        self._measure_slots = measure_slots or _guess_slots
        self._service = Service(
            recognizer=recognizer,
            authority=Authority(
                keyring,
                token_secrets=token_secrets or [token_secret(config.data_dir)],
                no_auth=config.no_auth,
            ),
            slots=slots,
            sessions=Sessions(),
            metrics=Metrics(slots),
            patience=config.patience,
        )
        app = make_app(
            dialects,
            service=self._service,
            settings=config.dialect,
            reserved_paths=RESERVED_PATHS,
        )
        self._listener = _Listener(
            listener_config(app, certfile=config.certfile, keyfile=config.keyfile)
        )
        self._serving: asyncio.Task[None] | None = None
        self._port = config.port

    @property
    def port(self) -> int:
        """The port; the one chosen by the system once ``start`` has returned."""
        return self._port

    @property
    def url(self) -> str:
        """Base URL for WebSocket clients on this machine, without a path."""
        scheme = "ws" if self._config.certfile is None else "wss"
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._config.host, self._config.host)
        return (
            f"{scheme}://[{host}]:{self.port}" if ":" in host else f"{scheme}://{host}:{self.port}"
        )

    @property
    def service(self) -> Service:
        """What the sessions share: slots, who is connected, metrics."""
        return self._service

    async def start(self) -> None:
        """Listen, warm the recognizer up, open the slots. ``/healthz`` answers from the first.

        Raises:
            ConfigError: If the address cannot be listened on; ``field`` is ``port`` or ``host``.
            ModelError: If the recognizer's files are missing or damaged.
        """
        listening = _bind(self._config.host, self._config.port)
        self._port = listening.getsockname()[1]
        self._serving = asyncio.create_task(self._listener.serve(sockets=[listening]))
        await self._listener.ready(self._serving)
        await self._service.recognizer.start()
        self._service.slots.total = self._config.max_sessions or await self._measure_slots(
            self._service.recognizer
        )
        logger.info("listening on %s, %d slots", self.url, self._service.slots.total)

    async def wait(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain; a second signal ends the draining at once.

        Returns with everything stopped and closed.
        """
        with _signals() as signalled:
            await signalled.acquire()
            logger.info("draining: %d clients connected", self._service.sessions.present)
            async with asyncio.TaskGroup() as group:
                draining = group.create_task(self.drain(self._config.drain_s))
                hurrying = group.create_task(signalled.acquire())
                await asyncio.wait([draining, hurrying], return_when=asyncio.FIRST_COMPLETED)
                draining.cancel()
                hurrying.cancel()
        await self.aclose()

    async def drain(self, deadline_s: float) -> None:
        """Let every session end with its last words and its dialect's closing message.

        New sessions are refused and ``/readyz`` is 503 from now on, while the port still answers:
        a load balancer sees a state, not a hole. Sessions that have not finished by the deadline
        get their dialect's error. Returns when the last client is gone.
        """
        self._service.slots.close()
        deadline = asyncio.get_running_loop().time() + deadline_s
        self._service.sessions.drain(deadline)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline + self._config.patience.parting_s):
                await self._service.sessions.emptied()

    async def aclose(self) -> None:
        """Stop at once. Sessions that are still open are cut off; ``drain`` first."""
        self._service.slots.close()
        if self._serving is not None:
            self._listener.should_exit = True
            await self._serving
            self._serving = None
        await self._service.recognizer.aclose()


@asynccontextmanager
async def running_server(
    recognizer: Recognizer,
    *,
    data_dir: Path,
    keyring: Keyring | None = None,
    config: ServerConfig | None = None,
    dialects: Sequence[Dialect] = DIALECTS,
) -> AsyncIterator[Server]:
    """A server on a free port of this machine, for tests and embedding.

    Without a keyring it lets everybody in, unless ``config`` says otherwise.
    """
    server = Server(
        config or ServerConfig(data_dir=data_dir, port=0, no_auth=keyring is None),
        recognizer,
        keyring or Keyring(data_dir / "keys.json"),
        dialects=dialects,
    )
    try:
        await server.start()
        yield server
    finally:
        await server.aclose()


class _Listener(uvicorn.Server):
    """uvicorn's server, which leaves signals to us and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._listens = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own handling would close every WebSocket with 1012 before it was drained.
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listens.set()

    async def ready(self, serving: asyncio.Task[None]) -> None:
        """Wait until connections are accepted, or raise what stopped ``serving``."""
        listens = asyncio.ensure_future(self._listens.wait())
        await asyncio.wait([listens, serving], return_when=asyncio.FIRST_COMPLETED)
        listens.cancel()
        if serving.done():
            serving.result()


@contextmanager
def _signals() -> Iterator[asyncio.Semaphore]:
    """A semaphore that is released once for each SIGTERM or SIGINT."""
    signalled = asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled.release)
    try:
        yield signalled
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _bind(host: str, port: int) -> socket.socket:
    try:
        # One address is enough; a name such as localhost may stand for two, and with port 0 they
        # would get two different ports.
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as exc:
        raise ConfigError(f"{host} is not an address of this machine", field="host") from exc
    try:
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as exc:
        raise ConfigError(
            f"cannot listen on {host} port {port}: {os.strerror(exc.errno or 0)}", field="port"
        ) from exc


async def _guess_slots(recognizer: Recognizer) -> int:
    return _SLOTS_PER_CORE * (os.cpu_count() or 1)
