"""What a gateway adds, word by word, above what its two protocols take by themselves."""

import pytest
from msgspec.structs import replace

from crossfade.bench.added_lag import LIMITS_MS, Lags, Pair, PairReport, judged, matched
from crossfade.bench.lags import Spread, WordLag
from crossfade.model import Word


def lag(text, start_ms, *, partial_ms=100.0, final_ms=500.0):
    word = Word(text=text, start_ms=start_ms, end_ms=start_ms + 200, confidence=1.0)
    return WordLag(word, partial_ms, final_ms)


class Named:
    def __init__(self, dialect):
        self.dialect = dialect


def test_words_are_matched_by_letters_and_place_and_each_is_used_once():
    direct = [lag("Good,", 0), lag("good", 140), lag("day", 900)]
    through = [lag("good", 20), lag("GOOD", 150), lag("day", 1200), lag("new", 2000)]
    pairs = matched(through, direct)
    assert [(one.word.start_ms, other.word.start_ms) for one, other in pairs] == [
        (20, 0),
        (150, 140),
    ]


def test_a_word_that_one_of_three_clients_lacks_does_not_count():
    words = [lag("good", 0), lag("day", 900)]
    assert len(matched(words, words, words[:1])) == 1
    assert matched([], words, words) == []


def test_a_gateway_between_two_protocols_is_measured_against_both():
    one, other = Named("one"), Named("other")
    passing = Pair(through=Named("one"), direct_front=one, direct_behind=Named("one"))
    assert passing.way == "pass-through"
    assert len(passing.targets) == 2
    translating = Pair(through=Named("one"), direct_front=one, direct_behind=other)
    assert translating.way == "translation"
    assert translating.targets[1:] == (one, other)


def report(p95, **more):
    lags = Lags(partial_ms=Spread(p50=1.0, p95=p95), final_ms=Spread(p50=1.0, p95=1.0))
    fields = {
        "front": "a",
        "behind": "a",
        "way": "pass-through",
        "words": 1,
        "direct_words": 1,
        "gateway_cores": None,
        "failures": (),
        "send_late_ms": 0.0,
    }
    names = ("added", "added_to_front", "through", "direct_front", "direct_behind")
    return PairReport(**(fields | dict.fromkeys(names, lags) | more))


@pytest.mark.parametrize(
    ("pair", "n_broken"),
    [
        pytest.param(report(60.0), 0, id="at-the-limit"),
        pytest.param(report(61.0), 1, id="above-it"),
        pytest.param(report(61.0, way="translation", behind="b"), 0, id="a-translation-may-more"),
        pytest.param(report(None), 1, id="nothing-was-heard"),
        pytest.param(report(1.0, failures=("gone",)), 1, id="a-session-failed"),
    ],
)
def test_a_limit_is_broken_by_lag_and_by_failure(pair, n_broken):
    assert LIMITS_MS == {"pass-through": 60.0, "translation": 250.0}
    assert len(judged([pair, replace(report(1.0))])) == n_broken
