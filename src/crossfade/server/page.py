"""The live page: its files, read once, and what it has to know about this server.

The page speaks every dialect whose folder has a ``page.js``; its own part names no vendor.
"""

import hashlib
from collections.abc import Iterator, Sequence
from importlib import metadata, resources
from importlib.resources.abc import Traversable

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crossfade.dialects.base import Dialect

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",  # by CSP 3 this is the WebSocket of the same host and port too
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}

SECURITY_HEADERS = {
    "content-security-policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "permissions-policy": "microphone=(self), camera=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",  # browsers that do not know frame-ancestors
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

_CACHING = {"cache-control": "no-cache"}
"""Kept, but asked about each time: files of two versions must not meet in one page."""

_DIALECTS = resources.files("crossfade.dialects")


class _File(Struct, frozen=True, kw_only=True):
    path: str
    media_type: str
    body: bytes
    etag: str


def page_routes(dialects: Sequence[Dialect], *, keys_wanted: bool) -> list[Route]:
    """Serve the page at ``/`` and what it consists of below ``/page``.

    Args:
        dialects: The register; those without a ``page.js`` are not offered.
        keys_wanted: Clients have to show a key or token.
    """
    spoken = [one for one in dialects if (_DIALECTS / one.folder / "page.js").is_file()]
    config = {
        "version": metadata.version("crossfade"),
        "keys_wanted": keys_wanted,
        "dialects": [
            {"name": one.name, "title": one.title, "module": f"dialects/{one.folder}/page.js"}
            for one in spoken
        ],
    }
    return [*map(_serve, _files()), _serve_config(config)]


def _files() -> Iterator[_File]:
    for file in (resources.files("crossfade.server") / "web").iterdir():
        yield _read(file, "/" if file.name == "index.html" else f"/page/{file.name}")
    # Those of dialects that are not offered too: others may be built on them.
    for folder in _DIALECTS.iterdir():
        module = folder / "page.js"
        if module.is_file():
            yield _read(module, f"/page/dialects/{folder.name}/page.js")


def _read(file: Traversable, path: str) -> _File:
    body = file.read_bytes()
    suffix = file.name[file.name.rindex(".") :]
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return _File(path=path, media_type=_TYPES[suffix], body=body, etag=etag)


def _serve(file: _File) -> Route:
    headers = SECURITY_HEADERS | _CACHING | {"etag": file.etag}

    async def show(request: Request) -> Response:
        if _has(request, file.etag):
            return Response(status_code=304, headers=headers)
        return Response(file.body, headers=headers, media_type=file.media_type)

    return Route(file.path, show, methods=["GET"])


def _serve_config(config: dict[str, object]) -> Route:
    async def show(request: Request) -> Response:
        return JSONResponse(config, headers=SECURITY_HEADERS | {"cache-control": "no-store"})

    return Route("/page/config.json", show, methods=["GET"])


def _has(request: Request, etag: str) -> bool:
    """Whether the client's copy is this one; a proxy that compresses makes its tag a weak one."""
    known = request.headers.get("if-none-match", "").split(",")
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in known)
