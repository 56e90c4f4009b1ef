"""Ends of turns, words where nobody spoke, and what it costs."""

import pytest

from compare_sides import clip, heard
from crossfade.bench.recordings import SpokenWord
from crossfade.compare.false_words import n_false, silences
from crossfade.compare.heard import HeardTurn
from crossfade.compare.prices import Price, cost
from crossfade.compare.turn_ends import decided, judge, shared

# A word, 2 s of silence, a word, 0.8 s, a word, then silence to the end at 10 s.
SPOKEN = (
    SpokenWord("one", 1.0, 1.5),
    SpokenWord("two", 3.5, 4.0),
    SpokenWord("three", 4.8, 5.2),
)


def turns(*ends):
    return tuple(HeardTurn(end, end + 900.0) for end in ends)


def judged(*ends, silence_ms=800):
    return judge(turns(*ends), SPOKEN, audio_ms=10_000, silence_ms=silence_ms)


def test_ends_at_the_pauses_of_the_reference_are_found():
    found = judged(1450, 5300)
    assert (found.pauses, found.found, found.elsewhere) == (2, 2, 0)
    assert found.told_after_ms == pytest.approx((850.0, 1000.0))


def test_a_pause_about_as_long_as_the_silence_may_be_taken_either_way():
    assert judged(1500, 4000, 5200).elsewhere == 0
    assert judged(1500, 5200).pauses == 2


def test_an_end_in_the_middle_of_speech_is_elsewhere():
    found = judged(1500, 3000)
    assert (found.ends, found.found, found.elsewhere) == (2, 1, 1)


def test_a_longer_silence_asks_for_fewer_ends():
    assert judged(silence_ms=2500).pauses == 1


def test_the_end_of_the_audio_is_nobodys_decision():
    kept = decided(turns(1500, 9900), audio_ms=10_000, silence_ms=800)
    assert kept == turns(1500)


def test_ends_in_common_are_counted_once_each():
    assert shared(turns(1000, 1200, 5000), turns(1100, 5300)) == 2
    assert shared(turns(1000), turns(1500)) == 0


def test_a_word_in_a_silence_is_false_if_the_reference_does_not_have_it():
    told = clip(spoken=SPOKEN, reference="one two three", audio_ms=10_000)
    quiet = silences(told)
    assert quiet == [(0.0, 800.0), (1700.0, 3300.0), (5400.0, 10_000.0)]
    assert n_false(heard("you", start_ms=2000), told, quiet) == 1
    assert n_false(heard("you", start_ms=1600), told, quiet) == 0  # reaches into speech
    assert n_false(heard("two", start_ms=2000), told, quiet) == 0  # late, not invented


@pytest.mark.parametrize(("start_s", "n_silences"), [(0.9, 0), (1.0, 1)])
def test_a_silence_lasts_a_second_at_the_ends_too(start_s, n_silences):
    said = (SpokenWord("one", start_s, start_s + 0.5),)
    assert len(silences(clip(spoken=said, reference="one", audio_ms=2300))) == n_silences


def test_where_nothing_is_said_every_word_is_false():
    told = clip(reference="", audio_ms=4000)
    assert silences(told) == [(0.0, 4000.0)]
    assert n_false(heard("thank you"), told, silences(told)) == 2


def test_silence_is_not_known_without_times_or_where_several_people_meet():
    assert silences(clip(reference="one two")) == []
    assert silences(clip()) == []
    meeting = [SpokenWord("yes", 0.0, 0.5, "a"), SpokenWord("no", 5.0, 5.5, "b")]
    assert silences(clip(spoken=meeting, reference="yes no")) == []


def test_both_kinds_of_price_add_up_by_what_was_used():
    price = Price(
        per_audio_hour=0.24, per_session_hour=0.12, currency="USD", source="a page", date=""
    )
    found = cost(price, audio_s=1800, session_s=3600)
    assert found.total == pytest.approx(0.24)
    assert (found.per_audio_hour, found.per_session_hour) == (0.48, 0.24)
    assert cost(price, audio_s=0, session_s=0) is None
