"""Whether a backend is worth another try: arithmetic only, the clock is the caller's."""

from crossfade.recognizers.routes import BreakerState

FAILURES = 3
"""One after another; then new sessions pass a backend by."""

FIRST_REST_S = 15.0
LONGEST_REST_S = 240.0
"""For so long they do; doubled each time that a probe fails."""

PROBE_S = 60.0
"""A probe that has told nothing by then, of a client who is silent, keeps no other one out."""

LONGEST_ADVICE_S = 3600.0
"""A backend may ask to be left alone for so long; more would be a mistake of its own."""


class Breaker:
    """Shared by all sessions of a process."""

    def __init__(self) -> None:
        self._n_failures = 0
        self._rest_s = FIRST_REST_S
        self._open_until_s: float | None = None
        self._asked_until_s = 0.0
        self._probe_until_s = 0.0

    def allows(self, now_s: float) -> bool:
        """Tell whether a session may try, and count it as the probe if it is one.

        After a rest one session is let through; while nobody knows how it fares, no other.
        """
        if not self.is_closed(now_s):
            return False
        if self._open_until_s is not None:
            self._probe_until_s = now_s + PROBE_S
        return True

    def is_closed(self, now_s: float) -> bool:
        """Tell whether nothing is known against it, or its rest is over; counts nothing."""
        return self._open_until_s is None or now_s >= max(self._open_until_s, self._probe_until_s)

    def state(self, now_s: float) -> BreakerState:
        """Tell how it stands: ``probing`` once its rest is over, until a session has fared well."""
        if self._open_until_s is None:
            return "closed"
        return "open" if now_s < self._open_until_s else "probing"

    def asked_s(self, now_s: float) -> float:
        """How much longer it asked to be left alone."""
        return max(0.0, self._asked_until_s - now_s)

    def succeeded(self) -> None:
        """A session heard from it for the first time: it recognizes."""
        self._n_failures = 0
        self._rest_s = FIRST_REST_S
        self._open_until_s = None
        self._probe_until_s = 0.0

    def failed(self, now_s: float, *, rest_s: float | None = None) -> None:
        """It could not be reached, or broke off.

        Args:
            now_s: When.
            rest_s: For how long it asked to be left alone; then this once is enough.
        """
        self._n_failures += 1
        if now_s < self._probe_until_s:
            self._rest_s = min(2 * self._rest_s, LONGEST_REST_S)
        if self._n_failures >= FAILURES:
            self._open_until_s = now_s + self._rest_s
        if rest_s is not None:
            self._asked_until_s = now_s + min(rest_s, LONGEST_ADVICE_S)
            self._open_until_s = max(self._open_until_s or 0.0, self._asked_until_s)
        self._probe_until_s = 0.0

    def let_go(self) -> None:
        """A session is over; if it was the probe, another one may be it."""
        self._probe_until_s = 0.0
