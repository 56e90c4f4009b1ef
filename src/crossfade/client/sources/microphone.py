"""A microphone as a source of audio."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from functools import partial

import numpy as np

from crossfade.audio import SAMPLE_RATE_HZ, Resampler, Samples, encode
from crossfade.client.blocking import in_daemon
from crossfade.client.sources.files import MEDIA_AUDIO
from crossfade.client.sources.portaudio import (
    BLOCK_MS,
    InputDevice,
    MicrophoneError,
    Recording,
    find,
    open_recording,
)
from crossfade.client.sources.sound_check import LOWEST_DB, Signal, Trouble

HELD_S = 120.0
"""Most sound that waits for whoever listens."""

_MOST_BLOCKS = int(HELD_S * 1000) // BLOCK_MS

TAIL_S = 0.25
"""What was said before ``stop`` is still on its way through the sound system for so long."""

GONE_S = 10.0
"""A device that gives nothing for so long is taken for unplugged."""

CLOSE_TIMEOUT_S = 2.0
"""Closing one that was unplugged may hang."""


class Microphone:
    """Records, from the first step of an iteration to its end. To be iterated once.

        microphone = sources.Microphone()
        session.send_all(microphone)
        ...
        microphone.stop()

    Yields audio in the format ``MEDIA_AUDIO``, 50 ms at a time: the mean of the first two channels,
    from whatever rate the device has. Nothing is lost while a session is busy or reconnects, until
    ``HELD_S`` of sound waits.

    Iterating raises ``MicrophoneError`` where there is no microphone, or it is gone, or nobody
    takes what it gives.
    """

    def __init__(self, device: str | int | None = None) -> None:
        """Choose a device: its number, or its name or a part of it; ``None``: the default."""
        self._wanted = device
        self._device: InputDevice | None = None
        self._signal: Signal | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        # One more place, for the end mark.
        self._blocks: asyncio.Queue[Samples | None] = asyncio.Queue(_MOST_BLOCKS + 1)
        self._channels = 1
        self._is_stopped = False
        self._failure: MicrophoneError | None = None

    @property
    def device(self) -> InputDevice | None:
        """What is recorded from, as soon as it is open."""
        return self._device

    @property
    def level_db(self) -> float:
        """Peak level for a meter: 0.0 at full scale, -90.0 at silence."""
        return self._signal.level_db if self._signal is not None else LOWEST_DB

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong with the sound now, if anything; known within 2 s of recording."""
        return self._signal.trouble(time.monotonic()) if self._signal is not None else None

    def stop(self) -> None:
        """Record no more: the iteration ends behind what was said before.

        May be called from any thread, and twice.
        """
        if self._is_stopped:
            return
        self._is_stopped = True
        self._call(lambda loop: loop.call_later(TAIL_S, self._end))

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        """Open the device, yield what it hears, close it."""
        self._loop = asyncio.get_running_loop()
        recording = await in_daemon(self._open)
        try:
            self._signal = Signal(recording.rate_hz, now_s=time.monotonic())
            await in_daemon(recording.start)
            if self._is_stopped:  # while it was being opened
                self._end()
            resampler = Resampler(recording.rate_hz, SAMPLE_RATE_HZ)
            while (samples := await self._next()) is not None:
                yield encode(resampler.push(samples), MEDIA_AUDIO.encoding)
            yield encode(resampler.flush(), MEDIA_AUDIO.encoding)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await in_daemon(recording.close)

    def _open(self) -> Recording:
        device = find(self._wanted)
        recording = open_recording(device, self._take, ended=self._ended)
        self._channels, self._device = recording.channels, device
        return recording

    def _take(self, data: bytes, overflowed: bool) -> None:
        arrived = partial(self._arrived, data, overflowed=overflowed, now_s=time.monotonic())
        self._call(lambda _: arrived())

    def _ended(self) -> None:
        self._call(lambda _: self._fail("the microphone is gone: was it unplugged?"))

    def _call(self, work: Callable[[asyncio.AbstractEventLoop], object]) -> None:
        """Go from any thread to the loop, if there is one yet, and still."""
        if self._loop is not None:
            with suppress(RuntimeError):  # it is closed
                self._loop.call_soon_threadsafe(work, self._loop)

    def _arrived(self, data: bytes, *, overflowed: bool, now_s: float) -> None:
        samples = _mono(data, self._channels)
        if self._signal is not None:
            self._signal.push(samples, now_s=now_s, overflowed=overflowed)
        if self._blocks.qsize() < _MOST_BLOCKS:
            self._blocks.put_nowait(samples)
        else:
            self._fail(
                f"{HELD_S:g} s of sound wait and nobody takes them: "
                "the recognizer does not keep up, or the server does not answer"
            )

    def _fail(self, why: str) -> None:
        """End the iteration with an error, behind what was recorded so far."""
        if self._failure is None:
            self._failure = MicrophoneError(why)
            self._end()

    def _end(self) -> None:
        with suppress(asyncio.QueueFull):  # there is an end mark already
            self._blocks.put_nowait(None)

    async def _next(self) -> Samples | None:
        try:
            async with asyncio.timeout(GONE_S):
                samples = await self._blocks.get()
        except TimeoutError:
            message = f"the microphone gave nothing for {GONE_S:g} s: is it unplugged?"
            raise MicrophoneError(message) from None
        if samples is None and self._failure is not None:
            raise self._failure
        return samples


def _mono(data: bytes, channels: int) -> Samples:
    samples: Samples = np.frombuffer(data, np.float32).reshape(-1, channels).mean(axis=1)
    return samples
