"""What a key may do in a minute, and a token once. Counting only; every table is bounded."""

import heapq
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from crossfade.errors import CapacityError, CredentialError, RateError

WINDOW_S = 60.0


class Opens:
    """The sessions that each key opened within the last minute, counted exactly."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._opened: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._opened)

    def take(self, holder: str, *, at_most: int) -> None:
        """Count one more.

        Raises:
            RateError: If that would be more than ``at_most`` within a minute; it is not counted.
        """
        now = self._now()
        self._forget_the_longest_quiet(now - WINDOW_S)
        opened = self._opened.setdefault(holder, deque())
        while opened and opened[0] <= now - WINDOW_S:
            opened.popleft()
        if len(opened) >= at_most:
            raise RateError(per_minute=at_most)
        opened.append(now)
        self._opened.move_to_end(holder)

    def _forget_the_longest_quiet(self, since: float) -> None:
        # One a call keeps the table small: names come and go, and each came by such a call.
        holder = next(iter(self._opened), None)
        if holder is not None and (not self._opened[holder] or self._opened[holder][-1] <= since):
            del self._opened[holder]


class UsedTokens:
    """Tokens that opened their one session, remembered until nobody can open another with them."""

    def __init__(
        self, *, late_s: float, most: int = 100_000, now: Callable[[], float] = time.time
    ) -> None:
        """Begin empty.

        Args:
            late_s: How long after it has expired a token may still open a session, by a client
                that showed it in time.
            most: How many are remembered, about 200 bytes each. One more is refused, not
                forgotten: a token that we forget could be used again.
            now: Unix time in seconds.
        """
        self._late_s = late_s
        self._most = most
        self._now = now
        self._ids: set[str] = set()
        self._by_expiry: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, token_id: str) -> bool:
        return token_id in self._ids

    def add(self, token_id: str, *, expires: int) -> None:
        """Use a token.

        Raises:
            CredentialError: If it has been used.
            CapacityError: If as many are remembered as can be.
        """
        while self._by_expiry and self._by_expiry[0][0] + self._late_s < self._now():
            self._ids.remove(heapq.heappop(self._by_expiry)[1])
        if token_id in self._ids:
            raise CredentialError("unknown")
        if len(self._ids) >= self._most:
            raise CapacityError(slots=self._most)
        self._ids.add(token_id)
        heapq.heappush(self._by_expiry, (expires, token_id))
