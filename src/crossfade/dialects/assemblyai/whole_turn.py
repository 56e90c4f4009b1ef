"""Turns as the Universal-3 family tells them: the whole turn, anew each time, then once for good.

A partial lists every word so far and promises nothing: a client replaces what it had. Partials
come early in a turn, at pauses, and in intervals while somebody speaks on, all in audio time.
``SpeechStarted`` goes out right before the first message of its turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.assemblyai.presets import TurnSettings
from crossfade.dialects.assemblyai.transcript import (
    formatted,
    round_number,
    wire_words,
)
from crossfade.dialects.assemblyai.turns import Facts, TurnEvent
from crossfade.model import Final, Partial, Silence, SpeechStarted, TurnEnded, Word

EARLY_PARTIAL_MS = 256
"""The fixed part of the wait for the first partial; ``interruption_delay`` comes on top."""

EARLY_SLACK_MS = 150
"""A hypothesis that comes this much before its time is shown: the next may be 500 ms away."""


@dataclass
class _OpenTurn:
    """What is known of the turn that has not ended yet."""

    final: list[Word] = field(default_factory=list)
    open: tuple[Word, ...] = ()
    onset_confidence: float = 1.0
    shown: messages.Turn | None = None
    """The newest partial that was sent."""
    shown_at_ms: int = 0
    """Where in the audio that was."""
    pause_shown: bool = False
    """A pause has one partial; the next speech arms the next one."""
    heard: int = -1
    """The recognizer's own number of this turn, once it has settled words."""

    @property
    def words(self) -> list[Word]:
        """The turn so far."""
        return [*self.final, *self.open]


class WholeTurns:
    """See ``Turns``."""

    def __init__(self, settings: TurnSettings, *, partials_formatted: bool) -> None:
        """Begin with turn 0. ``partials_formatted`` is what partials say of themselves."""
        self.settings = settings
        self.facts = Facts()
        self._partials_formatted = partials_formatted
        self._order = 0
        self._turn = _OpenTurn()

    def hear(self, event: TurnEvent) -> list[messages.ServerMessage]:
        """See ``Turns.hear``."""
        match event:
            case SpeechStarted():
                self._turn.onset_confidence = event.confidence
                return []  # told with the first words: noise alone is no speech
            case Final():
                self._turn.final += event.words
                self._turn.open = ()
                self._turn.heard = event.turn
                return []
            case Partial():
                return self._show(event)
            case TurnEnded():
                return self._end()
            case Silence():
                return self._tell_silence(event)

    def close(self, *, cut_short: bool) -> list[messages.ServerMessage]:
        """See ``Turns.close``."""
        if cut_short:
            self._turn.final += self._turn.open
        return self._end()

    def _tell_silence(self, silence: Silence) -> list[messages.ServerMessage]:
        """Acknowledge it, unless it is a pause within a turn."""
        is_open = bool(self._turn.words) or self._turn.shown is not None
        if is_open or not self.settings.silences_wanted:
            return []
        return [messages.Silence(start_ms=silence.start_ms, end_ms=silence.end_ms)]

    def _show(self, partial: Partial) -> list[messages.ServerMessage]:
        turn = self._turn
        if 0 <= turn.heard < partial.turn:
            return []  # what comes after the end of this turn: it will be told again
        turn.open = partial.words
        turn.pause_shown = turn.pause_shown and partial.at_pause
        if not self.settings.partials_wanted or not self._is_due(partial):
            return []
        message = self._message(turn.words, end=False)
        if turn.shown is not None and message.words == turn.shown.words:
            return []
        said = self._speech_started(message)
        turn.shown, turn.shown_at_ms = message, partial.through_ms
        turn.pause_shown = partial.at_pause
        return [*said, message]

    def _is_due(self, partial: Partial) -> bool:
        turn = self._turn
        if not turn.words:
            return False
        if turn.shown is None:
            wait_ms = EARLY_PARTIAL_MS + self.settings.interruption_delay_ms - EARLY_SLACK_MS
            return partial.at_pause or partial.through_ms >= turn.words[0].start_ms + wait_ms
        if not partial.words:
            return False  # all is settled: the end of the turn is near and says it once
        if partial.at_pause:
            return not turn.pause_shown
        return partial.through_ms - turn.shown_at_ms >= self.settings.partial_interval_ms

    def _end(self) -> list[messages.ServerMessage]:
        turn = self._turn
        if not turn.final and turn.shown is None:
            self._turn = _OpenTurn()
            return []  # nothing was said: the number is not used up
        end = self._message(turn.final, end=True)
        said = [*self._speech_started(end), end]
        self._turn = _OpenTurn()
        self._order += 1
        return said

    def _speech_started(self, first: messages.Turn) -> list[messages.ServerMessage]:
        if self._turn.shown is not None:
            return []
        confidence = round_number(self._turn.onset_confidence)
        return [messages.SpeechStarted(timestamp=first.words[0].start, confidence=confidence)]

    def _message(self, words: Sequence[Word], *, end: bool) -> messages.Turn:
        texts = self.settings.filters.write(words, formatted, at_end=end)
        transcript = " ".join(texts)
        facts = self.facts if end else Facts()
        return messages.Turn(
            turn_order=self._order,
            turn_is_formatted=end or self._partials_formatted,
            end_of_turn=end,
            transcript=transcript,
            end_of_turn_confidence=1.0 if end else 0.0,
            words=wire_words(words, texts, final=end, speakers=facts.has_speakers),
            utterance=transcript if end else "",
            language_code=facts.language,
            language_confidence=facts.language_confidence,
            speaker_label=facts.speaker_label(words),
        )
