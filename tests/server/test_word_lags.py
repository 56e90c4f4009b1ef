"""How late words are: from the arrival of the audio that holds their end."""

import pytest

from crossfade.model import Final, Partial, Word
from crossfade.server.word_lags import MOST_CHUNKS, WordLags

BYTES_PER_S = 32_000
CHUNK = BYTES_PER_S // 10  # 100 ms


def word(start_ms: int, end_ms: int) -> Word:
    return Word(text="word", start_ms=start_ms, end_ms=end_ms, confidence=1.0)


def partial(*words: Word) -> Partial:
    return Partial(turn=1, words=words, through_ms=0)


def final(*words: Word) -> Final:
    return Final(turn=1, words=words, through_ms=0)


@pytest.fixture
def lags():
    """Two seconds of live audio, the first chunk complete at 10.1 s."""
    heard = WordLags(BYTES_PER_S)
    for number in range(1, 21):
        heard.heard(CHUNK, now_s=10 + number / 10)
    return heard


def test_a_lag_begins_when_the_audio_with_the_words_end_came(lags):
    # It ends in the chunk that is complete at 1.2 s.
    assert lags.shown(partial(word(800, 1150)), now_s=12.5) == pytest.approx([1.3])
    assert lags.settled(final(word(800, 1150)), now_s=13.0) == pytest.approx([1.8])


def test_a_word_is_shown_for_the_first_time_once(lags):
    hello, there = word(100, 400), word(500, 900)
    assert len(lags.shown(partial(hello), now_s=11)) == 1
    assert lags.shown(partial(hello), now_s=11.5) == []
    moved = word(120, 460)
    assert len(lags.shown(partial(moved, there), now_s=12)) == 1


def test_a_word_that_was_final_before_it_was_shown_is_no_partials_business(lags):
    lags.settled(final(word(100, 400)), now_s=11)
    assert lags.shown(partial(word(100, 400)), now_s=11.1) == []


def test_audio_ahead_of_time_makes_no_lag_longer_than_it_has_been_here():
    lags = WordLags(BYTES_PER_S)
    lags.heard(60 * BYTES_PER_S, now_s=5.0)
    assert lags.settled(final(word(0, 300), word(58_000, 59_000)), now_s=6.0) == [1.0, 1.0]


def test_what_is_remembered_is_bounded_and_the_lag_then_counts_from_the_oldest():
    lags = WordLags(BYTES_PER_S)
    for number in range(MOST_CHUNKS + 100):
        lags.heard(640, now_s=number / 50)
    (lag,) = lags.settled(final(word(0, 300)), now_s=30.0)
    assert lag == pytest.approx(30 - 100 / 50)


def test_a_word_beyond_all_audio_has_no_lag(lags):
    assert lags.shown(partial(word(5000, 6000)), now_s=99.0) == [0.0]
