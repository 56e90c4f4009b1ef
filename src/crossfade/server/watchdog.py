"""The clock of one session: idle, too long, stuck. Knows times and limits, no frames, no words.

A frame only leaves the time of its arrival behind; one task looks at those times now and then.
A timer for each frame would cost more than the frame.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Literal

from msgspec.structs import replace

from crossfade.errors import ExpiredError, IdleError, PaceError, RecognizerError
from crossfade.model import SessionLimits, TimeRunsOut
from crossfade.server.limits import Patience
from crossfade.server.socket import ClientGone

_LOOK_S = 15.0
"""Longest time between two looks. Limits are met exactly, a stall within this time."""


class Watchdog:
    """Watches one session from its start."""

    def __init__(
        self,
        limits: SessionLimits,
        patience: Patience,
        *,
        opened_at: float,
        unheard_s: Callable[[], float],
    ) -> None:
        """Begin to watch.

        Args:
            limits: What the client, its token and the operator allow.
            patience: How long the server waits for whom.
            opened_at: When the client connected, in the event loop's time.
            unheard_s: For how long nothing at all has come from the client, pongs included.
        """
        self._now = asyncio.get_running_loop().time
        self._limits = limits
        self._patience = patience
        self._opened_at = opened_at
        self._unheard_s = unheard_s
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

    def received(self, audio_ms: int) -> None:
        """Note how much audio has come.

        Raises:
            PaceError: If that is more than can have been spoken, by more than is allowed.
        """
        ahead_s = self._limits.ahead_s
        if ahead_s is None:
            return
        elapsed_s = self._now() - self._opened_at
        if audio_ms / 1000 - elapsed_s > ahead_s:
            raise PaceError(audio_s=audio_ms / 1000, elapsed_s=elapsed_s)

    def finished(self) -> None:
        """Note that the client has said its last word: from now on it waits for us."""
        self._finished_at = self._now()

    def event(self) -> None:
        """Note that the recognizer is alive."""
        self._event_at = self._now()

    def feeding(self) -> None:
        """Note that the recognizer is to take something; the client is not idle meanwhile."""
        self._feeding_since = self._now()

    def fed(self) -> None:
        """Note that the recognizer has taken it."""
        assert self._feeding_since is not None
        waited_s = self._now() - self._feeding_since
        self._heard_at += waited_s
        self._audio_at += waited_s
        self._feeding_since = None

    def sending(self) -> None:
        """Note that the client is to take something."""
        self._sending_since = self._now()

    def sent(self) -> None:
        """Note that the client has taken it."""
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
            await asyncio.sleep(max(self._look_s(), 0.0))
            self._check()

    async def warnings(self) -> AsyncIterator[TimeRunsOut]:
        """Yield a warning whenever the limits want one. Ends if they never do."""
        idle = _Countdown("idle", self._limits.idle_s, self._limits.idle_warnings_s)
        session = _Countdown("session", self._limits.session_s, self._limits.session_warnings_s)
        while True:
            for warning in (idle.at(self._idle_left_s()), session.at(self._session_left_s())):
                if warning is not None:
                    yield warning
            wait_s = min(idle.wait_s(self._idle_left_s()), session.wait_s(self._session_left_s()))
            if wait_s == float("inf"):
                return
            await asyncio.sleep(wait_s)

    def _look_s(self) -> float:
        dead_s = self._patience.dead_s - self._unheard_s()
        return min(
            _LOOK_S, self._patience.stall_s, self._idle_left_s(), self._session_left_s(), dead_s
        )

    def _check(self) -> None:
        limits = self._limits
        if limits.session_s is not None and self._session_left_s() <= 0:
            raise ExpiredError(session_s=limits.session_s)
        if limits.idle_s is not None and self._idle_left_s() <= 0:
            raise IdleError(idle_s=limits.idle_s)
        if self._unheard_s() >= self._patience.dead_s:
            raise IdleError(idle_s=self._patience.dead_s)
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
        return self._now() - max(since, self._event_at) >= self._patience.stall_s

    def _idle_left_s(self) -> float:
        if self._limits.idle_s is None:
            return float("inf")
        if self._is_our_turn():
            return max(self._limits.idle_s, _LOOK_S)
        alive_at = self._audio_at if self._limits.idle_reset_by_audio_only else self._heard_at
        return alive_at + self._limits.idle_s - self._now()

    def _is_our_turn(self) -> bool:
        """Its frames wait unread, or it has finished and waits for words: not its idleness."""
        return self._feeding_since is not None or self._finished_at is not None

    def _session_left_s(self) -> float:
        if self._limits.session_s is None:
            return float("inf")
        return self._opened_at + self._limits.session_s - self._now()


class _Countdown:
    """Warnings ahead of one limit, each once; all of them again when the time left has grown."""

    def __init__(
        self,
        cause: Literal["idle", "session"],
        limit_s: float | None,
        warnings_s: tuple[float, ...],
    ) -> None:
        self._cause = cause
        self._limit_s = limit_s or 0.0
        # A limit that is shorter than its warning is no news when the session begins.
        self._marks_s = sorted((at_s for at_s in warnings_s if at_s < self._limit_s), reverse=True)
        self._n_told = 0

    def at(self, left_s: float) -> TimeRunsOut | None:
        """The warning that is due; of several the last."""
        n_passed = sum(mark_s >= left_s for mark_s in self._marks_s)
        n_told, self._n_told = self._n_told, n_passed
        if n_passed <= n_told:
            return None
        left_s = self._marks_s[n_passed - 1]
        return TimeRunsOut(cause=self._cause, left_s=left_s, limit_s=self._limit_s)

    def wait_s(self, left_s: float) -> float:
        """How long no warning can be due; infinite: never is."""
        if not self._marks_s:
            return float("inf")
        ahead_s = [left_s - mark_s for mark_s in self._marks_s if mark_s < left_s]
        return min(ahead_s, default=max(left_s, _LOOK_S))


def capped(limits: SessionLimits, session_s: float | None) -> SessionLimits:
    """The same limits with a session no longer than ``session_s``."""
    lengths = [length for length in (limits.session_s, session_s) if length is not None]
    return replace(limits, session_s=min(lengths, default=None))
