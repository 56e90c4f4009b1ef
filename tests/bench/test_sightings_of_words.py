"""When the words of the reference are seen, by the reference's own clock."""

from pathlib import Path

import pytest

from crossfade.bench.lags import Arrival
from crossfade.bench.material import Piece, SpeechStream
from crossfade.bench.recordings import Recording, SpokenWord
from crossfade.bench.sightings import Sighting, sightings
from crossfade.model import Final, Partial, Word


def stream(text, *, start_ms=1000):
    """Each word takes half a second."""
    words = tuple(SpokenWord(word, 0.5 * n, 0.5 * (n + 1)) for n, word in enumerate(text.split()))
    recording = Recording(
        id="r",
        file="r.flac",
        category="read",
        language="en",
        duration_s=0.5 * len(words),
        text=text,
        words=words,
        folder=Path(),
    )
    return SpeechStream((Piece(recording, start_ms),), 20_000)


def heard(kind, text, at_ms):
    words = tuple(
        Word(text=word, start_ms=0, end_ms=1, confidence=0.0)  # times that nobody may rely on
        for word in text.split()
    )
    return Arrival(at_ms, kind(turn=0, words=words, through_ms=0))


def test_lags_count_from_the_end_of_the_word_in_the_recording():
    found = sightings(
        stream("good morning"),  # they end at 1500 and 2000 ms
        [heard(Partial, "Good", 1700), heard(Final, "Good morning.", 2600)],
    )
    assert found == [Sighting(200, 1100), Sighting(600, 600)]


def test_partials_go_on_where_finals_end():
    found = sightings(
        stream("one two three"),
        [
            heard(Final, "one", 1600),
            heard(Partial, "two three", 2700),
            heard(Final, "two three", 3000),
        ],
    )
    assert [round(sighting.partial_ms) for sighting in found] == [100, 700, 200]
    assert [round(sighting.final_ms) for sighting in found] == [100, 1000, 500]


def test_a_word_that_was_wrong_at_first_is_seen_when_it_is_right():
    found = sightings(
        stream("one two"),
        [
            heard(Partial, "won two", 2100),
            heard(Partial, "one two", 2600),
            heard(Final, "one two", 3000),
        ],
    )
    assert [round(sighting.partial_ms) for sighting in found] == [1100, 100]


def test_words_that_never_become_right_are_left_to_the_word_error_rate():
    found = sightings(stream("one two three"), [heard(Final, "one too three", 3000)])
    assert len(found) == 2


def test_a_word_is_not_taken_for_the_same_one_that_comes_later():
    found = sightings(
        stream("the cat and the dog"),
        [
            heard(Partial, "the", 1600),
            heard(Partial, "the cat and", 2600),
            heard(Final, "the cat and the dog", 4000),
        ],
    )
    assert [round(sighting.partial_ms) for sighting in found] == [100, 600, 100, 1000, 500]


@pytest.mark.parametrize("arrivals", [[], [heard(Partial, "one", 1600)], [heard(Final, "", 1700)]])
def test_without_final_words_there_is_nothing_to_tell(arrivals):
    assert sightings(stream("one two"), arrivals) == []
