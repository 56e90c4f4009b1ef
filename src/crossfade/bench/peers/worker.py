"""The program in which another engine runs: streams of audio in, words out, by its own threads.

    python -m crossfade.bench.peers.worker NAME [--model FOLDER]

A thread that is free takes the stream that has waited longest for its update, with all of its
audio: under load updates become rarer, as with us, and no engine works on what is past.
"""

import argparse
import os
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from crossfade.audio import SAMPLE_RATE_HZ, Samples
from crossfade.bench.machine import n_cores
from crossfade.bench.peers import wire
from crossfade.bench.peers.engine import Engine, EngineStream, MissingEngineError

_SAMPLE_BYTES = 2

Emit = Callable[[wire.FromEngine], None]


@dataclass
class _Stream:
    number: int
    engine: EngineStream
    order: int
    """When it was last served; smaller is longer ago."""
    unheard: list[bytes] = field(default_factory=list)
    is_finished: bool = False
    is_dropped: bool = False
    is_busy: bool = False

    @property
    def n_unheard(self) -> int:
        return sum(map(len, self.unheard)) // _SAMPLE_BYTES


class Workshop:
    """The streams and the threads that serve them."""

    def __init__(self, engine: Engine, *, n_threads: int, emit: Emit) -> None:
        """Start the threads.

        Args:
            engine: Loaded.
            n_threads: As many as there are cores, to be fair.
            emit: Takes what is to be told; called by any thread.
        """
        self._engine = engine
        self._emit = emit
        self._interval = int(engine.interval_s * SAMPLE_RATE_HZ)
        self._streams: dict[int, _Stream] = {}
        self._n_served = 0
        self._is_closed = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._serve, daemon=True) for _ in range(n_threads)
        ]
        for thread in self._threads:
            thread.start()

    def receive(self, message: wire.ToEngine) -> None:
        """Obey; messages about streams that are over are dropped."""
        with self._changed:
            if isinstance(message, wire.Opened):
                number = message.stream
                self._streams[number] = _Stream(number, self._engine.open(), self._n_served)
            elif (stream := self._streams.get(message.stream)) is not None:
                match message:
                    case wire.Chunk(data=data):
                        stream.unheard.append(data)
                    case wire.Finished():
                        stream.is_finished = True
                    case wire.Dropped():
                        stream.is_dropped = True
            self._changed.notify_all()

    def close(self) -> None:
        """Stop the threads when they are done with what they do."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while (stream := self._next()) is not None:
            self._update(stream)

    def _next(self) -> _Stream | None:
        """Wait for a stream that is due."""
        with self._changed:
            while not self._is_closed:
                due = [stream for stream in self._streams.values() if self._is_due(stream)]
                if due:
                    stream = min(due, key=lambda stream: stream.order)
                    stream.is_busy = True
                    return stream
                self._changed.wait()
        return None

    def _is_due(self, stream: _Stream) -> bool:
        if stream.is_busy:
            return False
        return stream.is_finished or stream.is_dropped or stream.n_unheard >= self._interval

    def _update(self, stream: _Stream) -> None:
        with self._changed:
            data, stream.unheard = b"".join(stream.unheard), []
            last = stream.is_finished or stream.is_dropped
        try:
            if not stream.is_dropped:
                settled, still_open = stream.engine.hear(_samples(data), last=last)
                self._emit(wire.Heard(stream.number, settled, still_open))
            if last:
                stream.engine.close()
                self._emit(wire.Done(stream.number))
        except Exception as error:  # whatever a strange engine raises is that stream's end
            traceback.print_exc()
            last = True
            self._emit(wire.Failed(stream.number, f"{type(error).__name__}: {error}"))
        with self._changed:
            stream.is_busy = False
            self._n_served += 1
            stream.order = self._n_served
            if last:
                del self._streams[stream.number]
            self._changed.notify_all()


def load(name: str, model: Path | None, *, n_threads: int) -> Engine:
    """Load an engine by its name.

    Raises:
        MissingEngineError: If it is not here.
    """
    match name:
        case "moonshine-voice":
            from crossfade.bench.peers.moonshine import MoonshineVoice

            return MoonshineVoice(model)
        case "faster-whisper":
            from crossfade.bench.peers.whisper import FasterWhisper

            return FasterWhisper(model, n_threads=n_threads)
        case _:
            raise MissingEngineError(f"no engine is called {name!r}")


def main() -> None:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    emit = _Pipe(_own_stdout())
    try:
        engine = load(arguments.name, arguments.model, n_threads=n_cores())
    except MissingEngineError as missing:
        emit(wire.Missing(str(missing)))
        return
    emit(wire.Ready(engine.version, engine.model))
    workshop = Workshop(engine, n_threads=n_cores(), emit=emit)
    while (message := wire.next_to_engine(sys.stdin.buffer)) is not None:
        workshop.receive(message)
    workshop.close()


class _Pipe:
    """Messages of all threads, one after the other."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def __call__(self, message: wire.FromEngine) -> None:
        with self._lock:
            self._pipe.write(wire.frame(message))
            self._pipe.flush()


def _own_stdout() -> BinaryIO:
    """Keep stdout for us: whatever a library prints goes to stderr instead."""
    own = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return own


def _samples(data: bytes) -> Samples:
    return np.multiply(np.frombuffer(data, np.int16), 1 / 32_768, dtype=np.float32)


if __name__ == "__main__":
    main()
