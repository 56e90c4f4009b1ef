"""Words as segments, and segments as text: section 11 of the protocol reference."""

from collections.abc import Sequence

from crossfade.dialects.agent_stt.messages import Segment, Span
from crossfade.dialects.agent_stt.start import Plan
from crossfade.dialects.speechmatics.items import ItemWriter, to_cs
from crossfade.dialects.speechmatics.transcripts import transcript_text
from crossfade.model import Word

LONGEST_MS = 120_000


class SegmentWriter:
    """Writes one session's words, and knows how far its segments have come.

    Times are hundredths of a second (``_cs``): no segment begins before the last one ended, and
    each is longer than nothing.
    """

    def __init__(self, plan: Plan) -> None:
        self._items = ItemWriter(plan.wire, plan.language)
        self._delimiter = plan.language.word_delimiter
        self._sentence_marks = plan.language.sentence_marks
        self._by_sentence = plan.wire.emit_sentences
        self.settled_cs = 0
        """Where the last segment ended."""

    def start_cs(self, word: Word) -> int:
        """Where a segment begins whose first word this is."""
        return max(to_cs(word.start_ms), self.settled_cs)

    def ends_before(self, pending: Sequence[Word], word: Word) -> bool:
        """Tell whether a word begins a segment of its own, behind these."""
        if not pending:
            return False
        speaker = _speaker(pending)
        return (
            (speaker is not None and word.speaker not in (None, speaker))
            or self.ends_sentence(pending)
            or word.end_ms - pending[0].start_ms > LONGEST_MS
        )

    def ends_sentence(self, pending: Sequence[Word]) -> bool:
        """Tell whether these words end one, and segments end with it."""
        if not (self._by_sentence and pending):
            return False
        return not self._sentence_marks.isdisjoint(pending[-1].punctuation)

    def write(self, words: Sequence[Word], *, from_cs: int) -> tuple[Segment, Span]:
        """Write words, of which there is at least one.

        Args:
            words: In order.
            from_cs: Where the segment begins.
        """
        items = tuple(self._items.items(words, from_cs=from_cs))
        end_cs = max(round(items[-1].end_time * 100), from_cs + 1)
        segment = Segment(
            transcript=transcript_text(items, delimiter=self._delimiter, final=False),
            speaker=_speaker(words) or "",
        )
        return segment, Span(start_time=from_cs / 100, end_time=end_cs / 100)


def _speaker(words: Sequence[Word]) -> str | None:
    """Who spoke them: whoever is known of the first."""
    return next((word.speaker for word in words if word.speaker is not None), None)
