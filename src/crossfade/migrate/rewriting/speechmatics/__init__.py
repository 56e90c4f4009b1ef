"""How programs speak Speechmatics' real-time protocol."""

from crossfade.migrate.rewriting.speechmatics.raw import WIRE
from crossfade.migrate.rewriting.speechmatics.sdk import SDK

__all__ = ["SDK", "WIRE"]
