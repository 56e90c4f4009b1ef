"""Word errors by stretches, numbers and names among them, and how sure a rate is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare_sides import heard
from crossfade.compare.bootstrap import intervals
from crossfade.compare.errors import STRETCH_WORDS, clip_errors, name_places, stretch_words
from crossfade.scoring import word_errors

WORDS = st.lists(st.sampled_from(["one", "two", "cat", "dog", "twenty", "um", "mr.", "can't"]))


@given(WORDS, WORDS)
def test_errors_are_those_that_the_benchmarks_count(said, got):
    reference, side = " ".join(said), heard(" ".join(got))
    found = clip_errors(reference, side)
    assert found.total == word_errors(reference, side.text)
    assert sum(found.stretches) == found.total.total
    assert len(found.stretches) == len(stretch_words(found.total.reference_words))
    assert sum(stretch_words(found.total.reference_words)) == found.total.reference_words


def test_an_error_is_in_the_stretch_of_its_word():
    said = ["cat", "dog"] * STRETCH_WORDS + ["bird"] * 5
    got = [*said[:3], "wrong", *said[4:], "more"]
    found = clip_errors(" ".join(said), heard(" ".join(got)))
    assert found.stretches == (1, 0, 1)


@pytest.mark.parametrize(
    ("reference", "got", "numbers"),
    [
        ("call twenty one people", "call 21 people", (2, 0)),
        ("call twenty one people", "call 20 people", (2, 1)),
        ("in 1995 and 1996", "in 1995 and", (8, 4)),
        ("no numbers", "no 7 numbers", (0, 0)),
    ],
)
def test_numbers_are_compared_as_numbers_however_they_are_written(reference, got, numbers):
    found = clip_errors(reference, heard(got)).numbers
    assert (found.said, found.missed) == numbers


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Emma met Mr. Knightley. They spoke.", ["Knightley."]),
        ("in London I met the BBC", ["London", "BBC"]),
        ("He said: Go! And I'm off", []),
        ("ALL OF IT IS LOUD", []),
        ("nothing is", []),
        ('"Where is Paris?" Asked he', ['Paris?"']),
    ],
)
def test_names_are_capitalised_where_no_sentence_begins(written, names):
    words = written.split()
    assert [words[place] for place in sorted(name_places(words))] == names


def test_names_that_are_not_recognized_are_missed():
    found = clip_errors("then Emma met Knightley", heard("then Emma met nightly")).names
    assert (found.said, found.missed) == (2, 1)


def test_an_interval_holds_the_rate_and_narrows_with_more_audio():
    chance = np.random.default_rng(1)
    wide, narrow = (
        intervals([[int(chance.binomial(20, 0.1))] for _ in range(n)], [20] * n) for n in (10, 400)
    )
    (wide_rate,), (narrow_rate,) = wide.rates, narrow.rates
    assert narrow_rate.low < 0.1 < narrow_rate.high
    assert narrow_rate.high - narrow_rate.low < (wide_rate.high - wide_rate.low) / 3


def test_a_small_difference_on_the_same_audio_is_seen_although_the_audio_varies():
    hard = [0, 10, 0, 12, 1, 14, 0, 9, 2, 11] * 4
    found = intervals([[errors, errors + 1] for errors in hard], [20] * len(hard))
    assert found.rates[0].high > found.rates[1].low  # each by itself could be chance
    assert found.over_first[1].low == found.over_first[1].high == 0.05
    assert found.over_first[0].low == found.over_first[0].high == 0.0


def test_the_same_errors_give_the_same_interval():
    once, again = (intervals([[1], [0], [2]], [10, 12, 9]) for _ in range(2))
    assert once == again


@pytest.mark.parametrize(("errors", "words"), [([], []), ([[1]], [10]), ([[1], [2]], [0, 0])])
def test_too_little_audio_gives_no_interval(errors, words):
    assert intervals(errors, words) is None
