"""A second backend hears some of the sessions too; what it says is only written down.

The session is told nothing of it: its commands are put into a queue with a bound, its events are
noted as they pass. A shadow that is too slow, fails, or finds no room is given up.
"""

import asyncio
import logging
import random
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from functools import partial

from crossfade.errors import CapacityError, CrossfadeError
from crossfade.gateway.shadow import Shadow
from crossfade.gateway.shadow_files import ShadowFiles
from crossfade.gateway.shadow_records import Began
from crossfade.model import SessionConfig, StreamEvent
from crossfade.recognizers.base import Recognizer, RecognizerStream, StreamCommand
from crossfade.recognizers.routes import ShadowStatus

logger = logging.getLogger("crossfade.gateway")

MOST_AT_ONCE = 64
"""Shadows of one process; more sessions than that are not sampled."""


class Shadows:
    """Chooses sessions, and keeps their shadows until they are written."""

    def __init__(
        self,
        name: str,
        recognizer: Recognizer,
        files: ShadowFiles,
        *,
        percent: float,
        audio_is_kept: bool = False,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Nothing is opened yet.

        Args:
            name: The operator's name of the second backend.
            recognizer: The backend; this one starts and closes it.
            files: Where results go.
            percent: Of the sessions.
            audio_is_kept: Write the audio too.
            chance: Gives 0.0 to 1.0 for each session.
        """
        self._name = name
        self._recognizer = recognizer
        self._files = files
        self._percent = percent
        self._audio_is_kept = audio_is_kept
        self._chance = chance
        self._alive: dict[asyncio.Task[str], Shadow] = {}
        self._outcomes: Counter[str] = Counter()

    def status(self) -> ShadowStatus:
        """Tell how they fare."""
        return ShadowStatus(
            name=self._name, recording=len(self._alive), outcomes=dict(self._outcomes)
        )

    async def start(self) -> None:
        """Start the second backend.

        Raises:
            ModelError: If its files are missing or damaged.
        """
        await self._recognizer.start()

    async def aclose(self) -> None:
        """Give up those that are still at work, and close the backend."""
        for shadow in self._alive.values():
            shadow.session_ended("cut_off")
            shadow.give_up("cut_off")
        await asyncio.gather(*self._alive, return_exceptions=True)
        await self._recognizer.aclose()

    def over(
        self, stream: RecognizerStream, config: SessionConfig, *, name: str
    ) -> RecognizerStream:
        """Return a session's stream, with a shadow if it is one of those chosen.

        Args:
            stream: The session's.
            config: The session's.
            name: Of its backend.
        """
        if 100 * self._chance() >= self._percent:
            return stream
        try:
            if len(self._alive) >= MOST_AT_ONCE:
                raise CapacityError(slots=MOST_AT_ONCE)
            second = self._recognizer.open(config)
        except CrossfadeError as error:
            self._outcomes["no_room" if isinstance(error, CapacityError) else "failed"] += 1
            logger.info("backend %s hears no shadow: %s", self._name, type(error).__name__)
            return stream
        began = Began(
            session=str(uuid.uuid4()),
            at=time.time(),
            language=config.language,
            audio=config.audio,
            backends={"session": name, "shadow": self._name},
        )
        shadow = Shadow(second, began, audio_is_kept=self._audio_is_kept)
        task = asyncio.create_task(shadow.run(self._files))
        self._alive[task] = shadow
        task.add_done_callback(partial(self._over, began.session))
        return ShadowedStream(stream, shadow)

    def _over(self, session: str, task: asyncio.Task[str]) -> None:
        del self._alive[task]
        if task.cancelled():  # with the whole loop
            return
        if (bug := task.exception()) is not None:
            logger.error("shadow %s: a bug ended it", session, exc_info=bug)
        outcome = task.result() if bug is None else "failed"
        self._outcomes[outcome] += 1
        logger.info("shadow %s by %s: %s", session, self._name, outcome)


class ShadowedStream:
    """A session's stream, of which a shadow takes note. See ``RecognizerStream``."""

    def __init__(self, stream: RecognizerStream, shadow: Shadow) -> None:
        self._stream = stream
        self._shadow = shadow

    @property
    def audio_ms(self) -> int:
        """See ``RecognizerStream.audio_ms``."""
        return self._stream.audio_ms

    @property
    def processing_s(self) -> float:
        """The session's alone."""
        return self._stream.processing_s

    def speech_peak(self) -> float:
        """See ``RecognizerStream.speech_peak``."""
        return self._stream.speech_peak()

    async def feed(self, command: StreamCommand) -> None:
        """See ``RecognizerStream.feed``."""
        self._shadow.offer(command)
        await self._stream.feed(command)

    async def events(self) -> AsyncIterator[StreamEvent]:
        """See ``RecognizerStream.events``."""
        cause: str | None = "left"
        try:
            async for event in self._stream.events():
                self._shadow.note("session", event)
                yield event
            cause = None
        except CrossfadeError:
            cause = "failed"
            raise
        finally:
            self._shadow.session_ended(cause)

    async def aclose(self) -> None:
        """Close the session's; its shadow goes on to its last word."""
        self._shadow.session_ended("left")
        await self._stream.aclose()
