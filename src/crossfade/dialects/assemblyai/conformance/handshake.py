"""Who comes in and what is said first: sections 1 to 4."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from crossfade.dialects.assemblyai.conformance.session import (
    U3,
    US,
    dial,
    shown,
)
from crossfade.dialects.assemblyai.tokens import token_request
from crossfade.dialects.cases import (
    Answer,
    Case,
    Endpoint,
    TurnedAwayError,
    UnmetError,
    expect,
)

BEGIN_LIMIT_S = 1.0
"""Section 1: the JavaScript client waits so long for the connection and ``Begin`` together."""

ATTEMPTS = 3
LONGEST_SESSION_S = 10_800
CLOCKS_S = 30
"""The clocks of two machines may differ by so much."""

UNAUTHORIZED = "Unauthorized Connection: "
TTL_S = 60
BAD_TTLS: tuple[Mapping[str, str], ...] = (
    {},
    {"expires_in_seconds": "0"},
    {"expires_in_seconds": "901"},
)
URL_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
CAP_S = 60


async def _opens(endpoint: Endpoint, what: str, **options: Any) -> None:
    """A session begins and ends; ``what`` is how it was asked for."""
    try:
        async with dial(endpoint, **options) as wire:
            await wire.begin()
            await wire.terminate()
    except TurnedAwayError as error:
        raise UnmetError(f"a session for {what}", str(error)) from None
    except UnmetError as error:
        raise UnmetError(f"{error.expected} for {what}", error.came) from None


async def _begins_and_ends(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        begin = await wire.begin()
        expect("configuration" in begin, "a configuration in Begin", "none")
        termination = await wire.terminate()
        told = termination["audio_duration_seconds"]
        expect(told == 0, "audio_duration_seconds 0", f"{told}")


async def _begin_in_time(endpoint: Endpoint) -> None:
    waits_s = []
    for _ in range(ATTEMPTS):
        asked_at = time.monotonic()
        async with dial(endpoint) as wire:
            await wire.begin()
            waits_s.append(time.monotonic() - asked_at)
            await wire.terminate()
    # The best of three: how far away the server is, no server can help.
    took_s = min(waits_s)
    expect(took_s <= BEGIN_LIMIT_S, f"Begin within {BEGIN_LIMIT_S:g} s", f"after {took_s:.1f} s")


async def _expires_in_three_hours(endpoint: Endpoint) -> None:
    await _expires(endpoint, LONGEST_SESSION_S, {})


async def _expires(endpoint: Endpoint, after_s: int, options: Mapping[str, Any]) -> None:
    async with dial(endpoint, **options) as wire:
        begin = await wire.begin()
        left_s = begin["expires_at"] - time.time()
        await wire.terminate()
    expect(abs(left_s - after_s) <= CLOCKS_S, f"expires_at in {after_s} s", f"in {left_s:.0f} s")


async def _model_is_echoed(endpoint: Endpoint) -> None:
    for model in (US, U3):
        async with dial(endpoint, speech_model=model) as wire:
            begin = await wire.begin()
            echoed = begin.get("configuration", {}).get("model", "nothing")
            expect(echoed == model, f"{model} in Begin", echoed[:40])
            await wire.terminate()


async def _every_path(endpoint: Endpoint) -> None:
    for path in ("/v3/ws", "/v3/ws/", "//v3/ws"):
        await _opens(endpoint, path, path=path)


async def _other_paths(endpoint: Endpoint) -> None:
    for path in ("/v3/nowhere", "/v3/ws/x"):
        try:
            async with dial(endpoint, path=path):
                raise UnmetError(f"HTTP 404 at {path}", "a socket")
        except TurnedAwayError as error:
            expect(error.status == 404, f"HTTP 404 at {path}", str(error))


async def _without_credential(endpoint: Endpoint) -> None:
    async with dial(endpoint, headers={}) as wire:
        await wire.fails(1008, f"{UNAUTHORIZED}Missing Authorization header")


async def _wrong_key(endpoint: Endpoint) -> None:
    async with dial(endpoint, headers={"Authorization": "wrong"}) as wire:
        await wire.fails(1008, f"{UNAUTHORIZED}Invalid API key")


async def _wrong_token(endpoint: Endpoint) -> None:
    async with dial(endpoint, headers={}, token="wrong") as wire:
        await wire.fails(1008, f"{UNAUTHORIZED}Invalid API key")


async def _bearer(endpoint: Endpoint) -> None:
    async with dial(endpoint, headers={"Authorization": f"Bearer {endpoint.key}"}) as wire:
        await wire.fails(1008, f"{UNAUTHORIZED}Invalid API key")


async def _token_in_the_header(endpoint: Endpoint) -> None:
    token = await _token(endpoint)
    await _opens(endpoint, "a token in the header", headers={"Authorization": token})


async def _token_in_the_query(endpoint: Endpoint) -> None:
    token = await _token(endpoint)
    expect(set(token) <= URL_SAFE, "a token that survives an unescaped query", "one that does not")
    await _opens(endpoint, "a token in the query", headers={}, query=f"token={token}")


async def _token_is_good_again(endpoint: Endpoint) -> None:
    token = await _token(endpoint)
    for _ in range(2):
        await _opens(endpoint, "a token, again", headers={}, token=token)


async def _token_limits_its_session(endpoint: Endpoint) -> None:
    token = await _token(endpoint, max_session_duration_seconds=CAP_S)
    await _expires(endpoint, CAP_S, {"headers": {}, "token": token})


async def _bad_token_parameters(endpoint: Endpoint) -> None:
    for parameters in BAD_TTLS:
        answer = await _ask(endpoint, parameters)
        asked = urlencode(parameters) or "nothing"
        expect(answer.status in (400, 422), f"422 for {asked}", f"{answer.status}")
        body = answer.body if isinstance(answer.body, dict) else {}
        told = body.get("error") or body.get("detail")
        expect(bool(told), f"an error in the body for {asked}", "none")


async def _token_needs_a_key(endpoint: Endpoint) -> None:
    for headers in ({}, {"Authorization": "wrong"}):
        answer = await _ask(endpoint, {"expires_in_seconds": f"{TTL_S}"}, headers)
        expect(answer.status in (401, 422), "401 without a good key", f"{answer.status}")


async def _ask(
    endpoint: Endpoint, parameters: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> Answer:
    parts = urlsplit(token_request(endpoint.url, key="", ttl_s=TTL_S).url)
    url = urlunsplit(parts._replace(query=urlencode(parameters)))
    return await endpoint.fetch("GET", url, headers=shown(endpoint) if headers is None else headers)


async def _token(endpoint: Endpoint, **parameters: int) -> str:
    answer = await _ask(endpoint, {"expires_in_seconds": TTL_S} | parameters)
    expect(answer.status == 200, "200 for a token", f"{answer.status}")
    token = answer.body.get("token") if isinstance(answer.body, dict) else None
    if not isinstance(token, str):
        raise UnmetError("a text token", "none")
    return token


CASES = (
    Case(
        key="handshake.begin",
        title="Begin comes first; Terminate without audio: Termination with 0 s",
        clause="8.1",
        line="16.1",
        run=_begins_and_ends,
        audio_s=1,
    ),
    Case(
        key="handshake.in-time",
        title="Begin within a second of dialling",
        clause="1",
        run=_begin_in_time,
        audio_s=3,
    ),
    Case(
        key="handshake.expires",
        title="expires_at is in three hours, in whole seconds",
        clause="6.5",
        run=_expires_in_three_hours,
        audio_s=1,
    ),
    Case(
        key="handshake.model",
        title="Begin names the model that was asked for",
        clause="5.4",
        run=_model_is_echoed,
        audio_s=2,
    ),
    Case(
        key="handshake.paths",
        title="a slash more, before or behind the path, opens a session too",
        clause="2.2",
        line="16.1",
        run=_every_path,
        audio_s=3,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="handshake.elsewhere",
        title="other paths: 404",
        clause="4.1",
        run=_other_paths,
    ),
    Case(
        key="handshake.no-key",
        title="no credential: a socket, Error 1008 Missing…, close 1008",
        clause="3.2",
        line="16.2",
        run=_without_credential,
        needs=frozenset({"wrong-key"}),
    ),
    Case(
        key="handshake.wrong-key",
        title="a wrong key: Error 1008 Invalid API key, close 1008",
        clause="3.2",
        line="16.3",
        run=_wrong_key,
        needs=frozenset({"wrong-key"}),
    ),
    Case(
        key="handshake.wrong-token",
        title="a wrong token in the query: Error 1008 Invalid API key, close 1008",
        clause="3.2",
        line="16.3",
        run=_wrong_token,
        needs=frozenset({"wrong-key"}),
    ),
    Case(
        key="handshake.bearer",
        title="the key behind Bearer is a wrong one",
        clause="3.1",
        line="16.3",
        run=_bearer,
        needs=frozenset({"wrong-key"}),
    ),
    Case(
        key="token.header",
        title="a temporary token opens a session in the header",
        clause="3.1",
        line="16.4",
        run=_token_in_the_header,
        audio_s=1,
        needs=frozenset({"token"}),
    ),
    Case(
        key="token.query",
        title="a temporary token opens a session in the query, as it is",
        clause="3.1",
        line="16.4",
        run=_token_in_the_query,
        audio_s=1,
        needs=frozenset({"token"}),
    ),
    Case(
        key="token.again",
        title="a temporary token is good for more than one session",
        clause="3.3",
        line="16.4",
        run=_token_is_good_again,
        audio_s=2,
        needs=frozenset({"token", "our-choice"}),
    ),
    Case(
        key="token.cap",
        title="max_session_duration_seconds=60: expires_at is in 60 s",
        clause="3.3",
        line="16.21",
        run=_token_limits_its_session,
        audio_s=1,
        needs=frozenset({"token"}),
    ),
    Case(
        key="token.parameters",
        title="expires_in_seconds missing or out of range: 422, with an error",
        clause="3.3",
        run=_bad_token_parameters,
        needs=frozenset({"token"}),
    ),
    Case(
        key="token.needs-a-key",
        title="no token without a good key",
        clause="3.3",
        run=_token_needs_a_key,
        needs=frozenset({"token", "wrong-key"}),
    ),
)
