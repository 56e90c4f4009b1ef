"""The canonical model: what clients ask, what recognizers report, in no vendor's words.

Everything is frozen and compares by value. Positions in audio are whole milliseconds since the
first sample of the session (``_ms``), never wall-clock time; waits are float seconds (``_s``).
``None`` means "not said"; ``0`` and ``""`` are values.
"""

from crossfade.model.commands import (
    Audio,
    Command,
    Finish,
    ForceTurn,
    KeepAlive,
    Reconfigure,
    Start,
)
from crossfade.model.config import (
    AudioFormat,
    ConfidenceEndpointing,
    ContainerAudio,
    Encoding,
    Endpointing,
    KeyTerm,
    NoEndpointing,
    PunctuationEndpointing,
    RawAudio,
    SessionConfig,
    SessionLimits,
    SilenceEndpointing,
    SpeakerLabels,
)
from crossfade.model.events import (
    AudioAccepted,
    AudioIgnored,
    Event,
    Final,
    Partial,
    SessionEnded,
    SessionStarted,
    Silence,
    SpeechStarted,
    StreamEvent,
    TurnEnded,
    Word,
)

__all__ = [
    "Audio",
    "AudioAccepted",
    "AudioFormat",
    "AudioIgnored",
    "Command",
    "ConfidenceEndpointing",
    "ContainerAudio",
    "Encoding",
    "Endpointing",
    "Event",
    "Final",
    "Finish",
    "ForceTurn",
    "KeepAlive",
    "KeyTerm",
    "NoEndpointing",
    "Partial",
    "PunctuationEndpointing",
    "RawAudio",
    "Reconfigure",
    "SessionConfig",
    "SessionEnded",
    "SessionLimits",
    "SessionStarted",
    "Silence",
    "SilenceEndpointing",
    "SpeakerLabels",
    "SpeechStarted",
    "Start",
    "StreamEvent",
    "TurnEnded",
    "Word",
]
