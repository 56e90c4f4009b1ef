"""Section 16 of the reference, cases 1 to 7 and 21: who comes in, with what configuration."""

import asyncio
import time

import httpx
import pytest

from assemblyai_wire import TERMINATE, U3, US, converse, dial, ends, of, quiet
from plain_client import http_url
from processes import KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNAUTHORIZED = "Unauthorized Connection: "
INVALID = "User Input Validation Error: "
SPOKEN = quiet(2500)
"""Long enough for all that the script says."""


async def refusal_of(url, **options) -> dict:
    """The one frame that a client hears instead of ``Begin``; the close says the same."""
    async with dial(url, **options) as wire:
        (error,) = await wire.hear_all()
        assert wire.socket.response.status_code == 101
        code, reason = wire.closed
        assert error.keys() == {"type", "error_code", "error"}
        assert (error["type"], error["error_code"]) == ("Error", code)
        assert error["error"].encode()[:123].decode(errors="ignore") == reason
        return error


async def token_of(server, **parameters) -> str:
    async with httpx.AsyncClient() as http:
        answer = await http.get(
            http_url(server, "/v3/token"),
            params={"expires_in_seconds": 60} | parameters,
            headers={"Authorization": KEY},
        )
    assert answer.status_code == 200
    return answer.json()["token"]


@pytest.mark.conformance(
    "assemblyai",
    "16.1",
    "connect with raw key, no audio, `Terminate`: "
    "`Begin`, `Termination` with `audio_duration_seconds: 0`, close 1000",
)
@pytest.mark.parametrize("path", ["/v3/ws", "/v3/ws/", "//v3/ws"])
async def test_a_session_without_audio_begins_and_ends(keyed_server, path):
    async with dial(keyed_server.url, key=KEY, path=path, sample_rate=16000) as wire:
        await wire.say(TERMINATE)
        begin, termination = await wire.hear_all()
    assert wire.closed == (1000, "Session Ended")
    assert (begin["type"], termination["type"]) == ("Begin", "Termination")
    assert abs(begin["expires_at"] - time.time() - 10_800) < 10
    assert (termination["audio_duration_seconds"], termination["session_duration_seconds"]) == (
        0,
        0,
    )


@pytest.mark.conformance(
    "assemblyai", "16.2", "no credential: 101, `Error` 1008 Missing…, close 1008"
)
async def test_without_a_credential_the_refusal_comes_after_the_upgrade(keyed_server):
    error = await refusal_of(keyed_server.url)
    assert error["error_code"] == 1008
    assert error["error"] == f"{UNAUTHORIZED}Missing Authorization header"


@pytest.mark.conformance("assemblyai", "16.3", "expired token: `Error` 1008 Signature…, close 1008")
async def test_an_expired_token_is_told_from_a_wrong_one(keyed_server):
    authority = keyed_server.service.authority
    expired = authority.mint(KEY, scope="assemblyai", ttl_s=-1)
    for options in ({"token": expired}, {"key": expired}):
        error = await refusal_of(keyed_server.url, **options)
        assert error["error_code"] == 1008
        assert error["error"] == f"{UNAUTHORIZED}Signature has expired"
    for options in ({"token": "x"}, {"token": KEY}, {"key": "x"}, {"key": f"Bearer {KEY}"}):
        error = await refusal_of(keyed_server.url, **options)
        assert error["error_code"] == 1008
        assert error["error"] == f"{UNAUTHORIZED}Invalid API key"


@pytest.mark.conformance("assemblyai", "16.4", "token in header, token in query: both work")
async def test_a_token_opens_sessions_from_the_header_and_from_the_query(keyed_server):
    token = await token_of(keyed_server)
    assert not set(token) - set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    ), "it survives an unescaped query"
    for options in ({"key": token}, {"token": token}, {"token": token, "key": "wrong"}):
        async with dial(keyed_server.url, **options) as wire:
            assert [message["type"] for message in await wire.terminate()] == [
                "Begin",
                "Termination",
            ]


@pytest.mark.conformance(
    "assemblyai",
    "16.5",
    "`sample_rate=7000`, `encoding=flac`, `speech_model=nope`, 101 keyterms, prompt of 1751 chars: "
    "`Error` 3006 before `Begin`",
)
@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        pytest.param(
            {"sample_rate": 7000},
            "Invalid 'sample_rate': Value error, sample_rate must be at least 8,000 Hz",
            id="sample_rate",
        ),
        pytest.param({"encoding": "flac"}, "'flac' is not a valid Encoding", id="encoding"),
        pytest.param({"speech_model": "nope"}, "'universal-3-6'", id="speech_model"),
        pytest.param(
            {"keyterms_prompt": ["term"] * 101},
            "Invalid 'keyterms_prompt': Value error, Max 100 items",
            id="keyterms",
        ),
        pytest.param(
            {"speech_model": U3, "prompt": "x" * 1751},
            "Invalid 'prompt': Value error, prompt exceeds maximum length of 1750 characters "
            "(got 1751)",
            id="prompt",
        ),
        pytest.param(
            {"language_codes": ["en", "tlh"]},
            "Invalid 'language_codes.1': Input should be ",
            id="element-of-a-list",
        ),
        pytest.param(
            {"keyterms_prompt": "Crossfade"},
            "Invalid 'keyterms_prompt': Value error, Invalid JSON array",
            id="no-list",
        ),
        pytest.param(
            {"inactivity_timeout": 4},
            "Invalid 'inactivity_timeout': Input should be greater than or equal to 5",
            id="too-small",
        ),
        pytest.param(
            {"max_speakers": 11},
            "Invalid 'max_speakers': Input should be less than or equal to 10",
            id="too-large",
        ),
        pytest.param(
            {"min_turn_silence": "soon"},
            "Invalid 'min_turn_silence': Input should be a valid integer, "
            "unable to parse string as an integer",
            id="no-integer",
        ),
        pytest.param(
            {"vad_threshold": "low"},
            "Invalid 'vad_threshold': Input should be a valid number, "
            "unable to parse string as a number",
            id="no-number",
        ),
        pytest.param(
            {"format_turns": "maybe"},
            "Invalid 'format_turns': Input should be a valid boolean, unable to interpret input",
            id="no-boolean",
        ),
        pytest.param({"speech_model": US, "mode": "balanced"}, "Invalid 'mode': ", id="mode-of-u3"),
    ],
)
async def test_what_cannot_be_is_refused_before_the_session_begins(open_server, parameters, said):
    error = await refusal_of(open_server.url, **parameters)
    assert error["error_code"] == 3006
    assert error["error"].startswith(f"{INVALID}Invalid '")
    assert said in error["error"]


