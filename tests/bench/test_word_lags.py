"""Lags, by hand: what was heard when, and what must come of it."""

import pytest

from crossfade.bench.lags import (
    Arrival,
    Fairness,
    Spread,
    fairness,
    segment_lags,
    spread,
    turn_lags,
    word_lags,
)
from crossfade.model import Final, Partial, TurnEnded, Word


def word(text, start_ms, end_ms):
    return Word(text=text, start_ms=start_ms, end_ms=end_ms, confidence=1.0)


def partial(at_ms, *words):
    return Arrival(at_ms, Partial(turn=0, words=words, through_ms=int(at_ms)))


def final(at_ms, *words):
    return Arrival(at_ms, Final(turn=0, words=words, through_ms=int(at_ms)))


def turn_ended(at_ms, *, decided_ms, forced=False):
    return Arrival(at_ms, TurnEnded(turn=0, at_ms=decided_ms, confidence=1.0, forced=forced))


def lags_of(*arrivals):
    return [(lag.word.text, lag.partial_ms, lag.final_ms) for lag in word_lags(arrivals)]


def test_a_word_is_late_from_its_end_to_its_first_sight_and_to_its_final():
    cat = word("cat", 200, 500)
    assert lags_of(partial(800, cat), partial(1300, cat), final(1800, cat)) == [("cat", 300, 1300)]


def test_a_word_that_no_partial_showed_appears_with_its_final():
    assert lags_of(partial(800), final(1800, word("cat", 200, 500))) == [("cat", 1300, 1300)]


def test_a_word_that_was_first_heard_as_another_appears_when_it_is_right():
    heard = (partial(800, word("cap", 200, 500)), partial(1300, word("cat", 200, 500)))
    assert lags_of(*heard, final(1800, word("cat", 200, 500))) == [("cat", 800, 1300)]


def test_capitals_and_marks_make_no_other_word():
    assert lags_of(partial(800, word("i'm", 200, 500)), final(1800, word("I’m", 200, 500))) == [  # noqa: RUF001 (a typographic apostrophe is meant)
        ("I’m", 300, 1300)  # noqa: RUF001
    ]


def test_times_may_drift_between_hypotheses_and_the_last_ones_count():
    early, late = word("cat", 200, 450), word("cat", 500, 700)
    assert lags_of(partial(800, early), final(1800, late)) == [("cat", 100, 1100)]


def test_the_same_word_said_twice_is_told_apart_by_its_place():
    first, second = word("no", 100, 300), word("no", 1500, 1700)
    heard = (partial(500, first), partial(2000, first, second), final(2500, first, second))
    assert lags_of(*heard) == [("no", 200, 2200), ("no", 300, 800)]


def test_a_word_that_vanished_for_a_while_keeps_its_first_sight():
    cat = word("cat", 200, 500)
    heard = (partial(800, cat), partial(1000), partial(1300, cat), final(1800, cat))
    assert lags_of(*heard) == [("cat", 300, 1300)]


def test_a_word_seen_before_its_end_has_a_negative_lag():
    assert lags_of(partial(450, word("cat", 200, 500)), final(900, word("cat", 200, 500))) == [
        ("cat", -50, 400)
    ]


def test_a_word_that_shows_up_again_after_its_final_is_not_earlier_for_it():
    cat = word("cat", 200, 500)
    assert lags_of(final(900, cat), partial(1000, cat)) == [("cat", 400, 400)]


def test_only_the_last_word_before_a_silence_ends_a_segment():
    words = (word("a", 0, 200), word("b", 300, 500), word("c", 1400, 1600), word("d", 2300, 2500))
    lags = word_lags([final(1500, *words[:2]), final(3000, *words[2:])])
    # b is followed by 900 ms, c by 700 ms, d by the rest of the stream.
    assert segment_lags(lags, gap_ms=800, length_ms=4000) == [1000, 500]


def test_an_utterance_that_the_end_of_the_stream_cut_short_does_not_count():
    lags = word_lags([final(1000, word("a", 0, 900))])
    assert segment_lags(lags, gap_ms=800, length_ms=1000) == []
    assert segment_lags([], gap_ms=800, length_ms=1000) == []


def test_a_turn_is_late_from_its_decision_to_the_news():
    said = final(1390, word("a", 100, 500))
    assert turn_lags([said, turn_ended(1400, decided_ms=1350)]) == [50]


def test_turns_whose_decision_has_no_known_place_do_not_count():
    said = final(1390, word("a", 100, 500))
    assert turn_lags([said, turn_ended(1400, decided_ms=500)]) == []
    assert turn_lags([said, turn_ended(1400, decided_ms=1350, forced=True)]) == []


def test_percentiles_lie_between_neighbours():
    assert spread([10, 20]) == Spread(p50=15.0, p95=19.5)
    assert spread([7]) == Spread(p50=7.0, p95=7.0)
    assert spread([]) == Spread(p50=None, p95=None)


def test_fairness_compares_the_worst_stream_with_the_one_in_the_middle():
    streams = [[100, 100], [200], [], [600]]
    assert fairness(streams) == Fairness(
        median_p95_ms=200.0, worst_p95_ms=600.0, worst_over_median=3.0
    )


@pytest.mark.parametrize("streams", [[], [[]]])
def test_there_is_no_fairness_without_words(streams):
    assert fairness(streams).worst_over_median is None


def test_words_that_are_seen_before_their_end_make_no_ratio():
    assert fairness([[-100], [-50]]) == Fairness(
        median_p95_ms=-75.0, worst_p95_ms=-50.0, worst_over_median=None
    )
