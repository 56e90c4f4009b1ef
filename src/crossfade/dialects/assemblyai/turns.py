"""What both ways of telling turns have in common."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import UNSET, Struct, UnsetType

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.assemblyai.presets import TurnSettings
from crossfade.dialects.assemblyai.transcript import turn_speaker
from crossfade.model import Final, Partial, Silence, SpeechStarted, TurnEnded, Word

TurnEvent = SpeechStarted | Partial | Final | TurnEnded | Silence
"""The events that turns are made of, and what is between them."""


class Facts(Struct, frozen=True, kw_only=True):
    """What is known once the session has started."""

    language: str | UnsetType = UNSET
    """Told with each turn that is complete; left out where nobody asked."""
    has_speakers: bool = False
    """Ends of turns name speakers."""

    @property
    def language_confidence(self) -> float | UnsetType:
        """The language was chosen, not detected, so there is no doubt about it."""
        return UNSET if self.language is UNSET else 1.0

    def speaker_label(self, words: Sequence[Word]) -> str | UnsetType:
        """Name the speaker of a turn, where that is told."""
        return turn_speaker(words) if self.has_speakers else UNSET


class Turns(Protocol):
    """Tells a session's turns. Keeps the number of the open one: each end of turn uses one up."""

    settings: TurnSettings
    """May be replaced at any time; holds for what is said next."""
    facts: Facts

    def hear(self, event: TurnEvent) -> list[messages.ServerMessage]:
        """Turn one event into what the vendor's server would say."""

    def close(self, *, cut_short: bool) -> list[messages.ServerMessage]:
        """End the open turn, if there is one, because the session ends.

        Args:
            cut_short: The words that are still open will never be final; the end of the turn is
                their last chance.
        """