@pytest.mark.conformance(
    "assemblyai", "16.6", "`speechModel=x&foo=1`: ignored, default model in `Begin`"
)
@pytest.mark.parametrize(
    "query",
    ["speechModel=x&foo=1", "formatted_finals=true&sampleRate=8000", "speech_model=&foo", "&&="],
)
async def test_unknown_names_are_nobodys_business(open_server, query):
    async with dial(open_server.url, query=query) as wire:
        begin = (await wire.terminate())[0]
    assert begin["configuration"]["model"] == "universal-3-6-pro"
    assert begin["configuration"]["mode"] == "balanced"


@pytest.mark.conformance("assemblyai", "16.7", "`format_turns=True` / `TRUE` / `1`: accepted")
@pytest.mark.parametrize(
    ("words", "formatted"),
    [
        (["True", "TRUE", "true", "tRuE", "1", "yes", "on", "t", "Y"], [False, True]),
        (["False", "FALSE", "false", "0", "no", "OFF", "f", "n", ""], [False]),
    ],
    ids=["yes", "no"],
)
async def test_booleans_are_read_in_any_case(open_server, words, formatted):
    sessions = [
        converse(open_server.url, *SPOKEN, speech_model=US, format_turns=word) for word in words
    ]
    for word, heard in zip(words, await asyncio.gather(*sessions), strict=True):
        last = ends(heard)[-1]["turn_order"]
        marks = [t["turn_is_formatted"] for t in ends(heard) if t["turn_order"] == last]
        assert marks == formatted, word


async def test_a_query_of_eighty_kilobytes_is_read(open_server):
    terms = [f"{'ж' * 45} {number:04}" for number in range(100)]
    texts = {"prompt": "語" * 1750, "agent_context": "Ü" * 1750}
    async with dial(
        open_server.url, speech_model=U3, keyterms_prompt=terms, **texts, foo="語" * 2000
    ) as wire:
        assert len(wire.socket.request.path) > 80_000
        assert (await wire.terminate())[0]["configuration"]["model"] == U3


@pytest.mark.parametrize(
    "query",
    [
        "keyterms_prompt=%5B%22New+York%22%2C+%22a%22%5D",
        "keyterms_prompt=%5B%22New%20York%22,%22a%22%5D",
        "keyterms=%5B%22New+York%22%5D",
        "language_codes=en",
        "language_codes=%5B%22en%22%2C+%22de%22%5D",
        "redact_pii=True&redact_pii_policies=person_name,phone_number",
        "redact_pii=True&redact_pii_policies=%5B%22person_name%22%2C+%22phone_number%22%5D",
        "min_turn_silence=400.0&end_of_turn_confidence_threshold=4e-1",
        "min_end_of_turn_silence_when_confident=500",
        "sample_rate=8000&sample_rate=16000",
    ],
)
async def test_values_are_read_as_every_client_writes_them(open_server, query):
    async with dial(open_server.url, query=query) as wire:
        assert of(await wire.terminate(), "Begin")


@pytest.mark.conformance(
    "assemblyai",
    "16.21",
    "token with `max_session_duration_seconds=60`: `expires_at` ≈ now+60; at expiry `Error` 3008",
    untested="the 60 s themselves: the session that expires has a token for 1 s",
)
async def test_a_token_limits_the_length_of_its_session(keyed_server):
    token = await token_of(keyed_server, max_session_duration_seconds=60)
    async with dial(keyed_server.url, token=token) as wire:
        begin = await wire.hear("Begin")
        assert abs(begin["expires_at"] - time.time() - 60) <= 2

    authority = keyed_server.service.authority
    token = authority.mint(KEY, scope="assemblyai", ttl_s=60, session_s=1)
    async with dial(keyed_server.url, token=token, speech_model=US) as wire:
        await wire.say(*quiet(1000))
        heard = await wire.hear_all()
    assert heard[-1] == {
        "type": "Error",
        "error_code": 3008,
        "error": "Session Expired: Maximum session duration exceeded",
    }
    assert wire.closed == (3008, "Session Expired: Maximum session duration exceeded")
    assert ends(heard), "the turn that was open is told first"
    assert not of(heard, "Termination")
