"""The same session without `async`, with temporary tokens, with what a protocol cannot say."""

import asyncio
import contextlib
import json
import logging
import threading
from http import HTTPStatus

import pytest
from msgspec import structs
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

import media_bytes
from crossfade import (
    ConfigError,
    Final,
    KeyTerm,
    Reconnect,
    Reconnected,
    Reconnecting,
    UpstreamError,
    connect,
    mint_token,
    sources,
    sync,
)
from crossfade.client import connection as connection_module
from crossfade.client import session as session_module
from crossfade.client.conversation import Conversation
from crossfade.dialects import DIALECTS
from crossfade.model import (
    ContainerAudio,
    SessionConfig,
    SessionEnded,
    SessionStarted,
    SilenceEndpointing,
)
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.keys import Keyring
from crossfade.server.run import ServerConfig, running_server
from cutting import cuttable
from processes import KEY, SCRIPTED_WORDS, serving, write_wav

DEADLINE_S = 20
NAMES = [dialect.name for dialect in DIALECTS]
EVERY_DIALECT = pytest.mark.parametrize("dialect", NAMES)
SPEECHMATICS = "speechmatics"
QUICK = Reconnect(first_wait_s=0.01, longest_wait_s=0.02, attempts=3, advice_honoured=False)


@pytest.fixture
async def server(tmp_path):
    keyring = Keyring(tmp_path / "keys.json", run_keys=["sesame"])
    config = ServerConfig(data_dir=tmp_path, port=0)
    recognizer = ScriptedRecognizer(spoken("Good morning. Welcome aboard."))
    async with running_server(
        recognizer, data_dir=tmp_path, keyring=keyring, config=config
    ) as running:
        yield running


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), "--key", KEY) as running:
        yield f"ws://{running.address}"


def words(events):
    return [word.text for event in events if isinstance(event, Final) for word in event.words]


async def collect(session, events):
    """Append what a session tells until it raises."""
    async for event in session:
        events.append(event)


async def send_on(session):
    while True:
        await session.send(bytes(3200))


