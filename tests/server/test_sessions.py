"""One client's session, from its start to its close frame."""

import asyncio
import logging
import socket as sockets
import time

import pytest

from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from plain_client import hear, hear_all, talk, words_of
from plain_dialect import SECOND


async def everybody_gone(server) -> None:
    """Wait until nobody is connected, then check that nothing is held."""
    async with asyncio.timeout(5):
        await server.service.sessions.emptied()
    assert server.service.slots.taken == 0
    assert server.service.recognizer.n_open == 0


async def test_a_session_from_the_first_event_to_the_goodbye(serve):
    async with serve() as server, talk(server, "/plain") as socket:
        await socket.send("start")
        await socket.send(SECOND * 2)
        await socket.send("alive")
        await socket.send(SECOND)
        await socket.send("finish")
        events = await hear_all(socket)
        assert events[0]["type"] == "session_started"
        assert events[0]["session_id"] == socket.response.headers["request-id"]
        assert abs(events[0]["started_at"] - time.time()) < 10
        assert events[0]["expires_at"] is None
        assert [e["number"] for e in events if e["type"] == "audio_accepted"] == [1, 2]
        assert words_of(events) == ["Good", "morning", "Welcome", "aboard"]
        assert events[-1]["type"] == "session_ended"
        assert events[-1]["audio_ms"] == 3000
        assert 0 <= events[-1]["session_ms"] < 5000
        assert (socket.close_code, socket.close_reason) == (1000, "done")
        await everybody_gone(server)


async def test_audio_sent_before_the_first_answer_counts_from_zero(serve):
    async with serve() as server, talk(server) as socket:
        await socket.send(SECOND)
        assert (await socket.recv()).startswith('{"type":"session_started"')
        assert (await hear(socket, "audio_accepted"))["number"] == 1
        assert (await hear(socket, "partial"))["words"][0]["start_ms"] == 500


async def test_force_is_answered_in_silence_too(serve):
    async with serve() as server, talk(server) as socket:
        await socket.send("force")
        assert (await hear(socket, "final"))["forced"]
        assert (await hear(socket, "turn_ended"))["forced"]


@pytest.mark.parametrize(
    ("path", "frames", "error", "code"),
    [
        pytest.param("/plain?start=now", ["nonsense"], "ProtocolError", 4002, id="protocol"),
        pytest.param("/plain", ["nonsense"], "ProtocolError", 4002, id="before-start"),
        pytest.param("/plain?start=now", ["start"], "ProtocolError", 4002, id="start-twice"),
        pytest.param("/plain?start=now&language=xx", [], "ConfigError", 4003, id="language"),
        pytest.param("/plain?start=now", ["bug"], "CrossfadeError", 1011, id="a-bug"),
    ],
)
async def test_an_error_is_said_once_then_the_socket_closes(
    serve, caplog, path, frames, error, code
):
    async with serve() as server:
        async with talk(server, path) as socket:
            for frame in frames:
                await socket.send(frame)
            events = await hear_all(socket)
            assert events[-1] == {"type": "error", "error": error}
            assert [e["type"] for e in events].count("error") == 1
            assert (socket.close_code, socket.close_reason) == (code, error)
        await everybody_gone(server)
        async with talk(server) as another:
            assert await hear(another, "session_started")
    assert ("ZeroDivisionError" in caplog.text) == ("bug" in frames)


async def test_a_recognizer_that_fails_ends_its_session_only(serve):
    engine = ScriptedRecognizer(spoken("Good morning."), fails_at_ms=2000)
    async with serve(engine=engine) as server, talk(server) as healthy, talk(server) as failing:
        await failing.send(SECOND * 2)
        assert (await hear_all(failing))[-1]["error"] == "RecognizerError"
        await healthy.send(SECOND)
        assert await hear(healthy, "audio_accepted")


async def test_late_audio_is_answered_and_later_frames_are_ignored(serve, recognizer):
    async with serve() as server, talk(server, "/plain?start=now&linger_s=5") as socket:
        recognizer.running.clear()
        await socket.send("finish")
        await socket.send(SECOND)
        await socket.send("force")
        await (await socket.ping())  # all three have arrived
        recognizer.running.set()
        assert await hear(socket, "audio_ignored")
        assert (await hear(socket, "session_ended"))["audio_ms"] == 0
        await socket.send("nonsense")
        await socket.send(SECOND)
        await socket.close(1000)
        assert socket.close_code == 1000
        await everybody_gone(server)


async def test_lingering_waits_for_the_client_but_not_for_ever(serve):
    async with serve() as server, talk(server, "/plain?start=now&linger_s=0.3") as socket:
        await socket.send("finish")
        await hear(socket, "session_ended")
        assert server.service.slots.taken == 0  # who lingers holds no slot
        asked_at = time.monotonic()
        await socket.wait_closed()
        assert 0.1 < time.monotonic() - asked_at < 3
        assert socket.close_reason == "done"


@pytest.mark.parametrize("politely", [True, False], ids=["closing", "vanishing"])
@pytest.mark.parametrize("state", ["connected", "started", "in-speech", "draining", "lingering"])
async def test_a_client_that_leaves_in_any_state_holds_nothing(serve, recognizer, state, politely):
    path = {
        "connected": "/plain",
        "lingering": "/plain?start=now&linger_s=60",
    }.get(state, "/plain?start=now")
    async with serve() as server, talk(server, path) as socket:
        if state in ("started", "in-speech", "draining"):
            await hear(socket, "session_started")
        if state == "in-speech":
            await socket.send(SECOND)
            await hear(socket, "partial")
        if state == "draining":
            recognizer.running.clear()
            await socket.send("finish")
            await (await socket.ping())
        if state == "lingering":
            await socket.send("finish")
            await hear(socket, "session_ended")
        assert server.service.sessions.present == 1
        if politely:
            await socket.close()
        else:
            socket.transport.abort()
        await everybody_gone(server)


