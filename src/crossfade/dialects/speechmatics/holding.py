"""Final words that wait for the rest of their entity: ``max_delay_mode`` ``flexible``.

``$20`` is held back until it is known that no ``million`` follows: when another word follows, or
silence, or the turn's end; or when it has waited long enough. Section 12.3 of the reference.
"""

from collections.abc import Sequence

from crossfade.model import Word
from crossfade.text.entities import grouped, n_unfinished

_LONGEST_MS = 2000
"""The vendor was seen to hold the words of a number for up to 1.8 s."""


class Holding:
    """The words that wait; mostly none."""

    def __init__(self) -> None:
        self.words: tuple[Word, ...] = ()

    def settle(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Take words that are final; give those that are due, and keep the others."""
        waiting = (*self.words, *words)
        n_due = len(waiting) - n_unfinished(waiting)
        self.words = waiting[n_due:]
        return waiting[:n_due]

    def is_over(self, following: Sequence[Word], *, through_ms: int, max_delay_ms: int) -> bool:
        """Tell whether there is nothing to wait for, given what may follow."""
        if not self.words:
            return False
        late_ms = through_ms - self.words[0].end_ms - max_delay_ms
        return late_ms >= _LONGEST_MS or (bool(following) and self._ends_before(following))

    def release(self) -> tuple[Word, ...]:
        """Give up waiting."""
        words, self.words = self.words, ()
        return words

    def _ends_before(self, following: Sequence[Word]) -> bool:
        n_words = 0
        for part in grouped((*self.words, *following)):
            if n_words >= len(self.words):
                break
            n_words += 1 if isinstance(part, Word) else len(part.words)
        return n_words == len(self.words)
