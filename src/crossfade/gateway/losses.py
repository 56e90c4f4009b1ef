"""Why a session leaves a backend, in the few words that metrics and logs have for it."""

from typing import Literal

from crossfade.errors import (
    CapacityError,
    ConfigError,
    CrossfadeError,
    UpstreamCause,
    UpstreamError,
)

LossCause = UpstreamCause | Literal["stalled", "deaf"]
"""What an upstream error knows, and what only a listener can tell: a backend takes no audio, or
says nothing to loud audio."""


class StalledError(UpstreamError):
    """It takes no audio."""


class DeafError(UpstreamError):
    """It hears loud audio and says nothing."""


class TimeIsUpError(UpstreamError):
    """Its session comes to its greatest length, and no other one could be opened beside it."""


def cause_of(loss: CrossfadeError) -> LossCause:
    """Name the cause of a loss; one of few, so that it can be a metric's label."""
    match loss:
        case StalledError():
            return "stalled"
        case DeafError():
            return "deaf"
        case UpstreamError():
            return loss.cause
        case CapacityError():
            return "capacity"
        case ConfigError():
            return "request"
        case _:
            return "fault"
