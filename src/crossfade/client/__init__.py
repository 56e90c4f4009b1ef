"""The client's end: a session with any server that speaks one of our dialects."""

from crossfade.client import sources
from crossfade.client.session import Session, connect

__all__ = ["Session", "connect", "sources"]
