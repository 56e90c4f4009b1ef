"""What a scripted stream reports, and when: arithmetic on positions in the audio."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from crossfade.model import (
    Final,
    Partial,
    Reconfigure,
    SessionConfig,
    Silence,
    Speaker,
    SpeakerLabels,
    SpeechStarted,
    StreamEvent,
    TurnEnded,
    VoiceStarted,
    VoiceStopped,
    Word,
)
from crossfade.recognizers.endpointing import (
    PAUSE_MS,
    TERMINAL_MARKS,
    longest_turn_ms,
    turn_confidence,
    turn_is_over,
)

STEP_MS = 20
"""The stream looks at its script this often, in audio time."""

PARTIAL_EVERY_MS = 500
SILENCE_EVERY_MS = 1000
VOICE_GAP_MS = 200
"""A voice goes on over shorter gaps; those between the words of ``spoken`` are."""


IDENTIFIER_PREFIX = "scripted:"
"""Behind it, an identifier has the name that a speaker bears in the script."""


class TurnCue(Struct, frozen=True, kw_only=True):
    """What a script says about the end of a turn, in place of the client's own rule."""

    ends: bool | None = None
    """Whether the turn ends behind this word; ``None``: as the client asked."""
    after_ms: int = 0
    """Silence behind the word at which it ends."""
    confidence: float | None = None
    """Turn confidence behind this word; ``None``: estimated from its text."""


NO_CUE = TurnCue()


class Cast:
    """Who speaks in the script, and what the client calls them."""

    def __init__(self, labels: SpeakerLabels | None) -> None:
        """Start with nobody heard; without ``labels`` nobody has a name."""
        self._is_wanted = labels is not None
        self._known: Sequence[Speaker] = labels.known if labels is not None else ()
        self._heard: dict[str, Speaker] = {}

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Labels of known speakers with an identifier that is none of a script's."""
        return tuple(
            speaker.label
            for speaker in self._known
            if not all(each.startswith(IDENTIFIER_PREFIX) for each in speaker.identifiers)
        )

    @property
    def heard(self) -> tuple[Speaker, ...]:
        """Who has spoken."""
        return tuple(self._heard.values())

    def named(self, word: Word) -> Word:
        """The word as it was heard, by the name that its speaker has here."""
        if word.speaker is None:
            return word
        if not self._is_wanted:
            return replace(word, speaker=None)
        if word.speaker not in self._heard:
            self._heard[word.speaker] = self._speaker(word.speaker)
        return replace(word, speaker=self._heard[word.speaker].label)

    def _speaker(self, name: str) -> Speaker:
        identifier = IDENTIFIER_PREFIX + name
        for speaker in self._known:
            if identifier in speaker.identifiers:
                return speaker
        return Speaker(label=name, identifiers=(identifier,))


