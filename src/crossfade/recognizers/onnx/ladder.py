"""When the machine has too much to do: the wait of partials, smoothed, and what follows from it.

Arithmetic only; the clock is passed in. The rungs are names for what the order of the queue does
by itself (``scheduler``), but for the last: whoever lets sessions in looks at it.
"""

import logging
import math

from crossfade.recognizers.load import Rung

logger = logging.getLogger("crossfade.recognizers")

SMOOTHING_S = 2.0
"""A wait that lies so far back has lost two thirds of its weight."""

LONGEST_GAP_S = 0.5
"""A partial speaks for no more time than this before it, so that a single late one after a
silence is not yet an overload."""

BOUNDS_S = {Rung.RARER: 0.1, Rung.SKIPPING: 0.25, Rung.FULL: 0.5}
"""The smoothed wait at which a rung is entered; it is left at half of that. A stream that speaks
is heard every 0.5 s plus this wait. On the reference machine (2 cores) 72 streams waited 0.16 s,
with a p95 partial lag of 1.3 s, and 90 streams 0.4 s, with 2.0 s; its slots are 40."""

_CONSEQUENCES = {
    Rung.CALM: "partials are on time",
    Rung.RARER: "partials come later",
    Rung.SKIPPING: "streams go without some of their partials",
    Rung.FULL: "new sessions are refused",
}


class Ladder:
    """Where on it we are. Says so in the log when that changes."""

    def __init__(self) -> None:
        """Begin at the bottom."""
        self._rung = Rung.CALM
        self._wait_s = 0.0
        self._noted_s: float | None = None

    def note(self, wait_s: float, *, now_s: float) -> None:
        """Take the wait of a partial that begins now."""
        gap_s = LONGEST_GAP_S if self._noted_s is None else now_s - self._noted_s
        weight = 1 - math.exp(-min(gap_s, LONGEST_GAP_S) / SMOOTHING_S)
        self._wait_s = self.wait_s(now_s) + weight * wait_s
        self._noted_s = now_s
        self.rung(now_s)

    def wait_s(self, now_s: float) -> float:
        """The smoothed wait; it fades while no partial begins, for then there is nothing to do."""
        if self._noted_s is None:
            return 0.0
        return self._wait_s * math.exp(-(now_s - self._noted_s) / SMOOTHING_S)

    def rung(self, now_s: float) -> Rung:
        """Climb or descend, one rung after the other."""
        wait_s = self.wait_s(now_s)
        while self._rung < Rung.FULL and wait_s >= BOUNDS_S[Rung(self._rung + 1)]:
            self._move(Rung(self._rung + 1), wait_s)
        while self._rung > Rung.CALM and wait_s < BOUNDS_S[self._rung] / 2:
            self._move(Rung(self._rung - 1), wait_s)
        return self._rung

    def _move(self, rung: Rung, wait_s: float) -> None:
        level = logging.WARNING if rung > self._rung else logging.INFO
        self._rung = rung
        logger.log(
            level,
            "overload %d of %d: %s (partials wait %.0f ms)",
            rung,
            Rung.FULL,
            _CONSEQUENCES[rung],
            1000 * wait_s,
        )
