"""The listening process: binds, warms up, serves, drains, stops."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from msgspec import Struct

from crossfade.dialects import DIALECTS
from crossfade.dialects.base import Dialect, DialectSettings
from crossfade.errors import ConfigError
from crossfade.recognizers.base import Recognizer
from crossfade.recognizers.load import Loaded, Rung
from crossfade.server.addresses import Crowd, Guesses
from crossfade.server.app import MakeSession, make_app
from crossfade.server.doors import Door, bind, room_for_connections
from crossfade.server.keys import Keyring
from crossfade.server.limits import Bounds, Patience, Sessions, Slots
from crossfade.server.listener import Entrance, Listener
from crossfade.server.metrics import Metrics
from crossfade.server.proxies import Proxies
from crossfade.server.session import Service, Session
from crossfade.server.signals import signals
from crossfade.server.signing import SecretsFile
from crossfade.server.tls import Tls
from crossfade.server.tokens import Authority
from crossfade.server.webhooks import WebhookPolicy, Webhooks
from crossfade.server.wire import listener_config
from crossfade.server.workers import courtesy_s

logger = logging.getLogger("crossfade.server")

_SLOTS_PER_CORE = 12
"""Where nobody measured: the embedded recognizer keeps up with about 20 live streams a core."""

_OPERATORS = 64
"""Connections at the port of the metrics."""

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
    max_channels: int = 8
    """In one session; each of them takes a slot."""
    webhook_hosts: tuple[str, ...] = ()
    """Where clients may have something posted; see ``WebhookPolicy``."""
    drain_s: float = 10.0
    """How long sessions may take to finish after a signal."""
    certfile: Path | None = None
    """A certificate (PEM, with its chain): only TLS is spoken at ``port`` then."""
    keyfile: Path | None = None
    """Its private key; ``None``: in the same file."""
    plain_port: int | None = None
    """Another port, without TLS; 0: the system chooses."""
    metrics_port: int | None = None
    """Another one, for operators: ``/metrics`` is there, and no more where clients are."""
    metrics_host: str = "127.0.0.1"
    traces: bool = False
    """Send OpenTelemetry traces; where to, its own variables say."""
    bounds: Bounds = Bounds()
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks whose ``X-Forwarded-For`` is believed."""
    backends: tuple[str, ...] = ()
    """Who recognizes, by the names that keys know, in order of failover; a key has to be allowed
    all of them. Empty: every key may use it."""
    single_use_tokens: bool = False


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
        token_secrets: Sequence[str] | SecretsFile = (),
        measure_slots: MeasureSlots | None = None,
        dialects: Sequence[Dialect] = DIALECTS,
        sockets: Sequence[socket.socket] = (),
        make_session: MakeSession = Session,
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
            sockets: Bound to ``port``, and to ``plain_port`` where there is one; other servers
                listen there too. Empty: this one binds its own.
            make_session: What serves a client.

        Raises:
            ConfigError: If the data directory cannot be used, a proxy is no address, or traces are
                wanted and their extra is not installed.
        """
        loaded = recognizer if isinstance(recognizer, Loaded) else None
        slots = Slots(is_chosen=config.max_sessions > 0, is_overloaded=lambda: _is_full(loaded))
        metrics = Metrics(slots, recognizer)
        self._config = config
        self._measure_slots = measure_slots or _guess_slots
        self._sockets = list(sockets)
        self._service = Service(
            recognizer=recognizer,
            authority=Authority(
                keyring,
                token_secrets=token_secrets or SecretsFile.made(config.data_dir / "token-secret"),
                backends=config.backends,
                single_use=config.single_use_tokens,
                no_auth=config.no_auth,
                guesses=Guesses(per_minute=config.bounds.wrong_keys_per_minute),
                start_s=config.patience.start_s,
            ),
            slots=slots,
            sessions=Sessions(),
            metrics=metrics,
            patience=config.patience,
            webhooks=Webhooks(WebhookPolicy(config.webhook_hosts), metrics),
            max_channels=config.max_channels,
        )
        self._proxies = Proxies(config.trusted_proxies)
        self._crowd, visitors = _crowds(config.bounds)
        self._app = make_app(
            dialects,
            service=self._service,
            settings=config.dialect,
            visitors=visitors,
            metrics_port=lambda: self._metrics_port,
            make_session=make_session,
        )
        if config.traces:
            from crossfade.server.tracing import traced  # an extra, and slow to import

            self._app = traced(self._app)
        self._listener: Listener | None = None
        self._serving: asyncio.Task[None] | None = None
        self._posting: asyncio.Task[None] | None = None
        self._port = config.port
        self._plain_port = config.plain_port
        self._metrics_port = config.metrics_port

    @property
    def port(self) -> int:
        """The port; the one chosen by the system once ``start`` has returned."""
        return self._port

    @property
    def url(self) -> str:
        """Base URL for WebSocket clients on this machine, without a path."""
        is_plain = self._config.certfile is None
        return websocket_url("ws" if is_plain else "wss", self._config.host, self._port)

    @property
    def plain_url(self) -> str | None:
        """The same for the port without TLS, where that is another one."""
        if self._plain_port is None:
            return None
        return websocket_url("ws", self._config.host, self._plain_port)

    @property
    def metrics_port(self) -> int | None:
        """The port of the metrics, where they have one of their own."""
        return self._metrics_port

    @property
    def service(self) -> Service:
        """What the sessions share: slots, who is connected, metrics."""
        return self._service

    async def start(self) -> None:
        """Listen, warm the recognizer up, open the slots. ``/healthz`` answers from the first.

        Raises:
            ConfigError: If the address cannot be listened on, or the certificate is of no use;
                ``field`` is ``port``, ``host`` or ``certificate``.
            ModelError: If the recognizer's files are missing or damaged.
        """
        config = self._config
        self._listener = Listener(
            listener_config(self._app, config.bounds, trusted_proxies=config.trusted_proxies),
            self._entrances(),
            request_s=config.bounds.request_s,
        )
        self._posting = asyncio.create_task(self._service.webhooks.run())
        self._serving = asyncio.create_task(self._listener.run_here())
        await self._listener.ready(self._serving)
        await self._service.recognizer.start()
        self._service.slots.total = self._config.max_sessions or await self._measure_slots(
            self._service.recognizer
        )
        logger.info("listening on %s, %d slots", self.url, self._service.slots.total)

    def _entrances(self) -> list[Entrance]:
        config = self._config
        tls = None if config.certfile is None else Tls(config.certfile, config.keyfile)
        if tls is None and config.keyfile is not None:
            raise ConfigError(
                "a private key is of no use without its certificate", field="certificate"
            )
        courtesy = partial(courtesy_s, self._service.slots) if self._sockets else None
        door = self._door(config.host, config.port, self._crowd)
        self._port = door.getsockname()[1]
        entrances = [Entrance(door=door, tls=tls, courtesy_s=courtesy)]
        try:
            if config.plain_port is not None:
                door = self._door(config.host, config.plain_port, self._crowd)
                self._plain_port = door.getsockname()[1]
                entrances.append(Entrance(door=door, courtesy_s=courtesy))
            if config.metrics_port is not None:
                # A crowd of its own: who watches the server gets in when it is full of clients.
                crowd = Crowd(most=_OPERATORS, most_each=_OPERATORS)
                door = self._door(config.metrics_host, config.metrics_port, crowd)
                self._metrics_port = door.getsockname()[1]
                entrances.append(Entrance(door=door))
        except ConfigError:
            for entrance in entrances:
                entrance.door.close()
            raise
        return entrances

    def _door(self, host: str, port: int, crowd: Crowd) -> Door:
        return Door(
            self._sockets.pop(0) if self._sockets else bind(host, port),
            crowd,
            is_trusted=self._proxies.__contains__,
            turned_away=self._service.metrics.turned_away.labels("connections").inc,
        )

    async def wait(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain; a second signal ends the draining at once.

        Returns with everything stopped and closed.
        """
        with signals() as signalled:
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
        get their dialect's error. Returns when the last client is gone, and with it what it wanted
        to have posted.
        """
        self._service.slots.close()
        deadline = asyncio.get_running_loop().time() + deadline_s
        self._service.sessions.drain(deadline)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline + self._config.patience.parting_s):
                await self._service.sessions.emptied()
                await self._service.webhooks.drain()

    async def aclose(self) -> None:
        """Stop at once. Sessions that are still open are cut off; ``drain`` first."""
        self._service.slots.close()
        if self._serving is not None and self._listener is not None:
            self._listener.stop()
            await self._serving
            self._serving = None
        if self._posting is not None:
            self._posting.cancel()
            await asyncio.wait([self._posting])
            self._posting = None
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


def websocket_url(scheme: str, host: str, port: int) -> str:
    """Where clients on this machine find what listens at ``host``; without a path."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _crowds(bounds: Bounds) -> tuple[Crowd, Crowd]:
    """Count connections by who connects, and WebSockets by whom a proxy speaks for."""
    most = bounds.connections or room_for_connections()
    most_each = bounds.connections_per_address or max(1, most // 2)
    return Crowd(most=most, most_each=most_each), Crowd(most=most, most_each=most_each)


def _is_full(recognizer: Loaded | None) -> bool:
    load = recognizer.load() if recognizer is not None else None
    return load is not None and load.rung is Rung.FULL


async def _guess_slots(recognizer: Recognizer) -> int:
    return _SLOTS_PER_CORE * (os.cpu_count() or 1)
