"""The clock of one session: idle, too long, stuck. Knows times and limits, no frames, no words.

A frame only leaves the time of its arrival behind; one task looks at those times now and then.
A timer for each frame would cost more than the frame.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from crossfade.errors import ExpiredError, IdleError, RecognizerError
from crossfade.model import SessionLimits
from crossfade.server.socket import ClientGone

_LOOK_S = 15.0
"""Longest time between two looks. Limits are met exactly, a stall within this time."""


class Watchdog:
    """Watches one session from its start."""

    def __init__(self, limits: SessionLimits, *, opened_at: float, stall_s: float) -> None:
        """Begin to watch.

        Args:
            limits: What the client, its token and the operator allow.
            opened_at: When the client connected, in the event loop's time.
            stall_s: Longest wait for a client that does not read, or for a stuck recognizer.
        """
        self._now = asyncio.get_running_loop().time
        self._limits = limits
        self._stall_s = stall_s
        self._opened_at = opened_at
        self._heard_at = self._audio_at = self._event_at = self._now()
        self._feeding_since: float | None = None
        self._sending_since: float | None = None
        self._finished_at: float | None = None

    def frame(self) -> None:
        """Note that a frame came."""
        self._heard_at = self._now()

    def audio(self) -> None:
        """Note that the frame was audio."""
        self._audio_at = self._heard_at

    def finished(self) -> None:
        """Note that the client has said its last word: from now on it waits for us."""
        self._finished_at = self._now()

    def event(self) -> None:
        """Note that the recognizer is alive."""
        self._event_at = self._now()

    @contextmanager
    def feeding(self) -> Iterator[None]:
        """Note that the recognizer is to take something."""
        self._feeding_since = self._now()
        yield
        self._feeding_since = None

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Note that the client is to take something."""
        self._sending_since = self._now()
        yield
        self._sending_since = None

    async def run(self) -> None:
        """Watch until something is wrong.

        Raises:
            ExpiredError: If the session is too long.
            IdleError: If the client sent nothing, or no audio, for too long.
            ClientGone: If it stopped reading: no word can reach it any more.
            RecognizerError: If the recognizer neither takes nor gives anything.
        """
        while True:
            look_s = min(_LOOK_S, self._stall_s, self._idle_left_s(), self._session_left_s())
            await asyncio.sleep(max(look_s, 0.0))
            self._check()

    def _check(self) -> None:
        if self._limits.session_s is not None and self._session_left_s() <= 0:
            raise ExpiredError(session_s=self._limits.session_s)
        if self._limits.idle_s is not None and self._idle_left_s() <= 0:
            raise IdleError(idle_s=self._limits.idle_s)
        if self._sending_since is not None:
            # The recognizer waits for the client: only one of the two can be to blame.
            if self._is_stalled(self._sending_since):
                raise ClientGone(1006)
        elif self._is_stalled(self._feeding_since) or self._is_stalled(self._finished_at):
            raise RecognizerError("the recognizer is stuck")

    def _is_stalled(self, since: float | None) -> bool:
        if since is None:
            return False
        # Whoever still gives us events is slow, not stuck.
        return self._now() - max(since, self._event_at) >= self._stall_s

    def _idle_left_s(self) -> float:
        if self._limits.idle_s is None or self._is_our_turn():
            return _LOOK_S
        alive_at = self._audio_at if self._limits.idle_reset_by_audio_only else self._heard_at
        return alive_at + self._limits.idle_s - self._now()

    def _is_our_turn(self) -> bool:
        """Its frames wait unread, or it has finished and waits for words: not its idleness."""
        return self._feeding_since is not None or self._finished_at is not None

    def _session_left_s(self) -> float:
        if self._limits.session_s is None:
            return _LOOK_S
        return self._opened_at + self._limits.session_s - self._now()


def capped(limits: SessionLimits, session_s: float | None) -> SessionLimits:
    """The same limits with a session no longer than ``session_s``."""
    lengths = [length for length in (limits.session_s, session_s) if length is not None]
    return SessionLimits(
        idle_s=limits.idle_s,
        idle_reset_by_audio_only=limits.idle_reset_by_audio_only,
        session_s=min(lengths, default=None),
    )
