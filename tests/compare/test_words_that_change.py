"""Words that were shown and then became others."""

import pytest

from crossfade.bench.lags import Arrival
from crossfade.compare.changes import words_changed
from crossfade.model import Final, Partial, TurnEnded, Word


def arrivals(*shown):
    """``"a b"``: a partial; ``"a b."``: a final."""
    for at_ms, text in enumerate(shown):
        words = tuple(
            Word(text=word, start_ms=0, end_ms=1, confidence=1.0)
            for word in text.rstrip(".").split()
        )
        kind = Final if text.endswith(".") else Partial
        yield Arrival(at_ms, kind(turn=1, words=words, through_ms=0))
    yield Arrival(99, TurnEnded(turn=1, at_ms=0, confidence=0.0))


@pytest.mark.parametrize(
    ("shown", "changed"),
    [
        pytest.param(["a", "a b", "a b.", ""], 0, id="they-only-grow"),
        pytest.param(["a", "a b", "a.", "b c", "b c.", ""], 0, id="finals-take-from-the-front"),
        pytest.param(["a x", "a b", "a b.", ""], 1, id="one-becomes-another"),
        pytest.param(["a b", "a", "a.", ""], 1, id="one-goes-away"),
        pytest.param(["a b", "a", "a b", "a b.", ""], 1, id="coming-back-is-no-change"),
        pytest.param(["a x", "a b.", ""], 1, id="the-final-has-another"),
        pytest.param(["a x", "a b."], 1, id="no-partial-follows-the-last-final"),
        pytest.param(["The cat", "the Cat,", "the cat.", ""], 0, id="capitals-and-marks-are-not"),
        pytest.param(["x", "y", "z", "a", "a.", ""], 3, id="each-time-counts"),
        pytest.param([], 0, id="nothing"),
    ],
)
def test_changes_are_counted_where_somebody_could_see_them(shown, changed):
    assert words_changed(arrivals(*shown)) == changed
