import math

import pytest

from crossfade.scoring import WordErrors, normalize, real_time_factor, word_errors


@pytest.mark.parametrize(
    ("reference", "hypothesis", "errors"),
    [
        pytest.param("a b c", "a b c", WordErrors(0, 0, 0, 3), id="the-same"),
        pytest.param("one cat sat", "one dog sat", WordErrors(1, 0, 0, 3), id="another-word"),
        pytest.param("one cat sat", "one sat", WordErrors(0, 1, 0, 3), id="a-word-missing"),
        pytest.param("one cat", "one red cat", WordErrors(0, 0, 1, 2), id="a-word-too-many"),
        pytest.param("", "ghost", WordErrors(0, 0, 1, 0), id="words-out-of-silence"),
        pytest.param("cat", "", WordErrors(0, 1, 0, 1), id="nothing-heard"),
    ],
)
def test_errors_are_counted_by_kind(reference, hypothesis, errors):
    assert word_errors(reference, hypothesis) == errors


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It is the COLOUR, gray.", "it's the color gray"),
        ("twenty one pounds", "21 pounds"),
        ("Mr. Smith", "mister smith"),
        ("well, um, I went", "well i went"),
    ],
)
def test_spelling_is_no_error(one, other):
    assert word_errors(one, other).total == 0


def test_normalized_text_has_no_capitals_marks_or_outer_spaces():
    assert normalize("  Hello, World! ") == "hello world"


def test_one_digit_of_a_long_number_is_one_error():
    assert word_errors("five oh three one two", "five oh three nine two") == WordErrors(
        substitutions=1, reference_words=5
    )


def test_rates_are_pooled_over_words_not_averaged_over_files():
    short = WordErrors(substitutions=1, reference_words=1)
    long = WordErrors(deletions=1, insertions=1, reference_words=99)
    assert (short + long).rate == pytest.approx(3 / 100)


def test_files_can_be_summed():
    assert sum([WordErrors(1, 2, 3, 4)] * 2, start=WordErrors()) == WordErrors(2, 4, 6, 8)


def test_the_rate_of_no_words_is_zero_or_without_bound():
    assert WordErrors().rate == 0.0
    assert math.isinf(WordErrors(insertions=1).rate)


def test_insertions_can_take_the_rate_above_one():
    assert word_errors("no", "oh no no no").rate > 1.0


def test_real_time_factor():
    assert real_time_factor(2.0, 10.0) == pytest.approx(0.2)
    with pytest.raises(ValueError, match="no audio"):
        real_time_factor(1.0, 0.0)
