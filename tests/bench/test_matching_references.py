"""Words against references: which are right, how far off their times are, what confidence says."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.bench.matching import Match, confidence_quality, match, time_errors
from crossfade.model import Word


def word(text, *, start_ms=0, end_ms=100, confidence=0.9):
    return Word(text=text, start_ms=start_ms, end_ms=end_ms, confidence=confidence)


def places(heard, said):
    return [found.reference for found in match([word(text) for text in heard], said)]


@pytest.mark.parametrize(
    ("heard", "said", "expected"),
    [
        pytest.param(["The", "cat"], ["the", "cat"], [0, 1], id="capitals"),
        pytest.param(["a", "bad", "cat"], ["a", "cat"], [0, None, 1], id="a-word-too-many"),
        pytest.param(["a", "cat"], ["a", "bad", "cat"], [0, 2], id="a-word-missing"),
        pytest.param(["gray"], ["grey"], [0], id="spelling"),
        pytest.param(["Mr"], ["mister"], [0], id="titles"),
        pytest.param(["um", "yes"], ["yes"], [0], id="fillers-are-left-out"),
        pytest.param(["yes"], ["um", "yes"], [1], id="fillers-keep-their-place"),
        pytest.param([], ["yes"], [], id="nothing-heard"),
    ],
)
def test_words_find_their_places(heard, said, expected):
    assert places(heard, said) == expected


def test_time_errors_have_no_sign():
    pairs = [
        (word("a", start_ms=110, end_ms=200), 0.1, 0.23),
        (word("b", start_ms=300, end_ms=400), 0.35, 0.41),
    ]
    errors = time_errors(pairs)
    assert (errors.words, errors.mean) == (2, 25.0)
    assert (errors.start.p50, errors.end.p50) == (30.0, 20.0)


def test_without_words_there_are_no_errors_to_tell():
    assert time_errors([]).mean is None
    assert confidence_quality([]).auc is None
    assert confidence_quality([]).ece is None


def judged(*pairs):
    return [Match(word("w", confidence=score), 0 if right else None) for score, right in pairs]


def test_confidence_that_sorts_perfectly_has_an_area_of_one():
    assert confidence_quality(judged((0.9, True), (0.8, True), (0.1, False))).auc == 1.0


def test_confidence_that_never_differs_says_nothing():
    assert confidence_quality(judged((0.5, True), (0.5, False))).auc == 0.5


def test_words_that_are_all_right_have_no_area():
    assert confidence_quality(judged((0.9, True), (0.8, True))).auc is None


def test_calibration_compares_confidence_with_the_share_of_right_words():
    # Two words at 0.75, one of them right: 0.25 too sure. One at 1.0, right: exact.
    quality = confidence_quality(judged((0.75, True), (0.75, False), (1.0, True)))
    assert quality.ece == pytest.approx(2 / 3 * 0.25, abs=1e-4)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.99, 1.0]), st.booleans()), min_size=1))
def test_the_area_is_the_share_of_pairs_in_the_right_order(pairs):
    right = [score for score, is_right in pairs if is_right]
    wrong = [score for score, is_right in pairs if not is_right]
    auc = confidence_quality(judged(*pairs)).auc
    if not right or not wrong:
        assert auc is None
        return
    won = sum(
        1.0 if good > bad else 0.5 if good == bad else 0.0
        for good, bad in itertools.product(right, wrong)
    )
    assert auc == pytest.approx(won / (len(right) * len(wrong)), abs=1e-4)
