"""Each move of a session: one count, one line in the log; and a backend's wish to be left alone."""

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.server import serve

from crossfade.client.refusals import advised_s
from crossfade.errors import ConfigError, RecognizerError, UpstreamError
from crossfade.gateway import UpstreamRecognizer, course
from crossfade.gateway.breaker import FIRST_REST_S, LONGEST_ADVICE_S, Breaker
from crossfade.gateway.failover import FailoverRecognizer
from crossfade.gateway.losses import DeafError, StalledError, TimeIsUpError, cause_of
from crossfade.gateway.upstream import NO_RETRY
from crossfade.model import Audio, Encoding, Final, Finish, RawAudio, SessionConfig
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.limits import Slots
from crossfade.server.metrics import Metrics
from gateways import backend

CONFIG = SessionConfig(
    language="en", audio=RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
)


def local():
    return ScriptedRecognizer(spoken("Good morning."))


async def words(recognizer):
    stream = recognizer.open(CONFIG)
    try:
        async with asyncio.timeout(15):
            await stream.feed(Audio(data=bytes(32 * 3000)))
            await stream.feed(Finish())
            events = [event async for event in stream.events()]
    finally:
        await stream.aclose()
    return [word.text for event in events if isinstance(event, Final) for word in event.words]


def shown(recognizer):
    text = Metrics(Slots(), recognizer).text().decode()
    return {
        (name, *sorted(labels.items())): value
        for family in text_string_to_metric_families(text)
        for name, labels, value, *_ in family.samples
        if name.startswith("crossfade_backend")
    }


@asynccontextmanager
async def refusing(status, **headers):
    """A far side that answers the handshake with an HTTP status; counts how often."""
    asked = []

    def refuse(connection, request):
        asked.append(request.path)
        response = connection.respond(status, "no\n")
        for name, value in headers.items():
            response.headers[name] = value
        return response

    async with serve(lambda _: None, "127.0.0.1", 0, process_request=refuse) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


def upstream(url, behind="speechmatics"):
    return UpstreamRecognizer(backend(behind, url), reconnect=NO_RETRY)


async def test_a_move_is_one_count_and_one_line(caplog):
    async with refusing(HTTPStatus.SERVICE_UNAVAILABLE) as (url, _):
        recognizer = FailoverRecognizer([("far", upstream(url)), ("local", local())])
        with caplog.at_level(logging.INFO, logger="crossfade.gateway"):
            assert await words(recognizer) == ["Good", "morning"]
    moves = [record for record in caplog.records if getattr(record, "move", None)]
    assert [record.levelname for record in moves] == ["WARNING"]
    facts = {name: moves[0].__dict__[name] for name in ("move", "backend", "cause", "to", "at_ms")}
    assert facts == {
        "move": "failover",
        "backend": "far",
        "cause": "capacity",
        "to": "local",
        "at_ms": 0,
    }
    assert json.dumps(facts)
    values = shown(recognizer)
    labels = (("backend", "far"), ("cause", "capacity"), ("kind", "failover"))
    assert values["crossfade_backend_moves_total", *labels] == 1
    assert values["crossfade_backend_breaker", ("backend", "far")] == 0
    assert values["crossfade_backend_sessions", ("backend", "local")] == 0


async def test_the_breaker_shows_that_a_backend_is_passed_by(monkeypatch):
    monkeypatch.setattr(course, "PAUSE_S", 0.0)
    async with refusing(HTTPStatus.BAD_GATEWAY) as (url, asked):
        recognizer = FailoverRecognizer([("far", upstream(url)), ("local", local())])
        for _ in range(5):
            assert await words(recognizer) == ["Good", "morning"]
    assert len(asked) == 3
    assert shown(recognizer)["crossfade_backend_breaker", ("backend", "far")] == 2
    assert shown(recognizer)["crossfade_backend_breaker", ("backend", "local")] == 0


@pytest.mark.parametrize("behind", ["speechmatics", "assemblyai"])
async def test_a_backend_that_says_when_to_come_again_is_left_alone_until_then(behind):
    answer = refusing(HTTPStatus.SERVICE_UNAVAILABLE, **{"Retry-After": "120"})
    async with answer as (url, asked):
        recognizer = FailoverRecognizer([("far", upstream(url, behind)), ("local", local())])
        for _ in range(3):
            assert await words(recognizer) == ["Good", "morning"]
    assert len(asked) == 1
    assert recognizer.backends()[0].breaker == "open"


async def test_a_session_does_not_wait_for_minutes_where_no_backend_is_left():
    answer = refusing(HTTPStatus.TOO_MANY_REQUESTS, **{"Retry-After": "120"})
    async with answer as (url, asked):
        recognizer = FailoverRecognizer([("one", upstream(url)), ("two", upstream(url))])
        with pytest.raises(UpstreamError) as caught:
            await words(recognizer)
    assert len(asked) == 2
    assert (caught.value.cause, caught.value.retry_after_s) == ("capacity", 120.0)


def test_advice_is_followed_at_once_and_not_for_ever():
    breaker = Breaker()
    breaker.failed(100.0, rest_s=40.0)
    assert (breaker.state(139.9), breaker.state(140.0)) == ("open", "probing")
    assert breaker.asked_s(110.0) == 30.0
    breaker.succeeded()
    assert breaker.state(111.0) == "closed"
    breaker.failed(200.0, rest_s=1e9)
    assert breaker.asked_s(200.0) == LONGEST_ADVICE_S
    other = Breaker()
    for _ in range(3):
        other.failed(0.0, rest_s=1.0)
    assert other.state(FIRST_REST_S - 0.1) == "open"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        (" 0 ", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert advised_s(header) == seconds


def test_every_loss_has_a_cause_of_few_words():
    losses = [
        (StalledError("x", cause="gone"), "stalled"),
        (DeafError("x", cause="gone"), "deaf"),
        (TimeIsUpError("x", cause="time"), "time"),
        (UpstreamError("x", cause="credential"), "credential"),
        (ConfigError("x", field="language"), "request"),
        (RecognizerError("x"), "fault"),
    ]
    assert [cause_of(loss) for loss, _ in losses] == [cause for _, cause in losses]
