"""Sides for tests of comparisons: they know their words by heart, and are late as they are told."""

import asyncio
from contextlib import asynccontextmanager

from crossfade.bench.playing import Pacing
from crossfade.compare.heard import HeardClip, HeardSide, HeardTurn, HeardWord
from crossfade.compare.sides import Rules, Side, SideFacts, config_of
from crossfade.errors import UpstreamError
from crossfade.model import Final, Partial, TurnEnded, Word

UNPACED = Pacing(real_time=False, spread_s=0.0)


class ByHeart:
    """Says the same words in every session; ``fails`` breaks them, or their opening."""

    dialect = None

    def __init__(self, text, *, fails=None, name="by heart"):
        self.name = name
        self._text = text
        self._fails = fails

    @asynccontextmanager
    async def session(self, config):
        if self._fails == "to open":
            raise UpstreamError("nobody is there")
        yield Reciting(self._text, fails=self._fails)

    def cpu_s(self):
        return None

    async def model_cpu_s(self):
        return None


class Reciting:
    def __init__(self, text, *, fails):
        self._text = text
        self._fails = fails
        self._finished = asyncio.Event()

    async def send(self, chunk):
        pass

    async def finish(self):
        self._finished.set()

    async def events(self):
        await self._finished.wait()
        if self._fails == "to finish":
            raise UpstreamError("it broke")
        words = tuple(
            Word(text=text, start_ms=100 * at, end_ms=100 * at + 80, confidence=0.9)
            for at, text in enumerate(self._text.split())
        )
        yield Partial(turn=1, words=words, through_ms=0)
        yield Final(turn=1, words=words, through_ms=0)
        yield Partial(turn=1, words=(), through_ms=0)
        yield TurnEnded(turn=1, at_ms=100 * len(words), confidence=0.5)


def facts(letter, **changes):
    given = {"name": letter.lower(), "target": "by heart", "dialect": None, "rules": Rules()}
    return SideFacts(letter=letter, **given | changes)


def side(letter, target, **changes):
    told = facts(letter, **changes)
    return Side(told, target, config_of(told.rules))


def heard(text, *, turns=(), start_ms=0, step_ms=200, lag_ms=100.0, **changes):
    """What a side heard: a word every ``step_ms``."""
    words = tuple(
        HeardWord(word, "", at, at + step_ms - 20, 0.9, lag_ms, 3 * lag_ms)
        for at, word in zip(range(start_ms, 10**9, step_ms), text.split(), strict=False)
    )
    ends = tuple(HeardTurn(end, end + 800.0) for end in turns)
    return HeardSide(words=words, turns=ends, **changes)


def clip(name="one", *, reference=None, spoken=(), audio_ms=10_000, **sides):
    return HeardClip(
        name=name,
        path=f"{name}.wav",
        stamp="",
        audio_ms=audio_ms,
        reference=reference,
        spoken=tuple(spoken),
        sides=sides,
    )
