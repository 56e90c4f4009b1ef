"""Turns as the Universal-Streaming family tells them: word by word, and never taken back.

A message lists the final words of the turn and at most one more, the first that is still open;
``transcript`` holds the final ones. So what a client has seen as final is the beginning of
everything that follows in that turn. At a pause ``utterance`` tells all that was said since the
pause before, open words included. The end of a turn comes raw, and once more formatted if the
client asked for that.

``word_is_final`` is the recognizer's ``Final``, nothing earlier: the promise is only as good as
whoever made it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec import UNSET

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.assemblyai.presets import TurnSettings
from crossfade.dialects.assemblyai.transcript import (
    formatted,
    raw,
    round_confidence,
    text_of,
    turn_speaker,
    wire_words,
)
from crossfade.dialects.assemblyai.turns import TurnEvent
from crossfade.model import Final, Partial, SpeechStarted, TurnEnded, Word


@dataclass
class _OpenTurn:
    """What is known of the turn that has not ended yet."""

    final: list[Word] = field(default_factory=list)
    open: tuple[Word, ...] = ()
    told_until_ms: int = -1
    """The words before this position were part of an utterance."""
    last: messages.Turn | None = None
    """The newest partial that was sent."""
    heard: int = -1
    """The recognizer's own number of this turn, once it has settled words."""

    def since_boundary(self, words: Sequence[Word]) -> list[Word]:
        """Return the words of the utterance that has not been told.

        The middle of a word decides: its edges may move a little from one hypothesis to the next.
        """
        return [word for word in words if (word.start_ms + word.end_ms) // 2 > self.told_until_ms]


class IncrementalTurns:
    """See ``Turns``."""

    def __init__(self, settings: TurnSettings) -> None:
        self.settings = settings
        self.speaker_labels = False
        self._order = 0
        self._turn = _OpenTurn()

    def hear(self, event: TurnEvent) -> list[messages.ServerMessage]:
        """See ``Turns.hear``."""
        match event:
            case SpeechStarted():
                return []  # this family does not tell
            case Final():
                self._turn.final += event.words
                self._turn.open = ()
                self._turn.heard = event.turn
                return []  # the partial that follows at once shows them
            case Partial():
                return self._show(event)
            case TurnEnded():
                return self._end(confidence=event.confidence)

    def close(self, *, cut_short: bool) -> list[messages.ServerMessage]:
        """See ``Turns.close``."""
        if cut_short:
            self._turn.final += self._turn.open
        return self._end(confidence=1.0)

    def _show(self, partial: Partial) -> list[messages.ServerMessage]:
        turn = self._turn
        if 0 <= turn.heard < partial.turn:
            return []  # what comes after the end of this turn: it will be told again
        turn.open = partial.words
        if not self.settings.partials_wanted:
            return []
        utterance = self._utterance(partial) if partial.at_pause else ""
        message = self._message(
            turn.final,
            partial.words[:1],
            confidence=partial.turn_confidence if partial.at_pause else 0.0,
            utterance=utterance,
        )
        if not utterance and (_is_old(message, turn.last) or not self._is_worth_it(message)):
            return []
        turn.last = message
        return [message]

    def _utterance(self, partial: Partial) -> str:
        words = [*self._turn.final, *partial.words]
        utterance = text_of(self._turn.since_boundary(words), raw)
        if words:
            self._turn.told_until_ms = max(partial.through_ms, words[-1].end_ms)
        return utterance

    def _is_worth_it(self, message: messages.Turn) -> bool:
        """Tell whether a partial says more than that a word the client has seen became final.

        Where nothing is open any more, the end of the turn mostly follows at once and says that.
        """
        last = self._turn.last
        if last is None:
            return bool(message.words)
        still_open = any(not word.word_is_final for word in message.words)
        return still_open or _texts(message) != _texts(last)

    def _end(self, *, confidence: float) -> list[messages.ServerMessage]:
        turn, self._turn = self._turn, _OpenTurn()
        if not turn.final and turn.last is None:
            return []  # nothing was said: the number is not used up
        utterance = text_of(turn.since_boundary(turn.final), raw)
        end = self._message(turn.final, (), confidence=confidence, utterance=utterance, end=True)
        ends: list[messages.ServerMessage] = [end]
        if self.settings.format_turns:
            ends.append(
                messages.Turn(
                    turn_order=self._order,
                    turn_is_formatted=True,
                    end_of_turn=True,
                    transcript=text_of(turn.final, formatted),
                    end_of_turn_confidence=end.end_of_turn_confidence,
                    words=wire_words(
                        turn.final, formatted, final=True, speakers=self.speaker_labels
                    ),
                    speaker_label=end.speaker_label,
                )
            )
        self._order += 1
        return ends

    def _message(
        self,
        final: Sequence[Word],
        still_open: Sequence[Word],
        *,
        confidence: float,
        utterance: str,
        end: bool = False,
    ) -> messages.Turn:
        return messages.Turn(
            turn_order=self._order,
            turn_is_formatted=False,
            end_of_turn=end,
            transcript=text_of(final, raw),
            end_of_turn_confidence=round_confidence(confidence),
            words=wire_words(final, raw, final=True, speakers=end and self.speaker_labels)
            + wire_words(still_open, raw, final=False),
            utterance=utterance,
            speaker_label=turn_speaker(final) if end and self.speaker_labels else UNSET,
        )


def _is_old(message: messages.Turn, last: messages.Turn | None) -> bool:
    """Tell whether the client knows all this already, an utterance aside."""
    return last is not None and (message.words, message.end_of_turn_confidence) == (
        last.words,
        last.end_of_turn_confidence,
    )


def _texts(message: messages.Turn) -> list[str]:
    return [word.text for word in message.words]
