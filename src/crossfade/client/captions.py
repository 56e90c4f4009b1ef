"""Words as captions: at most two lines of 42 characters, timed so that they can be read.

The figures are those of the common broadcasting guides (BBC Subtitle Guidelines; Netflix Timed
Text Style Guide, English): 42 characters a line, two lines, 5/6 s at least, 7 s at most, 20
characters a second. Pure functions over canonical words.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from msgspec import Struct

from crossfade.model import Word

LINE_LENGTH = 42
MAX_LINES = 2
MIN_SHOWN_MS = 833
MAX_SHOWN_MS = 7000
MS_PER_CHARACTER = 50
"""20 characters a second."""
GAP_MS = 80
"""Two frames at 25 a second: between captions the eye needs to see that something changed."""
PAUSE_MS = 1000
"""A silence this long starts a new caption."""

_SENTENCE_ENDS = frozenset(".?!")


class Caption(Struct, frozen=True, kw_only=True):
    """One or two lines and when they are to be seen."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def captions(words: Sequence[Word]) -> list[Caption]:
    """Cut words into captions.

    A caption ends at a sentence that fills at least a line, at a pause, or where the next word
    would make it too long to fit or to show. It stays on screen as long as reading it takes,
    where what follows leaves the time.
    """
    groups = list(_groups(words))
    next_starts = [group[0].start_ms for group in groups[1:]]
    return [_caption(group, next_ms) for group, next_ms in zip_longest(groups, next_starts)]


def srt(words: Sequence[Word]) -> str:
    """Return a SubRip file."""
    blocks = (
        f"{number}\n{_clock(c.start_ms, ',')} --> {_clock(c.end_ms, ',')}\n" + "\n".join(c.lines)
        for number, c in enumerate(captions(words), start=1)
    )
    return "\n\n".join(blocks) + "\n"


def vtt(words: Sequence[Word]) -> str:
    """Return a WebVTT file (https://www.w3.org/TR/webvtt1/)."""
    blocks = (
        f"{_clock(c.start_ms, '.')} --> {_clock(c.end_ms, '.')}\n" + _escaped("\n".join(c.lines))
        for c in captions(words)
    )
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def written(words: Iterable[Word]) -> str:
    """Return words as running text, each with the mark that follows it."""
    return " ".join(word.text + word.punctuation for word in words)


def _groups(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    first = 0
    for index in range(1, len(words)):
        if _breaks(words[first:index], words[index]):
            yield words[first:index]
            first = index
    if words:
        yield words[first:]


def _breaks(shown: Sequence[Word], word: Word) -> bool:
    last = shown[-1]
    sentence_ended = last.punctuation in _SENTENCE_ENDS and last.punctuation != ""
    return (
        (sentence_ended and len(written(shown)) >= LINE_LENGTH)
        or word.start_ms - last.end_ms >= PAUSE_MS
        or word.end_ms - shown[0].start_ms > MAX_SHOWN_MS
        or word.speaker != last.speaker
        or _lines([*shown, word]) is None
    )


def _lines(words: Sequence[Word]) -> tuple[str, ...] | None:
    """Break words into lines, ``None`` if they do not fit. A single word always fits."""
    whole = written(words)
    if len(whole) <= LINE_LENGTH or len(words) == 1:
        return (whole,)
    splits = [(written(words[:i]), written(words[i:])) for i in range(1, len(words))]
    fitting = [split for split in splits if max(map(len, split)) <= LINE_LENGTH]
    return min(fitting, key=_unevenness) if fitting else None


def _unevenness(split: tuple[str, str]) -> int:
    """Prefer a break after a mark, then lines of one length, then the longer one below."""
    upper, lower = split
    after_mark = not upper[-1].isalnum()
    return abs(len(upper) - len(lower)) + (len(upper) > len(lower)) - 20 * after_mark


def _caption(words: Sequence[Word], next_start_ms: int | None) -> Caption:
    lines = _lines(words) or (written(words),)
    start_ms = words[0].start_ms
    reading_ms = max(MIN_SHOWN_MS, MS_PER_CHARACTER * sum(map(len, lines)))
    end_ms = max(words[-1].end_ms, start_ms + min(reading_ms, MAX_SHOWN_MS))
    if next_start_ms is not None:
        end_ms = min(end_ms, max(next_start_ms - GAP_MS, start_ms + 1))
    return Caption(start_ms=start_ms, end_ms=end_ms, lines=lines)


def _clock(ms: int, mark: str) -> str:
    minutes, rest_ms = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest_ms // 1000:02}{mark}{rest_ms % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
