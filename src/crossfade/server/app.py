"""The routes: which path leads to which dialect, and the server's own few endpoints.

An ASGI application; whoever listens, uvicorn in this house, is somebody else's business.
"""

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from crossfade.dialects.base import (
    Dialect,
    DialectSettings,
    Handshake,
    HttpRequest,
    HttpRoute,
    OpenSession,
    ServerStatus,
)
from crossfade.gateway.mapping import table
from crossfade.server.addresses import Crowd
from crossfade.server.page import page_routes
from crossfade.server.session import Service, Session
from crossfade.server.socket import Socket, address_of

_BODY_BYTES = 64 * 1024
"""Longest body of a request to a side endpoint; real ones have about 50 bytes."""

_PARAMETERS = 1000
"""Most parameters of a query. A request line has room for 65,000, and taking those apart, before
anybody was asked for a key, kept everybody else waiting for 50 ms."""

_RETRY_S = 5
"""What a client is told to wait that has no room."""

_Endpoint = Callable[[Request], Awaitable[Response]]


class Runs(Protocol):
    """What serves one client, as ``Session`` does."""

    async def run(self) -> None:
        """Serve it until it or we hang up. Raises nothing but a cancellation."""


MakeSession = Callable[..., Runs]
"""Takes what ``Session`` takes."""


def make_app(
    dialects: Sequence[Dialect],
    *,
    service: Service,
    settings: DialectSettings,
    visitors: Crowd,
    metrics_port: Callable[[], int | None] = lambda: None,
    make_session: MakeSession = Session,
) -> ASGIApp:
    """Put every dialect and the server's own endpoints behind one door.

    Args:
        dialects: The register.
        service: What all sessions share.
        settings: What the operator chose about dialects.
        visitors: Counts WebSockets by the client's address, behind a trusted proxy too.
        metrics_port: A port that is for operators only, once it is known; ``None``: there is none,
            and they find everything where clients are.
        make_session: What serves a client; takes what ``Session`` takes.
    """
    health = [
        Route("/healthz", _healthz, methods=["GET"]),
        Route("/readyz", _readyz(service), methods=["GET"]),
    ]
    metrics = Route("/metrics", _metrics(service), methods=["GET"])
    routes: list[BaseRoute] = [
        *page_routes(dialects, keys_wanted=service.authority.asks_for_keys),
        *health,
        Route("/v1/mapping", _mapping(dialects), methods=["GET"]),
    ]
    for dialect in dialects:
        routes += [_side_endpoint(route, service) for route in dialect.http]
    for path, dialect in _by_precision(dialects):
        pattern = _pattern(path)
        serve = _Clients(
            dialect=dialect,
            service=service,
            settings=settings,
            visitors=visitors,
            make_session=make_session,
        )
        routes.append(WebSocketRoute(pattern, serve))
        if path != "/":
            routes.append(Route(pattern, _upgrade_required, methods=["GET"]))
    clients = Router(routes, redirect_slashes=False, default=_NotFound())
    everybody = Router([metrics, *clients.routes], redirect_slashes=False, default=_NotFound())
    operators = Router([*health, metrics], redirect_slashes=False, default=_NotFound())

    async def by_port(scope: Scope, receive: Receive, send: Send) -> None:
        port = metrics_port()
        if port is None:
            await everybody(scope, receive, send)
        elif scope["type"] in ("http", "websocket") and scope["server"][1] == port:
            await operators(scope, receive, send)
        else:
            await clients(scope, receive, send)

    return _without_doubled_slash(by_port)


def _by_precision(dialects: Sequence[Dialect]) -> list[tuple[str, Dialect]]:
    """Every WebSocket path, literal ones before those with placeholders, whoever comes first."""
    paths = [(path, dialect) for dialect in dialects for path in dialect.paths]
    return sorted(paths, key=lambda item: item[0].count("{}"))


def _pattern(path: str) -> str:
    """Name the placeholders, as the router wants them: ``/v2/{}`` becomes ``/v2/{p0}``."""
    return path.replace("{}", "{{p{}}}").format(*range(path.count("{}")))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clients:
    """Serves a dialect's clients. A class: the router would wrap a function."""

    dialect: Dialect
    service: Service
    settings: DialectSettings
    visitors: Crowd
    make_session: MakeSession

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = Socket(scope, receive, send)
        if wait_s := self.service.authority.seen_from(socket.address).wait_s:
            await _turn_away(socket, self.service, "wrong_keys", retry_s=wait_s)
        elif not self.visitors.enter(socket.address):
            await _turn_away(socket, self.service, "connections", retry_s=_RETRY_S)
        else:
            try:
                if (handshake := _handshake(scope)) is None:
                    await socket.reject(400, b'{"error": "Too many parameters"}')
                else:
                    await self._session(socket, handshake).run()
            finally:
                self.visitors.leave(socket.address)

    def _session(self, socket: Socket, handshake: Handshake) -> Runs:
        return self.make_session(
            socket,
            self.dialect.server(self.settings),
            dialect_name=self.dialect.name,
            handshake=handshake,
            service=self.service,
            seated_at_handshake=self.dialect.seated_at_handshake,
        )


