"""The token endpoint and the health checks."""

import pytest

from crossfade.dialects.assemblyai import DIALECT
from crossfade.dialects.base import HttpRequest
from crossfade.errors import CredentialError, ForbiddenError


class OneKey:
    """An authority that knows the key ``KEY``."""

    def __init__(self):
        self.minted = []

    def check_key(self, secret):
        if secret == "NO-MINT":
            raise ForbiddenError("make tokens")
        if secret != "KEY":
            raise CredentialError("unknown" if secret else "missing")

    def mint(self, key, *, scope, ttl_s, session_s=None):
        self.minted.append((key, scope, ttl_s, session_s))
        return "a.b-c_d"


def get(path, *query, authority=None, **headers):
    (route,) = [r for r in DIALECT.http if (r.method, r.path) == ("GET", path)]
    request = HttpRequest(query=query, headers=headers, body=b"")
    return route.handle(request, authority or OneKey())


@pytest.mark.parametrize("header", ["KEY", "Bearer KEY", "bearer  KEY"])
def test_a_key_gets_a_token(header):
    authority = OneKey()
    answer = get(
        "/v3/token", ("expires_in_seconds", "60"), authority=authority, authorization=header
    )
    assert (answer.status, answer.body) == (200, {"token": "a.b-c_d", "expires_in_seconds": 60})
    assert authority.minted == [("KEY", DIALECT.token_scope, 60, None)]


def test_a_token_can_shorten_its_sessions():
    authority = OneKey()
    query = ("expires_in_seconds", "600"), ("max_session_duration_seconds", "60")
    assert get("/v3/token", *query, authority=authority, authorization="KEY").status == 200
    assert authority.minted == [("KEY", DIALECT.token_scope, 600, 60)]


def test_a_value_out_of_range_is_told_in_both_forms():
    answer = get("/v3/token", ("expires_in_seconds", "900"), authorization="KEY")
    sentence = "Input should be less than or equal to 600"
    assert answer.status == 422
    assert answer.body == {
        "error": f"expires_in_seconds: {sentence}",
        "detail": [
            {
                "type": "less_than_equal",
                "loc": ["query", "expires_in_seconds"],
                "msg": sentence,
                "input": "900",
                "ctx": {"le": 600},
            }
        ],
    }


@pytest.mark.parametrize(
    ("query", "kind", "name"),
    [
        ([], "missing", "expires_in_seconds"),
        ([("expires_in_seconds", "soon")], "int_parsing", "expires_in_seconds"),
        ([("expires_in_seconds", "")], "int_parsing", "expires_in_seconds"),
        ([("expires_in_seconds", "0")], "greater_than_equal", "expires_in_seconds"),
        (
            [("expires_in_seconds", "60"), ("max_session_duration_seconds", "59")],
            "greater_than_equal",
            "max_session_duration_seconds",
        ),
    ],
)
def test_parameters_are_checked(query, kind, name):
    answer = get("/v3/token", *query, authorization="KEY")
    (detail,) = answer.body["detail"]
    assert (answer.status, detail["type"], detail["loc"]) == (422, kind, ["query", name])


def test_without_a_key_there_is_no_token():
    missing = get("/v3/token", ("expires_in_seconds", "60"))
    assert missing.status == 401
    assert missing.body["error"] == "authorization: Field required"
    assert missing.body["detail"][0]["loc"] == ["header", "authorization"]
    unknown = get("/v3/token", ("expires_in_seconds", "60"), authorization="OTHER")
    assert (unknown.status, unknown.body) == (401, {"error": "Invalid API key"})
    assert "OTHER" not in str(unknown.body)


@pytest.mark.parametrize("path", ["/v3/health", "/v3/ws/health"])
def test_health_checks_are_answered(path):
    assert get(path).status == 200


def test_a_key_that_may_not_mint_is_403():
    authority = OneKey()
    query = ("expires_in_seconds", "60")
    answer = get("/v3/token", query, authority=authority, authorization="NO-MINT")
    assert (answer.status, authority.minted) == (403, [])
    assert answer.body == {"error": "this key may not make tokens"}
