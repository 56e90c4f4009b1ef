"""What a stream has reported: which turn is open, what is settled, and the events that say so.

Keeps the order that ``crossfade.model.events`` promises: nothing settled is touched again, a final
is followed at once by a partial, a number belongs to one turn. Knows no audio and no model.
"""

from collections.abc import Sequence

from crossfade.model import (
    Endpointing,
    Final,
    Partial,
    Silence,
    SpeechStarted,
    StreamEvent,
    TurnEnded,
    VoiceStarted,
    VoiceStopped,
    Word,
)
from crossfade.recognizers.endpointing import longest_turn_ms, turn_confidence, turn_is_over

Words = Sequence[Word]


class Report:
    """The open turn and the events that nobody has fetched yet."""

    def __init__(self) -> None:
        """Begin with turn 0 and nothing said."""
        self.settled_ms = 0
        """Everything up to here is settled; no later word begins before it."""
        self.has_words = False
        """Something was said in the open turn."""
        self._turn = 0
        self._start_ms: int | None = None
        self._confidence = 0.0
        self._last_mark = ""
        self._events: list[StreamEvent] = []

    def take(self) -> list[StreamEvent]:
        """Hand over what happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    # Is the turn over?

    def judge(self, words: Words, terminal_probability: float) -> None:
        """Remember what a pause after these words means; ``forget`` when speech goes on."""
        last = words[-1] if words else None
        self._last_mark = last.punctuation if last else ""
        self._confidence = turn_confidence(terminal_probability, last.text if last else "")

    def forget(self) -> None:
        """Speech goes on: what the pause seemed to mean is past."""
        self._confidence, self._last_mark = 0.0, ""

    def turn_is_over(self, policy: Endpointing, silence_ms: int) -> bool:
        """Decide, during a silence, whether the open turn is over."""
        return self.has_words and turn_is_over(
            policy,
            silence_ms=silence_ms,
            confidence=self._confidence,
            last_mark=self._last_mark,
        )

    def turn_is_long(self, policy: Endpointing, now_ms: int) -> bool:
        """Tell whether the open turn has to be cut, whatever is being said."""
        longest_ms = longest_turn_ms(policy)
        return (
            longest_ms is not None
            and self._start_ms is not None
            and self.has_words
            and now_ms - self._start_ms >= longest_ms
        )

    # What happens.

    def speech(self, at_ms: int, probability: float) -> None:
        """Someone speaks; the first time in a turn is told."""
        if self._start_ms is None:
            self._start_ms = at_ms
            self._events.append(
                SpeechStarted(turn=self._turn, at_ms=at_ms, confidence=round(probability, 6))
            )

    def edge(self, edge: VoiceStarted | VoiceStopped | None) -> None:
        """A voice begins or stops, if there is anything to tell."""
        if edge is not None:
            self._events.append(edge)

    def silence(self, until_ms: int) -> None:
        """Nobody has spoken since ``settled_ms``."""
        self._events.append(Silence(start_ms=self.settled_ms, end_ms=until_ms))
        self.settled_ms = until_ms

    def noise(self) -> None:
        """What seemed to be speech had no words: the next speech may begin the turn anew."""
        if not self.has_words:
            self._start_ms = None

    def hypothesis(
        self, settled: Words, still_open: Words, *, through_ms: int, at_pause: bool, wanted: bool
    ) -> None:
        """Tell newly settled words, and, if they are ``wanted``, those that may still change."""
        self.has_words = self.has_words or bool(settled or still_open)
        if settled:
            self._settle(settled, settled[-1].end_ms)
        if settled or wanted:
            partial = Partial(
                turn=self._turn,
                words=tuple(still_open),
                through_ms=through_ms,
                at_pause=at_pause,
                turn_confidence=round(self._confidence, 6) if at_pause else 0.0,
            )
            self._events.append(partial)

    def preview(self, still_open: Words, *, through_ms: int) -> None:
        """Show what may still change, in a turn that has words already."""
        self._events.append(
            Partial(
                turn=self._turn,
                words=tuple(still_open),
                through_ms=through_ms,
                is_preview=True,
            )
        )

    def final(self, words: Words, *, through_ms: int, now_ms: int) -> None:
        """Tell the last words of a stretch of speech, perhaps none; the turn stays open."""
        self.has_words = self.has_words or bool(words)
        self._settle(words, min(through_ms, now_ms))
        self._show((), now_ms)

    def end_turn(
        self,
        words: Words = (),
        still_open: Words = (),
        *,
        at_ms: int,
        through_ms: int,
        now_ms: int,
        forced: bool = False,
    ) -> None:
        """End the open turn with its last words.

        Args:
            words: Perhaps none.
            still_open: What was said after the cut; it opens the next turn.
            at_ms: Where the turn ends.
            through_ms: Up to where everything is settled now.
            now_ms: How far the audio reaches.
            forced: The client wanted it.
        """
        self._settle(words, min(through_ms, now_ms), forced=forced)
        self._show(still_open, now_ms)
        ended = TurnEnded(
            turn=self._turn,
            at_ms=max(at_ms, self.settled_ms),
            confidence=round(self._confidence, 6),
            forced=forced,
        )
        self._events.append(ended)
        self._turn += 1
        self._start_ms = None
        self.has_words = bool(still_open)
        self.forget()
        if still_open:
            self.speech(at_ms, 1.0)

    def _settle(self, words: Words, through_ms: int, *, forced: bool = False) -> None:
        last_ms = words[-1].end_ms if words else 0
        self.settled_ms = max(self.settled_ms, through_ms, last_ms)
        self._events.append(
            Final(turn=self._turn, words=tuple(words), through_ms=self.settled_ms, forced=forced)
        )

    def _show(self, still_open: Words, now_ms: int) -> None:
        """Tell what is open behind a final; words there already belong to the next turn."""
        self._events.append(
            Partial(
                turn=self._turn + bool(still_open),
                words=tuple(still_open),
                through_ms=max(now_ms, self.settled_ms),
            )
        )
