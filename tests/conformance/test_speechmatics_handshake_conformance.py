"""Section 21 of the reference, "Handshake": who comes in, where, and what the others hear."""

import httpx
import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from plain_client import http_url
from processes import KEY
from speechmatics_wire import dial, kinds, of

pytestmark = pytest.mark.asyncio(loop_scope="module")

CREDENTIALS = pytest.mark.conformance(
    "speechmatics", "21.2", "Bearer key; `?jwt=`; no header; `Bearer None` (no-auth mode)"
)
REFUSALS = pytest.mark.conformance(
    "speechmatics",
    "21.3",
    "401 by header, in-band not_authorised + 4001 by `jwt`; 405 for POST; 404 elsewhere",
)
TEMPORARY_KEYS = pytest.mark.conformance(
    "speechmatics",
    "21.4",
    'temporary key: 201, JWT with `exp - iat = ttl`; 422 for `ttl` 59, 86401, `"60"`, missing; '
    "the key opens two sessions; fails after it expires",
)

REFUSED = {
    "message": "Error",
    "type": "not_authorised",
    "code": 4001,
    "reason": "Not Authorized",
}


async def temporary_key(server, **body) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.post(
            http_url(server, "/v1/api_keys?type=rt&sm-sdk=python-5.0.0"),
            headers={"Authorization": f"Bearer {KEY}"},
            json=body,
        )


async def opens_a_session(url: str, **options) -> None:
    async with dial(url, **options) as wire:
        await wire.start()
        await wire.finish()
        assert wire.heard[-1]["message"] == "EndOfTranscript"


@pytest.mark.conformance(
    "speechmatics",
    "21.1",
    "`/v2`, `/v2/`, `/v2/en`, `/v2/en/`, `/v2/en/fr`, `/`; any query; any Origin",
)
@pytest.mark.parametrize("path", ["/v2", "/v2/", "/v2/en", "/v2/en/", "/v2/en/fr", "/"])
async def test_every_path_any_query_and_any_origin_lead_to_a_session(open_server, path):
    queries = [
        "",
        "?sm-sdk=python-rt-sdk-v1.0.0&sm-app=livekit%2F1.2&sm-app=b",
        "?language=xx&=%FF",
    ]
    for query in queries:
        await opens_a_session(f"{open_server.url}{path}{query}")
    for origin in ("http://127.0.0.1", "https://elsewhere.example", "null"):
        await opens_a_session(open_server.url + path, headers={"Origin": origin})


@CREDENTIALS
@pytest.mark.parametrize(
    "header",
    [f"Bearer {KEY}", f"bearer {KEY}", f"  BEARER   {KEY} "],
    ids=["plain", "lower", "odd"],
)
async def test_a_key_in_the_header_opens_a_session(keyed_server, header):
    await opens_a_session(f"{keyed_server.url}/v2", headers={"Authorization": header})


@CREDENTIALS
async def test_a_temporary_key_opens_a_session_in_the_query_and_in_the_header(keyed_server):
    key = (await temporary_key(keyed_server, ttl=60)).json()["key_value"]
    await opens_a_session(f"{keyed_server.url}/v2?jwt={key}")
    await opens_a_session(f"{keyed_server.url}/v2", key=key)
    await opens_a_session(f"{keyed_server.url}/v2?jwt={KEY}")  # people do it
    await opens_a_session(f"{keyed_server.url}/v2?jwt=wrong", key=KEY)  # the header wins


@CREDENTIALS
@pytest.mark.parametrize("header", [None, "Bearer None", "Bearer whatever", "Basic YTpi"])
async def test_without_authentication_everybody_comes_in(open_server, header):
    headers = {} if header is None else {"Authorization": header}
    await opens_a_session(f"{open_server.url}/v2", headers=headers)
    await opens_a_session(f"{open_server.url}/v2?jwt=anything", headers=headers)


@REFUSALS
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer None", "Basic YTpi", "Bearer"])
async def test_a_wrong_key_in_the_header_is_401(keyed_server, header):
    headers = {} if header is None else {"Authorization": header}
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{keyed_server.url}/v2", additional_headers=headers)
    assert refused.value.response.status_code == 401
    assert b"Not Authorized" in refused.value.response.body


@REFUSALS
@pytest.mark.parametrize("query", ["jwt=wrong", "jwt=", "jwt=a.b.c"])
async def test_a_wrong_key_in_the_query_is_an_error_that_a_browser_can_see(keyed_server, query):
    async with dial(f"{keyed_server.url}/v2?{query}") as wire:
        assert await wire.hear_all() == [REFUSED]
        assert wire.closed == (4001, "not_authorised")


@REFUSALS
async def test_other_methods_are_405_and_other_paths_404(open_server):
    async with httpx.AsyncClient() as http:
        for path in ("/v2", "/v2/en"):
            for method in ("POST", "PUT", "DELETE"):
                answer = await http.request(method, http_url(open_server, path))
                assert (answer.status_code, method) == (405, method)
        elsewhere = ("/v1", "/v2/a/b/c", "/nowhere", "/v22")
        for path in elsewhere:
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{open_server.url}{path}")
            assert (refused.value.response.status_code, path) == (404, path)


@TEMPORARY_KEYS
@pytest.mark.parametrize("ttl", [60, 3600, 86_400])
async def test_a_temporary_key_is_a_jwt_that_opens_two_sessions(keyed_server, ttl):
    answer = await temporary_key(keyed_server, ttl=ttl, region="eu", client_ref="me")
    assert answer.status_code == 201
    body = answer.json()
    assert body.keys() == {"apikey_id", "key_value"}
    claims = jwt.decode(body["key_value"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == ttl
    async with (
        dial(f"{keyed_server.url}/v2", key=body["key_value"]) as first,
        dial(f"{keyed_server.url}/v2?jwt={body['key_value']}") as second,
    ):
        await first.start()
        await second.start()


@TEMPORARY_KEYS
@pytest.mark.parametrize(
    "body", [{"ttl": 59}, {"ttl": 86_401}, {"ttl": "60"}, {}, {"ttl": 60.5}, {"ttl": None}]
)
async def test_a_bad_ttl_is_422_with_a_message_in_every_place(keyed_server, body):
    answer = await temporary_key(keyed_server, **body)
    assert answer.status_code == 422
    said = answer.json()
    assert said.keys() == {"code", "error", "message", "detail"}
    assert said["code"] == 422
    assert said["message"] == said["detail"]
    assert "ttl" in said["message"]


@TEMPORARY_KEYS
async def test_an_expired_key_and_one_of_another_type_open_nothing(keyed_server):
    mint = keyed_server.service.authority.mint
    expired = mint(KEY, scope="speechmatics-rt", ttl_s=-1)
    for_batch = mint(KEY, scope="speechmatics-batch", ttl_s=60)
    for key in (expired, for_batch):
        with pytest.raises(InvalidStatus, match="401"):
            await connect(f"{keyed_server.url}/v2", additional_headers={"Authorization": key})
        async with dial(f"{keyed_server.url}/v2?jwt={key}") as wire:
            assert kinds(await wire.hear_all()) == ["Error"]
            assert wire.closed == (4001, "not_authorised")
            assert of(wire.heard, "Error")[0]["type"] == "not_authorised"
    async with httpx.AsyncClient() as http:
        valid = (await temporary_key(keyed_server, ttl=60)).json()["key_value"]
        for key in (valid, "wrong"):  # a temporary key can't make another
            answer = await http.post(
                http_url(keyed_server, "/v1/api_keys?type=rt"),
                headers={"Authorization": f"Bearer {key}"},
                json={"ttl": 60},
            )
            assert answer.status_code == 401
