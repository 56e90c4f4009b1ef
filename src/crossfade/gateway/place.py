"""A backend in the operator's order, and how it has fared in this process."""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field

from crossfade.errors import CrossfadeError, UpstreamError
from crossfade.gateway.breaker import Breaker
from crossfade.gateway.losses import LossCause
from crossfade.recognizers.base import Recognizer
from crossfade.recognizers.routes import BackendStatus, MoveKind, Moves

logger = logging.getLogger("crossfade.gateway")


@dataclass(eq=False, kw_only=True)
class Place:
    """Shared by all sessions of a process."""

    name: str
    recognizer: Recognizer
    breaker: Breaker = field(default_factory=Breaker)
    n_sessions: int = 0
    """Open with it now."""
    _moves: Counter[tuple[MoveKind, LossCause]] = field(default_factory=Counter)

    def failed(self, loss: CrossfadeError) -> None:
        """Note that it let a session down; what it says about coming again is honoured."""
        rest_s = loss.retry_after_s if isinstance(loss, UpstreamError) else None
        self.breaker.failed(now_s(), rest_s=rest_s)

    def left(self, kind: MoveKind, cause: LossCause, *, to: "Place", at_ms: int) -> None:
        """Count a move, and say so in the log: one line each.

        Args:
            kind: Whether it was wanted.
            cause: Why.
            to: Who goes on.
            at_ms: Where: everything before is final.
        """
        self._moves[kind, cause] += 1
        level = logging.INFO if kind == "rollover" else logging.WARNING
        facts = {"move": kind, "backend": self.name, "cause": cause, "to": to.name, "at_ms": at_ms}
        logger.log(
            level,
            "%s: backend %s (%s), going on with %s from %d ms",
            *(kind, self.name, cause, to.name, at_ms),
            extra=facts,
        )

    def status(self) -> BackendStatus:
        """Tell how it fares."""
        moves = (Moves(kind=kind, cause=cause, n=n) for (kind, cause), n in self._moves.items())
        return BackendStatus(
            name=self.name,
            sessions=self.n_sessions,
            breaker=self.breaker.state(now_s()),
            moves=tuple(moves),
        )


def now_s() -> float:
    """The loop's clock."""
    return asyncio.get_running_loop().time()
