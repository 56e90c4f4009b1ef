"""The columns of the page."""

from hypothesis import given
from hypothesis import strategies as st

from compare_sides import clip, heard
from crossfade.bench.recordings import SpokenWord
from crossfade.compare.columns import columns

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "um"]), max_size=8).map(" ".join)


def laid(**given):
    """Columns as text: reference, A, B; ``.`` for nothing."""
    told = clip(**given)
    return [
        " ".join(
            [
                *([column.said or "."] if told.reference else []),
                *(column.cells[letter].text if letter in column.cells else "." for letter in "AB"),
            ]
        )
        for column in columns(told)
    ]


def test_each_word_stands_under_the_one_that_was_said():
    found = laid(reference="the cat sat", A=heard("the cat sat"), B=heard("the bat sat"))
    assert found == ["the the the", "cat cat bat", "sat sat sat"]


def test_words_besides_have_columns_of_their_own_and_share_them():
    found = laid(reference="the cat", A=heard("the fat cat"), B=heard("the fat old cat"))
    assert found == ["the the the", ". fat fat", ". . old", "cat cat cat"]


def test_a_missing_word_leaves_its_place_empty():
    assert laid(reference="the cat", A=heard("cat"), B=heard("the")) == ["the . the", "cat cat ."]


def test_without_a_reference_the_first_side_is_the_measure():
    told = clip(A=heard("the cat"), B=heard("the bat too"))
    found = columns(told)
    assert [column.is_right("B") for column in found] == [True, False, False]
    assert all(column.is_right("A") for column in found)


def test_capitals_marks_and_spelling_are_no_differences():
    told = clip(reference="The colour, um, is", A=heard("the color is"), B=heard("The Color is"))
    assert all(column.is_right(letter) for column in columns(told) for letter in "AB")


def test_a_column_is_where_the_reference_says_or_else_where_it_was_heard():
    spoken = [SpokenWord("the", 1.0, 1.2), SpokenWord("cat", 1.2, 1.6)]
    timed = columns(clip(reference="the cat", spoken=spoken, A=heard("the"), B=heard("")))
    assert [column.place_ms for column in timed] == [(1000.0, 1200.0), (1200.0, 1600.0)]
    plain = columns(clip(reference="the cat", A=heard("the", start_ms=500), B=heard("")))
    assert [column.place_ms for column in plain] == [(500, 680), (500, 680)]


@given(TEXTS | st.none(), TEXTS, TEXTS)
def test_no_word_is_lost_and_their_order_stays(reference, one, other):
    found = columns(clip(reference=reference, A=heard(one), B=heard(other)))
    for letter, text in (("A", one), ("B", other)):
        words = [column.cells[letter].text for column in found if letter in column.cells]
        assert " ".join(words) == text
    assert " ".join(column.said for column in found if column.said) == (reference or "")
