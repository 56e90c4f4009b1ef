import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.model import Word
from crossfade.text.disfluencies import is_disfluency
from crossfade.text.removal import without

MARKS = frozenset(".!?")
SOUNDS = ["um", "uh", "Er", "hmm", "uh-huh"]


def words_of(text):
    return [
        Word(
            text=written.rstrip(".,?!") or written,
            punctuation=written[len(written.rstrip(".,?!")) :],
            start_ms=number * 100,
            end_ms=number * 100 + 50,
            confidence=1.0,
        )
        for number, written in enumerate(text.split())
    ]


def mended(text, *, owes_capital=False):
    words = words_of(text)
    unwanted = [is_disfluency(word.text) for word in words]
    return without(words, unwanted, sentence_marks=MARKS, owes_capital=owes_capital)


def fluent(text, **options):
    return " ".join(word.text + word.punctuation for word in mended(text, **options).words)


@pytest.mark.parametrize(
    "sound",
    ["um", "Um", "umm", "uhhm", "uh", "uuhh", "err", "erm", "hm", "hhmm", "mm", "mhm", "m-hm", "ah",
     "aahh", "aha", "ah-ha", "aw", "eh", "ugh", "huh", "Uh-huh", "uh-oh", "uh-uh", "huh-uh", "um—",
     "“uh”"],
)  # fmt: skip
def test_sounds_of_hesitation_are_known(sound):
    assert is_disfluency(sound)


@pytest.mark.parametrize(
    "word", ["umbrella", "I", "human", "oh", "ER", "UM", "like", "a", "", "-", "hum", "awe"]
)
def test_words_are_none(word):
    assert not is_disfluency(word)


def test_mm_after_a_number_is_a_unit():
    assert is_disfluency("mm", after="well")
    assert not is_disfluency("mm", after="35")


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        pytest.param("I um think so.", "I think so.", id="nothing-to-mend"),
        pytest.param("Um, I think.", "I think.", id="capital-already-there"),
        pytest.param("Um, well then.", "Well then.", id="capital-moves"),
        pytest.param("Um, uh, well.", "Well.", id="capital-moves-past-two"),
        pytest.param("I, uh, think.", "I think.", id="a-pair-of-commas-goes"),
        pytest.param("Yes, uh I think.", "Yes, I think.", id="a-comma-of-its-own-stays"),
        pytest.param("I think, er.", "I think.", id="a-full-stop-moves-back"),
        pytest.param("You know, huh?", "You know?", id="a-question-mark-too"),
        pytest.param("I see. Um. Okay.", "I see. Okay.", id="a-sentence-of-its-own-goes"),
        pytest.param("I see. Um, okay.", "I see. Okay.", id="second-sentence"),
        pytest.param("Um.", "", id="nothing-left"),
        pytest.param("", "", id="nothing-at-all"),
    ],
)
def test_what_a_sound_leaves_behind_is_mended(spoken, written):
    assert fluent(spoken) == written


def test_a_capital_that_is_owed_is_remembered():
    assert mended("Um,").owes_capital
    assert not mended("Um.").owes_capital, "the next word begins a sentence of its own"
    assert not mended("Um, well").owes_capital
    assert not mended("I, uh,").owes_capital
    assert fluent("well then", owes_capital=True) == "Well then"


spoken_words = st.lists(
    st.tuples(
        st.sampled_from([*SOUNDS, "I", "think", "so", "Paris"]), st.sampled_from(["", ",", "."])
    ),
    max_size=12,
)


@given(spoken_words)
def test_no_word_is_lost_and_no_gap_is_left(spoken):
    text = " ".join(word + mark for word, mark in spoken)
    written = fluent(text)
    assert "  " not in written
    assert written == written.strip()
    kept = [word.lower() for word, _ in spoken if word not in SOUNDS]
    assert [word.strip(".,").lower() for word in written.split()] == kept


@given(spoken_words)
def test_times_stay_as_they_were(spoken):
    words = words_of(" ".join(word + mark for word, mark in spoken))
    left = mended(" ".join(word + mark for word, mark in spoken)).words
    spans = {(word.start_ms, word.end_ms) for word in words}
    assert {(word.start_ms, word.end_ms) for word in left} <= spans
