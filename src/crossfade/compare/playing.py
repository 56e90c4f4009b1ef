"""One stream to all sides at once: chunk by chunk in the same moments, on one clock."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from crossfade.bench.material import SpeechStream
from crossfade.bench.playing import Hearing, Pacing, play_one
from crossfade.compare.sides import Side

LEAD_S = 0.05
"""Between the last session's opening and the first sample: enough to wake every sender."""


@dataclass(frozen=True)
class Heard:
    """What one side made of it."""

    hearing: Hearing
    session_s: float | None
    """How long its session was open once all were; ``None``: it was never open."""


@dataclass(frozen=True, slots=True)
class _Reported(SpeechStream):
    """A stream that tells how much of it was taken."""

    advance: Callable[[float], None]

    def chunks(self, chunk_ms: int) -> Iterator[bytes]:
        # Not super(): a dataclass with slots is another class than the one it was written as.
        for chunk in SpeechStream.chunks(self, chunk_ms):
            self.advance(chunk_ms / 1000)
            yield chunk


class _Start:
    """The moment in which the first sample is spoken: as soon as nobody has to be waited for."""

    def __init__(self, letters: Sequence[str]) -> None:
        self._missing = set(letters)
        self._moment: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def moment(self, letter: str) -> float:
        """Say that a side is ready, and wait for the others."""
        self.leave(letter)
        return await asyncio.shield(self._moment)

    def leave(self, letter: str) -> None:
        """Do not wait for a side, or no longer."""
        self._missing.discard(letter)
        if not self._missing and not self._moment.done():
            self._moment.set_result(asyncio.get_running_loop().time() + LEAD_S)


async def play_together(
    sides: Sequence[Side],
    stream: SpeechStream,
    pacing: Pacing,
    *,
    advance: Callable[[float], None] = lambda _: None,
) -> list[Heard]:
    """Play a stream to all of them; what fails says so, and stops nobody else.

    Args:
        sides: Who hears it.
        stream: Decoded already.
        pacing: How it is sent.
        advance: Called with seconds of audio as they are sent; each side counts for its share.
    """
    start = _Start([side.letter for side in sides])
    share = _Reported(
        stream.pieces, stream.length_ms, lambda seconds: advance(seconds / len(sides))
    )
    async with asyncio.TaskGroup() as tasks:
        playing = [tasks.create_task(_play(side, share, pacing, start)) for side in sides]
    return [task.result() for task in playing]


async def _play(side: Side, stream: SpeechStream, pacing: Pacing, start: _Start) -> Heard:
    clock = asyncio.get_running_loop()
    began_s: float | None = None

    async def begins() -> float:
        nonlocal began_s
        began_s = await start.moment(side.letter)
        return began_s

    try:
        hearing = await play_one(side.target, stream, side.config, pacing, begins=begins)
    finally:
        start.leave(side.letter)
    return Heard(hearing, None if began_s is None else clock.time() - began_s)
