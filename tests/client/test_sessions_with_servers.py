"""The client against real servers, ours and broken ones."""

import asyncio
import json
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from websockets.asyncio.server import serve

from crossfade import UpstreamError, connect
from crossfade.client import connection as connection_module
from crossfade.client import session as session_module
from crossfade.client import sources
from crossfade.dialects import DIALECTS
from crossfade.errors import AudioError, ConfigError
from crossfade.model import (
    Encoding,
    Final,
    NoEndpointing,
    Partial,
    RawAudio,
    SessionConfig,
    SessionEnded,
    SessionStarted,
    SilenceEndpointing,
    TurnEnded,
)
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.keys import Keyring
from crossfade.server.run import ServerConfig, running_server

DEADLINE_S = 20
TEXT = "Good morning. Welcome aboard."
AUDIO_MS = 2500
NAMES = [dialect.name for dialect in DIALECTS]
EVERY_DIALECT = pytest.mark.parametrize("dialect", NAMES)
SPEECHMATICS = "speechmatics"
EITHER_OR = "agent-stt"
"""In this protocol either the server ends turns or the client does, and no setting changes."""


async def silence(n_ms=AUDIO_MS, *, bytes_per_ms=32, step_ms=100):
    """Audio in 100 ms pieces; the scripted recognizer counts it, nothing more."""
    for _ in range(n_ms // step_ms):
        yield bytes(step_ms * bytes_per_ms)


@pytest.fixture
async def server(tmp_path):
    recognizer = ScriptedRecognizer(spoken(TEXT))
    keyring = Keyring(tmp_path / "keys.json", run_keys=["sesame"])
    config = ServerConfig(data_dir=tmp_path, port=0)
    async with running_server(
        recognizer, data_dir=tmp_path, keyring=keyring, config=config
    ) as running:
        yield running


@asynccontextmanager
async def peer(handler, **options):
    """A WebSocket server that does what a handler says; yields its URL."""
    async with serve(handler, "127.0.0.1", 0, **options) as listening:
        yield f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def begin(socket):
    """What a Speechmatics server says first."""
    await socket.recv()
    await socket.send(json.dumps({"message": "RecognitionStarted", "id": "s"}))


async def hear(url, source, *, key="sesame", **wanted):
    """All events of a session that sends a source."""
    async with asyncio.timeout(DEADLINE_S), connect(url, key=key, **wanted) as session:
        session.send_all(source)
        return [event async for event in session]


async def send_until_refused(session, data):
    while True:
        await session.send(data)


def words(events):
    return [word.text for event in events if isinstance(event, Final) for word in event.words]


@EVERY_DIALECT
async def test_words_come_as_canonical_events_and_each_is_final_once(server, dialect):
    events = await hear(server.url, silence(), dialect=dialect)
    assert isinstance(events[0], SessionStarted)
    assert words(events) == ["Good", "morning", "Welcome", "aboard"]
    assert any(isinstance(event, Partial) and event.words for event in events)
    assert isinstance(events[-1], SessionEnded)
    assert 0 <= events[-1].audio_ms - AUDIO_MS < 1000  # one of the vendors counts whole seconds


@EVERY_DIALECT
async def test_audio_in_a_format_of_the_callers_own_arrives_whole(server, dialect):
    audio = RawAudio(encoding=Encoding.PCM_F32LE, sample_rate_hz=48000)
    config = SessionConfig(language="en", audio=audio)
    events = await hear(server.url, silence(1500, bytes_per_ms=192), dialect=dialect, config=config)
    assert 0 <= events[-1].audio_ms - 1500 < 1000
    assert words(events) == ["Good", "morning", "Welcome"][: len(words(events))] != []


@EVERY_DIALECT
async def test_a_forced_turn_ends_behind_the_audio_that_was_sent(server, dialect):
    late = SilenceEndpointing(silence_ms=2000)
    config = SessionConfig(
        language="en",
        audio=sources.MEDIA_AUDIO,
        endpointing=NoEndpointing() if dialect == EITHER_OR else late,
    )
    async with (
        asyncio.timeout(DEADLINE_S),
        connect(server.url, key="sesame", dialect=dialect, config=config) as session,
    ):
        async for data in silence(1200):
            await session.send(data)
        await session.force_turn()
        until_turn = []
        async for event in session:
            until_turn.append(event)
            if isinstance(event, TurnEnded):
                break
        assert words(until_turn) == ["Good", "morning"]
        await session.finish()
        await session.finish()  # twice is once
        rest = [event async for event in session]
    assert isinstance(rest[-1], SessionEnded)


@EVERY_DIALECT
async def test_settings_can_change_in_a_running_session(server, dialect, caplog):
    async with (
        asyncio.timeout(DEADLINE_S),
        connect(server.url, key="sesame", dialect=dialect) as session,
    ):
        await session.update(endpointing=SilenceEndpointing(silence_ms=300))
        session.send_all(silence())
        events = [event async for event in session]
    changes_nothing = "endpointing: dropped, it cannot change during a session" in caplog.text
    assert changes_nothing == (dialect == EITHER_OR)
    assert any(isinstance(event, TurnEnded) for event in events) != changes_nothing


@EVERY_DIALECT
async def test_a_wrong_key_is_told_as_such(server, dialect):
    with pytest.raises(UpstreamError) as caught:
        await hear(server.url, silence(), key="wrong", dialect=dialect)
    assert "wrong" not in str(caught.value)
    assert caught.value.code is not None


async def test_what_a_source_raises_ends_the_session_and_is_raised_by_the_iteration(
    server, tmp_path
):
    missing = sources.media(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="there is no file"):
        await hear(server.url, missing, dialect=SPEECHMATICS)


async def test_what_the_callers_code_raises_comes_out_as_it_is(server):
    async def fail():
        async with connect(server.url, key="sesame", dialect=SPEECHMATICS) as session:
            session.send_all(silence())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()


async def test_a_dialect_that_nobody_speaks_is_a_wrong_configuration():
    with pytest.raises(ConfigError, match=", ".join(NAMES)):
        async with connect("ws://127.0.0.1:1", key=None, dialect="klingon"):
            pass


async def expect_refusal(url, message):
    with pytest.raises(UpstreamError, match=message):
        async with asyncio.timeout(DEADLINE_S), connect(url, key="k", dialect=SPEECHMATICS):
            pass


async def test_a_port_where_nothing_listens_is_told():
    await expect_refusal("ws://127.0.0.1:9", "nothing listens at 127.0.0.1:9; is the server")


async def test_a_host_that_nobody_knows_is_told():
    await expect_refusal("ws://crossfade.invalid", "the host of crossfade.invalid is not known")


async def test_a_url_that_is_none_is_told():
    await expect_refusal("http://127.0.0.1:9", "must start with ws:// or wss://")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (HTTPStatus.NOT_FOUND, "has no /v2 "),
        (HTTPStatus.UNAUTHORIZED, "does not accept the key"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "is full or not ready"),
        (HTTPStatus.IM_A_TEAPOT, "answered HTTP 418 instead of opening a session"),
    ],
)
async def test_a_server_that_refuses_the_handshake_is_told(status, message):
    async with peer(begin, process_request=lambda c, r: c.respond(status, "no\n")) as url:
        await expect_refusal(url, message)


