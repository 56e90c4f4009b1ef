"""Who comes in, where, and what the others hear: sections 3 and 4."""

import base64
import json
from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit, urlunsplit

from crossfade.dialects.cases import (
    Answer,
    Case,
    Endpoint,
    TurnedAwayError,
    UnmetError,
    expect,
)
from crossfade.dialects.speechmatics.conformance import common
from crossfade.dialects.speechmatics.conformance.session import Wire, bearer, dial
from crossfade.dialects.speechmatics.tokens import token_request

PATHS = ("/v2", "/v2/", "/v2/en", "/v2/en/", "/v2/en/fr", "/")
QUERIES = ("sm-sdk=python-rt-sdk-v1.0.0&sm-app=livekit%2F1.2&sm-app=b", "language=xx&=%FF")
ORIGINS = ("http://127.0.0.1", "https://elsewhere.example", "null")
ELSEWHERE = ("/nowhere", "/v22", "/v2/a/b/c")
TTL_S = 60
BAD_TTLS: tuple[Mapping[str, object], ...] = ({"ttl": 59}, {"ttl": 86_401}, {"ttl": "60"}, {})

_opens = partial(common.opens, Wire)


async def _every_path(endpoint: Endpoint) -> None:
    for path in PATHS:
        await _opens(endpoint, path, path=path)


async def _any_query(endpoint: Endpoint) -> None:
    for query in QUERIES:
        await _opens(endpoint, f"?{query}", query=query)


async def _any_origin(endpoint: Endpoint) -> None:
    for origin in ORIGINS:
        headers = bearer(endpoint) | {"Origin": origin}
        await _opens(endpoint, f"Origin {origin}", headers=headers)


async def _scheme_in_any_case(endpoint: Endpoint) -> None:
    for header in (f"bearer {endpoint.key}", f"  BEARER   {endpoint.key} "):
        scheme = header.split()[0]
        await _opens(endpoint, f"the scheme {scheme}", headers={"Authorization": header})


async def _wrong_key_in_the_header(endpoint: Endpoint) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer None"}):
        try:
            async with dial(endpoint, headers=headers) as wire:
                await _refused_inside(wire)
        except TurnedAwayError as error:
            expect(error.status == 401, "HTTP 401, or Error not_authorised", str(error))


async def _wrong_key_in_the_query(endpoint: Endpoint) -> None:
    for query in ("jwt=wrong", "jwt=a.b.c"):
        async with dial(endpoint, query=query, headers={}) as wire:
            await _refused_inside(wire)


async def _refused_inside(wire: Wire) -> None:
    await wire.fails("not_authorised", 4001)


async def _other_methods(endpoint: Endpoint) -> None:
    url = _http(Wire.address(endpoint))
    for method in ("POST", "PUT", "DELETE"):
        answer = await endpoint.fetch(method, url, headers=bearer(endpoint))
        expect(answer.status == 405, f"405 for {method}", f"{answer.status}")


async def _temporary_key(endpoint: Endpoint) -> None:
    token = await _token(endpoint)
    iat, exp = _claims(token)
    expect(exp - iat == TTL_S, f"exp - iat = {TTL_S}", f"{exp - iat}")
    await _opens(endpoint, "a temporary key in ?jwt=", query=f"jwt={token}", headers={})


async def _temporary_key_in_the_header(endpoint: Endpoint) -> None:
    headers = {"Authorization": f"Bearer {await _token(endpoint)}"}
    await _opens(endpoint, "a temporary key in the header", headers=headers)


async def _temporary_key_is_good_twice(endpoint: Endpoint) -> None:
    query = f"jwt={await _token(endpoint)}"
    async with (
        dial(endpoint, query=query, headers={}) as first,
        dial(endpoint, query=query, headers={}) as second,
    ):
        await first.start()
        await second.start()
        await first.finish()
        await second.finish()


async def _temporary_key_makes_no_key(endpoint: Endpoint) -> None:
    answer = await _ask(endpoint, await _token(endpoint), {"ttl": TTL_S})
    expect(answer.status == 401, "401 for a temporary key that wants another", f"{answer.status}")


