"""Whose voice an embedding is, by arithmetic alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.recognizers.onnx.speakers.encoder import Embedding
from crossfade.recognizers.onnx.speakers.voices import Voices


def voice(degrees: float) -> Embedding:
    """A direction in a plane: the cosine of two is that of the angle between them."""
    embedding = np.zeros(256, np.float32)
    embedding[:2] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return embedding


def known(*, sensitivity: float = 0.5) -> Voices:
    """Somebody who was heard five times, always at 0 degrees."""
    voices = Voices(sensitivity=sensitivity)
    assert [voices.assign(voice(0), 1600) for _ in range(5)] == [0] * 5
    return voices


def test_speakers_are_numbered_as_they_appear() -> None:
    voices = Voices()
    heard = [voices.assign(voice(degrees), 1600) for degrees in (0, 10, 80, 75, 5)]
    assert heard == [0, 0, 1, 1, 0]
    assert voices.n_speakers == 2


@pytest.mark.parametrize(("sensitivity", "degrees"), [(0.0, 53.1), (0.5, 45.6), (1.0, 36.9)])
def test_sensitivity_says_how_different_a_stranger_has_to_be(
    sensitivity: float, degrees: float
) -> None:
    assert known(sensitivity=sensitivity).assign(voice(degrees - 0.3), 1600) == 0
    assert known(sensitivity=sensitivity).assign(voice(degrees + 0.3), 1600) == 1


def test_less_is_asked_of_a_voice_to_be_a_newcomers() -> None:
    voices = Voices()
    voices.assign(voice(0), 1600)
    assert voices.assign(voice(50), 1600) == 0
    assert known().assign(voice(50), 1600) == 1


def test_a_speaker_is_the_middle_of_all_that_was_heard_of_them() -> None:
    voices = Voices()
    for degrees in (0, 40, 40, 40, 40):
        assert voices.assign(voice(degrees), 1600) == 0
    assert voices.assign(voice(75), 1600) == 0  # 75 from the first window, 43 from the middle


def test_a_short_window_makes_no_speaker() -> None:
    voices = Voices()
    assert voices.assign(voice(0), 1199) is None
    assert voices.assign(voice(0), 1200) == 0
    assert voices.assign(voice(90), 1199) == 0  # long enough to be somebody's
    assert voices.n_speakers == 1


def test_a_very_short_window_has_to_resemble_less_and_moves_nothing() -> None:
    voices = known()
    for _ in range(10):
        assert voices.assign(voice(59), 999) == 0
    assert voices.assign(voice(61), 999) is None
    assert voices.assign(voice(46), 1600) == 1  # 46 from where the first one still is


def test_when_all_speakers_are_found_the_nearest_one_it_is() -> None:
    voices = Voices(max_speakers=2)
    assert [voices.assign(voice(degrees), 1600) for degrees in (0, 90, 180)] == [0, 1, 1]
    assert voices.n_speakers == 2


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(500, 1600)), max_size=300))
def test_whatever_is_heard_numbers_have_no_gap_and_memory_has_a_bound(
    heard: list[tuple[int, int]],
) -> None:
    voices = Voices()
    seen: set[int] = set()
    for axis, n_ms in heard:
        speaker = voices.assign(np.eye(256, dtype=np.float32)[axis], n_ms)
        if speaker is not None:
            assert speaker <= len(seen)
            seen.add(speaker)
    assert voices.n_speakers == len(seen) <= 50