async def test_tls_where_there_is_none_is_told():
    async with peer(begin) as url:
        await expect_refusal(url.replace("ws:", "wss:"), "try ws:// instead of wss://")


async def test_something_else_than_a_websocket_server_is_told():
    async def say_goodbye(reader, writer):
        writer.write(b"220 smtp ready\r\n")
        writer.close()

    async with await asyncio.start_server(say_goodbye, "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        await expect_refusal(f"ws://127.0.0.1:{port}", "does not answer as a WebSocket server")


async def test_a_server_that_never_opens_the_session_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(connection_module, "OPEN_TIMEOUT_S", 0.2)

    async def say_nothing(socket):
        await socket.wait_closed()

    async with peer(say_nothing) as url:
        await expect_refusal(url, r"127\.0\.0\.1:\d+ opened no session in 0.2 s")


async def test_a_server_that_hangs_up_is_an_error_for_reader_and_sender():
    async def hang_up(socket):
        await begin(socket)
        await socket.close(1011, "oops")

    async with (
        asyncio.timeout(DEADLINE_S),
        peer(hang_up) as url,
        connect(url, key="k", dialect=SPEECHMATICS, reconnect=None) as session,
    ):
        with pytest.raises(UpstreamError, match="1011 oops"):
            [event async for event in session]
        with pytest.raises(UpstreamError, match="1011 oops"):
            await session.send(bytes(3200))


async def test_leaving_does_not_wait_for_events_that_nobody_reads(monkeypatch):
    monkeypatch.setattr(session_module, "EVENTS_HELD", 3)

    async def flood(socket):
        await begin(socket)
        for number in range(1, 1000):
            await socket.send(json.dumps({"message": "AudioAdded", "seq_no": number}))
        await socket.wait_closed()

    async with (
        asyncio.timeout(DEADLINE_S),
        peer(flood) as url,
        connect(url, key="k", dialect=SPEECHMATICS) as session,
    ):
        assert isinstance(await anext(session), SessionStarted)


async def test_a_server_that_stops_reading_is_given_up(monkeypatch):
    monkeypatch.setattr(connection_module, "STALL_TIMEOUT_S", 0.3)
    stopped = asyncio.Event()

    async def stop_reading(socket):
        await begin(socket)
        socket.transport.pause_reading()
        await stopped.wait()
        socket.transport.abort()

    async with (
        asyncio.timeout(DEADLINE_S),
        peer(stop_reading, max_size=None) as url,
        connect(url, key="k", dialect=SPEECHMATICS, reconnect=None) as session,
    ):
        with pytest.raises(UpstreamError, match=r"took nothing for 0\.3 s"):
            await send_until_refused(session, bytes(320_000))
        stopped.set()
