"""What a session reports beside the canonical events: that its connection broke, and was mended."""

from msgspec import Struct

from crossfade.model import Event


class Reconnecting(Struct, frozen=True, kw_only=True, tag="reconnecting"):
    """The connection is lost; another one will be tried after ``wait_s``.

    Audio may be sent as before, it is kept. The last partial stands until a new one comes.
    """

    attempt: int
    """Counted from 1 in each outage."""
    wait_s: float
    cause: str
    code: int | None = None
    """The close code or HTTP status, if the server gave one."""


class Reconnected(Struct, frozen=True, kw_only=True, tag="reconnected"):
    """A new connection goes on where the last one ended; times and turns continue."""

    session_id: str
    attempts: int
    outage_s: float
    replayed_from_ms: int
    """Position from which audio is sent again; words that were final are not repeated."""
    lost_ms: int = 0
    """Audio behind the last final word that was no longer kept; its words are missing."""


SessionEvent = Event | Reconnecting | Reconnected
"""What iterating over a session gives."""
