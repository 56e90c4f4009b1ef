import pytest

from crossfade.dialects.base import DialectSettings, Handshake
from crossfade.dialects.speechmatics import DIALECT
from crossfade.errors import CredentialError


def credential(*, query=(), **headers):
    return DIALECT.server(DialectSettings()).credential(
        Handshake(path="/v2", query=query, headers=headers)
    )


@pytest.mark.parametrize(
    "value", ["Bearer k3y", "bearer k3y", "BEARER  k3y", "  Bearer k3y  ", "bEaReR\tk3y"]
)
def test_a_key_is_found_behind_bearer_in_any_case(value):
    assert credential(authorization=value).secret == "k3y"


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic dTpw", "k3y"])
def test_a_header_without_bearer_and_key_shows_nothing(value):
    assert credential(authorization=value).secret is None


def test_a_token_is_found_in_the_query():
    assert credential(query=(("sm-app", "x"), ("jwt", "t0k"))).secret == "t0k"


def test_the_header_wins_over_the_query():
    assert credential(query=(("jwt", "t0k"),), authorization="Bearer k3y").secret == "k3y"


def test_keys_and_temporary_keys_are_good_in_both_places():
    for found in (credential(authorization="Bearer k"), credential(query=(("jwt", "t"),))):
        assert found.accepts == {"key", "token"}
        assert found.token_scope == DIALECT.token_scope


@pytest.mark.parametrize(
    ("handshake", "status"),
    [
        pytest.param(Handshake(path="/v2"), 401, id="absent"),
        pytest.param(
            Handshake(path="/v2", headers={"authorization": "Bearer x"}), 401, id="in-the-header"
        ),
        pytest.param(Handshake(path="/v2", query=(("jwt", "x"),)), None, id="in-the-query"),
        pytest.param(Handshake(path="/v2", query=(("jwt", ""),)), None, id="empty-in-the-query"),
        pytest.param(
            Handshake(path="/v2", query=(("jwt", "x"),), headers={"authorization": "Bearer x"}),
            401,
            id="in-both",
        ),
    ],
)
def test_a_bad_credential_is_refused_where_its_sender_can_see_it(handshake, status):
    server = DIALECT.server(DialectSettings())
    server.credential(handshake)
    refusal = server.refuse(CredentialError("unknown"))
    assert refusal.http_status == status
    assert (refusal.goodbye.code, refusal.goodbye.reason) == (4001, "not_authorised")
    assert refusal.frames == (
        '{"message":"Error","type":"not_authorised","reason":"Not Authorized","code":4001}',
    )


@pytest.mark.parametrize("path", ["/v2", "/v2/", "/v2/en", "/v2/en/", "/v2/en/fr", "/"])
def test_every_path_opens_and_a_language_in_it_is_a_label(connection, path):
    assert connection.open(path) == []
    [start] = connection.start(language="de")
    assert start.config.language == "de"


def test_no_query_is_refused():
    handshake = Handshake(path="/v2", query=(("sm-app", "a/b"), ("sm-app", "c"), ("x", "")))
    assert DIALECT.server(DialectSettings()).open(handshake) == []
