"""The client's end: a session with any server that speaks one of our dialects."""

from crossfade.client import sources, sync
from crossfade.client.events import Reconnected, Reconnecting, SessionEvent
from crossfade.client.retrying import Reconnect
from crossfade.client.session import Session, connect, mint_token

__all__ = [
    "Reconnect",
    "Reconnected",
    "Reconnecting",
    "Session",
    "SessionEvent",
    "connect",
    "mint_token",
    "sources",
    "sync",
]