async def test_n_plus_one_is_refused_and_let_in_once_there_is_room(serve):
    async with serve(max_sessions=2) as server, talk(server) as first, talk(server) as second:
        await hear(first, "session_started")
        await hear(second, "session_started")
        async with talk(server) as third:
            assert (await hear_all(third))[-1]["error"] == "CapacityError"
            assert third.close_code == 4004
        async with talk(server, "/plain"):
            pass  # who has not started needs no slot
        await first.send("finish")
        await hear_all(first)
        async with talk(server) as fourth:
            assert await hear(fourth, "session_started")


async def test_a_client_that_never_starts_is_sent_away(serve):
    async with serve(patience={"start_s": 0.1}) as server, talk(server, "/plain") as socket:
        assert (await hear_all(socket))[-1]["error"] == "IdleError"


async def test_a_session_ends_at_its_greatest_length(serve):
    async with serve() as server, talk(server, "/plain?start=now&session_s=0.3") as socket:
        assert (await hear_all(socket))[-1]["error"] == "ExpiredError"


async def test_a_recognizer_that_takes_nothing_any_more_is_given_up(serve, recognizer):
    async with serve(patience={"stall_s": 0.3}) as server, talk(server) as socket:
        await hear(socket, "session_started")
        recognizer.running.clear()
        await socket.send("finish")
        assert (await hear_all(socket))[-1]["error"] == "RecognizerError"
        await everybody_gone(server)


async def test_a_full_recognizer_stops_the_sender_and_loses_nothing(serve):
    engine = ScriptedRecognizer(spoken("Good morning."), queue_bytes=100_000)
    engine.running.clear()
    n_chunks = 1000  # 32 MB, more than the sockets' buffers hold
    async with serve(engine=engine) as server, talk(server) as socket:
        sent = 0

        async def send() -> None:
            nonlocal sent
            while sent < n_chunks:
                await socket.send(SECOND)
                sent += 1
            await socket.send("finish")

        async with asyncio.TaskGroup() as group:
            sending = group.create_task(send())
            done, _ = await asyncio.wait([sending], timeout=0.7)
            assert not done
            assert sent < n_chunks
            engine.running.set()
            events = await hear_all(socket)
        assert events[-1]["audio_ms"] == n_chunks * 1000
        assert words_of(events) == ["Good", "morning"]


async def test_pings_are_answered_while_ten_minutes_of_audio_wait(serve, recognizer):
    async with serve() as server, talk(server) as socket:
        recognizer.running.clear()
        for _ in range(600):
            await socket.send(SECOND)
        async with asyncio.timeout(2):
            await (await socket.ping())
        recognizer.running.set()
        await socket.send("finish")
        assert (await hear_all(socket))[-1]["audio_ms"] == 600_000


async def test_a_client_that_does_not_read_is_cut_off(serve):
    engine = ScriptedRecognizer(
        spoken("Good morning everybody on board"), repeat_ms=3000, queue_bytes=1_000_000
    )
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    async with serve(engine=engine, patience={"stall_s": 0.2}) as server:
        raw.connect(("127.0.0.1", server.port))
        raw.setblocking(False)
        async with talk(server, sock=raw, max_queue=1, close_timeout=0.1) as socket:

            async def send_for_ever() -> None:
                while True:
                    await socket.send(SECOND)

            async with asyncio.TaskGroup() as group:
                sending = group.create_task(send_for_ever())
                async with asyncio.timeout(20):
                    await server.service.sessions.emptied()
                sending.cancel()
            assert server.service.slots.taken == 0
            assert engine.n_open == 0
            socket.transport.abort()


async def test_logs_tell_of_a_session_and_keep_its_secrets(serve, keyring, caplog):
    caplog.set_level(logging.INFO)
    engine = ScriptedRecognizer(spoken("canary phrase."))
    secret = keyring.add("phone")
    async with serve(engine=engine, keyring=keyring) as server:
        async with talk(server, "/plain?start=now&note=canary", key=secret) as socket:
            await socket.send(SECOND * 2)
            await socket.send("finish")
            await hear_all(socket)
        async with talk(server, f"/plain?token={secret}") as socket:
            await hear_all(socket)
        await everybody_gone(server)
        metrics = server.service.metrics.text().decode()
    ours = [r for r in caplog.records if not r.name.startswith(("websockets", "httpx"))]
    text = "\n".join(record.getMessage() for record in ours)
    for canary in ("canary", "phrase", secret):
        assert canary not in text
        assert canary not in metrics
    opened, closed = (line for line in text.splitlines() if "dialect=plain" in line)
    assert "key=phone" in opened
    for fact in ("code=1000", "audio_ms=2000", "turns=1", "real_time_factor="):
        assert fact in closed
    assert text.count("goes without: plain dialects have no notes") == 1


async def test_frames_are_shown_at_debug_only_and_clipped(serve, caplog):
    caplog.set_level(logging.DEBUG, logger="crossfade.server")
    async with serve() as server, talk(server, "/plain?start=now") as socket:
        await socket.send(SECOND)
        await socket.send("force " + 1000 * "x")
        await hear_all(socket)
    assert "< 32000 bytes" in caplog.text
    assert '> {"type":"session_started"' in caplog.text
    assert 300 * "x" not in caplog.text
