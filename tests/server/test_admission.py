"""Who gets in, and who does not: keys and tokens over real sockets."""

import asyncio
import json
import time

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from crossfade.server.keys import KeyLimits
from crossfade.server.limits import Bounds
from crossfade.server.signing import SecretsFile
from crossfade.server.tokens import Authority
from plain_client import hear, hear_all, http_url, talk


def own_secrets(data_dir) -> SecretsFile:
    """Those of a server with this data folder."""
    return SecretsFile.made(data_dir / "token-secret")


async def minted(server, key="sesame", **query) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(
            http_url(server, "/plain/token"), params=query, headers={"Authorization": key}
        )


async def refused(server, path, key=None) -> tuple[list[dict], int]:
    async with talk(server, path, key=key) as socket:
        events = await hear_all(socket)
        return events, socket.close_code


async def test_a_key_in_the_header_opens_a_session(serve, keyring):
    async with serve(keyring=keyring) as server, talk(server, key="sesame") as socket:
        assert await hear(socket, "session_started")


async def test_no_key_at_all_is_401_where_the_dialect_wants_http(serve, keyring):
    async with serve(keyring=keyring) as server:
        with pytest.raises(InvalidStatus) as refusal:
            async with talk(server, "/plain"):
                pass
    assert refusal.value.response.status_code == 401
    assert json.loads(refusal.value.response.body)["error"] == "CredentialError"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        pytest.param("/plain", "wrong", id="unknown-key"),
        pytest.param("/plain?token=wrong", None, id="no-token-of-ours"),
        pytest.param("/plain?token=sesame", None, id="a-key-where-only-tokens-are-taken"),
        pytest.param("/plain?token=a.b.c", None, id="looks-like-a-token"),
    ],
)
async def test_a_wrong_credential_is_refused_in_the_dialects_words(serve, keyring, path, key):
    async with serve(keyring=keyring) as server:
        events, code = await refused(server, path, key)
    assert events == [{"type": "error", "error": "CredentialError"}]
    assert code == 4001


async def test_without_auth_everybody_gets_in(serve):
    async with serve() as server:
        for path, key in [
            ("/plain?start=now", None),
            ("/plain?start=now", "Bearer None"),
            ("/plain?start=now&token=x", None),
        ]:
            async with talk(server, path, key=key) as socket:
                assert await hear(socket, "session_started")


async def test_a_token_opens_sessions_from_the_query_and_from_the_header(serve, keyring):
    async with serve(keyring=keyring) as server:
        token = (await minted(server)).json()["token"]
        async with talk(server, f"/plain?start=now&token={token}") as socket:
            assert await hear(socket, "session_started")
        async with talk(server, key=token) as socket:
            assert await hear(socket, "session_started")


async def test_a_token_mints_no_token(serve, keyring):
    async with serve(keyring=keyring) as server:
        token = (await minted(server)).json()["token"]
        assert (await minted(server, key=token)).status_code == 401


async def test_an_expired_token_is_refused(serve, keyring, tmp_path):
    long_ago = Authority(
        keyring,
        token_secrets=own_secrets(tmp_path),
        now=lambda: time.time() - 100,
    )
    token = long_ago.mint("sesame", scope="plain", ttl_s=60)
    async with serve(keyring=keyring) as server:
        _, code = await refused(server, f"/plain?token={token}")
    assert code == 4001


async def test_a_token_of_another_scope_is_refused(serve, keyring, tmp_path):
    elsewhere = Authority(keyring, token_secrets=own_secrets(tmp_path))
    token = elsewhere.mint("sesame", scope="batch", ttl_s=60)
    async with serve(keyring=keyring) as server:
        _, code = await refused(server, f"/plain?token={token}")
    assert code == 4001


async def test_a_tokens_cap_shortens_the_session(serve, keyring):
    async with serve(keyring=keyring) as server:
        token = (await minted(server, session_s=1)).json()["token"]
        path = f"/plain?start=now&session_s=3600&token={token}"
        async with talk(server, path) as socket, asyncio.timeout(5):
            started = await hear(socket, "session_started")
            assert abs(started["expires_at"] - time.time() - 1) <= 2
            assert (await hear_all(socket))[-1]["error"] == "ExpiredError"
            assert socket.close_code == 4006


