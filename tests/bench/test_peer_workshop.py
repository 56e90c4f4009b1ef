"""Who is served next in an engine's process, with an engine that waits until it is let go."""

import queue
import threading

import numpy as np
import pytest

from crossfade.bench.peers import wire
from crossfade.bench.peers.engine import MissingEngineError
from crossfade.bench.peers.wire import HeardWord
from crossfade.bench.peers.worker import Workshop, load

LIMIT_S = 10
HALF_A_SECOND = b"\0\0" * 8000


class HeldEngine:
    """Says how many samples it was given; with ``held`` only once it may."""

    version, model, interval_s = "1", "none", 0.5

    def __init__(self, *, fails=False):
        self.may_go = threading.Event()
        self.may_go.set()
        self.begun = queue.Queue()
        self.closed = []
        self.fails = fails

    def open(self):
        return HeldStream(self)


class HeldStream:
    def __init__(self, engine):
        self.engine = engine

    def hear(self, samples, *, last):
        self.engine.begun.put(self)
        assert self.engine.may_go.wait(LIMIT_S)
        if self.engine.fails:
            raise ValueError("no more")
        word = HeardWord(f"{samples.size}", 0.0, 1.0)
        return ((word,), ()) if last else ((), (word,))

    def close(self):
        self.engine.closed.append(self)


class Room:
    def __init__(self, engine, n_threads=1):
        self.told = queue.Queue()
        self.workshop = Workshop(engine, n_threads=n_threads, emit=self.told.put)

    def receive(self, *messages):
        for message in messages:
            self.workshop.receive(message)

    def hears(self):
        return self.told.get(timeout=LIMIT_S)


@pytest.fixture
def engine():
    return HeldEngine()


@pytest.fixture
def room(engine):
    room = Room(engine)
    yield room
    engine.may_go.set()
    room.workshop.close()


def open_word(message):
    return message.open[0].text


def test_a_stream_is_updated_once_enough_of_it_is_new(room, engine):
    room.receive(wire.Opened(1), wire.Chunk(1, HALF_A_SECOND[:-2]))
    assert engine.begun.empty()
    room.receive(wire.Chunk(1, b"\1\0\2\0"))
    message = room.hears()
    assert (message.stream, open_word(message)) == (1, "8001")


def test_what_comes_during_an_update_is_heard_at_once_by_the_next(room, engine):
    engine.may_go.clear()
    room.receive(wire.Opened(1), wire.Chunk(1, HALF_A_SECOND))
    engine.begun.get(timeout=LIMIT_S)
    room.receive(*[wire.Chunk(1, HALF_A_SECOND)] * 3)
    engine.may_go.set()
    assert [open_word(room.hears()) for _ in range(2)] == ["8000", "24000"]


def test_the_stream_that_waited_longest_is_next(room, engine):
    engine.may_go.clear()
    room.receive(wire.Opened(1), wire.Opened(2), wire.Opened(3), wire.Chunk(1, HALF_A_SECOND))
    engine.begun.get(timeout=LIMIT_S)
    room.receive(*(wire.Chunk(number, HALF_A_SECOND) for number in (1, 2, 3)))
    engine.may_go.set()
    assert [room.hears().stream for _ in range(4)] == [1, 2, 3, 1]


def test_the_rest_is_heard_when_a_stream_is_finished_and_then_it_is_over(room, engine):
    room.receive(wire.Opened(1), wire.Chunk(1, b"\0\0" * 10), wire.Finished(1))
    message = room.hears()
    assert [word.text for word in message.settled] == ["10"]
    assert room.hears() == wire.Done(1)
    assert len(engine.closed) == 1
    room.receive(wire.Chunk(1, HALF_A_SECOND), wire.Dropped(1))  # too late: nobody minds


def test_a_stream_that_is_dropped_is_closed_without_another_word(room, engine):
    room.receive(wire.Opened(1), wire.Chunk(1, b"\0\0"), wire.Dropped(1))
    assert room.hears() == wire.Done(1)
    assert engine.begun.empty()


def test_an_engine_that_fails_ends_its_stream_and_no_other(capsys):
    engine = HeldEngine(fails=True)
    room = Room(engine)
    room.receive(wire.Opened(1), wire.Opened(2), wire.Finished(1))
    assert room.hears() == wire.Failed(1, "ValueError: no more")
    engine.fails = False
    room.receive(wire.Finished(2))
    assert isinstance(room.hears(), wire.Heard)
    room.workshop.close()


def test_several_threads_serve_several_streams_at_once(engine):
    room = Room(engine, n_threads=2)
    engine.may_go.clear()
    for number in (1, 2):
        room.receive(wire.Opened(number), wire.Chunk(number, HALF_A_SECOND))
    assert engine.begun.get(timeout=LIMIT_S) is not engine.begun.get(timeout=LIMIT_S)
    engine.may_go.set()
    room.workshop.close()


def test_samples_are_between_minus_one_and_one():
    from crossfade.bench.peers.worker import _samples

    samples = _samples(np.array([-32_768, 0, 16_384], np.int16).tobytes())
    assert samples.dtype == np.float32
    assert samples.tolist() == [-1.0, 0.0, 0.5]


def test_an_engine_that_nobody_knows_is_missing():
    with pytest.raises(MissingEngineError, match="'siri'"):
        load("siri", None, n_threads=1)
