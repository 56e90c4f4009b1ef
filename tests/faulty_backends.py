"""Backends with faults behind a gateway, and what a session over them is to be like.

By the clock of ``virtual_time``, without a network.
"""

import asyncio
from itertools import pairwise

from crossfade.client import sources
from crossfade.errors import UpstreamError
from crossfade.gateway.rollover import Ending
from crossfade.model import (
    Audio,
    AudioAccepted,
    Final,
    Finish,
    ForceTurn,
    Partial,
    SessionConfig,
    SilenceEndpointing,
    TurnEnded,
)
from legible import babble, legible_audio
from virtual_time import now_s

N_MS = 40_000
CONFIG = SessionConfig(
    language="en",
    audio=sources.MEDIA_AUDIO,
    endpointing=SilenceEndpointing(silence_ms=800),
    max_delay_ms=1500,
)
CHUNK_MS = 100


class Stream:
    """As it should be."""

    def __init__(self, inner, *, from_ms=0):
        self._inner = inner
        self._from_ms = from_ms

    def __getattr__(self, name):
        return getattr(self._inner, name)

    @property
    def _is_due(self):
        return self._inner.audio_ms >= self._from_ms


class Hanging(Stream):
    """Takes nothing any more."""

    async def feed(self, command):
        if self._is_due:
            await asyncio.Event().wait()
        await self._inner.feed(command)


class Mute(Stream):
    """Takes everything and says nothing any more; its end neither."""

    async def events(self):
        async for event in self._inner.events():
            if self._is_due:
                await asyncio.Event().wait()
            yield event


class Broken(Stream):
    async def feed(self, command):
        if self._is_due:
            raise UpstreamError("gone", cause="gone")
        await self._inner.feed(command)


class Failing(Stream):
    """The same, told by what it says."""

    async def events(self):
        async for event in self._inner.events():
            if self._is_due:
                raise UpstreamError("fault")
            yield event


class Ageing(Stream):
    """Is ended for its length, and says so before."""

    def __init__(self, inner, *, lasts_s):
        super().__init__(inner)
        self._dies_s = now_s() + lasts_s
        self.ending = Ending()
        self.ending.began(now_s(), lasts_s=lasts_s)

    async def feed(self, command):
        if now_s() >= self._dies_s:
            raise UpstreamError("expired", cause="time")
        await self._inner.feed(command)


class Endless(Stream):
    """Everything but its end."""

    async def events(self):
        async for event in self._inner.events():
            yield event
        await asyncio.Event().wait()


async def hear(recognizer, audio=None, *, chunk_s=CHUNK_MS / 1000, forces_at_ms=()):
    """Everything that a session says to audio in real time, each with its second."""
    audio = legible_audio(N_MS) if audio is None else audio
    stream = recognizer.open(CONFIG)

    async def feed():
        for at_ms in range(0, len(audio) // 32, CHUNK_MS):
            if at_ms in forces_at_ms:
                await stream.feed(ForceTurn())
            await stream.feed(Audio(data=audio[32 * at_ms : 32 * (at_ms + CHUNK_MS)]))
            await asyncio.sleep(chunk_s)
        await stream.feed(Finish())

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(feed())
            return [(now_s(), event) async for event in stream.events()]
    finally:
        await stream.aclose()


def words(events):
    return [word for _, event in events if isinstance(event, Final) for word in event.words]


def check(events, *, n_ms=N_MS, n_forced=0):
    """No word is missing or doubled, times never go back, and all is in the promised order."""
    heard = words(events)
    assert [word.text for word in heard] == [word.text for word in babble(n_ms)]
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(heard))
    said = [event for _, event in events if not isinstance(event, AudioAccepted)]
    for one, other in pairwise(said):
        assert not isinstance(one, Final) or isinstance(other, Partial)
    assert [type(event) for event in said[-2:]] == [Final, Partial]
    ends = [event for event in said if isinstance(event, TurnEnded)]
    assert [end.turn for end in ends] == list(range(len(ends)))
    assert sum(end.forced for end in ends) == n_forced
    settled_ms = 0
    for final in (event for event in said if isinstance(event, Final)):
        assert all(word.start_ms >= settled_ms for word in final.words)
        settled_ms = max(settled_ms, final.through_ms)
