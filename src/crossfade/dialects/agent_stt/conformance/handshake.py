"""Who comes in, and where: sections 3 and 4."""

from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

from crossfade.dialects.agent_stt.conformance.session import Wire, dial, start_message
from crossfade.dialects.cases import Case, Endpoint, expect
from crossfade.dialects.speechmatics.conformance import common

PATHS = ("/v2/agent", "/v2/agent/", "/agent", "/agent/", "/v2/en/agent", "/v2/en/agent/")
QUERIES = (
    "sm-app=pipecat%2F1.14.0&sm-sdk=python-agent-stt-sdk-v0.3.0",
    "language=xx&turn_detection_mode=z&=%FF",
)
ELSEWHERE = ("/nowhere", "/nowhere/agent", "/agent/a/b")
NOBODY = {"Authorization": "Bearer None"}
"""What the vendor's client says that was given no key."""

STRANGERS: tuple[tuple[Mapping[str, str], str], ...] = (
    ({}, ""),
    ({"Authorization": "Bearer wrong"}, ""),
    (NOBODY, ""),
    ({}, "jwt=a.b.c"),
    ({}, "api_key=wrong"),
)
QUIET_S = 0.3

_opens = partial(common.opens, Wire)


async def _every_path(endpoint: Endpoint) -> None:
    for path in PATHS:
        await _opens(endpoint, path, path=path)


async def _any_query(endpoint: Endpoint) -> None:
    for query in QUERIES:
        await _opens(endpoint, f"?{query}", query=query)


async def _key_in_the_query(endpoint: Endpoint) -> None:
    query = f"api_key={quote(endpoint.key or '', safe='')}"
    await _opens(endpoint, "?api_key=", query=query, headers={})
    await _opens(endpoint, "?api_key= beside Bearer None", query=query, headers=NOBODY)


async def _strangers(endpoint: Endpoint) -> None:
    for headers, query in STRANGERS:
        async with dial(endpoint, query=query, headers=headers) as wire:
            early = await wire.hear_for(QUIET_S)
            # A client that is told before it asked may take it for a lost connection.
            claim = not early and wire.closed is None
            expect(claim, "nothing before StartRecognition", f"{wire.told()}, {wire.closed}")
            await wire.say(start_message())
            await wire.fails("not_authorised", 4001)


CASES = (
    Case(
        key="handshake.paths",
        title="/v2/agent, /agent and /v2/en/agent open a session, with a slash behind them too",
        clause="3.2",
        line="24.1",
        run=_every_path,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="handshake.query",
        title="any query is accepted",
        clause="3.3",
        line="24.1",
        run=_any_query,
    ),
    Case(
        key="handshake.elsewhere",
        title="other paths: 404",
        clause="3.2",
        line="24.1",
        run=partial(common.is_elsewhere, Wire, ELSEWHERE),
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="handshake.query-key",
        title="a key in ?api_key= opens a session, also beside Bearer None",
        clause="4",
        line="24.2",
        run=_key_in_the_query,
        needs=frozenset({"key", "our-choice"}),
    ),
    Case(
        key="handshake.wrong-key",
        title="no key or a wrong one: not_authorised and 4001, and not before StartRecognition",
        clause="4",
        line="24.3",
        run=_strangers,
        needs=frozenset({"wrong-key"}),
    ),
)
