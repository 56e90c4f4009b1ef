"""Words as lines of a caption: where one line ends and the next begins."""

from collections.abc import Iterable, Sequence

from crossfade.model import Word

LINE_LENGTH = 42

_MARKS = frozenset(".?!…,;:—")

_LEADING = (
    "a an the and or but nor so if as that than which who whose of to in on at by for from with "
    "into over under after before between through until while when where because about my your "
    "his her its our their this these those i we you he she they is are was were be been have has "
    "had will would can could shall should may might must not no very"
)
"""English words that belong to what follows them; a line or caption should not end with one."""

_LEADING_WORDS = frozenset(_LEADING.split())


def written(words: Iterable[Word]) -> str:
    """Return words as running text, each with the mark that follows it."""
    return " ".join(word.text + word.punctuation for word in words)


def ends_badly(word: Word) -> bool:
    """Whether a word belongs to what follows it."""
    return not word.punctuation and word.text.casefold() in _LEADING_WORDS


def break_lines(words: Sequence[Word]) -> tuple[str, ...] | None:
    """Break words into one line or two, ``None`` if they do not fit. A single word always fits."""
    whole = written(words)
    if len(whole) <= LINE_LENGTH or len(words) == 1:
        return (whole,)
    best, best_cost = None, float("inf")
    upper_length = -1
    for at, word in enumerate(words[:-1], start=1):
        upper_length += len(word.text) + len(word.punctuation) + 1
        lower_length = len(whole) - upper_length - 1
        if max(upper_length, lower_length) > LINE_LENGTH:
            continue
        cost = _cost(word, upper_length, lower_length, alone=at in (1, len(words) - 1))
        if cost < best_cost:
            best, best_cost = upper_length, cost
    return None if best is None else (whole[:best], whole[best + 1 :])


def _cost(last: Word, upper_length: int, lower_length: int, *, alone: bool) -> float:
    """Prefer a break after a mark, then lines of one length, then the longer one below."""
    after_mark = last.punctuation[-1:] in _MARKS and last.punctuation != ""
    return (
        abs(upper_length - lower_length)
        + (upper_length > lower_length)
        - 20 * after_mark
        + 12 * ends_badly(last)
        + 15 * alone
    )
