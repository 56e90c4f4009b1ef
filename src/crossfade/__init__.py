"""Crossfade: the drop-in streaming speech-to-text server.

What a program needs to talk to a server, ours or a vendor's:

    from crossfade import connect, sources
"""

from typing import TYPE_CHECKING, Any

from crossfade.errors import (
    AudioError,
    CapacityError,
    ConfigError,
    CredentialError,
    CrossfadeError,
    ExpiredError,
    IdleError,
    ModelError,
    PaceError,
    ProtocolError,
    RecognizerError,
    UpstreamError,
)
from crossfade.model import (
    AudioAccepted,
    AudioFormat,
    AudioIgnored,
    ConfidenceEndpointing,
    ContainerAudio,
    Encoding,
    Endpointing,
    Event,
    Final,
    KeyTerm,
    NoEndpointing,
    PacketAudio,
    Partial,
    PunctuationEndpointing,
    RawAudio,
    SessionConfig,
    SessionEnded,
    SessionStarted,
    Silence,
    SilenceEndpointing,
    SpeakerLabels,
    SpeechStarted,
    TurnEnded,
    Word,
)

if TYPE_CHECKING:  # for type checkers; at run time `__getattr__` below does it
    from crossfade.client import (
        Reconnect,
        Reconnected,
        Reconnecting,
        Session,
        connect,
        mint_token,
        sources,
        sync,
    )

__all__ = [
    "AudioAccepted",
    "AudioError",
    "AudioFormat",
    "AudioIgnored",
    "CapacityError",
    "ConfidenceEndpointing",
    "ConfigError",
    "ContainerAudio",
    "CredentialError",
    "CrossfadeError",
    "Encoding",
    "Endpointing",
    "Event",
    "ExpiredError",
    "Final",
    "IdleError",
    "KeyTerm",
    "ModelError",
    "NoEndpointing",
    "PaceError",
    "PacketAudio",
    "Partial",
    "ProtocolError",
    "PunctuationEndpointing",
    "RawAudio",
    "RecognizerError",
    "Reconnect",
    "Reconnected",
    "Reconnecting",
    "Session",
    "SessionConfig",
    "SessionEnded",
    "SessionStarted",
    "Silence",
    "SilenceEndpointing",
    "SpeakerLabels",
    "SpeechStarted",
    "TurnEnded",
    "UpstreamError",
    "Word",
    "connect",
    "mint_token",
    "sources",
    "sync",
]

_OF_THE_CLIENT = frozenset(
    {
        *("Reconnect", "Reconnected", "Reconnecting", "Session"),
        *("connect", "mint_token", "sources", "sync"),
    }
)


def __getattr__(name: str) -> Any:
    # Imported when first asked for: sockets and codecs take 0.2 s, and this file is run by every
    # `crossfade --help` too.
    if name not in _OF_THE_CLIENT:
        raise AttributeError(f"module 'crossfade' has no attribute {name!r}")
    from crossfade import client

    return getattr(client, name)
