"""How key terms are shown: what was recognized by another spelling gets its written form.

Arithmetic on words only: no tokens, no audio.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from msgspec import structs

from crossfade.model import KeyTerm, Word
from crossfade.recognizers.onnx.tokens import split_marks


@dataclass(frozen=True, slots=True)
class _Entry:
    """A spelling in words, without case and marks, and what is to be written for it.

    Attributes:
        heard: Each word without case and marks.
        marks: The mark after each word but the last.
        written: The term's text.
    """

    heard: tuple[str, ...]
    marks: tuple[str, ...]
    written: str

    def fits(self, words: Sequence[Word]) -> bool:
        """Whether words begin with this spelling, in one breath and by one speaker."""
        run = words[: len(self.heard)]
        return (
            tuple(word.text.casefold() for word in run) == self.heard
            and tuple(word.punctuation for word in run[:-1]) == self.marks
            and len({word.speaker for word in run}) == 1
        )


class Respelling:
    """The spellings of a session's key terms. Immutable; its methods are pure.

    A term's other spellings (``sounds_like``) are replaced by its text. Its own spelling is too
    where the text has capitals beyond the first letter ("iPhone", "New York"): those are the
    writer's wish. A capital at the beginning alone is left to the model, which can tell a Mark
    from a mark.
    """

    def __init__(self, terms: Iterable[KeyTerm]) -> None:
        self._by_first: dict[str, list[_Entry]] = {}
        for entry in {entry: None for term in terms for entry in _entries(term)}:
            self._by_first.setdefault(entry.heard[0], []).append(entry)
        for entries in self._by_first.values():
            entries.sort(key=lambda entry: -len(entry.heard))

    def respell(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Write the terms among these words as they are to be written.

        A spelling of as many words as the term keeps the time of each. Otherwise the whole term
        becomes one word, from the start of the first to the end of the last, as confident as
        the least confident of them. The mark behind it stays.
        """
        shown: list[Word] = []
        done = 0
        for start, entry in self._found(words):
            end = start + len(entry.heard)
            shown += words[done:start]
            shown += _rewritten(words[start:end], entry.written)
            done = end
        return (*shown, *words[done:])

    def border(self, words: Sequence[Word], count: int) -> int:
        """Find where words may be cut in two without cutting a spelling.

        Args:
            words: Of a whole hypothesis, those that are still open included.
            count: How many at its beginning are to be told apart from the rest.

        Returns:
            The greatest number up to ``count`` at which both parts can be respelled alone.
        """
        for start, entry in self._found(words):
            if start < count < start + len(entry.heard):
                return start
        return count

    def _found(self, words: Sequence[Word]) -> Iterator[tuple[int, _Entry]]:
        """The spellings from left to right, at each place the longest; they do not overlap."""
        free = 0
        for start, word in enumerate(words):
            if start < free:
                continue
            for entry in self._by_first.get(word.text.casefold(), ()):
                if entry.fits(words[start:]):
                    yield start, entry
                    free = start + len(entry.heard)
                    break


def _entries(term: KeyTerm) -> Iterator[_Entry]:
    written = " ".join(term.text.split())
    if not written:
        return
    for text in term.sounds_like:
        heard, marks = _heard(text)
        if heard:
            yield _Entry(heard, marks[:-1], written)
    heard, marks = _heard(written)
    # Where marks were lost, as in ".NET", any "net" would be taken for the term.
    if any(map(str.isupper, written[1:])) and " ".join(heard) == written.casefold():
        yield _Entry(heard, marks[:-1], written)


def _heard(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words as `Word.text` has them, without case, and the marks after them."""
    split = [(word.casefold(), marks) for word, marks in map(split_marks, text.split()) if word]
    return tuple(word for word, _ in split), tuple(marks for _, marks in split)


def _rewritten(run: Sequence[Word], written: str) -> list[Word]:
    if written.islower() and run[0].text[:1].isupper():
        written = written[0].upper() + written[1:]  # at the beginning of a sentence
    last = run[-1].punctuation
    # "Inc." brings its own stop along.
    last = "" if last and written.endswith(last) else last
    texts = written.split()
    if len(texts) == len(run):
        marks = [""] * (len(run) - 1) + [last]
        return [
            structs.replace(word, text=text, punctuation=mark)
            for word, text, mark in zip(run, texts, marks, strict=True)
        ]
    whole = structs.replace(
        run[0],
        text=written,
        end_ms=run[-1].end_ms,
        confidence=min(word.confidence for word in run),
        punctuation=last,
    )
    return [whole]
