"""Words that were recognized by another spelling, and how they are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from crossfade.model import KeyTerm, Word
from crossfade.recognizers.onnx.respelling import Respelling
from crossfade.recognizers.onnx.tokens import split_marks

TERMS = (
    KeyTerm(text="Siobhan", sounds_like=("shivawn", "she vaughn")),
    KeyTerm(text="crossfade", sounds_like=("cross fade",)),
    KeyTerm(text="iPhone", sounds_like=("eye phone",)),
    KeyTerm(text="New York City", sounds_like=("en why see", "the apple")),
    KeyTerm(text="Acme Inc.", sounds_like=("acme ink",)),
    KeyTerm(text="Dr. No", sounds_like=("doctor no", "dr. know")),
    KeyTerm(text=".NET", sounds_like=("dot net",)),
    KeyTerm(text="Mark"),
    KeyTerm(text="straße", sounds_like=("strassa",)),
    KeyTerm(text="a b c", sounds_like=("one two",)),
    KeyTerm(text="a b", sounds_like=("one two three",)),
    KeyTerm(text="", sounds_like=("nothing",)),
    KeyTerm(text="silence", sounds_like=("", "...")),
)
RESPELLING = Respelling(TERMS)


def heard(text: str) -> tuple[Word, ...]:
    """Each word of 90 ms, every 100 ms, each less certain than the one before it."""
    return tuple(
        Word(
            text=word,
            punctuation=marks,
            start_ms=100 * place,
            end_ms=100 * place + 90,
            confidence=0.9 - place / 100,
        )
        for place, (word, marks) in enumerate(map(split_marks, text.split()))
    )


def shown(words: tuple[Word, ...]) -> str:
    return " ".join(word.text + word.punctuation for word in words)


@pytest.mark.parametrize(
    ("recognized", "expected"),
    [
        pytest.param("I met Shivawn, once.", "I met Siobhan, once.", id="one-word"),
        pytest.param("SHE VAUGHN? she said", "Siobhan? she said", id="case-does-not-matter"),
        pytest.param("She, Vaughn and I", "She, Vaughn and I", id="a-mark-parts-words"),
        pytest.param("she vaught", "she vaught", id="only-the-beginning"),
        pytest.param("a cross fade", "a crossfade", id="two-become-one"),
        pytest.param("Cross fade it", "Crossfade it", id="a-sentence-begins-with-a-capital"),
        pytest.param("Eye phone users", "iPhone users", id="unless-the-term-says-otherwise"),
        pytest.param("the iphone", "the iPhone", id="inner-capitals-are-meant"),
        pytest.param("new york city", "New York City", id="so-are-those-of-a-phrase"),
        pytest.param("in En Why See now", "in New York City now", id="word-by-word"),
        pytest.param("The apple.", "New York City.", id="two-become-three"),
        pytest.param("mark my words", "mark my words", id="a-first-capital-is-the-models-matter"),
        pytest.param("at Acme ink.", "at Acme Inc.", id="no-second-stop"),
        pytest.param("Acme ink, too", "Acme Inc., too", id="but-another-mark"),
        pytest.param("Dr. know and doctor no", "Dr. No and Dr. No", id="a-mark-that-is-spelt"),
        pytest.param("Dr know", "Dr know", id="a-mark-that-is-missing"),
        pytest.param("a dot net", "a .NET", id="marks-are-written"),
        pytest.param("in the net", "in the net", id="but-do-not-get-lost"),
        pytest.param("Strassa", "Straße", id="beyond-ascii"),
        pytest.param("one two three two", "a b two", id="the-longest-wins"),
        pytest.param("one two two", "a b c two", id="the-shorter-where-the-longer-is-not"),
        pytest.param("one one two three", "one a b", id="an-attempt-that-failed-is-no-loss"),
        pytest.param("nothing is silence", "nothing is silence", id="empty-texts-do-nothing"),
        pytest.param("", "", id="no-words"),
    ],
)
def test_what_is_shown(recognized: str, expected: str) -> None:
    assert shown(RESPELLING.respell(heard(recognized))) == expected


def test_words_that_become_one_are_its_time_and_its_doubt() -> None:
    (a, word, b) = RESPELLING.respell(heard("a cross fade, b"))
    assert word == Word(
        text="crossfade", punctuation=",", start_ms=100, end_ms=290, confidence=0.9 - 2 / 100
    )
    assert (a, b) == (heard("a x x b")[0], heard("a x x b")[3])


def test_words_that_are_replaced_one_by_one_keep_their_times() -> None:
    before = heard("en why see")
    after = RESPELLING.respell(before)
    assert [structs.replace(word, text="") for word in before] == [
        structs.replace(word, text="") for word in after
    ]


def test_two_speakers_do_not_say_one_word() -> None:
    cross, fade = heard("cross fade")
    same = [structs.replace(word, speaker="S1") for word in (cross, fade)]
    assert len(RESPELLING.respell(same)) == 1
    assert RESPELLING.respell([same[0], fade]) == (same[0], fade)


@pytest.mark.parametrize(
    ("count", "border"), [(0, 0), (1, 1), (2, 1), (3, 3), (4, 4), (5, 4), (6, 4), (7, 7)]
)
def test_words_are_not_settled_within_a_spelling(count: int, border: int) -> None:
    assert RESPELLING.border(heard("a cross fade a en why see"), count) == border


FRAGMENTS = (
    "one two",
    "three",
    "cross",
    "fade",
    "eye phone",
    "new York",
    "city,",
    "she",
    "vaughn.",
)
speech = st.lists(st.sampled_from(FRAGMENTS)).map(lambda parts: heard(" ".join(parts)))


@given(speech, st.data())
def test_parts_on_both_sides_of_a_border_are_shown_as_the_whole(
    words: tuple[Word, ...], data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, len(words)))
    border = RESPELLING.border(words, count)
    assert border <= count
    assert RESPELLING.respell(words[:border]) + RESPELLING.respell(words[border:]) == (
        RESPELLING.respell(words)
    )


@given(speech)
def test_times_stay_in_order_and_no_speech_is_lost(words: tuple[Word, ...]) -> None:
    after = RESPELLING.respell(words)
    times = [ms for word in after for ms in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert {ms for word in after for ms in (word.start_ms, word.end_ms)} <= {
        ms for word in words for ms in (word.start_ms, word.end_ms)
    }
    assert bool(after) == bool(words)
    if words:
        assert (after[0].start_ms, after[-1].end_ms) == (words[0].start_ms, words[-1].end_ms)


@given(speech)
def test_without_terms_nothing_changes(words: tuple[Word, ...]) -> None:
    assert Respelling(()).respell(words) == words
    assert Respelling(()).border(words, len(words)) == len(words)
