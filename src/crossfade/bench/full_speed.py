"""One session in this process, as fast as it goes, and what it has cost by which position."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from crossfade.audio import SAMPLE_RATE_HZ
from crossfade.bench.machine import resident_bytes
from crossfade.model import (
    Audio,
    AudioAccepted,
    Final,
    Finish,
    Partial,
    SessionConfig,
    Silence,
    StreamEvent,
    Word,
)
from crossfade.recognizers.base import Recognizer, RecognizerStream

BLOCK_BYTES = SAMPLE_RATE_HZ * 2
"""A second of 16-bit PCM."""

Advance = Callable[[float], None]
"""Called with the seconds of audio that were heard since the last call."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What had been spent when the audio had been heard up to here."""

    audio_s: float
    cpu_s: float
    resident_mb: float | None


@dataclass
class Heard:
    """What came of a session."""

    words: list[Word] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


async def hear(
    recognizer: Recognizer,
    config: SessionConfig,
    blocks: Iterator[bytes],
    *,
    window_s: float,
    advance: Advance,
) -> Heard:
    """Hold one session.

    Args:
        recognizer: Started.
        config: Of the session.
        blocks: Audio, ``BLOCK_BYTES`` at a time.
        window_s: Audio between two marks; there is one at the start and one at the end.
        advance: Told how far it is.

    Raises:
        RecognizerError: If the engine failed.
    """
    stream = recognizer.open(config)
    accepted = asyncio.Semaphore(0)
    heard = Heard(marks=[_mark(0.0)])
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_feed(stream, blocks, accepted, advance))
            async for event in stream.events():
                if isinstance(event, AudioAccepted):
                    accepted.release()
                if isinstance(event, Final):
                    heard.words += event.words
                if (through_s := _through_s(event)) - heard.marks[-1].audio_s >= window_s:
                    heard.marks.append(_mark(through_s))
        end_s = stream.audio_ms / 1000
        # A short rest is no window of its own.
        if len(heard.marks) == 1 or end_s - heard.marks[-1].audio_s >= window_s / 2:
            heard.marks.append(_mark(end_s))
    finally:
        await stream.aclose()
    return heard


async def _feed(
    stream: RecognizerStream,
    blocks: Iterator[bytes],
    accepted: asyncio.Semaphore,
    advance: Advance,
) -> None:
    """Send no more than what is taken: what waits would count as memory."""
    for block in blocks:
        await stream.feed(Audio(data=block))
        await accepted.acquire()
        advance(len(block) / BLOCK_BYTES)
    await stream.feed(Finish())


def _through_s(event: StreamEvent) -> float:
    """How far the audio behind an event reaches."""
    match event:
        case Partial(through_ms=ms) | Final(through_ms=ms) | Silence(end_ms=ms):
            return ms / 1000
        case _:
            return 0.0  # says nothing about that


def _mark(audio_s: float) -> Mark:
    resident = resident_bytes()
    megabytes = None if resident is None else round(resident / 1e6, 1)
    return Mark(audio_s, time.process_time(), megabytes)
