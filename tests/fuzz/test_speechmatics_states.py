"""The table of section 6 of the Speechmatics reference as a state machine over a real socket.

Hypothesis says lawful and unlawful things in any order; a model of the session knows what has to
come of each. ``random frames`` look for harm; this looks for the right answer.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.run import Server, running_server
from speechmatics_schema import SessionRules
from speechmatics_wire import RAW, Message, start_message

LIMIT_S = 10
CONTROL: list[Message] = [
    {"message": "ForceEndOfUtterance"},
    {"message": "ForceEndOfUtterance", "timestamp": 1.25},
    {"message": "GetSpeakers"},
    {"message": "GetSpeakers", "final": True},
    {"message": "SetRecognitionConfig", "transcription_config": {"max_delay": 1}},
]
NONSENSE = ["{", "[]", '{"message": 5}', '{"message": "Bogus"}', "", '"' * 3]
WRONG_CHANNEL: list[Message] = [
    {"message": "AddChannelAudio", "channel": "a", "data": "AAAA"},
    {"message": "EndOfChannel", "channel": "a", "last_seq_no": 1},
]


class Session(RuleBasedStateMachine):
    """One connection; ``state`` as the reference calls it."""

    server: Server

    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        self.state = "CLOSED"

    @precondition(lambda self: self.state == "CLOSED")
    @rule()
    def dial(self) -> None:
        self.opened.close()
        dialled = connect(self.server.url + "/v2", ping_interval=None, close_timeout=1)
        self.socket: ClientConnection = self.opened.enter_context(dialled)
        self.rules = SessionRules()
        self.state = "CONNECTED"
        self.n_chunks = 0
        self.n_forced = 0
        self.asks_at_end = False
        self.n_asked = 0

    # What may come when.

    @precondition(lambda self: self.state == "CONNECTED")
    @rule(partials=st.booleans(), trigger_s=st.sampled_from([0, 0.3, 2]))
    def start(self, partials: bool, trigger_s: float) -> None:
        trigger = {"end_of_utterance_silence_trigger": trigger_s}
        self.rules.partials = partials
        self.say(start_message(RAW, enable_partials=partials, conversation_config=trigger))
        self.state = "RUNNING"  # or STARTING: nobody can tell what comes in between

    @precondition(lambda self: self.state == "RUNNING")
    @rule(n_bytes=st.sampled_from([0, 1, 320, 3201, 40_000]))
    def speak(self, n_bytes: int) -> None:
        self.socket.send(bytes(n_bytes))
        self.n_chunks += 1

    @precondition(lambda self: self.state == "RUNNING")
    @rule(message=st.sampled_from(CONTROL))
    def control(self, message: Message) -> None:
        self.say(message)
        self.n_forced += message["message"] == "ForceEndOfUtterance"
        if message["message"] == "GetSpeakers":
            self.asks_at_end |= message.get("final", False)
            self.n_asked += not message.get("final", False)

    @precondition(lambda self: self.state == "RUNNING")
    @rule()
    def finish(self) -> None:
        self.say({"message": "EndOfStream", "last_seq_no": 0})
        self.state = "FINISHING"

    # What may not.

    @precondition(lambda self: self.state == "CONNECTED")
    @rule(frame=st.sampled_from([b"\x00", *map(json.dumps, CONTROL + WRONG_CHANNEL)]))
    def too_early(self, frame: str | bytes) -> None:
        self.socket.send(frame)
        self.expect_error("protocol_error")

    @precondition(lambda self: self.state == "RUNNING")
    @rule(message=st.sampled_from([start_message(), *WRONG_CHANNEL]))
    def out_of_place(self, message: Message) -> None:
        self.say(message)
        self.expect_error("protocol_error")

    @precondition(lambda self: self.state in ("CONNECTED", "RUNNING"))
    @rule(text=st.sampled_from(NONSENSE))
    def nonsense(self, text: str) -> None:
        self.socket.send(text)
        self.expect_error("invalid_message")

    # How it ends.

    @precondition(lambda self: self.state == "FINISHING")
    @rule(late=st.sampled_from([None, b"\x00\x00", "nonsense", *map(json.dumps, CONTROL)]))
    def hear_the_end(self, late: str | bytes | None) -> None:
        if late is not None:
            self.socket.send(late)  # whatever it is, it is no error any more
        heard = self.hear_out()
        kinds = [message["message"] for message in heard]
        assert kinds[-1] == "EndOfTranscript"
        assert kinds.count("AudioAdded") == self.n_chunks
        forced = [m for m in heard if m["message"] == "EndOfUtterance" and m.get("forced")]
        assert len(forced) == self.n_forced
        extra = 2 if isinstance(late, str) and "GetSpeakers" in late else 0
        answers = self.n_asked + self.asks_at_end
        assert answers <= kinds.count("SpeakersResult") <= answers + extra
        self.state = "CLOSED"

    @precondition(lambda self: self.state in ("CONNECTED", "RUNNING", "FINISHING"))
    @rule(politely=st.booleans())
    def leave(self, politely: bool) -> None:
        if politely:
            self.socket.close()
        else:
            self.socket.socket.close()
        self.state = "CLOSED"

    def teardown(self) -> None:
        self.opened.close()

    def say(self, message: Message) -> None:
        self.socket.send(json.dumps(message))

    def expect_error(self, kind: str) -> None:
        assert self.hear_out()[-1]["type"] == kind
        assert (self.socket.close_code, self.socket.close_reason) == (1003, kind)
        self.state = "CLOSED"

    def hear_out(self) -> list[Message]:
        try:
            while True:
                self.rules.hear(self.socket.recv(timeout=LIMIT_S))
        except ConnectionClosed:
            return self.rules.heard


@contextmanager
def in_a_thread(folder: Path) -> Iterator[Server]:
    """A server on a loop of its own: Hypothesis does not await."""
    loop = asyncio.new_event_loop()
    engine = ScriptedRecognizer(spoken("Good morning. Welcome aboard."), repeat_ms=3000)
    running = running_server(engine, data_dir=folder)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(LIMIT_S)
        yield server
        emptied = server.service.sessions.emptied()
        asyncio.run_coroutine_threadsafe(asyncio.wait_for(emptied, LIMIT_S), loop).result()
        assert server.service.slots.taken == 0
        assert engine.n_open == 0
    finally:
        leaving = running.__aexit__(None, None, None)
        asyncio.run_coroutine_threadsafe(leaving, loop).result(LIMIT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(LIMIT_S)
        loop.close()


@pytest.mark.timeout(60)
def test_the_state_machine_of_the_reference_holds(tmp_path):
    with in_a_thread(tmp_path) as server:
        Session.server = server
        run_state_machine_as_test(
            Session,
            settings=settings(
                max_examples=20,
                stateful_step_count=20,
                deadline=None,
                derandomize=True,  # a run of tests says the same twice; `make fuzz` explores
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
