"""When a turn is over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.model import (
    ConfidenceEndpointing,
    Endpointing,
    NoEndpointing,
    PunctuationEndpointing,
    SilenceEndpointing,
)
from crossfade.recognizers.endpointing import (
    longest_turn_ms,
    pause_ms,
    turn_confidence,
    turn_is_over,
)

SILENCE = SilenceEndpointing(silence_ms=500)
CONFIDENT = ConfidenceEndpointing(min_silence_ms=400, max_silence_ms=1280, threshold=0.4)
SENTENCE = PunctuationEndpointing(min_silence_ms=128, max_silence_ms=1000, max_turn_ms=60_000)


@pytest.mark.parametrize(
    ("policy", "silence_ms", "confidence", "mark", "over"),
    [
        pytest.param(NoEndpointing(), 60_000, 1.0, ".", False, id="never-by-itself"),
        pytest.param(SILENCE, 499, 1.0, ".", False, id="silence-not-long-enough"),
        pytest.param(SILENCE, 500, 0.0, "", True, id="silence-alone-is-enough"),
        pytest.param(CONFIDENT, 400, 0.41, "", True, id="complete-after-the-minimum"),
        pytest.param(CONFIDENT, 399, 1.0, ".", False, id="complete-but-too-early"),
        pytest.param(CONFIDENT, 1279, 0.4, ".", False, id="incomplete-waits"),
        pytest.param(CONFIDENT, 1280, 0.0, "", True, id="incomplete-ends-at-the-maximum"),
        pytest.param(SENTENCE, 128, 0.9, ".", True, id="sentence-ends-at-the-minimum"),
        pytest.param(SENTENCE, 128, 0.9, ",", False, id="a-comma-ends-nothing"),
        pytest.param(SENTENCE, 128, 0.2, ".", False, id="an-improbable-full-stop-ends-nothing"),
        pytest.param(SENTENCE, 1000, 0.0, "", True, id="no-sentence-ends-at-the-maximum"),
        pytest.param(SENTENCE, 128, 0.9, "", False, id="no-mark-ends-nothing"),
    ],
)
def test_a_turn_is_over_when_its_policy_says_so(policy, silence_ms, confidence, mark, over):
    assert (
        turn_is_over(policy, silence_ms=silence_ms, confidence=confidence, last_mark=mark) is over
    )


def test_a_maximum_below_the_minimum_counts_as_the_minimum():
    policy = ConfidenceEndpointing(min_silence_ms=800, max_silence_ms=100, threshold=0.4)
    assert not turn_is_over(policy, silence_ms=700, confidence=0.0, last_mark="")
    assert turn_is_over(policy, silence_ms=800, confidence=0.0, last_mark="")


@given(
    policy=st.sampled_from([SILENCE, CONFIDENT, SENTENCE]),
    silence_ms=st.integers(0, 3000),
    confidence=st.floats(0, 1),
    mark=st.sampled_from(["", ",", ".", "?", "…"]),
)
def test_more_silence_never_reopens_a_turn(policy: Endpointing, silence_ms, confidence, mark):
    def over(ms: int) -> bool:
        return turn_is_over(policy, silence_ms=ms, confidence=confidence, last_mark=mark)

    assert over(silence_ms) <= over(silence_ms + 32)


@pytest.mark.parametrize(
    ("probability", "word", "low", "high"),
    [
        pytest.param(0.97, "temperature", 0.5, 1.0, id="full-stop-after-a-content-word"),
        pytest.param(0.97, "the", 0.0, 0.15, id="nobody-stops-after-the"),
        pytest.param(0.97, "her", 0.5, 1.0, id="a-small-word-may-be-the-last"),
        pytest.param(0.05, "temperature", 0.0, 0.15, id="the-model-expects-more"),
        pytest.param(1.0, "Um", 0.0, 0.5, id="a-filler-in-capitals-is-a-filler"),
        pytest.param(1.0, "", 0.0, 0.0, id="nothing-said-nothing-finished"),
    ],
)
def test_turn_confidence(probability, word, low, high):
    assert low <= turn_confidence(probability, word) <= high


@given(st.floats(0, 1), st.floats(0, 1))
def test_turn_confidence_rises_with_the_probability_of_an_end(a, b):
    low, high = sorted((a, b))
    assert turn_confidence(low, "house") <= turn_confidence(high, "house")


@pytest.mark.parametrize(
    ("policy", "expected_ms"),
    [
        pytest.param(NoEndpointing(), 250, id="none"),
        pytest.param(SILENCE, 250, id="silence"),
        pytest.param(SENTENCE, 128, id="a-short-minimum-needs-an-earlier-look"),
    ],
)
def test_the_pause_is_looked_at_before_the_decision_is_due(policy, expected_ms):
    assert pause_ms(policy) == expected_ms


def test_only_turns_by_punctuation_have_a_longest_length():
    assert longest_turn_ms(SENTENCE) == 60_000
    assert longest_turn_ms(SILENCE) is None
