"""The routes: which path leads to which dialect, and the server's own few endpoints.

An ASGI application; whoever listens, uvicorn in this house, is somebody else's business.
"""

import html
from collections.abc import Awaitable, Callable, Iterable, Sequence
from urllib.parse import parse_qsl

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from crossfade.dialects.base import (
    Dialect,
    DialectSettings,
    Handshake,
    HttpRequest,
    HttpRoute,
)
from crossfade.server.session import Service, Session
from crossfade.server.socket import Socket

_BODY_BYTES = 64 * 1024
"""Longest body of a request to a side endpoint; real ones have about 50 bytes."""

_Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(
    dialects: Sequence[Dialect],
    *,
    service: Service,
    settings: DialectSettings,
    reserved_paths: Iterable[str] = (),
) -> ASGIApp:
    """Put every dialect and the server's own endpoints behind one door.

    Args:
        dialects: The register.
        service: What all sessions share.
        settings: What the operator chose about dialects.
        reserved_paths: Answered with 404 although a dialect's pattern would match.
    """
    routes: list[BaseRoute] = [
        Route("/", _page(dialects), methods=["GET"]),
        Route("/healthz", _healthz, methods=["GET"]),
        Route("/readyz", _readyz(service), methods=["GET"]),
        Route("/metrics", _metrics(service), methods=["GET"]),
    ]
    for dialect in dialects:
        routes += [_side_endpoint(route, service) for route in dialect.http]
    for path, dialect in _by_precision(dialects):
        pattern = _pattern(path)
        routes.append(WebSocketRoute(pattern, _session(dialect, service, settings)))
        if path != "/":
            routes.append(Route(pattern, _upgrade_required, methods=["GET"]))
    absent: list[BaseRoute] = [
        route
        for path in map(_pattern, reserved_paths)
        for route in (WebSocketRoute(path, _NotFound()), Route(path, _NotFound()))
    ]
    router = Router([*absent, *routes], redirect_slashes=False, default=_NotFound())
    return _without_doubled_slash(router)


def _by_precision(dialects: Sequence[Dialect]) -> list[tuple[str, Dialect]]:
    """Every WebSocket path, literal ones before those with placeholders, whoever comes first."""
    paths = [(path, dialect) for dialect in dialects for path in dialect.paths]
    return sorted(paths, key=lambda item: item[0].count("{}"))


def _pattern(path: str) -> str:
    """Name the placeholders, as the router wants them: ``/v2/{}`` becomes ``/v2/{p0}``."""
    return path.replace("{}", "{{p{}}}").format(*range(path.count("{}")))


def _session(
    dialect: Dialect, service: Service, settings: DialectSettings
) -> Callable[[WebSocket], Awaitable[None]]:
    async def serve(websocket: WebSocket) -> None:
        session = Session(
            Socket(websocket),
            dialect.server(settings),
            dialect_name=dialect.name,
            handshake=_handshake(websocket),
            service=service,
        )
        await session.run()

    return serve


def _handshake(websocket: WebSocket) -> Handshake:
    scope = websocket.scope
    return Handshake(
        path=scope["path"], query=_query(scope["query_string"]), headers=dict(websocket.headers)
    )


def _query(raw: bytes) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))


def _side_endpoint(route: HttpRoute, service: Service) -> Route:
    async def answer(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _BODY_BYTES:
                return PlainTextResponse("The body is too long.", 413)
        asked = HttpRequest(
            query=_query(request.scope["query_string"]),
            headers=dict(request.headers),
            body=bytes(body),
        )
        answered = route.handle(asked, service.authority)
        return Response(
            msgspec.json.encode(answered.body),
            status_code=answered.status,
            headers=answered.headers,
            media_type="application/json",
        )

    return Route(_pattern(route.path), answer, methods=[route.method])


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


def _page(dialects: Sequence[Dialect]) -> _Endpoint:
    rows = "".join(
        f"<li>{html.escape(dialect.title)}: WebSocket <code>{html.escape(dialect.paths[0])}</code>"
        + "".join(
            f", {route.method} <code>{html.escape(route.path)}</code>" for route in dialect.http
        )
        for dialect in dialects
    )
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Crossfade</title>'
        f"<h1>Crossfade</h1><p>Streaming speech to text.<ul>{rows}"
        "<li>GET <code>/healthz</code>, <code>/readyz</code>, <code>/metrics</code></ul></html>\n"
    )

    async def show(request: Request) -> Response:
        return HTMLResponse(page)

    return show


def _without_doubled_slash(app: ASGIApp) -> ASGIApp:
    """Clients that append a path to a base URL ending in a slash ask for ``//v3/ws``."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and scope["path"].startswith("//"):
            scope = {**scope, "path": "/" + scope["path"].lstrip("/")}
        await app(scope, receive, send)

    return door
