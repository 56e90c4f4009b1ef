"""Words that changed after somebody could read them.

A client shows what is final and behind it the last partial. Whenever the next thing to be shown has
another word, or none, in the place of one that was shown, that word has changed. Capitals and
marks do not count. (The literature calls changes over words the unstable partial word ratio.)
"""

from collections.abc import Iterable

from rapidfuzz.distance import Levenshtein

from crossfade.bench.lags import Arrival, letters
from crossfade.model import Final, Partial, Word


def words_changed(arrivals: Iterable[Arrival]) -> int:
    """Count how often a word that was shown was changed or taken back."""
    shown: list[str] = []
    settled: list[str] = []
    changed = 0
    for arrival in arrivals:
        match arrival.event:
            case Final(words=words):
                # The next partial says what is left of the last one.
                settled += _keys(words)
            case Partial(words=words):
                now = [*settled, *_keys(words)]
                changed += _lost(shown, now)
                # What has settled since stays: only what is open can change.
                shown, settled = now[len(settled) :], []
            case _:
                pass  # shows no words
    return changed + _lost(shown, settled)


def _keys(words: Iterable[Word]) -> list[str]:
    return [key for word in words if (key := letters(word.text))]


def _lost(shown: list[str], now: list[str]) -> int:
    """How many of the words that were shown are not in their place any more."""
    return sum(edit.tag != "insert" for edit in Levenshtein.editops(shown, now))
