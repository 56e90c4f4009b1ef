"""From words to turns: section 12 of the protocol reference.

Final words wait in ``_pending`` for the border of their segment. A turn opens with its first word,
also one that is not final yet, and ends where the recognizer says that it does: in the one mode
after a silence, in the other where the client wanted it.
"""

from collections.abc import Sequence

from msgspec import Struct

from crossfade.dialects.agent_stt.messages import (
    AddPartialSegment,
    AddSegment,
    EndOfTurn,
    EndsAt,
    Segment,
    StartOfTurn,
    StartsAt,
)
from crossfade.dialects.agent_stt.segments import SegmentWriter
from crossfade.dialects.agent_stt.start import Plan
from crossfade.dialects.speechmatics.editing import Editor
from crossfade.model import Final, Partial, Silence, TurnEnded, Word

TurnMessage = StartOfTurn | AddPartialSegment | AddSegment | EndOfTurn

WORDLESS_MS = 2000
"""Where the service ends turns: without a new word for so long a turn is over, although something,
music perhaps, still sounds like speech."""
SENTENCE_HELD_MS = 1000
"""And for so long the last sentence of a turn waits for what may follow it."""


class _OpenTurn(Struct):
    start_cs: int
    has_segments: bool = False


class Turns:
    """Owned by one session."""

    def __init__(self, plan: Plan) -> None:
        self.partials_wanted = plan.wire.enable_partials
        self._ends_itself = plan.mode == "vad"
        self._editor = Editor(plan.wire, plan.language, plan.replacements)
        self._writer = SegmentWriter(plan)
        self._turn: _OpenTurn | None = None
        self._pending: list[Word] = []
        self._hypothesis: tuple[Word, ...] = ()
        self._previous = ""  # the first word of the hypothesis before that
        self._shown: Segment | None = None
        self._final: Final | None = None  # the last thing that was reported

    def tell(self, event: Final | Partial | Silence | TurnEnded) -> list[TurnMessage]:
        """Say what an event means."""
        if isinstance(event, Partial) and event.is_preview:
            return self._preview(self._editor.partial(event.words))
        final, self._final = self._final, None
        match event:
            case Final():
                self._final = event
                return self._settle(event)
            case Partial():
                return self._believe(event, final)
            case Silence():
                return self._close_if_vanished()
            case TurnEnded():
                return self._ended()

    def finish(self) -> list[TurnMessage]:
        """Say what is left: nothing more will come."""
        said = self._cut()
        if self._ends_itself:
            return [*said, *self._close()]
        # Nobody decided that the turn was over; but where nothing was said there was none.
        return [*said, *self._close_if_vanished()]

    def _settle(self, event: Final) -> list[TurnMessage]:
        """Take words that will not change."""
        said: list[TurnMessage] = []
        self._hypothesis = ()
        for word in self._editor.final(event.words):
            if self._writer.ends_before(self._pending, word):
                said += self._cut()
            said += self._open(word)
            self._pending.append(word)
        return said

    def _believe(self, event: Partial, final: Final | None) -> list[TurnMessage]:
        """Take words that may change; behind a forced final they wait for the end of its turn."""
        self._hypothesis = words = self._editor.partial(event.words)
        if final is not None and final.forced:
            return []
        if final is not None and not words and self._is_empty:
            return self._close()
        said: list[TurnMessage] = []
        if self._is_sure_of(words):
            said += self._open(words[0])
        if self._ends_itself and self._pending:
            waited_ms = event.through_ms - self._pending[-1].end_ms
            if waited_ms >= WORDLESS_MS and not words:
                return [*self._cut(), *self._close()]
            if waited_ms >= SENTENCE_HELD_MS and self._writer.ends_sentence(self._pending):
                said += self._cut()
        return [*said, *self._preview(words)]

    def _is_sure_of(self, words: Sequence[Word]) -> bool:
        """Tell whether there is a first word: another follows it, or it was there before."""
        before, self._previous = self._previous, words[0].text if words else ""
        return len(words) > 1 or (bool(words) and words[0].text == before)

    def _ended(self) -> list[TurnMessage]:
        said = [*self._cut(), *self._close()]
        if self._hypothesis:  # what was said behind the cut
            said += [*self._open(self._hypothesis[0]), *self._preview(self._hypothesis)]
        return said

    def _preview(self, hypothesis: Sequence[Word]) -> list[TurnMessage]:
        words = (*self._pending, *hypothesis)
        if self._turn is None or not self.partials_wanted or not words:
            return []
        segment, span = self._writer.write(words, from_cs=self._start_cs(self._turn, words))
        if segment == self._shown:
            return []
        self._shown = segment
        return [AddPartialSegment(segment=segment, metadata=span)]

    def _open(self, word: Word) -> list[TurnMessage]:
        if self._turn is not None:
            return []
        self._turn = _OpenTurn(start_cs=self._writer.start_cs(word))
        return [StartOfTurn(metadata=StartsAt(start_time=self._turn.start_cs / 100))]

    def _cut(self) -> list[TurnMessage]:
        """End the segment; there is a turn wherever there are words."""
        words, self._pending = self._pending, []
        self._shown = None
        if self._turn is None or not words:
            return []
        segment, span = self._writer.write(words, from_cs=self._start_cs(self._turn, words))
        self._turn.has_segments = True
        self._writer.settled_cs = round(span.end_time * 100)
        return [AddSegment(segment=segment, metadata=span)]

    def _start_cs(self, turn: _OpenTurn, words: Sequence[Word]) -> int:
        """Where a segment begins: the first of a turn with it, whatever moved its first word."""
        return self._writer.start_cs(words[0]) if turn.has_segments else turn.start_cs

    @property
    def _is_empty(self) -> bool:
        """A turn is open, and there is no word in it."""
        return self._turn is not None and not (self._turn.has_segments or self._pending)

    def _close_if_vanished(self) -> list[TurnMessage]:
        return self._close() if self._is_empty else []

    def _close(self) -> list[TurnMessage]:
        turn, self._turn = self._turn, None
        self._previous = ""
        if turn is None:
            return []
        # Without a word it ends where it began; the next one begins behind it.
        self._writer.settled_cs = max(self._writer.settled_cs, turn.start_cs)
        return [EndOfTurn(metadata=EndsAt(end_time=self._writer.settled_cs / 100))]
