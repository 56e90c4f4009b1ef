import msgspec
import pytest

from crossfade.dialects.base import HttpRequest, OpenSession, ServerStatus
from crossfade.dialects.speechmatics import DIALECT
from crossfade.dialects.speechmatics.http import create_key
from crossfade.errors import CredentialError, ForbiddenError


class Registry:
    """An authority that knows one key and writes down what it minted."""

    def __init__(self):
        self.minted = []

    def check_key(self, secret):
        if secret == "n0-mint":
            raise ForbiddenError("make tokens")
        if secret != "k3y":
            raise CredentialError("missing" if secret is None else "unknown")

    def mint(self, key, *, scope, ttl_s, session_s=None):
        self.minted.append((key, scope, ttl_s, session_s))
        return "header.payload.signature"


def ask(body=b'{"ttl":60}', *, key="Bearer k3y", query=(("type", "rt"),)):
    registry = Registry()
    headers = {"authorization": key} if key else {}
    response = create_key(HttpRequest(query=query, headers=headers, body=body), registry)
    return response, registry.minted


def test_a_temporary_key_is_made_with_status_201_and_a_flat_body():
    response, minted = ask(b'{"ttl":60,"client_ref":"c","region":"eu"}')
    assert response.status == 201
    assert response.body == {"apikey_id": None, "key_value": "header.payload.signature"}
    assert minted == [("k3y", DIALECT.token_scope, 60, None)]


@pytest.mark.parametrize("ttl", [60, 86_400])
def test_the_shortest_and_the_longest_life_are_allowed(ttl):
    _, minted = ask(msgspec.json.encode({"ttl": ttl}))
    assert minted[0][2] == ttl


@pytest.mark.parametrize(
    ("query", "scope"),
    [
        ((), "speechmatics-batch"),
        ((("type", "batch"), ("sm-sdk", "x")), "speechmatics-batch"),
        ((("type", "flow"),), "speechmatics-flow"),
    ],
)
def test_keys_of_another_type_are_not_good_for_real_time(query, scope):
    _, minted = ask(query=query)
    assert minted[0][1] == scope != DIALECT.token_scope


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b'{"ttl":59}', 422, "ttl in body should be greater than or equal to 60"),
        (b'{"ttl":86401}', 422, "ttl in body should be less than or equal to 86400"),
        (b'{"ttl":"60"}', 422, "ttl in body must be of type integer"),
        (b'{"ttl":60.5}', 422, "ttl in body must be of type integer"),
        (b'{"ttl":true}', 422, "ttl in body must be of type integer"),
        (b'{"ttl":null}', 422, "ttl in body is required"),
        (b"{}", 422, "ttl in body is required"),
        (b"[60]", 422, "body must be of type object"),
        (b"", 400, "the body is not JSON"),
        (b"ttl=60", 400, "the body is not JSON"),
        (b'{"ttl":"\xff"}', 400, "the body is not JSON"),
        (b"[" * 5000, 400, "the body is not JSON"),
    ],
)
def test_a_bad_body_is_refused_in_four_fields(body, status, message):
    response, minted = ask(body)
    assert response.status == status
    names = {400: "Bad Request", 422: "Unprocessable Entity"}
    assert response.body == {
        "code": status, "error": names[status], "message": message, "detail": message,
    }  # fmt: skip
    assert minted == []


def test_an_unknown_type_is_refused():
    response, minted = ask(query=(("type", "x"),))
    assert (response.status, minted) == (422, [])


@pytest.mark.parametrize(
    "key", [None, "", "Bearer other", "k3y", "Bearer header.payload.signature"]
)
def test_only_a_long_lived_key_can_make_one(key):
    response, minted = ask(b"not even JSON", key=key)
    assert response.status == 401
    assert set(response.body) == {"code", "error", "message", "detail"}
    assert minted == []


STATUS = ServerStatus(
    is_warm=True,
    is_ready=False,
    languages=frozenset({"en", "de"}),
    max_sessions=4,
    sessions=(
        OpenSession(session_id="one", request_id="from a proxy"),
        OpenSession(session_id="two"),
    ),
)


def look(path, status=STATUS):
    """The answer of one of the endpoints that ask for nothing."""
    response = call("GET", path, status=status)
    return response.status, response.body


def call(method, path, **more):
    (route,) = [r for r in DIALECT.http if (r.method, r.path) == (method, path)]
    return route.handle(
        HttpRequest(**({"query": (), "headers": {}, "body": b""} | more)), Registry()
    )


def test_discovery_names_the_recognizers_languages_and_needs_no_key():
    status, body = look("/v1/discovery/features")
    assert status == 200
    [transcription] = body["realtime"]["transcription"]
    assert transcription["languages"] == ["de", "en"]
    packs = body["metadata"]["language_pack_info"]
    assert packs["de"] == {"language_description": "German"}
    assert packs["en"]["language_description"] == "English"
    assert set(packs["en"]["locales"]) == set(transcription["locales"]["en"])
    assert body["realtime"]["translation"] == [{"version": "latest", "languages": {}}]


@pytest.mark.parametrize(
    ("path", "is_warm", "is_ready", "answer"),
    [
        ("/started", True, False, (200, {"started": True})),
        ("/started", False, False, (503, {"started": False})),
        ("/live", False, False, (200, {"alive": True})),
        ("/ready", True, True, (200, {"ready": True})),
        ("/ready", True, False, (503, {"ready": False})),
    ],
)
def test_the_health_of_a_container(path, is_warm, is_ready, answer):
    assert look(path, ServerStatus(is_warm=is_warm, is_ready=is_ready)) == answer


def test_the_sessions_of_a_container_by_the_names_of_their_requests():
    assert look("/session_status") == (
        200,
        {
            "max_sessions": 4,
            "active_sessions": [
                {"session_id": "one", "request_id": "from a proxy"},
                {"session_id": "two"},
            ],
        },
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/api_keys"), ("POST", "/v1/api-keys"), ("GET", "/v1/discovery/features")],
)
def test_pages_of_any_origin_may_ask_and_read_the_answer(method, path):
    asked = call("OPTIONS", path)
    assert asked.status == 200
    assert method in asked.headers["access-control-allow-methods"]
    assert "authorization" in asked.headers["access-control-allow-headers"]
    for response in (asked, call(method, path)):
        assert response.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in response.headers


def test_a_key_that_may_not_make_keys_is_403():
    class Forbidding(Registry):
        def check_key(self, secret):
            raise ForbiddenError("make tokens")

    request = HttpRequest(query=(), headers={"authorization": "Bearer k3y"}, body=b'{"ttl":60}')
    response = create_key(request, Forbidding())
    assert (response.status, response.body["error"]) == (403, "Forbidden")
    assert set(response.body) == {"code", "error", "message", "detail"}
