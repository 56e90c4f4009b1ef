"""Media files and streams with headers, decoded while they arrive.

FFmpeg pulls its bytes, a socket pushes them: so each stream has a thread in which decoding runs
and waits for bytes, and a ``_Link`` between that thread and the event loop.
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Final

import numpy as np

from crossfade.audio.media import decode_stream
from crossfade.audio.pcm import SAMPLE_RATE_HZ, Samples

_MOST_WAITING_SAMPLES: Final = 30 * SAMPLE_RATE_HZ
"""Decoding pauses while so many samples have not been taken: 2 MB a stream."""


class ContainerDecoder:
    """Decodes one media stream; what it is, its bytes tell. See ``AudioDecoder``.

    What a client says about its container is not asked for: files often carry the wrong name,
    and FFmpeg recognizes every format that we take.
    """

    def __init__(self) -> None:
        self._link = _Link()
        self._thread = threading.Thread(
            target=_decode, args=(self._link,), name="crossfade-media", daemon=True
        )

    async def decode(self, data: bytes) -> AsyncIterator[Samples]:
        """See ``AudioDecoder``."""
        if not data:
            return
        self._link.write(data)
        if self._thread.ident is None:
            self._thread.start()
        while (samples := await self._link.take()) is not None:
            yield samples

    async def finish(self) -> AsyncIterator[Samples]:
        """See ``AudioDecoder``."""
        if self._thread.ident is None:  # no bytes, so there is nothing that could be wrong
            return
        self._link.end_input()
        while (samples := await self._link.take()) is not None:
            yield samples

    def close(self) -> None:
        """See ``AudioDecoder``. The thread ends as soon as FFmpeg next reads or yields."""
        self._link.close()


class _ClosedError(Exception):
    """The stream was closed; nobody wants what is being decoded."""


class _Link:
    """Bytes one way, samples the other, between the event loop and one decoding thread.

    ``read``, ``give`` and ``end_output`` belong to the thread and may block; everything else
    belongs to the event loop and does not.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._bytes = bytearray()
        self._input_ended = False
        self._starving = False
        self._samples: list[Samples] = []
        self._n_samples = 0
        self._output_ended = False
        self._error: Exception | None = None
        self._closed = False
        self._taker: asyncio.Future[None] | None = None

    def write(self, data: bytes) -> None:
        """Hand over bytes. Those that come after the end of the media are dropped."""
        with self._changed:
            if self._output_ended or self._closed:
                return
            self._bytes += data
            self._starving = False
            self._changed.notify_all()

    def end_input(self) -> None:
        """Say that no more bytes will come."""
        with self._changed:
            self._input_ended = True
            self._starving = False
            self._changed.notify_all()

    def close(self) -> None:
        """Make the thread end, wherever it is."""
        with self._changed:
            self._closed = True
            self._bytes.clear()
            self._samples.clear()
            self._wake_taker()
            self._changed.notify_all()

    async def take(self) -> Samples | None:
        """Wait for the next samples; ``None`` once the thread needs more bytes, is done, or closed.

        Raises:
            AudioError: If the media cannot be decoded.
        """
        while True:
            with self._changed:
                if self._closed:
                    return None
                if self._samples:
                    return self._take_waiting()
                if self._error is not None:
                    raise self._error
                if self._starving or self._output_ended:
                    return None
                self._taker = asyncio.get_running_loop().create_future()
            await self._taker

    def _take_waiting(self) -> Samples:
        samples = np.concatenate(self._samples)
        self._samples.clear()
        self._n_samples = 0
        self._changed.notify_all()
        return samples

    def read(self, n_bytes: int) -> bytes:
        """Wait for bytes and return at most ``n_bytes``; none at all once they have ended."""
        with self._changed:
            while not (self._bytes or self._input_ended or self._closed):
                self._starving = True
                self._wake_taker()
                self._changed.wait()
            data = bytes(self._bytes[:n_bytes])
            del self._bytes[:n_bytes]
            return data

    def give(self, samples: Samples) -> None:
        """Hand over samples, once there is room.

        Raises:
            _ClosedError: If nobody wants them any more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._n_samples < _MOST_WAITING_SAMPLES)
            if self._closed:
                raise _ClosedError
            if samples.size:
                self._samples.append(samples)
                self._n_samples += samples.size
                self._wake_taker()

    def end_output(self, error: Exception | None) -> None:
        """Say that no more samples will come, and why."""
        with self._changed:
            self._output_ended = True
            self._error = error
            self._bytes.clear()
            self._wake_taker()

    def _wake_taker(self) -> None:
        taker, self._taker = self._taker, None
        if taker is not None:
            taker.get_loop().call_soon_threadsafe(_resolve, taker)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():  # its task may have been cancelled in the meantime
        future.set_result(None)


def _decode(link: _Link) -> None:
    """Run in the stream's thread. Whatever goes wrong is raised where samples are taken."""
    error: Exception | None = None
    try:
        with closing(decode_stream(link)) as decoded:
            for samples in decoded:
                link.give(samples)
    except _ClosedError:
        pass
    except Exception as exc:  # a bug: it ends its session, as every bug does, not just a thread
        error = exc
    link.end_output(error)
