"""How soon an end is answered: of a turn that the client forces, and of the session itself.

One session after another, each with a recording in real time. Its turn is forced to end in the
middle of the speech; the session is finished with the last word, so that a turn is open again.
Nothing else ends a turn here: the silence that the session asks for is longer than any pause.
"""

import asyncio
import random
from collections.abc import Sequence

from msgspec import Struct

from crossfade.bench.lags import Spread, spread
from crossfade.bench.material import SEED
from crossfade.bench.playing import Pacing, until
from crossfade.bench.recordings import Recording
from crossfade.bench.target import Conversation, Target
from crossfade.client.sources import MEDIA_AUDIO
from crossfade.errors import CrossfadeError
from crossfade.model import ConfidenceEndpointing, SessionConfig, TurnEnded

NEVER_MS = 10_000
"""Silence that ends a turn here; no dialect may ask for more."""

ANSWER_LIMIT_S = 5.0
"""All clients have given up by then."""

_BYTES_PER_MS = 32


class Ending(Struct, frozen=True, kw_only=True):
    """What one session took, in milliseconds."""

    forced_ms: float | None
    """``None``: no answer. Some protocols have none where nothing was said."""
    close_ms: float


class Endings(Struct, frozen=True, kw_only=True):
    """What a series of sessions took, one at a time. Times are milliseconds."""

    sessions: int
    unanswered: int
    """Forced ends of turns that nobody answered in ``ANSWER_LIMIT_S``."""
    forced_end_ms: Spread
    """From the client's wish that the turn ends here to the news that it has."""
    close_ms: Spread
    """From the end of the audio, with a turn open, to the last message and the closed session."""


def choose(recordings: Sequence[Recording], *, seconds: float) -> list[Recording]:
    """Choose recordings with times for their words, as many as can be played in this time."""
    chosen: list[Recording] = []
    timed = [recording for recording in recordings if recording.words]
    for recording in random.Random(SEED).sample(timed, len(timed)):
        if recording.duration_s <= seconds:
            chosen.append(recording)
            seconds -= recording.duration_s
    return chosen


async def measure_endings(
    target: Target, recordings: Sequence[Recording], *, max_delay_ms: int, pacing: Pacing
) -> Endings:
    """Hold a session with each recording.

    Raises:
        CrossfadeError: If one failed, or did not end in time.
    """
    endings = [
        await _end_twice(target, recording, max_delay_ms=max_delay_ms, pacing=pacing)
        for recording in recordings
    ]
    answers = [ending.forced_ms for ending in endings if ending.forced_ms is not None]
    return Endings(
        sessions=len(endings),
        unanswered=len(endings) - len(answers),
        forced_end_ms=spread(answers),
        close_ms=spread([ending.close_ms for ending in endings]),
    )


async def _end_twice(
    target: Target, recording: Recording, *, max_delay_ms: int, pacing: Pacing
) -> Ending:
    silence = ConfidenceEndpointing(min_silence_ms=NEVER_MS, max_silence_ms=NEVER_MS, threshold=1.0)
    config = SessionConfig(
        language=recording.language,
        audio=MEDIA_AUDIO,
        endpointing=silence,
        max_delay_ms=max_delay_ms,
    )
    limit_s = recording.duration_s + 2 * ANSWER_LIMIT_S
    try:
        async with asyncio.timeout(limit_s):
            async with target.session(config) as conversation:
                forced_ms, finished_s = await _converse(conversation, recording, pacing)
            return Ending(forced_ms=forced_ms, close_ms=_since_ms(finished_s))
    except TimeoutError:
        raise CrossfadeError(f"a session was not over in {limit_s:g} s") from None


async def _converse(
    conversation: Conversation, recording: Recording, pacing: Pacing
) -> tuple[float | None, float]:
    """Force a turn to end, then finish; gives the wait for the first and the second's time."""
    words = recording.words
    answered = asyncio.Event()
    listening = asyncio.create_task(_listen(conversation, answered))
    try:
        speech = _Speech(conversation, recording.pcm, pacing)
        await speech.play_to(words[len(words) // 2].end)
        forced_s = _now_s()
        await conversation.force_turn()
        waiting = asyncio.create_task(_wait_ms(answered, forced_s))
        await speech.play_to(words[-1].end)
        forced_ms = await waiting
        finished_s = _now_s()
        await conversation.finish()
        await listening
    finally:
        listening.cancel()
    return forced_ms, finished_s


class _Speech:
    """A recording that is played bit by bit, at the speed of speech."""

    def __init__(self, conversation: Conversation, pcm: bytes, pacing: Pacing) -> None:
        self._conversation = conversation
        self._pcm = pcm
        self._pacing = pacing
        self._start_s = _now_s()
        self._played_ms = 0

    async def play_to(self, position_s: float) -> None:
        chunk_ms = self._pacing.chunk_ms
        while self._played_ms < 1000 * position_s:
            first = self._played_ms * _BYTES_PER_MS
            self._played_ms += chunk_ms
            if self._pacing.real_time:
                await until(self._start_s + self._played_ms / 1000)
            await self._conversation.send(self._pcm[first : first + chunk_ms * _BYTES_PER_MS])


async def _listen(conversation: Conversation, answered: asyncio.Event) -> None:
    async for event in conversation.events():
        if isinstance(event, TurnEnded):
            answered.set()


async def _wait_ms(answered: asyncio.Event, since_s: float) -> float | None:
    try:
        async with asyncio.timeout(ANSWER_LIMIT_S):
            await answered.wait()
    except TimeoutError:
        return None
    return _since_ms(since_s)


def _since_ms(moment_s: float) -> float:
    return 1000 * (_now_s() - moment_s)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