async def _bad_ttl(endpoint: Endpoint) -> None:
    for body in BAD_TTLS:
        answer = await _ask(endpoint, endpoint.key, body)
        asked = json.dumps(body)
        expect(answer.status == 422, f"422 for {asked}", f"{answer.status}")
        fields = answer.body if isinstance(answer.body, dict) else {}
        expect(fields.get("code") == 422, f"code 422 in the body for {asked}", "another, or none")
        said = fields.get("message")
        expect(isinstance(said, str) and bool(said), f"a message for {asked}", "none")


async def _ask(endpoint: Endpoint, key: str | None, body: Mapping[str, object]) -> Answer:
    request = token_request(endpoint.url, key=key or "", ttl_s=TTL_S)
    content = json.dumps(body).encode()
    return await endpoint.fetch("POST", request.url, headers=request.headers, body=content)


async def _token(endpoint: Endpoint) -> str:
    answer = await _ask(endpoint, endpoint.key, {"ttl": TTL_S})
    expect(answer.status == 201, "201 for a temporary key", f"{answer.status}")
    token = answer.body.get("key_value") if isinstance(answer.body, dict) else None
    if not isinstance(token, str):
        raise UnmetError("a text key_value", "none")
    return token


def _claims(token: str) -> tuple[int, int]:
    try:
        _, payload, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        iat, exp = claims["iat"], claims["exp"]
    except (ValueError, KeyError, TypeError):
        raise UnmetError("a JWT with iat and exp", "something else") from None
    expect(type(iat) is int and type(exp) is int, "integers in iat and exp", "other values")
    return iat, exp


def _http(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(scheme="http" if parts.scheme == "ws" else "https"))


CASES = (
    Case(
        key="handshake.paths",
        title="/v2, /v2/, with one language or two, and / open a session",
        clause="3.2",
        line="21.1",
        run=_every_path,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="handshake.query",
        title="any query is accepted",
        clause="3.3",
        line="21.1",
        run=_any_query,
    ),
    Case(
        key="handshake.origin",
        title="any Origin is accepted",
        clause="4.1",
        line="21.1",
        run=_any_origin,
    ),
    Case(
        key="handshake.scheme",
        title="the scheme Bearer is read in any case, with spaces around",
        clause="4.1",
        line="21.2",
        run=_scheme_in_any_case,
        needs=frozenset({"key"}),
    ),
    Case(
        key="handshake.wrong-key",
        title="no key or a wrong one in the header: 401, or not_authorised and 4001",
        clause="4.2",
        line="21.3",
        run=_wrong_key_in_the_header,
        needs=frozenset({"wrong-key"}),
    ),
    Case(
        key="handshake.wrong-jwt",
        title="a wrong key in ?jwt=: not_authorised and 4001, which a browser can see",
        clause="4.2",
        line="21.3",
        run=_wrong_key_in_the_query,
        needs=frozenset({"wrong-key"}),
    ),
    Case(
        key="handshake.methods",
        title="methods other than GET: 405",
        clause="4.2",
        line="21.3",
        run=_other_methods,
    ),
    Case(
        key="handshake.elsewhere",
        title="other paths: 404",
        clause="4.2",
        line="21.3",
        run=partial(common.is_elsewhere, Wire, ELSEWHERE),
    ),
    Case(
        key="token.opens",
        title="a temporary key: 201, a JWT with exp - iat = ttl, opens a session by ?jwt=",
        clause="4.3",
        line="21.4",
        run=_temporary_key,
        needs=frozenset({"token"}),
    ),
    Case(
        key="token.header",
        title="a temporary key opens a session in the header",
        clause="4.1",
        line="21.2",
        run=_temporary_key_in_the_header,
        needs=frozenset({"token"}),
    ),
    Case(
        key="token.twice",
        title="a temporary key opens two sessions",
        clause="4.3",
        line="21.4",
        run=_temporary_key_is_good_twice,
        needs=frozenset({"token", "sessions"}),
    ),
    Case(
        key="token.no-more-keys",
        title="a temporary key makes no other",
        clause="4.3",
        line="21.4",
        run=_temporary_key_makes_no_key,
        needs=frozenset({"token", "our-choice"}),
    ),
    Case(
        key="token.ttl",
        title="a ttl of 59, 86401, in quotes, or none: 422, with code and message",
        clause="4.3",
        line="21.4",
        run=_bad_ttl,
        needs=frozenset({"token"}),
    ),
)