async def _turn_away(socket: Socket, service: Service, cause: str, *, retry_s: float) -> None:
    """Refuse the handshake before any dialect hears of it: this is about the address."""
    service.metrics.turned_away.labels(cause).inc()
    await socket.reject(429, b'{"error": "Too Many Requests"}', headers=_retry_after(retry_s))


def _retry_after(seconds: float) -> dict[str, str]:
    return {"retry-after": str(math.ceil(seconds))}


def _handshake(scope: Scope) -> Handshake | None:
    query = _query(scope["query_string"])
    if query is None:
        return None
    return Handshake(path=scope["path"], query=query, headers=dict(Headers(scope=scope)))


def _query(raw: bytes) -> tuple[tuple[str, str], ...] | None:
    """Take a query apart; ``None``: it has too many parameters."""
    if raw.count(b"&") >= _PARAMETERS:
        return None
    return tuple(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))


def _side_endpoint(route: HttpRoute, service: Service) -> Route:
    async def answer(request: Request) -> Response:
        gate = service.authority.seen_from(address_of(request))
        if wait_s := gate.wait_s:
            service.metrics.turned_away.labels("wrong_keys").inc()
            headers = _retry_after(wait_s)
            return JSONResponse({"error": "Too Many Requests"}, 429, headers=headers)
        query = _query(request.scope["query_string"])
        if query is None:
            return PlainTextResponse("The query has too many parameters.", 400)
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > _BODY_BYTES:
                    return PlainTextResponse("The body is too long.", 413)
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody
        asked = HttpRequest(
            query=query,
            headers=dict(request.headers),
            body=bytes(body),
            status=_status(service),
        )
        answered = route.handle(asked, gate)
        return Response(
            msgspec.json.encode(answered.body),
            status_code=answered.status,
            headers=answered.headers,
            media_type="application/json",
        )

    return Route(_pattern(route.path), answer, methods=[route.method])


def _status(service: Service) -> ServerStatus:
    slots = service.slots
    return ServerStatus(
        is_warm=slots.total > 0,  # there are none before the recognizer is warm
        is_ready=slots.free > 0,
        languages=service.recognizer.info.languages,
        max_sessions=slots.total,
        sessions=tuple(
            OpenSession(session_id=session_id, request_id=request_id)
            for session_id, request_id in service.sessions.open.items()
        ),
    )


async def _upgrade_required(request: Request) -> Response:
    return PlainTextResponse(
        "This is a WebSocket endpoint.",
        status_code=426,
        headers={"upgrade": "websocket", "connection": "upgrade"},
    )


class _NotFound:
    """404, for plain requests and for handshakes. A class: the router calls functions otherwise."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and "websocket.http.response" not in scope["extensions"]:
            await send({"type": "websocket.close"})  # the listener says 403, the best that it can
        elif scope["type"] in ("http", "websocket"):
            await PlainTextResponse("Not Found", status_code=404)(scope, receive, send)


async def _healthz(request: Request) -> Response:
    return PlainTextResponse("ok\n")


def _readyz(service: Service) -> _Endpoint:
    async def readyz(request: Request) -> Response:
        # There are no slots before the recognizer is warm, and no free ones while draining.
        if service.slots.free > 0:
            return PlainTextResponse("ready\n")
        return PlainTextResponse("no free slot\n", status_code=503)

    return readyz


def _metrics(service: Service) -> _Endpoint:
    async def metrics(request: Request) -> Response:
        return Response(service.metrics.text(), headers={"content-type": CONTENT_TYPE_LATEST})

    return metrics


def _mapping(dialects: Sequence[Dialect]) -> _Endpoint:
    body = msgspec.json.encode({"rows": table(dialects)})

    async def mapping(request: Request) -> Response:
        return Response(body, media_type="application/json")

    return mapping


def _without_doubled_slash(app: ASGIApp) -> ASGIApp:
    """Clients that append a path to a base URL ending in a slash ask for ``//v3/ws``."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and scope["path"].startswith("//"):
            scope = {**scope, "path": "/" + scope["path"].lstrip("/")}
        await app(scope, receive, send)

    return door
