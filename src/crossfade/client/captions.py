"""Words as captions, cut as broadcasters do it.

At most two lines of 42 characters; on screen for 5/6 s to 7 s; no more than 17 characters to read
in a second where the speaker leaves the time, 20 where possible (BBC Subtitle Guidelines; Netflix
Timed Text Style Guide, English). A caption ends with a sentence or a phrase rather than in one,
and leaves no word alone. Among all ways to cut a passage the cheapest is chosen. Pure functions.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from crossfade.client.lines import LINE_LENGTH, break_lines, ends_badly, written
from crossfade.model import Word

MIN_SHOWN_MS = 833
MAX_SHOWN_MS = 7000
CHARACTERS_PER_S = 17
MAX_CHARACTERS_PER_S = 20
GAP_MS = 80
"""Two frames at 25 a second: between captions the eye needs to see that something changed."""
PAUSE_MS = 1000
"""A silence this long starts a new caption."""

_PASSAGE_WORDS = 60
_LONGEST_PASSAGE_WORDS = 120
"""A passage is cut at the first end of a sentence after the one, and at the latest at the other:
so captions can be written while a recording is still being heard."""

_FEW_WORDS = 3
_SENTENCE_ENDS = frozenset(".?!…")
_CLAUSE_ENDS = frozenset(",;:—")


class Caption(Struct, frozen=True, kw_only=True):
    """One or two lines and when they are to be seen."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


class Captioner:
    """Makes captions of words as they come. The same words give the same captions, however cut."""

    def __init__(self) -> None:
        self._passage: list[Word] = []

    def push(self, words: Iterable[Word]) -> Iterator[Caption]:
        """Take words and yield the captions that are certain with them."""
        for word in words:
            if self._passage and _is_border(self._passage, word):
                yield from _captions(self._passage, word.start_ms)
                self._passage = []
            self._passage.append(word)

    def flush(self) -> Iterator[Caption]:
        """Yield the rest."""
        passage, self._passage = self._passage, []
        yield from _captions(passage, None)


def captions(words: Iterable[Word]) -> list[Caption]:
    """Cut words into captions."""
    captioner = Captioner()
    return [*captioner.push(words), *captioner.flush()]


def _is_border(passage: Sequence[Word], word: Word) -> bool:
    """Whether a caption must end before ``word``, or may as well."""
    last = passage[-1]
    return (
        word.start_ms - last.end_ms >= PAUSE_MS
        or word.speaker != last.speaker
        or (len(passage) >= _PASSAGE_WORDS and _mark(last) in _SENTENCE_ENDS)
        or len(passage) >= _LONGEST_PASSAGE_WORDS
    )


def _captions(passage: Sequence[Word], next_start_ms: int | None) -> Iterator[Caption]:
    """Cut a passage where it costs least; what follows it begins at ``next_start_ms``."""
    starts: list[int | None] = [*(word.start_ms for word in passage), next_start_ms]
    best: list[tuple[float, int]] = [(0.0, 0)]  # cost of all before, and where the last begins
    for end in range(1, len(passage) + 1):
        options = (
            (best[first][0] + _cost(passage[first:end], starts[end]), first)
            for first in _firsts(passage, end)
        )
        best.append(min(options))
    cuts = [len(passage)]
    while cuts[-1]:
        cuts.append(best[cuts[-1]][1])
    for first, end in zip(cuts[:0:-1], cuts[-2::-1], strict=True):
        yield _caption(passage[first:end], starts[end])


def _firsts(passage: Sequence[Word], end: int) -> Iterator[int]:
    """Where a caption may begin that ends before ``end``; a word by itself always may."""
    n_characters = -1
    last_ms = passage[end - 1].end_ms
    for first in range(end - 1, -1, -1):
        n_characters += len(written(passage[first : first + 1])) + 1
        fits = n_characters <= 2 * LINE_LENGTH + 1
        if first < end - 1 and not (fits and last_ms - passage[first].start_ms <= MAX_SHOWN_MS):
            return
        yield first


def _cost(words: Sequence[Word], next_start_ms: int | None) -> float:
    lines = break_lines(words)
    if lines is None:
        return 1e9
    n_characters = sum(map(len, lines))
    shown_s = _shown_ms(words, n_characters, next_start_ms) / 1000
    speed = n_characters / shown_s
    return (
        3.0  # every caption costs the eye a jump
        + max(0.0, speed - CHARACTERS_PER_S)
        + 3 * max(0.0, speed - MAX_CHARACTERS_PER_S)
        + 20 * max(0.0, MIN_SHOWN_MS / 1000 - shown_s)
        + _cost_of_end(words, next_start_ms)
        + _cost_inside(words)
    )


def _cost_of_end(words: Sequence[Word], next_start_ms: int | None) -> float:
    last = words[-1]
    pause_ms = 0 if next_start_ms is None else next_start_ms - last.end_ms
    if next_start_ms is None or _mark(last) in _SENTENCE_ENDS or pause_ms >= PAUSE_MS:
        return 0.0
    if _mark(last) in _CLAUSE_ENDS:
        return 3.0
    alone = 6.0 if len(words) == 1 else 0.0
    return alone + (4.0 if pause_ms >= PAUSE_MS // 4 else 8.0) + 6.0 * ends_badly(last)


def _cost_inside(words: Sequence[Word]) -> float:
    """Short sentences may share a caption; parts of two, or a word of one, had better not."""
    ends = [i for i, word in enumerate(words[:-1], start=1) if _mark(word) in _SENTENCE_ENDS]
    if not ends:
        return 0.0
    fills_line = len(written(words[: ends[-1]])) >= LINE_LENGTH
    cost = 5.0 if fills_line else 1.0
    if _mark(words[-1]) not in _SENTENCE_ENDS:
        cost += 10.0 if len(words) - ends[-1] < _FEW_WORDS else 4.0
    return cost + (5.0 if ends[0] == 1 and len(ends) == 1 else 0.0)


def _shown_ms(words: Sequence[Word], n_characters: int, next_start_ms: int | None) -> int:
    """As long as it is spoken or read, whichever is longer, if what follows leaves the time."""
    start_ms = words[0].start_ms
    reading_ms = max(MIN_SHOWN_MS, -(-1000 * n_characters // CHARACTERS_PER_S))
    shown_ms = max(words[-1].end_ms - start_ms, min(reading_ms, MAX_SHOWN_MS))
    if next_start_ms is not None:
        shown_ms = min(shown_ms, next_start_ms - GAP_MS - start_ms)
    return max(shown_ms, 1)


def _caption(words: Sequence[Word], next_start_ms: int | None) -> Caption:
    lines = break_lines(words) or (written(words),)
    shown_ms = _shown_ms(words, sum(map(len, lines)), next_start_ms)
    start_ms = words[0].start_ms
    return Caption(start_ms=start_ms, end_ms=start_ms + shown_ms, lines=lines)


def _mark(word: Word) -> str:
    return word.punctuation[-1:]
