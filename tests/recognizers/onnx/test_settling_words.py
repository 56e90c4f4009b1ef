"""When a word of a segment is settled: arithmetic on hypotheses, so no model and no audio."""

import pytest

from crossfade.model import Word
from crossfade.recognizers.onnx.hypothesis import HeardWord, Hypothesis
from crossfade.recognizers.onnx.segment import Segment

SURE, DOUBTFUL = 0.99, 0.6
LOOK_MS = 500
WORD_MS = 200


def hypothesis(through_ms: int, *words: tuple[str, float]) -> Hypothesis:
    """Words of one token each, one after another from 0, and one more at the edge of the audio."""
    heard = [
        HeardWord(
            Word(
                text=text,
                punctuation="",
                start_ms=place * WORD_MS,
                end_ms=(place + 1) * WORD_MS,
                confidence=confidence,
            ),
            first_token=place,
            end_token=place + 1,
        )
        for place, (text, confidence) in enumerate(words)
    ]
    edge = Word(
        text="edge",
        punctuation="",
        start_ms=through_ms - 50,
        end_ms=through_ms,
        confidence=DOUBTFUL,
    )
    n = len(words)
    return Hypothesis(
        tokens=(*(sum(text.encode()) for text, _ in words), -through_ms),
        words=(*heard, HeardWord(edge, n, n + 1)),
        through_ms=through_ms,
        terminal_probability=0.0,
    )


def settled_at(*words: tuple[str, float], max_delay_ms: int) -> dict[str, int]:
    """Tell when each word is settled if it is heard every half second, and always alike."""
    segment = Segment(None, start=0, floor_ms=0)
    times: dict[str, int] = {}
    for now_ms in range(len(words) * WORD_MS + 100, 6000, LOOK_MS):
        heard = hypothesis(now_ms, *words)
        settled, _ = segment.settle(heard, max_delay_ms=max_delay_ms)
        times |= {word.text: now_ms for word in settled}
    return times


def test_a_word_that_the_model_is_sure_of_is_settled_once_it_stayed_for_a_while():
    assert settled_at(("hello", SURE), max_delay_ms=2000) == {"hello": 1300}


@pytest.mark.parametrize("max_delay_ms", [700, 1000])
def test_a_word_waits_no_longer_than_it_may(max_delay_ms):
    at_ms = settled_at(("hello", SURE), max_delay_ms=max_delay_ms)["hello"]
    assert at_ms - WORD_MS < max_delay_ms + LOOK_MS


def test_at_four_seconds_a_word_waits_longer():
    assert settled_at(("hello", SURE), max_delay_ms=4000) == {"hello": 1800}


def test_a_word_that_was_heard_otherwise_begins_to_wait_anew():
    segment = Segment(None, start=0, floor_ms=0)
    for now_ms, text in [(300, "yellow"), (800, "yellow"), (1300, "hello"), (1800, "hello")]:
        assert segment.settle(hypothesis(now_ms, (text, SURE)), max_delay_ms=4000)[0] == ()
    settled, _ = segment.settle(hypothesis(2800, ("hello", SURE)), max_delay_ms=4000)
    assert [word.text for word in settled] == ["hello"]


@pytest.mark.parametrize(("age_ms", "is_settled"), [(880, False), (900, True)])
def test_at_one_second_a_word_is_settled_when_it_is_due_and_hardly_before(age_ms, is_settled):
    segment = Segment(None, start=0, floor_ms=0)
    heard = hypothesis(WORD_MS + age_ms, ("hello", DOUBTFUL))
    assert bool(segment.settle(heard, max_delay_ms=1000)[0]) is is_settled


@pytest.mark.parametrize(
    ("confidence", "age_ms", "is_settled"),
    [
        pytest.param(0.96, 90, False, id="it-may-be-cut-in-half"),
        pytest.param(0.96, 110, True, id="sure"),
        pytest.param(0.85, 190, False, id="less-sure-and-close-to-the-edge"),
        pytest.param(0.85, 210, True, id="less-sure-and-further-away"),
        pytest.param(0.75, 700, False, id="doubtful-waits"),
    ],
)
def test_where_finals_are_wanted_early_a_word_is_settled_as_soon_as_it_is_sure(
    confidence, age_ms, is_settled
):
    heard = hypothesis(WORD_MS + age_ms, ("hello", confidence))
    early, _ = Segment(None, start=0, floor_ms=0).settle(heard, max_delay_ms=900, early=True)
    usual, _ = Segment(None, start=0, floor_ms=0).settle(heard, max_delay_ms=900)
    assert [word.text for word in early] == ["hello"] * is_settled
    assert usual == ()


def test_the_last_word_is_not_sure_however_far_it_is_from_the_edge():
    """It may go on: what is behind it was perhaps not heard."""
    alone = Hypothesis(
        tokens=(1,),
        words=hypothesis(1000, ("hello", SURE)).words[:1],
        through_ms=WORD_MS + 600,
        terminal_probability=0.0,
    )
    segment = Segment(None, start=0, floor_ms=0)
    settled, still_open = segment.settle(alone, max_delay_ms=900, early=True)
    assert settled == ()
    assert [word.text for word in still_open] == ["hello"]
