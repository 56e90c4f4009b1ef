"""The vendor's side endpoints: temporary tokens, and the health checks of its own container."""

from collections.abc import Mapping
from typing import Any

from crossfade.dialects.assemblyai.server import MAX_SESSION_S, TOKEN_SCOPE
from crossfade.dialects.assemblyai.values import BadValue, Reader, integer
from crossfade.dialects.base import Authority, HttpRequest, HttpResponse, HttpRoute
from crossfade.errors import CredentialError, ForbiddenError

TOKEN_TTL_S = (1, 600)

_READERS: Mapping[str, Reader[int]] = {
    "expires_in_seconds": integer(ge=TOKEN_TTL_S[0], le=TOKEN_TTL_S[1]),
    "max_session_duration_seconds": integer(ge=60, le=MAX_SESSION_S),
}
_REQUIRED = "expires_in_seconds"


def make_token(request: HttpRequest, authority: Authority) -> HttpResponse:
    """Answer ``GET /v3/token``.

    Unlike the socket, this endpoint takes ``Bearer KEY`` too. An error is told twice: as ``error``,
    which the JavaScript SDK shows, and as ``detail`` in the form that the vendor's framework uses.
    """
    key = _key(request)
    if key is None:
        return _missing_header()
    try:
        authority.check_key(key)
    except CredentialError:
        return HttpResponse(status=401, body={"error": "Invalid API key"})
    except ForbiddenError as error:
        return HttpResponse(status=403, body={"error": str(error)})
    values: dict[str, int] = {}
    for name, reader in _READERS.items():
        value = _parameter(request, name)
        try:
            if value is not None:
                values[name] = reader(value)
            elif name == _REQUIRED:
                raise BadValue("missing", "Field required")
        except BadValue as exc:
            return _unprocessable(name, value, exc)
    token = authority.mint(
        key,
        scope=TOKEN_SCOPE,
        ttl_s=values[_REQUIRED],
        session_s=values.get("max_session_duration_seconds"),
    )
    body = {"token": token, "expires_in_seconds": values[_REQUIRED]}
    return HttpResponse(status=200, body=body)


def tell_health(request: HttpRequest, authority: Authority) -> HttpResponse:
    """Answer a health check: whoever can answer is healthy."""
    return HttpResponse(status=200, body={"status": "ok"})


def _key(request: HttpRequest) -> str | None:
    header = request.headers.get("authorization", "").strip()
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        header = rest.strip()
    return header or None


def _parameter(request: HttpRequest, name: str) -> str | None:
    return next((value for key, value in reversed(request.query) if key == name), None)


def _missing_header() -> HttpResponse:
    missing = BadValue("missing", "Field required")
    return HttpResponse(
        status=401, body=_error_body(["header", "authorization"], missing, value=None)
    )


def _unprocessable(name: str, value: str | None, error: BadValue) -> HttpResponse:
    return HttpResponse(status=422, body=_error_body(["query", name], error, value=value))


def _error_body(location: list[str], error: BadValue, *, value: str | None) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "type": error.kind,
        "loc": location,
        "msg": str(error),
        "input": value,
    }
    if error.context:
        detail["ctx"] = dict(error.context)
    return {"error": f"{location[-1]}: {error}", "detail": [detail]}


ROUTES = (
    HttpRoute(method="GET", path="/v3/token", handle=make_token),
    HttpRoute(method="GET", path="/v3/health", handle=tell_health),
    HttpRoute(method="GET", path="/v3/ws/health", handle=tell_health),
)
