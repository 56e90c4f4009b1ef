"""How fast a script's time passes: sessions without a network, on a clock that jumps."""

import asyncio
import json

import pytest

from crossfade.dialects import DIALECTS
from crossfade.dialects.base import DialectSettings, Handshake
from crossfade.emulator.faults import parse_fault
from crossfade.emulator.script import as_script
from crossfade.emulator.session import EmulatedSession
from crossfade.emulator.theatre import Scenario, Theatre
from crossfade.recognizers.scripted import ScriptedRecognizer
from crossfade.server.keys import Keyring
from crossfade.server.run import Server, ServerConfig
from emulated_clients import SILENCE, START
from fake_socket import FakeSocket
from virtual_time import run

SPEECHMATICS = DIALECTS[0]
END = {"message": "EndOfStream", "last_seq_no": 40}


class Line(FakeSocket):
    """Hung up, it closes with no code."""

    def hang_up(self) -> None:
        self.closed = (1006, "")
        self.incoming.put_nowait(None)


def open_session(data_dir, scenario):
    """A session without a network: its socket, its server, and the task that runs it."""
    server = Server(
        ServerConfig(data_dir=data_dir, no_auth=True),
        ScriptedRecognizer(()),
        Keyring(data_dir / "keys.json"),
    )
    socket = Line()
    session = EmulatedSession(
        socket,
        SPEECHMATICS.server(DialectSettings()),
        dialect_name=SPEECHMATICS.name,
        handshake=Handshake(path="/v2"),
        service=server.service,
        theatre=Theatre(scenario, DIALECTS),
    )
    return socket, server, asyncio.ensure_future(session.run())


@pytest.fixture
def played(tmp_path):
    """What one client heard, and when; ``talk`` sends what it sends."""

    def played(*faults, speed, talk=None):
        scenario = Scenario(
            script=as_script("Good morning. Welcome aboard."),
            faults=tuple(map(parse_fault, faults)),
            speed=speed,
        )

        async def play():
            socket, _, playing = open_session(tmp_path, scenario)
            await (talk or at_once)(socket)
            await playing
            return socket

        return run(play())

    return played


async def at_once(socket):
    socket.say(START, *SILENCE, END)


async def in_real_time(socket):
    socket.say(START)
    for chunk in SILENCE:
        await asyncio.sleep(0.1)
        socket.say(chunk)
    socket.say(END)


def moments(socket, kind):
    return [round(at_s, 2) for at_s, said in socket.heard if said["message"] == kind]


FINALS_S = [1.7, 3.4]


def test_a_file_sent_at_once_is_answered_at_the_speed_of_speech(played):
    socket = played(speed=1.0)
    assert moments(socket, "EndOfUtterance") == FINALS_S
    assert moments(socket, "EndOfTranscript") == [4.0]


def test_or_at_a_multiple_of_it(played):
    socket = played(speed=4.0)
    assert moments(socket, "EndOfUtterance") == [round(at_s / 4, 2) for at_s in FINALS_S]
    assert moments(socket, "EndOfTranscript") == [1.0]


def test_or_at_once(played):
    socket = played(speed=None)
    assert {at_s for at_s, _ in socket.heard} == {0.0}


@pytest.mark.parametrize("speed", [1.0, 3.0, None])
def test_a_live_client_waits_for_nothing(played, speed):
    socket = played(speed=speed, talk=in_real_time)
    assert moments(socket, "EndOfUtterance") == FINALS_S
    assert moments(socket, "AudioAdded") == [round(0.1 * n, 2) for n in range(1, 41)]


def test_the_pace_changes_no_byte(played):
    heard = [
        [json.dumps(said) for _, said in played(speed=speed, talk=talk).heard]
        for speed, talk in [(None, None), (1.0, None), (7.0, None), (1.0, in_real_time)]
    ]
    assert heard[0] == heard[1] == heard[2] == heard[3]


def test_a_slow_consumer_takes_audio_at_its_own_speed(played):
    socket = played("slow_consumer:speed=0.25", speed=None)
    assert moments(socket, "AudioAdded") == [round(0.4 * n, 2) for n in range(1, 41)]
    assert moments(socket, "EndOfTranscript") == [16.0]


def test_a_server_that_stalls_takes_audio_and_says_nothing(tmp_path):
    scenario = Scenario(
        script=as_script("Good morning."), faults=(parse_fault("stall:at_ms=1000"),), speed=None
    )

    async def stall():
        socket, _, playing = open_session(tmp_path, scenario)
        socket.say(START, *SILENCE, END)
        await asyncio.sleep(3600)
        assert socket.incoming.empty()
        assert socket.closed is None
        playing.cancel()
        return socket

    assert len(moments(run(stall()), "AudioAdded")) == 10


def test_late_finals_are_as_late_at_the_end(played):
    socket = played("late_finals:ms=3000", speed=1.0)
    assert moments(socket, "EndOfUtterance") == [4.7, 6.4]
    assert moments(socket, "EndOfTranscript") == [7.0]


def test_an_order_to_leave_ends_sessions_in_their_own_words(tmp_path):
    async def leave():
        socket, server, playing = open_session(tmp_path, Scenario())
        socket.say(START)
        await asyncio.sleep(1)
        await server.drain(0.0)
        await playing
        return socket

    socket = run(leave())
    assert socket.heard[-1][1]["type"] == "job_error"
    assert socket.closed == (4013, "job_error")
