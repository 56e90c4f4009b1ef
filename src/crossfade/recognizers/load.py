"""How busy a recognizer is: what one may tell, for metrics and for who lets sessions in.

Optional: only a recognizer that decodes on this machine has queues to speak of.
"""

from enum import IntEnum
from typing import Protocol, runtime_checkable

from msgspec import Struct

WAIT_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the waits that are counted together; longer ones are counted behind them."""


class Rung(IntEnum):
    """How far up the ladder of overload it is. Finals are never put off, on any rung."""

    CALM = 0
    """Partials come when they are due."""
    RARER = 1
    """All streams get their partials later than they are due, and so less often."""
    SKIPPING = 2
    """Who was served recently has to pass: every stream goes without some of its partials."""
    FULL = 3
    """There is no room for one more session."""


class QueueLoad(Struct, frozen=True, kw_only=True):
    """One queue of decodes, since the start."""

    waiting: int
    """Decodes in it now."""
    waits: tuple[int, ...]
    """How many began after waiting so long, by ``WAIT_BUCKETS_S``; the last: longer."""
    waited_s: float
    """The sum of their waits, in wall-clock seconds."""


class Load(Struct, frozen=True, kw_only=True):
    """A recognizer's queues, and what it has spent."""

    rung: Rung
    partial_wait_s: float
    """The wait of partials between being due and beginning, smoothed."""
    urgent: QueueLoad
    """Decodes that somebody waits for: pauses, ends of turns."""
    partial: QueueLoad
    partials_skipped: int
    """Partials that would have been due while an earlier one of their stream still waited."""
    decode_cpu_s: float
    """CPU time of all decodes so far."""
    model_cpu_s: float
    """CPU time in the networks alone so far: those of the decodes, and those that hear whether
    somebody speaks, and who."""
    inbox_s: float
    """Audio that was received and not yet heard, of all open streams together."""


@runtime_checkable
class Loaded(Protocol):
    """A recognizer that knows how busy it is."""

    def load(self) -> Load | None:
        """Look; cheap enough for every new session and every scrape. ``None``: not started."""
