"""Whether and when a lost session is taken up again: arithmetic only, no clock, no socket."""

from collections.abc import Callable

from msgspec import Struct

from crossfade.errors import UpstreamError

_TRANSIENT_CODES = frozenset(
    {
        # HTTP: the server, or a proxy before it, is busy or restarting.
        *(408, 425, 429, 500, 502, 503, 504),
        # WebSocket: going away, no status, cut off, restarting, try again, bad gateway.
        *(1001, 1005, 1006, 1012, 1013, 1014),
    }
)
"""What says nothing about the session; every other code is the vendor's to judge."""


class Reconnect(Struct, frozen=True, kw_only=True):
    """How hard a session tries to go on when its connection is lost."""

    budget_s: float = 120.0
    """Longest outage, from the loss until a server listens again."""
    attempts: int = 20
    """Most attempts in one outage."""
    first_wait_s: float = 0.25
    """Before the first attempt, doubled before each of the next, with jitter."""
    longest_wait_s: float = 15.0
    advice_honoured: bool = True
    """Wait as long as the vendor documents; ``False`` for servers of one's own. What a server says
    itself (``Retry-After``) is honoured always."""
    replay_s: float = 300.0
    """Most audio that is kept to be replayed, about 10 MB at 16 kHz."""
    catch_up: float = 3.0
    """How many times real time replayed audio leaves, where a vendor wants audio paced. The one
    that does documents no tolerance, and took 7 s of audio at ten times real time."""


class Outage(Struct, kw_only=True):
    """What happened since the connection was lost."""

    began_s: float
    """By a clock that never goes back."""
    attempts: int = 0


def wait_s(
    outage: Outage,
    policy: Reconnect,
    error: UpstreamError,
    *,
    advice: Callable[[int], float | None],
    now_s: float,
    random: Callable[[], float],
) -> float | None:
    """Return how long to wait before the next attempt; ``None``: give up.

    Args:
        outage: So far.
        policy: What the caller wants.
        error: Why the last connection or attempt failed.
        advice: What the vendor says about a code.
        now_s: On the outage's clock.
        random: Gives 0.0 to 1.0; many clients that lose one server must not return as one.
    """
    advised_s = _advised_s(error, advice)
    if advised_s is None or outage.attempts >= policy.attempts:
        return None
    backoff_s = min(policy.longest_wait_s, policy.first_wait_s * 2**outage.attempts)
    wait_s = backoff_s * (0.5 + random() / 2)
    is_honoured = policy.advice_honoured or error.retry_after_s is not None
    if is_honoured and advised_s > wait_s:
        wait_s = advised_s * (1 + random())  # "after 5-10 s"
    return wait_s if now_s + wait_s - outage.began_s <= policy.budget_s else None


def _advised_s(error: UpstreamError, advice: Callable[[int], float | None]) -> float | None:
    if error.retry_after_s is not None:
        return error.retry_after_s
    if error.code is None or error.code in _TRANSIENT_CODES:
        return 0.0
    return advice(error.code)