async def test_keys_are_added_and_revoked_while_the_server_runs(serve, keyring, tmp_path):
    other_process = type(keyring)(tmp_path / "keys.json")
    async with serve(keyring=keyring) as server:
        key = other_process.add("phone")
        token = (await minted(server, key=key)).json()["token"]
        async with talk(server, key=key) as socket:
            await hear(socket, "session_started")
            other_process.revoke("phone")
            assert (await refused(server, "/plain", key))[1] == 4001
            assert (await refused(server, f"/plain?token={token}"))[1] == 4001
            await socket.send("finish")  # who is in stays in
            assert (await hear_all(socket))[-1]["type"] == "session_ended"


async def test_a_rotated_key_ends_its_tokens_too(serve, keyring, tmp_path):
    clock = [time.time() - 10]
    other_process = type(keyring)(tmp_path / "keys.json", now=lambda: clock[0])
    old = other_process.add("phone")
    early = Authority(keyring, token_secrets=own_secrets(tmp_path), now=lambda: clock[0])
    token = early.mint(old, scope="plain", ttl_s=600)
    async with serve(keyring=keyring) as server:
        async with talk(server, f"/plain?start=now&token={token}") as socket:
            assert await hear(socket, "session_started")
        clock[0] += 5
        new = other_process.rotate("phone")
        assert (await refused(server, "/plain", old))[1] == 4001
        assert (await refused(server, f"/plain?token={token}"))[1] == 4001
        async with talk(server, key=new) as socket:
            assert await hear(socket, "session_started")


async def test_a_key_holds_no_more_sessions_than_it_may(serve, keyring):
    key = keyring.add("phone", KeyLimits(max_sessions=1))
    async with serve(keyring=keyring) as server, talk(server, key=key) as first:
        await hear(first, "session_started")
        events, code = await refused(server, "/plain?start=now", key)
        assert (events[-1]["error"], code) == ("CapacityError", 4004)
        async with talk(server, key="sesame") as another:
            assert await hear(another, "session_started")


async def test_a_damaged_keys_file_opens_no_door_and_closes_none(serve, keyring, tmp_path, caplog):
    key = keyring.add("phone")
    async with serve(keyring=keyring) as server:
        (tmp_path / "keys.json").write_text("{")
        assert (await refused(server, "/plain", "wrong"))[1] == 4001
        async with talk(server, key=key) as socket:
            assert await hear(socket, "session_started")
    assert "is not a keys file" in caplog.text


async def test_a_key_opens_no_more_sessions_a_minute_than_it_may(serve, keyring):
    key = keyring.add("phone", KeyLimits(opens_per_minute=2))
    async with serve(keyring=keyring) as server:
        for _ in range(2):
            async with talk(server, key=key) as socket:
                assert await hear(socket, "session_started")
        events, code = await refused(server, "/plain?start=now", key)
        assert (events[-1]["error"], code) == ("RateError", 4009)
        async with talk(server, key="sesame") as another:
            assert await hear(another, "session_started")


async def test_being_turned_away_for_lack_of_room_uses_up_nothing(serve, keyring):
    key = keyring.add("phone", KeyLimits(opens_per_minute=1))
    async with serve(keyring=keyring, max_sessions=1, single_use_tokens=True) as server:
        token = (await minted(server, key=key)).json()["token"]
        path = f"/plain?start=now&token={token}"
        async with talk(server, key="sesame") as socket:
            await hear(socket, "session_started")
            assert (await refused(server, path))[1] == 4004
        async with asyncio.timeout(5):
            await server.service.sessions.emptied()
        async with talk(server, path) as socket:
            assert await hear(socket, "session_started")


async def test_a_key_for_another_backend_is_refused(serve, keyring):
    elsewhere = keyring.add("phone", KeyLimits(backends=("aai",)))
    here = keyring.add("laptop", KeyLimits(backends=("aai", "scripted")))
    async with serve(keyring=keyring, backends=("scripted",)) as server:
        events, code = await refused(server, "/plain?start=now", elsewhere)
        assert (events[-1]["error"], code) == ("ForbiddenError", 4008)
        async with talk(server, key=here) as socket:
            assert await hear(socket, "session_started")


