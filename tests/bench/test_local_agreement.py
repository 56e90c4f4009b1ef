"""LocalAgreement-2, with hypotheses written down."""

from crossfade.bench.peers.agreement import LocalAgreement
from crossfade.bench.peers.wire import HeardWord


def words(text, *, start=0.0):
    return [HeardWord(word, start + n, start + n + 0.9) for n, word in enumerate(text.split())]


def text(heard):
    return " ".join(word.text for word in heard)


def test_what_two_hypotheses_begin_with_is_settled():
    agreement = LocalAgreement()
    assert agreement.agree(words("the cat sad")) == ()
    assert text(agreement.agree(words("the cat sat on"))) == "the cat"
    assert text(agreement.open) == "sat on"
    assert text(agreement.agree(words("the cat sat on the mat"))) == "sat on"
    assert text(agreement.settled) == "the cat sat on"


def test_capitals_and_marks_are_no_disagreement():
    agreement = LocalAgreement()
    agreement.agree(words("the cat. Sat"))
    assert text(agreement.agree(words("The cat sat down"))) == "The cat sat"


def test_words_before_the_end_of_what_is_settled_are_old():
    agreement = LocalAgreement()
    agreement.agree(words("one two three"))
    agreement.agree(words("one two four"))
    assert text(agreement.settled) == "one two"
    # The same audio is heard differently now: what is settled stays as it is.
    assert text(agreement.agree(words("won too four five"))) == "four"
    assert text(agreement.settled) == "one two four"


def test_settled_words_whose_times_moved_are_not_said_twice():
    agreement = LocalAgreement()
    agreement.agree(words("one two three"))
    agreement.agree(words("one two three"))
    moved = words("two three four", start=2.85)
    assert agreement.agree(moved) == ()
    assert text(agreement.open) == "four"


def test_the_end_of_speech_settles_everything():
    agreement = LocalAgreement()
    agreement.agree(words("one two"))
    assert text(agreement.settle()) == "one two"
    assert (agreement.settle(), agreement.open) == ((), ())