def silence(n_ms=2500):
    """A blocking source: no asynchronous iterator."""
    return (bytes(3200) for _ in range(n_ms // 100))


@EVERY_DIALECT
def test_a_session_without_async_says_the_same(process, dialect):
    with sync.connect(process, key=KEY, dialect=dialect) as session:
        session.send_all(silence())
        events = list(session)
        assert session.sent_ms == 2500
    assert " ".join(words(events))[:11] == SCRIPTED_WORDS[:11]
    assert isinstance(events[-1], SessionEnded)


def test_one_thread_may_send_while_another_iterates(process):
    with sync.connect(process, key=KEY, dialect=SPEECHMATICS) as session:

        def send():
            for data in silence():
                session.send(data)
            session.update(endpointing=SilenceEndpointing(silence_ms=500))
            session.force_turn()
            session.finish()

        sender = threading.Thread(target=send)
        sender.start()
        events = list(session)
        sender.join()
    assert isinstance(events[-1], SessionEnded)


def test_errors_are_raised_without_async_too(process):
    def wrong_key():
        with sync.connect(process, key="wrong", dialect=SPEECHMATICS):
            pass

    def fail_inside():
        with sync.connect(process, key=KEY, dialect=SPEECHMATICS):
            raise ZeroDivisionError

    with pytest.raises(UpstreamError):
        wrong_key()
    with pytest.raises(ZeroDivisionError):
        fail_inside()


@EVERY_DIALECT
async def test_a_temporary_token_stands_in_the_keys_place(server, dialect):
    token = await mint_token(server.url, key="sesame", dialect=dialect, ttl_s=60)
    assert token != "sesame"
    async with asyncio.timeout(DEADLINE_S), connect(server.url, key=token, dialect=dialect) as own:
        own.send_all(silence(300))
        assert isinstance([event async for event in own][-1], SessionEnded)
    async with (
        asyncio.timeout(DEADLINE_S),
        connect(server.url, key="sesame", dialect=dialect, token_ttl_s=60) as session,
    ):
        session.send_all(silence(300))
        assert isinstance([event async for event in session][-1], SessionEnded)


@EVERY_DIALECT
async def test_a_token_for_a_wrong_key_or_an_impossible_time_is_told(server, dialect):
    with pytest.raises(UpstreamError, match="HTTP 401") as caught:
        await mint_token(server.url, key="wrong", dialect=dialect, ttl_s=60)
    assert caught.value.code == HTTPStatus.UNAUTHORIZED
    with pytest.raises(ConfigError, match="lives"):
        await mint_token(server.url, key="sesame", dialect=dialect, ttl_s=1_000_000)
    with pytest.raises(UpstreamError, match=r"no token from 127\.0\.0\.1:9"):
        await mint_token("ws://127.0.0.1:9", key="sesame", dialect=dialect, ttl_s=60)


def test_the_vendors_own_servers_mint_where_they_document_it():
    by_name = {dialect.name: dialect.client() for dialect in DIALECTS}
    request = by_name["speechmatics"].token_request(
        "wss://eu2.rt.speechmatics.com/v2", key="k", ttl_s=60
    )
    assert request.url == "https://mp.speechmatics.com/v1/api_keys?type=rt"
    assert json.loads(request.body) == {"ttl": 60}
    request = by_name["assemblyai"].token_request(
        "wss://streaming.assemblyai.com/v3/ws", key="k", ttl_s=60
    )
    assert request.url == "https://streaming.assemblyai.com/v3/token?expires_in_seconds=60"


async def test_what_a_protocol_cannot_say_is_told_and_logged(server, caplog):
    caplog.set_level(logging.WARNING, logger="crossfade.client")
    config = SessionConfig(
        language="en",
        audio=sources.MEDIA_AUDIO,
        max_delay_ms=700,
        keyterms=(KeyTerm(text="Crossfade", sounds_like=("cross fade",)),),
    )
    async with connect(server.url, key="sesame", dialect="assemblyai", config=config) as session:
        assert len(session.notes) == 2
    for note in session.notes:
        assert note in caplog.text
    async with connect(server.url, key="sesame", dialect=SPEECHMATICS, config=config) as session:
        assert session.notes == ()


async def test_several_channels_are_refused():
    config = SessionConfig(language="en", audio=sources.MEDIA_AUDIO, channels=("left", "right"))
    with pytest.raises(ConfigError, match="one channel"):
        async with connect("ws://127.0.0.1:9", key=None, dialect=SPEECHMATICS, config=config):
            pass


@EVERY_DIALECT
async def test_a_media_stream_is_decoded_so_that_it_can_be_replayed(
    server, dialect, recordings, tmp_path
):
    spoken_words = next(r for r in recordings if r.category == "read_en")
    data = write_wav(tmp_path / "speech.wav", spoken_words.path, seconds=2).read_bytes()
    config = SessionConfig(language="en", audio=ContainerAudio())
    async with (
        asyncio.timeout(DEADLINE_S),
        connect(server.url, key="sesame", dialect=dialect, config=config) as session,
    ):
        session.send_all(data[at : at + 999] for at in range(0, len(data), 999))
        events = [event async for event in session]
    assert session.sent_ms == 2000
    assert words(events)[:2] == ["Good", "morning"]


@contextlib.asynccontextmanager
async def peer(handler, **options):
    """A WebSocket server that does what a handler says."""
    async with serve(handler, "127.0.0.1", 0, close_timeout=0.1, **options) as listening:
        yield f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


class Busy:
    """Speaks Speechmatics; acknowledges the first chunks, says a partial, counts the rest."""

    def __init__(self, *, n_acknowledged):
        self.n_acknowledged = n_acknowledged
        self.n_chunks = 0
        self.has_all = asyncio.Event()

    async def __call__(self, socket):
        async for frame in socket:
            if isinstance(frame, str):
                await socket.send(json.dumps({"message": "RecognitionStarted", "id": "s"}))
                continue
            self.n_chunks += 1
            if self.n_chunks <= self.n_acknowledged:
                seq_no = self.n_chunks
                await socket.send(json.dumps({"message": "AudioAdded", "seq_no": seq_no}))
            if self.n_chunks == self.n_acknowledged + 200:
                self.has_all.set()


async def test_audio_runs_ten_seconds_ahead_of_its_acknowledgements_and_no_further(monkeypatch):
    monkeypatch.setattr(connection_module, "STALL_TIMEOUT_S", 0.5)
    busy = Busy(n_acknowledged=40)
    async with (
        asyncio.timeout(DEADLINE_S),
        peer(busy) as url,
        connect(url, key=None, dialect=SPEECHMATICS, reconnect=None) as session,
    ):
        session.send_all(silence(60_000))
        await busy.has_all.wait()
        with pytest.raises(UpstreamError, match=r"took nothing for 0\.5 s"):
            [event async for event in session]
    assert busy.n_chunks == 240


async def test_a_caller_who_reads_no_events_is_told_though_the_session_could_reconnect(
    monkeypatch,
):
    monkeypatch.setattr(connection_module, "STALL_TIMEOUT_S", 0.3)
    monkeypatch.setattr(session_module, "EVENTS_HELD", 3)
    busy = Busy(n_acknowledged=10_000)
    async with (
        asyncio.timeout(DEADLINE_S),
        peer(busy) as url,
        connect(url, key=None, dialect=SPEECHMATICS) as session,
    ):
        with pytest.raises(UpstreamError, match="are its events read"):
            await send_on(session)


async def test_a_server_that_comes_back_refusing_is_given_up_with_its_own_reason():
    opened = []

    def admit_once(connection, request):
        opened.append(request)
        if len(opened) == 1:
            return None
        return Response(HTTPStatus.UNAUTHORIZED, "Unauthorized", Headers(), b"")

    async def hang_up(socket):
        await socket.recv()
        await socket.send(json.dumps({"message": "RecognitionStarted", "id": "s"}))
        await socket.recv()
        socket.transport.abort()

    async with (
        asyncio.timeout(DEADLINE_S),
        peer(hang_up, process_request=admit_once) as url,
        connect(url, key="k", dialect=SPEECHMATICS, reconnect=QUICK) as session,
    ):
        session.send_all(silence())
        events = []
        with pytest.raises(UpstreamError, match="does not accept the key"):
            await collect(session, events)
    assert [event.attempt for event in events if isinstance(event, Reconnecting)] == [1]


async def test_a_server_that_fails_at_the_same_place_each_time_is_given_up():
    async def fail(socket):
        await socket.recv()
        await socket.send(json.dumps({"message": "RecognitionStarted", "id": "s"}))
        await socket.recv()
        await socket.send(json.dumps({"message": "Error", "type": "job_error", "reason": "oops"}))
        await socket.close(4013, "job_error")

    async with (
        asyncio.timeout(DEADLINE_S),
        peer(fail) as url,
        connect(url, key="k", dialect=SPEECHMATICS, reconnect=QUICK) as session,
    ):
        session.send_all(silence())
        events = []
        with pytest.raises(UpstreamError, match="oops"):
            await collect(session, events)
    told = [type(event) for event in events if isinstance(event, Reconnecting | Reconnected)]
    assert told == [Reconnecting, Reconnected] * QUICK.attempts


async def test_a_server_that_ends_the_session_by_itself_is_gone_back_to(server):
    """As a server does that is restarted: it drains, in order."""
    dialect = next(d for d in DIALECTS if d.name == SPEECHMATICS)
    n_sessions = 0

    async def end_early(socket):
        nonlocal n_sessions
        n_sessions += 1
        await socket.recv()
        await socket.send(json.dumps({"message": "RecognitionStarted", "id": f"s{n_sessions}"}))
        if n_sessions == 1:
            await socket.send(json.dumps({"message": "EndOfTranscript"}))
            return
        async for frame in socket:
            if isinstance(frame, str):
                await socket.send(json.dumps({"message": "EndOfTranscript"}))

    async with (
        asyncio.timeout(DEADLINE_S),
        peer(end_early) as url,
        connect(url, key="k", dialect=dialect, reconnect=QUICK) as session,
    ):
        session.send_all(silence())
        events = [event async for event in session]
    back = [event for event in events if isinstance(event, Reconnected)]
    assert [event.session_id for event in back] == ["s2"]
    assert events[-1].audio_ms == 2500


async def test_settings_that_were_changed_hold_on_the_next_connection(server):
    asked = []
    dialect = next(d for d in DIALECTS if d.name == SPEECHMATICS)

    class Noting:
        def __init__(self):
            self._end = dialect.client()

        def __getattr__(self, name):
            return getattr(self._end, name)

        def request(self, url, *, key, config):
            asked.append(config)
            return self._end.request(url, key=key, config=config)

    noting = structs.replace(dialect, client=Noting)
    async with (
        asyncio.timeout(DEADLINE_S),
        cuttable(server.port) as way,
        connect(way.url, key="sesame", dialect=noting, reconnect=QUICK) as session,
    ):
        await session.update(max_delay_ms=900)
        way.cut()
        async for event in session:
            if isinstance(event, Reconnected):
                break
        await session.finish()
        assert isinstance([event async for event in session][-1], SessionEnded)
    assert [config.max_delay_ms for config in asked] == [4000, 900]


class Device:
    """A source that has to let go of something, as a microphone has."""

    def __init__(self):
        self.is_open = False

    async def __aiter__(self):
        self.is_open = True
        try:
            while True:
                yield bytes(3200)
        finally:
            await asyncio.sleep(0)  # letting go takes a turn of the loop
            self.is_open = False


async def test_a_session_that_is_left_lets_go_of_its_source_and_its_decoder(server):
    device = Device()
    async with connect(server.url, key="sesame", dialect=SPEECHMATICS) as session:
        session.send_all(device)
        await anext(session)
        assert device.is_open
    assert not device.is_open

    async with connect(
        server.url,
        key="sesame",
        dialect=SPEECHMATICS,
        config=SessionConfig(language="en", audio=ContainerAudio()),
    ) as session:
        await session.send(media_bytes.wav(bytes(32_000))[:1000])
    for thread in threading.enumerate():
        if thread.name == "crossfade-media":
            thread.join(5)
            assert not thread.is_alive()


def test_so_does_one_without_async(process):
    device = Device()
    with sync.connect(process, key=KEY, dialect=SPEECHMATICS) as session:
        session.send_all(device)
        next(session)
        assert device.is_open
    assert not device.is_open


async def test_a_session_that_failed_unread_says_so_even_to_who_asks_after_leaving_it(monkeypatch):
    monkeypatch.setattr(session_module, "EVENTS_HELD", 1)

    async def hang_up(socket):
        await socket.recv()
        await socket.send(json.dumps({"message": "RecognitionStarted", "id": "s"}))
        await socket.close(4013, "job_error")

    async with asyncio.timeout(DEADLINE_S), peer(hang_up) as url:
        async with connect(url, key=None, dialect=SPEECHMATICS, reconnect=None) as session:
            while session._failure is None:  # noqa: ASYNC110 (it waits for room to tell)
                await asyncio.sleep(0)
        with pytest.raises(UpstreamError):
            await collect(session, [])


async def test_a_session_that_is_left_while_it_comes_back_leaves_no_connection(monkeypatch):
    """Its caller reads nothing, so the news that it is back waits for room."""
    monkeypatch.setattr(session_module, "EVENTS_HELD", 1)
    is_back, is_gone, n_sockets = asyncio.Event(), asyncio.Event(), 0
    resume = Conversation._resume

    def noted(self, *arguments):
        is_back.set()
        return resume(self, *arguments)

    async def hang_up_once(socket):
        nonlocal n_sockets
        n_sockets += 1
        await socket.recv()
        await socket.send(json.dumps({"message": "RecognitionStarted", "id": "s"}))
        if n_sockets == 1:
            socket.transport.abort()
        await socket.wait_closed()
        if n_sockets == 2:
            is_gone.set()

    monkeypatch.setattr(Conversation, "_resume", noted)
    async with asyncio.timeout(DEADLINE_S), peer(hang_up_once) as url:
        async with connect(url, key=None, dialect=SPEECHMATICS, reconnect=QUICK) as session:
            assert isinstance(await anext(session), SessionStarted)
            await is_back.wait()
        await is_gone.wait()