class Play:
    """One stream's script against the clock of its audio. No queue, no bytes."""

    def __init__(
        self,
        config: SessionConfig,
        words: Iterator[Word],
        *,
        cue: Callable[[Word], TurnCue] = lambda word: NO_CUE,
    ) -> None:
        """Stand at the beginning.

        Args:
            config: What the session asked for.
            words: By rising start, without overlaps.
            cue: What the script says about a turn that ends behind this word.
        """
        self._cue = cue
        self._endpointing = config.endpointing
        self._partials_wanted = config.partials_wanted
        self._max_delay_ms = config.max_delay_ms
        self._edges_wanted = config.voice_edges_wanted
        self._voice_end_ms: int | None = None  # None: no voice is heard
        self.cast = Cast(config.speaker_labels)
        self._words = words
        self._next = next(words, None)
        self.now_ms = 0
        self._step_ms = 0
        self._turn = 0
        self._turn_start_ms: int | None = None  # None: no turn is open
        self._last: Word | None = None  # the last word of the open turn that was heard
        self._open: list[Word] = []
        self._silence_start_ms = 0
        self._through_ms = 0

    def advance(self, to_ms: int) -> Iterator[StreamEvent]:
        """Report what happens up to a position."""
        while self._step_ms + STEP_MS <= to_ms:
            self._step_ms += STEP_MS
            self.now_ms = self._step_ms
            yield from self._step()
        self.now_ms = to_ms

    def reconfigure(self, command: Reconfigure) -> None:
        """Change settings for what follows."""
        if command.endpointing is not None:
            self._endpointing = command.endpointing
        if command.partials_wanted is not None:
            self._partials_wanted = command.partials_wanted
        if command.max_delay_ms is not None:
            self._max_delay_ms = command.max_delay_ms

    def force(self, at_ms: int | None) -> Iterator[StreamEvent]:
        """End the open turn here, or at an earlier position."""
        yield from self._hear()
        cut_ms = self.now_ms if at_ms is None else min(at_ms, self.now_ms)
        yield from self._end_turn(cut_ms, forced=True)

    def finish(self) -> Iterator[StreamEvent]:
        """Report the words that are left."""
        yield from self._hear()
        yield from self._edge(is_over=True)
        yield from self._commit(len(self._open), self.now_ms)

    def _step(self) -> Iterator[StreamEvent]:
        yield from self._hear()
        yield from self._edge()
        if self._turn_start_ms is None:
            yield from self._be_silent()
            return
        if self._open and self.now_ms - self._open[0].end_ms >= self._max_delay_ms:
            yield from self._commit(len(self._open), self._settled_ms())
        if self._turn_is_over():
            yield from self._end_turn(self.now_ms)
        elif self._partials_wanted and self._open and self.now_ms % PARTIAL_EVERY_MS == 0:
            yield self._partial()

    def _hear(self) -> Iterator[StreamEvent]:
        """Take the words from the script that have been said by now."""
        while self._next is not None and self._next.start_ms < self.now_ms:
            if self._turn_start_ms is None:
                self._turn_start_ms = self._next.start_ms
                yield SpeechStarted(turn=self._turn, at_ms=self._next.start_ms, confidence=1.0)
            if self._next.end_ms > self.now_ms:
                return
            self._last = self._next
            self._open.append(self.cast.named(self._next))
            self._next = next(self._words, None)

    def _edge(self, *, is_over: bool = False) -> Iterator[StreamEvent]:
        """Report where the voice that reads the script begins and stops."""
        if not self._edges_wanted:
            return
        if self._is_speaking():
            if self._voice_end_ms is None and self._next is not None:
                yield VoiceStarted(at_ms=self._next.start_ms)
            self._voice_end_ms = self.now_ms
        elif self._voice_end_ms is not None and self._last is not None:
            self._voice_end_ms = self._last.end_ms
        end_ms = self._voice_end_ms
        if end_ms is not None and (is_over or self.now_ms - end_ms >= VOICE_GAP_MS):
            self._voice_end_ms = None
            yield VoiceStopped(at_ms=end_ms)

    def _be_silent(self) -> Iterator[StreamEvent]:
        end_ms = self._silence_start_ms + SILENCE_EVERY_MS
        if self.now_ms >= end_ms:
            yield Silence(start_ms=self._silence_start_ms, end_ms=end_ms)
            self._silence_start_ms = end_ms

    def _turn_is_over(self) -> bool:
        if self._last is None or self._turn_start_ms is None or self._is_speaking():
            return False
        cue = self._cue(self._last)
        if cue.ends is not None:
            return cue.ends and self.now_ms - self._last.end_ms >= cue.after_ms
        longest_ms = longest_turn_ms(self._endpointing)
        if longest_ms is not None and self.now_ms - self._turn_start_ms >= longest_ms:
            return True
        return turn_is_over(
            self._endpointing,
            silence_ms=self.now_ms - self._last.end_ms,
            confidence=self._confidence(),
            last_mark=self._last.punctuation,
        )

    def _end_turn(self, at_ms: int, *, forced: bool = False) -> Iterator[StreamEvent]:
        n_said = sum(word.end_ms <= at_ms for word in self._open)
        confidence = self._confidence()
        yield from self._commit(n_said, min(at_ms, self._settled_ms()), forced=forced)
        yield TurnEnded(turn=self._turn, at_ms=at_ms, confidence=confidence, forced=forced)
        self._turn += 1
        self._last = self._open[-1] if self._open else None
        self._turn_start_ms = None
        self._silence_start_ms = max(at_ms, self._silence_start_ms)
        yield from self._reopen()

    def _reopen(self) -> Iterator[StreamEvent]:
        """Words that a forced end left over, and a word that is being said, begin a new turn."""
        left = self._open[0] if self._open else (self._next if self._is_speaking() else None)
        if left is not None:
            self._turn_start_ms = left.start_ms
            yield SpeechStarted(turn=self._turn, at_ms=left.start_ms, confidence=1.0)

    def _commit(
        self, n_words: int, through_ms: int, *, forced: bool = False
    ) -> Iterator[StreamEvent]:
        words, self._open = tuple(self._open[:n_words]), self._open[n_words:]
        # A client may force an end before what is settled already.
        self._through_ms = max(self._through_ms, through_ms)
        yield Final(turn=self._turn, words=words, through_ms=self._through_ms, forced=forced)
        yield self._partial()

    def _partial(self) -> Partial:
        last_ms = self._last.end_ms if self._last is not None else 0
        return Partial(
            turn=self._turn,
            words=tuple(self._open),
            through_ms=self.now_ms,
            at_pause=not self._is_speaking() and self.now_ms - last_ms >= PAUSE_MS,
            turn_confidence=self._confidence(),
        )

    def _settled_ms(self) -> int:
        """How far no later word can begin: up to now, or up to the word that is being said."""
        return self._next.start_ms if self._next and self._is_speaking() else self.now_ms

    def _is_speaking(self) -> bool:
        return self._next is not None and self._next.start_ms < self.now_ms

    def _confidence(self) -> float:
        if self._last is None:
            return 0.0
        cue = self._cue(self._last)
        if cue.confidence is not None:
            return cue.confidence
        is_sentence = self._last.punctuation[-1:] in TERMINAL_MARKS
        return turn_confidence(0.99 if is_sentence else 0.01, self._last.text)
