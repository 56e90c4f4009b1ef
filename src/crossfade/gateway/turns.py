"""What a far side reports, put into the order that recognizers promise. No socket, no clock.

The canonical model promises more than any vendor's protocol does: a partial behind every final, a
final and a partial before every end of a turn, an answer to every forced end, turns only where
they were asked for. What the far side leaves out is made here, from what it does say:

* one that ends turns although nobody asked has its turns joined,
* one that was asked for turns and never ends them has them ended by our own endpointing, over its
  words and over how far it says it has heard,
* one that says nothing to a forced end where no turn is open has that said for it,
* one that says final words twice is taken at its first word.
"""

from msgspec.structs import replace

from crossfade.model import (
    ConfidenceEndpointing,
    Endpointing,
    Final,
    NoEndpointing,
    Partial,
    PunctuationEndpointing,
    Reconfigure,
    SessionConfig,
    Silence,
    SilenceEndpointing,
    SpeechStarted,
    StreamEvent,
    TurnEnded,
    Word,
)

GRACE_MS = 1000
"""A far side that ends turns itself is given so much more audio than its silence asks for. On a
vendor's wire an end came up to 960 ms behind its trigger, once in six."""

FarEvent = Final | Partial | TurnEnded | Silence | SpeechStarted


class FarTurns:
    """One session's turns. Owned by whoever reads the far side's events."""

    def __init__(self, config: SessionConfig, *, tells_forced_ends: bool) -> None:
        """Begin with turn 0.

        Args:
            config: What our client asked for.
            tells_forced_ends: The far side marks forced ends, and answers each of them; otherwise
                the next end of a turn is the answer.
        """
        self._endpointing: Endpointing = config.endpointing
        self._partials_wanted = config.partials_wanted
        self._tells_forced_ends = tells_forced_ends
        self._turn = 0
        self._held: Final | None = None  # its partial is awaited
        self._last_words: tuple[Word, ...] = ()  # that were final
        self._is_told = False  # a final and its partial were the last that was said
        self._open: tuple[Word, ...] = ()
        self._turn_has_words = False
        self._through_ms = 0  # heard
        self._settled_ms = 0
        self._n_forced = 0  # ends that are still to be answered
        self._sent_ms: int | None = None

    @property
    def _last_word_end_ms(self) -> int:
        return self._last_words[-1].end_ms if self._last_words else 0

    @property
    def awaits_forced_end(self) -> bool:
        """Somebody waits for the end of a turn."""
        return self._n_forced > 0

    @property
    def hears_words(self) -> bool:
        """Words are open, so the far side has something to end."""
        return bool(self._open)

    def force(self) -> None:
        """Note that an end was asked for."""
        self._n_forced += 1

    def reconfigure(self, change: Reconfigure) -> None:
        """Note what our client asked for, for what follows."""
        if change.endpointing is not None:
            self._endpointing = change.endpointing
        if change.partials_wanted is not None:
            self._partials_wanted = change.partials_wanted

    def end_of_audio(self, sent_ms: int) -> None:
        """Note that no more audio comes: the far side may end a turn for that alone."""
        self._sent_ms = sent_ms

    def take(self, event: FarEvent) -> list[StreamEvent]:
        """Return what an event means for our session, in the promised order."""
        match event:
            case Final():
                return self._final(event)
            case Partial():
                return [*self._partial(event), *self._overdue_end()]
            case TurnEnded():
                return [*self.flush(), *self._turn_ended(event)]
            case Silence():
                self._through_ms = max(self._through_ms, event.end_ms)
                if self._open:  # these words may be in it
                    return self.flush()
                return [*self._other(event), *self._overdue_end()]
            case SpeechStarted():
                return self._other(replace(event, turn=self._turn))

    def flush(self) -> list[StreamEvent]:
        """Say what waits for its partial; call it when the far side says anything else."""
        if self._held is None:
            return []
        return self._pair(self._held, self._open)

    def answer_force(self) -> list[StreamEvent]:
        """End the turn on behalf of a far side that does not answer."""
        if not self._n_forced:
            return []
        return [*self.flush(), *self._end(self._through_ms, confidence=1.0, forced=True)]

    def finish(self) -> list[StreamEvent]:
        """Say the last: forced ends that nobody answered, and a final with its partial."""
        said: list[StreamEvent] = []
        while self._n_forced:
            said += self.answer_force()
        said += self.flush()
        if self._is_told and not self._open:
            return said
        return [*said, *self._pair(self._empty_final(), ())]

    def _final(self, event: Final) -> list[StreamEvent]:
        said = self.flush()
        if event.words == self._last_words:
            event = replace(event, words=())
        self._settled_ms = max(self._settled_ms, event.through_ms)
        self._through_ms = max(self._through_ms, self._settled_ms)
        if event.words:
            self._turn_has_words = True
            self._last_words = event.words
        self._open = tuple(w for w in self._open if w.start_ms >= self._border_ms(event))
        is_answer = bool(self._n_forced) and not self._tells_forced_ends
        self._held = replace(
            event,
            turn=self._turn,
            through_ms=self._settled_ms,
            forced=event.forced or is_answer,
        )
        if not self._partials_wanted:  # then the far side sends none
            said += self.flush()
            said += self._overdue_end()
        return said

    def _border_ms(self, event: Final) -> int:
        """Open words that begin before this are among the final ones."""
        return event.words[-1].end_ms if event.words else self._settled_ms

    def _partial(self, event: Partial) -> list[StreamEvent]:
        self._open = event.words
        self._through_ms = max(self._through_ms, event.through_ms)
        partial = replace(event, turn=self._turn)
        if self._held is not None:
            return self._pair(self._held, partial.words, partial)
        self._is_told = False
        return [partial]

    def _turn_ended(self, event: TurnEnded) -> list[StreamEvent]:
        forced = event.forced or (bool(self._n_forced) and not self._tells_forced_ends)
        if not forced and not self._is_wanted(event):
            return []
        return self._end(event.at_ms, confidence=event.confidence, forced=forced)

    def _is_wanted(self, event: TurnEnded) -> bool:
        """Tell whether the end of a turn is one that our client asked to be told.

        It is not if nothing was said since the last, or if only the end of the audio ended it.
        """
        if isinstance(self._endpointing, NoEndpointing) or not self._turn_has_words:
            return False
        if self._sent_ms is None:
            return True
        silence_ms = self._sent_ms - self._last_word_end_ms
        return silence_ms >= _shortest_silence_ms(self._endpointing)

    def _overdue_end(self) -> list[StreamEvent]:
        """End a turn that the far side should have ended by now."""
        longest_ms = _longest_silence_ms(self._endpointing)
        if longest_ms is None or not self._turn_has_words or self._open:
            return []
        at_ms = self._last_word_end_ms + longest_ms
        if self._held is not None or self._through_ms < at_ms + GRACE_MS:
            return []
        return self._end(at_ms, confidence=1.0, forced=False)

    def _end(self, at_ms: int, *, confidence: float, forced: bool) -> list[StreamEvent]:
        said: list[StreamEvent] = []
        if not self._is_told:
            said += self._pair(replace(self._empty_final(), forced=forced), self._open)
        # An answer from a far side that only knows its words' times comes behind what was settled.
        at_ms = max(at_ms, self._settled_ms)
        ended = TurnEnded(turn=self._turn, at_ms=at_ms, confidence=confidence, forced=forced)
        self._turn += 1
        self._turn_has_words = False
        self._is_told = False
        self._n_forced -= forced and self._n_forced > 0
        return [*said, ended]

    def _pair(
        self, final: Final, words: tuple[Word, ...], partial: Partial | None = None
    ) -> list[StreamEvent]:
        self._held = None
        self._is_told = True
        if partial is None:
            partial = Partial(turn=self._turn, words=words, through_ms=self._through_ms)
        return [final, partial]

    def _empty_final(self) -> Final:
        return Final(turn=self._turn, words=(), through_ms=self._settled_ms)

    def _other(self, event: Silence | SpeechStarted) -> list[StreamEvent]:
        said = self.flush()
        self._is_told = False
        return [*said, event]


def _longest_silence_ms(policy: Endpointing) -> int | None:
    match policy:
        case NoEndpointing():
            return None
        case SilenceEndpointing():
            return policy.silence_ms
        case ConfidenceEndpointing() | PunctuationEndpointing():
            return policy.max_silence_ms


def _shortest_silence_ms(policy: Endpointing) -> int:
    match policy:
        case NoEndpointing():
            return 0
        case SilenceEndpointing():
            return policy.silence_ms
        case ConfidenceEndpointing() | PunctuationEndpointing():
            return policy.min_silence_ms
