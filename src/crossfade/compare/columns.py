"""Words side by side: one column for each word of the reference, or of the first side.

What a side has in its place stands in the same column, also where it is another word; what it has
besides stands in a column of its own, between two of those.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import Levenshtein

from crossfade.bench.matching import word_key
from crossfade.compare.heard import HeardClip, HeardWord


@dataclass
class Column:
    """One place in what was said."""

    said: str | None = None
    """The word of the reference; ``None``: it has none here, or there is no reference."""
    key: str = ""
    """What is compared of it."""
    cells: dict[str, HeardWord] = field(default_factory=dict)
    """By letter; a side that has no word here is not in it."""
    spoken_ms: tuple[float, float] | None = None
    """Where it is, by a reference with times."""

    def is_right(self, letter: str) -> bool:
        """Whether a side has here what the others are measured by; both may have nothing."""
        word = self.cells.get(letter)
        return (word_key(word.text) if word is not None else "") == self.key

    @property
    def place_ms(self) -> tuple[float, float]:
        """Where to listen for it."""
        if self.spoken_ms is not None or not self.cells:
            return self.spoken_ms or (0.0, 0.0)
        words = self.cells.values()
        return min(word.start_ms for word in words), max(word.end_ms for word in words)


def columns(clip: HeardClip) -> list[Column]:
    """Set the words of all sides side by side."""
    letters = list(clip.sides)
    first = _of_reference(clip) if clip.reference else _of_side(clip, letters[0])
    places = [column.key for column in first]
    # Between two words, and before and behind all: what some sides have besides.
    between: list[list[Column]] = [[] for _ in range(len(first) + 1)]
    for letter in letters if clip.reference else letters[1:]:
        _enter(letter, clip.sides[letter].words, first, places, between)
    laid: list[Column] = []
    for place, column in enumerate(first):
        laid += [*between[place], column]
    return _timed([*laid, *between[-1]])


def _of_reference(clip: HeardClip) -> list[Column]:
    written = (clip.reference or "").split()
    spoken = clip.spoken
    # Times are of the reference's words one by one only if both are written as so many.
    has_times = len(spoken) == len(written)
    return [
        Column(
            said=text,
            key=word_key(text),
            spoken_ms=(1000 * spoken[at].start, 1000 * spoken[at].end) if has_times else None,
        )
        for at, text in enumerate(written)
    ]


def _of_side(clip: HeardClip, letter: str) -> list[Column]:
    words = clip.sides[letter].words
    return [Column(key=word_key(word.text), cells={letter: word}) for word in words]


def _enter(
    letter: str,
    words: Sequence[HeardWord],
    first: Sequence[Column],
    places: Sequence[str],
    between: Sequence[list[Column]],
) -> None:
    """Put a side's words into the columns."""
    heard = [word_key(word.text) for word in words]
    for block in Levenshtein.opcodes(places, heard):
        sources = range(block.src_start, block.src_end)
        found = words[block.dest_start : block.dest_end]
        for place, word in zip(sources, found, strict=False):
            first[place].cells[letter] = word
        extra = between[block.src_end]
        for nth, word in enumerate(found[len(sources) :]):
            while len(extra) <= nth:
                extra.append(Column())
            extra[nth].cells[letter] = word


def _timed(laid: list[Column]) -> list[Column]:
    """Give a word that only a reference without times has the place of the one before it."""
    last = (0.0, 0.0)
    for column in laid:
        if column.spoken_ms is None and not column.cells:
            column.spoken_ms = last
        last = column.place_ms
    return laid