async def test_a_key_that_may_not_mint_is_told_so_and_still_opens_sessions(serve, keyring):
    key = keyring.add("phone", KeyLimits(may_mint=False))
    async with serve(keyring=keyring) as server:
        answer = await minted(server, key=key)
        assert (answer.status_code, answer.json()) == (
            403,
            {"error": "this key may not make tokens"},
        )
        async with talk(server, key=key) as socket:
            assert await hear(socket, "session_started")


async def test_a_strict_token_opens_one_session(serve, keyring):
    async with serve(keyring=keyring, single_use_tokens=True) as server:
        token = (await minted(server)).json()["token"]
        path = f"/plain?start=now&token={token}"
        async with talk(server, path) as socket:
            await hear(socket, "session_started")
            assert (await refused(server, path))[1] == 4001


async def test_of_two_sessions_that_start_with_one_strict_token_one_starts(serve, keyring):
    async with serve(keyring=keyring, single_use_tokens=True) as server:
        token = (await minted(server)).json()["token"]
        path = f"/plain?token={token}"
        async with talk(server, path) as one, talk(server, path) as other:  # both are in
            await one.send("start")
            assert await hear(one, "session_started")
            await other.send("start")
            assert (await hear_all(other))[-1]["error"] == "CredentialError"


async def test_whoever_guesses_keys_has_to_wait_with_right_ones_too(serve, keyring):
    bounds = Bounds(wrong_keys_per_minute=3)
    async with serve(keyring=keyring, bounds=bounds) as server:
        assert (await refused(server, "/plain", "wrong-1"))[1] == 4001
        assert (await refused(server, "/plain?token=wrong-2"))[1] == 4001
        assert (await minted(server, key="wrong-3")).status_code == 401
        with pytest.raises(InvalidStatus) as refusal:
            async with talk(server, key="sesame"):
                pass
        assert refusal.value.response.status_code == 429
        assert 50 < int(refusal.value.response.headers["retry-after"]) <= 60
        assert (await minted(server)).status_code == 429
        async with httpx.AsyncClient() as client:  # whoever looks after the server still can
            assert (await client.get(http_url(server, "/healthz"))).status_code == 200
    text = server.service.metrics.text()
    assert b'crossfade_turned_away_total{cause="wrong_keys"} 2.0' in text


async def test_a_client_with_an_old_key_locks_nobody_out(serve, keyring):
    async with serve(keyring=keyring, bounds=Bounds(wrong_keys_per_minute=3)) as server:
        for _ in range(10):
            assert (await refused(server, "/plain", "yesterday's"))[1] == 4001
        async with talk(server, key="sesame") as socket:
            assert await hear(socket, "session_started")


@pytest.mark.parametrize("trusted", [(), ("127.0.0.1",)], ids=["a-stranger", "a-trusted-proxy"])
async def test_only_a_trusted_proxy_speaks_for_others(serve, keyring, trusted):
    bounds = Bounds(wrong_keys_per_minute=2)
    async with serve(keyring=keyring, bounds=bounds, trusted_proxies=trusted) as server:
        for number in range(2):
            headers = {"X-Forwarded-For": f"192.0.2.{number}, 198.51.100.7"}
            async with talk(server, "/plain", key=f"wrong-{number}", headers=headers) as socket:
                await hear_all(socket)
        elsewhere = {"X-Forwarded-For": "192.0.2.99"}
        if not trusted:  # what it forwards is its own invention: it is one address, which waits
            with pytest.raises(InvalidStatus):
                async with talk(server, key="sesame", headers=elsewhere):
                    pass
            return
        async with talk(server, key="sesame", headers=elsewhere) as socket:
            assert await hear(socket, "session_started")
        with pytest.raises(InvalidStatus):
            async with talk(server, key="sesame", headers={"X-Forwarded-For": "198.51.100.7"}):
                pass
