"""Words that wait longer than ``max_delay`` on the audio's clock: arithmetic on events."""

import pytest

from crossfade.bench.settling import late_words, waits_ms
from crossfade.model import Final, Partial, TurnEnded, Word


def final(*ends_ms: int) -> Final:
    words = [Word(text="a", start_ms=end - 100, end_ms=end, confidence=0.9) for end in ends_ms]
    return Final(turn=0, words=tuple(words), through_ms=ends_ms[-1] if ends_ms else 0)


def partial(through_ms: int) -> Partial:
    return Partial(turn=0, words=(), through_ms=through_ms)


def test_a_word_waits_until_the_audio_at_which_its_final_was_decided():
    events = [partial(900), final(500, 1000), partial(1600), final(1500), partial(3000)]
    assert waits_ms(events) == [1100, 600, 1500]


def test_an_empty_final_and_the_end_of_a_turn_make_no_wait():
    ended = TurnEnded(turn=0, at_ms=2000, confidence=0.9)
    assert waits_ms([final(), partial(500), ended, final(1900), partial(2000), ended]) == [100]


def test_a_word_at_the_very_limit_is_not_late():
    found = late_words([700, 701, 850, 851], max_delay_ms=700)
    assert (found.late, found.late_beyond_grace, found.longest_ms) == (0.75, 0.25, 851)


def test_without_words_there_are_no_shares():
    found = late_words([], max_delay_ms=700)
    assert found.words == 0
    assert (found.late, found.late_beyond_grace, found.longest_ms) == (None, None, None)


@pytest.mark.parametrize(("max_delay_ms", "late"), [(1000, 0.0), (999, 1.0)])
def test_what_counts_as_late_depends_on_what_was_asked_for(max_delay_ms, late):
    assert late_words(waits_ms([final(0), partial(1000)]), max_delay_ms=max_delay_ms).late == late
