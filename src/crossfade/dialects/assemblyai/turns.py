"""What both ways of telling turns have in common."""

from typing import Protocol

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.assemblyai.presets import TurnSettings
from crossfade.model import Final, Partial, SpeechStarted, TurnEnded

TurnEvent = SpeechStarted | Partial | Final | TurnEnded
"""The events that turns are made of."""


class Turns(Protocol):
    """Tells a session's turns. Keeps the number of the open one: each end of turn uses one up."""

    settings: TurnSettings
    """May be replaced at any time; holds for what is said next."""
    speaker_labels: bool
    """Ends of turns name speakers; known once the session has started."""

    def hear(self, event: TurnEvent) -> list[messages.ServerMessage]:
        """Turn one event into what the vendor's server would say."""

    def close(self, *, cut_short: bool) -> list[messages.ServerMessage]:
        """End the open turn, if there is one, because the session ends.

        Args:
            cut_short: The words that are still open will never be final; the end of the turn is
                their last chance.
        """
