"""The vendor's HTTP endpoints: temporary keys, discovery, health; sections 3.4, 4.2 and 4.3."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from crossfade.dialects.base import Authority, HttpRequest, HttpResponse, HttpRoute
from crossfade.dialects.speechmatics.languages import find_language
from crossfade.errors import CredentialError, ForbiddenError

TOKEN_SCOPE = "speechmatics-rt"
"""Where a temporary key made with ``?type=rt`` is good; other types have other scopes."""
TOKEN_TTL_S = (60, 86_400)

_LOCALES: Mapping[str, Mapping[str, object]] = {
    "en": {"en-GB": {"name": "British English"}, "en-US": {"name": "American English"}}
}

_FROM_ANY_PAGE: Mapping[str, str] = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "authorization, content-type, x-request-id",
    "access-control-max-age": "86400",
}
"""What tells a browser to let pages of any origin ask and read. They get no further than any other
client: what opens a door here is a key that the page has to know, never a cookie."""

_Handle = Callable[[HttpRequest, Authority], HttpResponse]

_BEARER = re.compile(r"\s*bearer\s+(\S+)\s*", re.IGNORECASE)
_TYPES = ("batch", "rt", "tts", "flow")
_ERRORS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 422: "Unprocessable Entity"}


def bearer(headers: Mapping[str, str]) -> str | None:
    """The key in an ``Authorization: Bearer`` header, if there is one."""
    match = _BEARER.fullmatch(headers.get("authorization", ""))
    return match[1] if match else None


def create_key(request: HttpRequest, authority: Authority) -> HttpResponse:
    """``POST /v1/api_keys``: make a temporary key.

    Only a long-lived key can; a temporary one is refused like any unknown key.
    """
    key = bearer(request.headers)
    try:
        authority.check_key(key)
    except CredentialError:
        return _failure(401, "Not Authorized")
    except ForbiddenError as error:
        return _failure(403, str(error))
    kind = dict(request.query).get("type", "batch")
    if kind not in _TYPES:
        return _failure(422, f"type in query should be one of {', '.join(_TYPES)}")
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return _failure(400, "the body is not JSON")
    if problem := _ttl_problem(body):
        return _failure(422, problem)
    token = authority.mint(key, scope=f"speechmatics-{kind}", ttl_s=body["ttl"])
    return HttpResponse(status=201, body={"apikey_id": None, "key_value": token})


def _ttl_problem(body: object) -> str | None:
    """What is wrong with the body, in the vendor's words."""
    if not isinstance(body, dict):
        return "body must be of type object"
    ttl_s = body.get("ttl")
    if ttl_s is None:
        return "ttl in body is required"
    if not isinstance(ttl_s, int) or isinstance(ttl_s, bool):
        return "ttl in body must be of type integer"
    shortest_s, longest_s = TOKEN_TTL_S
    if ttl_s < shortest_s:
        return f"ttl in body should be greater than or equal to {shortest_s}"
    if ttl_s > longest_s:
        return f"ttl in body should be less than or equal to {longest_s}"
    return None


def discover(request: HttpRequest, authority: Authority) -> HttpResponse:
    """``GET /v1/discovery/features``: what can be asked for; open to everybody."""
    languages = sorted(request.status.languages)
    packs = {code: _pack(code) for code in languages}
    transcription = {
        "version": "latest",
        "languages": languages,
        "locales": {code: sorted(_LOCALES[code]) for code in languages if code in _LOCALES},
        "domains": {},
    }
    return HttpResponse(
        status=200,
        body={
            "metadata": {"language_pack_info": packs},
            "realtime": {
                "transcription": [transcription],
                "translation": [{"version": "latest", "languages": {}}],
            },
        },
    )


def _pack(code: str) -> Mapping[str, object]:
    pack: dict[str, object] = {"language_description": find_language(code).name}
    if code in _LOCALES:
        pack["locales"] = _LOCALES[code]
    return pack


# A container of the vendor's has these on a port of their own, 8001.


def started(request: HttpRequest, authority: Authority) -> HttpResponse:
    """``GET /started``: the recognizer is loaded."""
    return _health("started", request.status.is_warm)


def live(request: HttpRequest, authority: Authority) -> HttpResponse:
    """``GET /live``: whoever can answer is alive."""
    return _health("alive", True)


def ready(request: HttpRequest, authority: Authority) -> HttpResponse:
    """``GET /ready``: one more session can be served."""
    return _health("ready", request.status.is_ready)


def session_status(request: HttpRequest, authority: Authority) -> HttpResponse:
    """``GET /session_status``: who is being served, by the names of their requests."""
    status = request.status
    sessions = [
        {"session_id": session.session_id}
        | ({} if session.request_id is None else {"request_id": session.request_id})
        for session in status.sessions
    ]
    return HttpResponse(
        status=200, body={"max_sessions": status.max_sessions, "active_sessions": sessions}
    )


def _health(name: str, is_so: bool) -> HttpResponse:
    return HttpResponse(status=200 if is_so else 503, body={name: is_so})


def _failure(status: int, message: str) -> HttpResponse:
    """The vendor documents ``detail``; its JavaScript client reads ``message``."""
    return HttpResponse(
        status=status,
        body={"code": status, "error": _ERRORS[status], "message": message, "detail": message},
    )


# Pages ask these two from other origins.


def preflight(request: HttpRequest, authority: Authority) -> HttpResponse:
    """``OPTIONS``: what a browser asks before it sends a header of the page's own."""
    return HttpResponse(status=200, body={}, headers=_FROM_ANY_PAGE)


def _for_pages(method: Literal["GET", "POST"], path: str, handle: _Handle) -> Sequence[HttpRoute]:
    def answer(request: HttpRequest, authority: Authority) -> HttpResponse:
        return replace(handle(request, authority), headers=_FROM_ANY_PAGE)

    return (
        HttpRoute(method=method, path=path, handle=answer),
        HttpRoute(method="OPTIONS", path=path, handle=preflight),
    )


ROUTES = (
    *_for_pages("POST", "/v1/api_keys", create_key),
    *_for_pages("POST", "/v1/api-keys", create_key),
    *_for_pages("GET", "/v1/discovery/features", discover),
    HttpRoute(method="GET", path="/started", handle=started),
    HttpRoute(method="GET", path="/live", handle=live),
    HttpRoute(method="GET", path="/ready", handle=ready),
    HttpRoute(method="GET", path="/session_status", handle=session_status),
)
