"""Temporary tokens, without sockets."""

import time

import jwt
import pytest

from crossfade.dialects.base import Credential
from crossfade.errors import CredentialError
from crossfade.server.keys import KeyLimits, Keyring
from crossfade.server.tokens import Authority, Principal


@pytest.fixture
def authority(keyring):
    return Authority(keyring, token_secrets=["new", "old"])


def test_a_token_is_a_jwt_that_lives_exactly_as_long_as_asked(authority):
    token = authority.mint("sesame", scope="plain", ttl_s=60, session_s=90)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 60
    assert isinstance(claims["iat"], int)
    assert (claims["scope"], claims["session_s"], claims["key"]) == ("plain", 90, "run-1")
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "HS256"
    assert len(header["kid"]) == 8
    assert token != authority.mint("sesame", scope="plain", ttl_s=60, session_s=90)


def test_a_token_survives_an_unescaped_query_string(authority):
    token = authority.mint("sesame", scope="plain", ttl_s=60)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_a_token_carries_its_keys_limits(keyring, authority):
    key = keyring.add("phone", KeyLimits(max_sessions=2, backends=("local",)))
    token = authority.mint(key, scope="plain", ttl_s=60, session_s=90)
    principal = authority.check(token, "plain")
    assert principal.name == "phone"
    assert (principal.max_sessions, principal.backends, principal.session_s) == (2, ("local",), 90)


def test_secrets_can_be_replaced_one_after_the_other(keyring, authority):
    before = Authority(keyring, token_secrets=["old"])
    after = Authority(keyring, token_secrets=["new"])
    token = before.mint("sesame", scope="plain", ttl_s=60)
    assert authority.check(token, "plain")
    assert after.check(authority.mint("sesame", scope="plain", ttl_s=60), "plain")
    with pytest.raises(CredentialError):
        after.check(token, "plain")


def forged(authority, **changes):
    token = authority.mint("sesame", scope="plain", ttl_s=60)
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    return header, claims | changes


def test_forged_tokens_are_unknown(authority):
    header, claims = forged(authority)
    wrong = [
        jwt.encode(claims, "x" * 32, algorithm="HS256", headers=header),
        jwt.encode(claims, "", algorithm="none", headers=header | {"alg": "none"}),
        jwt.encode(claims, "x" * 32, algorithm="HS256"),
        jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": "00000000"}),
        "a.b.c",
        "..",
        "é.ü.ß",
        "\udcff.a.b",
        "e30.e30.e30",
    ]
    for token in wrong:
        with pytest.raises(CredentialError) as refused:
            authority.check(token, "plain")
        assert refused.value.cause == "unknown", token


def test_a_token_past_its_time_has_expired(keyring):
    past = Authority(keyring, token_secrets=["new"], now=lambda: time.time() - 61)
    with pytest.raises(CredentialError) as refused:
        past.check(past.mint("sesame", scope="plain", ttl_s=60), "plain")
    assert refused.value.cause == "expired"


def test_a_token_from_a_replica_whose_clock_is_ahead_is_good(keyring):
    ahead = Authority(keyring, token_secrets=["new"], now=lambda: time.time() + 3)
    assert ahead.check(ahead.mint("sesame", scope="plain", ttl_s=60), "plain")


@pytest.mark.parametrize(("key", "cause"), [(None, "missing"), ("", "missing"), ("x", "unknown")])
def test_only_a_key_mints(authority, key, cause):
    for ask in (
        lambda: authority.check_key(key),
        lambda: authority.mint(key, scope="plain", ttl_s=60),
    ):
        with pytest.raises(CredentialError) as refused:
            ask()
        assert refused.value.cause == cause


def test_an_expired_key_is_said_to_be_expired(tmp_path):
    keyring = Keyring(tmp_path / "keys.json")
    key = keyring.add("phone", KeyLimits(expires=1))
    shown = Credential(secret=key, accepts=frozenset({"key", "token"}), token_scope="plain")
    with pytest.raises(CredentialError) as refused:
        Authority(keyring, token_secrets=["s"]).admit(shown)
    assert refused.value.cause == "expired"


def test_without_auth_a_token_of_ours_still_caps_its_session(keyring):
    open_house = Authority(keyring, token_secrets=["s"], no_auth=True)
    open_house.check_key(None)
    token = open_house.mint(None, scope="plain", ttl_s=60, session_s=90)
    shown = Credential(secret=token, accepts=frozenset({"token"}), token_scope="plain")
    assert open_house.admit(shown).session_s == 90
    with pytest.raises(CredentialError):
        Authority(keyring, token_secrets=["s"]).admit(shown)


def test_of_clients_that_wait_with_their_start_until_a_token_has_expired_one_starts(keyring):
    authority = Authority(keyring, token_secrets=["new"], single_use=True, start_s=60)
    expired = int(time.time()) - 10
    shown = Principal(name="phone", token_id="a", token_expires=expired)
    authority.opened(shown)
    authority.opened(Principal(name="phone", token_id="b", token_expires=expired))
    with pytest.raises(CredentialError):
        authority.opened(shown)
