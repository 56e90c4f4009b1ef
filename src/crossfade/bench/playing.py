"""Many streams at once, in real time as from microphones, and what their clients hear."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from crossfade.bench.lags import Arrival
from crossfade.bench.material import SpeechStream
from crossfade.bench.target import Conversation, Target
from crossfade.client.sources import MEDIA_AUDIO
from crossfade.errors import CrossfadeError
from crossfade.model import ConfidenceEndpointing, Final, Partial, SessionConfig, TurnEnded

DRAIN_LIMIT_S = 30.0
"""For the last words, after the end of the audio. A session that takes longer has failed."""

UNPACED_LIMIT_S = 600.0

TURN_SILENCE_MS = 800
"""Silence that ends a turn: what people take for the end of a sentence."""


class Pacing(Struct, frozen=True, kw_only=True):
    """How audio is sent."""

    real_time: bool = True
    """``False``: as fast as it is taken."""
    chunk_ms: int = 100
    """A chunk leaves when its last sample has been spoken, as from a microphone."""
    spread_s: float = 1.0
    """The streams begin one after another over this time."""


@dataclass
class Hearing:
    """What one client had."""

    stream: SpeechStream
    arrivals: list[Arrival] = field(default_factory=list)
    late_ms: float = 0.0
    """The most by which a chunk left later than it should have."""
    failure: str | None = None

    @property
    def text(self) -> str:
        """All final words."""
        finals = (arrival.event for arrival in self.arrivals if isinstance(arrival.event, Final))
        return " ".join(word.text for final in finals for word in final.words)


@dataclass(frozen=True)
class Played:
    """What came of playing some streams."""

    hearings: tuple[Hearing, ...]
    wall_s: float
    engine_cpu_s: float | None
    """CPU time of the target; ``None``: it cannot be seen from here."""
    model_cpu_s: float | None
    """What of it went into its networks; ``None``: it does not tell."""
    own_cpu_s: float
    """CPU time of this process; where the target is in it, that is included."""


def session_config(*, max_delay_ms: int, language: str = "en") -> SessionConfig:
    """Say what the sessions ask for: partials, and turns that end after a fixed silence.

    Both times of the confidence rule are the same, so it is a rule of silence. It is put this way
    because one dialect offers its word-by-word model only to those who ask for confidence.
    """
    silence = ConfidenceEndpointing(
        min_silence_ms=TURN_SILENCE_MS, max_silence_ms=TURN_SILENCE_MS, threshold=0.5
    )
    return SessionConfig(
        language=language, audio=MEDIA_AUDIO, endpointing=silence, max_delay_ms=max_delay_ms
    )


async def play(
    target: Target, streams: Sequence[SpeechStream], config: SessionConfig, pacing: Pacing
) -> Played:
    """Play all streams at once. A stream that fails says so in its ``Hearing``."""
    loop = asyncio.get_running_loop()
    for stream in streams:  # decoded before the clock runs
        for piece in stream.pieces:
            _ = piece.recording.pcm
    model_before = await target.model_cpu_s()
    engine_before, own_before = target.cpu_s(), time.process_time()
    start_s = loop.time()
    async with asyncio.TaskGroup() as tasks:
        playing = [
            tasks.create_task(
                _play_at(start_s + pacing.spread_s * place, target, stream, config, pacing)
            )
            for stream, place in zip(streams, _places(len(streams)), strict=True)
        ]
    engine_after, own_after, end_s = target.cpu_s(), time.process_time(), loop.time()
    model_after = await target.model_cpu_s()
    return Played(
        hearings=tuple(task.result() for task in playing),
        wall_s=end_s - start_s,
        engine_cpu_s=_between(engine_before, engine_after),
        model_cpu_s=_between(model_before, model_after),
        own_cpu_s=own_after - own_before,
    )


def _between(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _places(n: int) -> list[float]:
    return [number / n for number in range(n)]


async def _play_at(
    start_s: float, target: Target, stream: SpeechStream, config: SessionConfig, pacing: Pacing
) -> Hearing:
    await until(start_s)
    return await play_one(target, stream, config, pacing)


async def _at_once() -> float:
    return asyncio.get_running_loop().time()


async def play_one(
    target: Target,
    stream: SpeechStream,
    config: SessionConfig,
    pacing: Pacing,
    *,
    begins: Callable[[], Awaitable[float]] = _at_once,
) -> Hearing:
    """Play one stream; see ``play``.

    Args:
        target: Who hears it.
        stream: What is played.
        config: What the session asks for.
        pacing: How it is sent.
        begins: Called when the session is open; gives the moment of the loop's clock in which the
            first sample is spoken.
    """
    hearing = Hearing(stream)
    audio_s = stream.length_ms / 1000
    limit_s = audio_s + DRAIN_LIMIT_S if pacing.real_time else UNPACED_LIMIT_S
    try:
        async with asyncio.timeout(limit_s), target.session(config) as conversation:
            await _converse(conversation, hearing, pacing, await begins())
    except* CrossfadeError as group:
        hearing.failure = _first(group)
    except* TimeoutError:
        hearing.failure = f"not finished {limit_s:g} s after its start"
    return hearing


async def _converse(
    conversation: Conversation, hearing: Hearing, pacing: Pacing, start_s: float
) -> None:
    """Send and listen until both are through."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_send(conversation, hearing, pacing, start_s))
        tasks.create_task(_listen(conversation, hearing, start_s))


async def _send(
    conversation: Conversation, hearing: Hearing, pacing: Pacing, start_s: float
) -> None:
    clock = asyncio.get_running_loop()
    spoken_ms = 0
    for chunk in hearing.stream.chunks(pacing.chunk_ms):
        spoken_ms += pacing.chunk_ms
        if pacing.real_time:
            due_s = start_s + spoken_ms / 1000
            await until(due_s)
            hearing.late_ms = max(hearing.late_ms, 1000 * (clock.time() - due_s))
        await conversation.send(chunk)
    await conversation.finish()


async def _listen(conversation: Conversation, hearing: Hearing, start_s: float) -> None:
    clock = asyncio.get_running_loop()
    async for event in conversation.events():
        if isinstance(event, Partial | Final | TurnEnded):
            hearing.arrivals.append(Arrival(1000 * (clock.time() - start_s), event))


async def until(at_s: float) -> None:
    """Wait for a moment of the loop's clock; not at all if it has passed."""
    await asyncio.sleep(max(0.0, at_s - asyncio.get_running_loop().time()))


def _first(group: BaseExceptionGroup[CrossfadeError]) -> str:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else str(inner)
