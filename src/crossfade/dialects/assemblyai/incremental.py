"""Turns as the Universal-Streaming family tells them: word by word, and never taken back.

A message lists the final words of the turn and at most one more, the first that is still open;
``transcript`` holds the final ones. So what a client has seen as final is the beginning of
everything that follows in that turn. At a pause ``utterance`` tells all that was said since the
pause before, open words included. The end of a turn comes raw, and once more formatted if the
client asked for that.

``word_is_final`` is the recognizer's ``Final``, or the words of a ``Partial`` of which it is sure:
the promise is only as good as whoever made it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.assemblyai.presets import TurnSettings
from crossfade.dialects.assemblyai.transcript import (
    Style,
    formatted,
    raw,
    round_number,
    wire_words,
)
from crossfade.dialects.assemblyai.turns import Facts, TurnEvent
from crossfade.model import Final, Partial, Silence, SpeechStarted, TurnEnded, Word


class Manner(Struct, frozen=True, kw_only=True):
    """In what the models that are told like this differ."""

    utterances: Style = raw
    word_confidence: float | None = None
    """Said of every word; ``None``: what the recognizer says."""
    end_confidence: float | None = None
    """Said at every end of a turn."""


UNIVERSAL_STREAMING = Manner()
WHISPER = Manner(utterances=formatted, word_confidence=0.0, end_confidence=1.0)


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

    def n_told(self, words: Sequence[Word]) -> int:
        """Count the words that were part of an utterance.

        The middle of a word decides: its edges may move a little from one hypothesis to the next.
        """
        middles_ms = ((word.start_ms + word.end_ms) // 2 for word in words)
        return sum(middle_ms <= self.told_until_ms for middle_ms in middles_ms)


class IncrementalTurns:
    """See ``Turns``."""

    def __init__(self, settings: TurnSettings, manner: Manner = UNIVERSAL_STREAMING) -> None:
        self.settings = settings
        self.facts = Facts()
        self._manner = manner
        self._order = 0
        self._turn = _OpenTurn()

    def hear(self, event: TurnEvent) -> list[messages.ServerMessage]:
        """See ``Turns.hear``."""
        match event:
            case SpeechStarted() | Silence():
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
            [*turn.final, *partial.words[: partial.n_sure]],
            partial.words[partial.n_sure : partial.n_sure + 1],
            confidence=partial.turn_confidence if partial.at_pause else 0.0,
            utterance=utterance,
        )
        if not utterance and (_is_old(message, turn.last) or not self._is_worth_it(message)):
            return []
        turn.last = message
        return [message]

    def _utterance(self, partial: Partial) -> str:
        words = [*self._turn.final, *partial.words]
        utterance = self._untold(words, self._manner.utterances, at_end=False)
        if words:
            self._turn.told_until_ms = max(partial.through_ms, words[-1].end_ms)
        return utterance

    def _untold(self, words: Sequence[Word], style: Style, *, at_end: bool) -> str:
        """Write the utterance that has not been told, out of all the words of the turn."""
        texts = self.settings.filters.write(words, style, at_end=at_end)
        return " ".join(texts[self._turn.n_told(words) :])

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
        turn = self._turn
        if not turn.final and turn.last is None:
            self._turn = _OpenTurn()
            return []  # nothing was said: the number is not used up
        if self._manner.end_confidence is not None:
            confidence = self._manner.end_confidence
        ends: list[messages.ServerMessage] = []
        if not self.settings.ends_once:
            ends.append(self._end_message(raw, confidence, has_utterance=True))
        if self.settings.format_turns:
            ends.append(
                self._end_message(formatted, confidence, has_utterance=self.settings.ends_once)
            )
        self._turn = _OpenTurn()
        self._order += 1
        return ends

    def _end_message(
        self, style: Style, confidence: float, *, has_utterance: bool
    ) -> messages.Turn:
        words = self._turn.final
        texts = self.settings.filters.write(words, style, at_end=True)
        utterance_style = formatted if style is formatted else self._manner.utterances
        return messages.Turn(
            turn_order=self._order,
            turn_is_formatted=style is formatted,
            end_of_turn=True,
            transcript=" ".join(texts),
            end_of_turn_confidence=round_number(confidence),
            words=self._wire_words(words, texts, final=True, speakers=self.facts.has_speakers),
            utterance=self._untold(words, utterance_style, at_end=True) if has_utterance else "",
            language_code=self.facts.language,
            language_confidence=self.facts.language_confidence,
            speaker_label=self.facts.speaker_label(words),
        )

    def _message(
        self,
        final: Sequence[Word],
        still_open: Sequence[Word],
        *,
        confidence: float,
        utterance: str,
    ) -> messages.Turn:
        write = self.settings.filters.write
        texts = write(final, raw)
        facts = self.facts if utterance else Facts()
        return messages.Turn(
            turn_order=self._order,
            turn_is_formatted=False,
            end_of_turn=False,
            transcript=" ".join(texts),
            end_of_turn_confidence=round_number(confidence),
            words=self._wire_words(final, texts, final=True)
            + self._wire_words(still_open, write(still_open, raw), final=False),
            utterance=utterance,
            language_code=facts.language,
            language_confidence=facts.language_confidence,
        )

    def _wire_words(
        self, words: Sequence[Word], texts: Sequence[str], *, final: bool, speakers: bool = False
    ) -> tuple[messages.Word, ...]:
        if self._manner.word_confidence is not None:
            words = [replace(word, confidence=self._manner.word_confidence) for word in words]
        return wire_words(words, texts, final=final, speakers=speakers)


def _is_old(message: messages.Turn, last: messages.Turn | None) -> bool:
    """Tell whether the client knows all this already, an utterance aside."""
    return last is not None and (message.words, message.end_of_turn_confidence) == (
        last.words,
        last.end_of_turn_confidence,
    )


def _texts(message: messages.Turn) -> list[str]:
    return [word.text for word in message.words]
