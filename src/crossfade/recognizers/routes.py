"""How backends fare behind a recognizer that has several: what one may tell, for metrics.

Optional, as ``load`` is: only a recognizer that passes sessions on has a route to speak of.
"""

from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

BREAKER_STATES = ("closed", "probing", "open")
"""In the order of the gauge: 0 it works, 1 one session tries it, 2 it is passed by."""

BreakerState = Literal["closed", "probing", "open"]

MoveKind = Literal["failover", "rollover"]
"""It failed, or its session was about to reach its greatest length."""


class Moves(Struct, frozen=True, kw_only=True):
    """How often sessions left a backend, for one reason."""

    kind: MoveKind
    cause: str
    """One of few words."""
    n: int


class BackendStatus(Struct, frozen=True, kw_only=True):
    """One backend, since the start."""

    name: str
    """As the operator calls it."""
    sessions: int
    """Open with it now."""
    breaker: BreakerState
    moves: tuple[Moves, ...]


class ShadowStatus(Struct, frozen=True, kw_only=True):
    """What became of the sessions that were to be heard by a second backend too."""

    name: str
    """Of that backend."""
    recording: int
    """Now."""
    outcomes: dict[str, int]
    """How many ended how, each one of few words."""


@runtime_checkable
class Routed(Protocol):
    """A recognizer that passes sessions on to backends."""

    def backends(self) -> tuple[BackendStatus, ...]:
        """Look; cheap enough for every scrape."""


@runtime_checkable
class Shadowing(Protocol):
    """A recognizer that lets a second backend hear some of its sessions."""

    def shadow(self) -> ShadowStatus | None:
        """Look; cheap enough for every scrape. ``None``: no second backend is asked."""
