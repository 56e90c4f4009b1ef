"""Which windows are cut out of a stream, and whose a word is then. No network: the voice of a
window is the loudness of its samples."""

import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.audio import Samples
from crossfade.recognizers.onnx.speakers.encoder import Embedding, SpeakerEncoder
from crossfade.recognizers.onnx.speakers.tracker import (
    CHUNK_MS,
    MOST_WAITING,
    SpeakerTracker,
    SpeakerWindow,
)


class LevelEncoder(SpeakerEncoder):
    """Hears a voice as the level that most of a window has: 1.0, 2.0, ..."""

    def __init__(self) -> None:
        """Load nothing."""

    def embed(self, samples: Samples) -> Embedding:
        return np.eye(256, dtype=np.float32)[int(np.median(samples))]


@pytest.fixture
def tracker() -> SpeakerTracker:
    return SpeakerTracker(LevelEncoder())


def say(tracker: SpeakerTracker, stretch: str) -> None:
    """Hear chunks of 32 ms: a digit is a voice, a dot nobody."""
    for mark in stretch:
        level = 0 if mark == "." else int(mark)
        samples = np.full(512, level, np.float32)
        tracker.hear(samples, 0.9 if level else 0.1)


def windows(tracker: SpeakerTracker) -> Iterator[SpeakerWindow]:
    while (window := tracker.next_window()) is not None:
        yield window


def listen(tracker: SpeakerTracker, stretch: str) -> list[tuple[int, int]]:
    """Hear, and look at every window the moment it is due; gives where they were."""
    seen = []
    for mark in stretch:
        say(tracker, mark)
        for window in windows(tracker):
            tracker.apply(window, window.run())
            seen.append((window.start, window.end))
    return seen


def label(tracker: SpeakerTracker, chunk: int) -> str | None:
    return tracker.label(chunk * CHUNK_MS, (chunk + 1) * CHUNK_MS)


PAUSE = "." * 7


@pytest.mark.parametrize(
    ("stretch", "expected"),
    [
        pytest.param("." * 100, [], id="silence-has-none"),
        pytest.param("1" * 15 + PAUSE, [], id="too-short-says-too-little"),
        pytest.param("1" * 16 + PAUSE, [(0, 16)], id="a-short-one-at-its-end"),
        pytest.param("1" * 24 + "." * 6 + "1", [(0, 31)], id="a-short-pause-is-part-of-it"),
        pytest.param("1" * 25, [(0, 25)], id="an-early-look"),
        pytest.param("1" * 35 + PAUSE, [(0, 25)], id="little-news-is-not-looked-at"),
        pytest.param("1" * 36 + PAUSE, [(0, 25), (0, 36)], id="the-end-if-it-has-news"),
        pytest.param("1" * 100, [(0, 25), (0, 50), (25, 75), (50, 100)], id="every-0.8-s"),
        pytest.param("1" * 86 + PAUSE, [(0, 25), (0, 50), (25, 75), (36, 86)], id="the-last-1.6-s"),
        pytest.param("1" * 20 + PAUSE + "1" * 20 + PAUSE, [(0, 20), (27, 47)], id="two-regions"),
    ],
)
def test_windows_of_speech(
    tracker: SpeakerTracker, stretch: str, expected: list[tuple[int, int]]
) -> None:
    assert listen(tracker, stretch) == expected


def test_speech_goes_on_at_a_lower_probability_than_it_began(tracker: SpeakerTracker) -> None:
    samples = np.ones(512, np.float32)
    for _ in range(50):
        tracker.hear(samples, 0.4)
    assert tracker.next_window() is None
    tracker.hear(samples, 0.6)
    for _ in range(24):
        tracker.hear(samples, 0.4)
    window = tracker.next_window()
    assert window is not None
    assert (window.start, window.end) == (50, 75)


def test_a_window_holds_the_samples_of_its_place(tracker: SpeakerTracker) -> None:
    rng = np.random.default_rng(0)
    audio = rng.standard_normal(512 * 130).astype(np.float32)
    for chunk in audio.reshape(-1, 512):
        tracker.hear(chunk, 0.9)
    tracker.flush()
    for window in windows(tracker):
        assert np.array_equal(window.samples, audio[window.start * 512 : window.end * 512])


def test_flush_ends_the_region_as_a_pause_would(tracker: SpeakerTracker) -> None:
    say(tracker, "1" * 20)
    assert tracker.next_window() is None
    tracker.flush()
    tracker.flush()
    assert [(window.start, window.end) for window in windows(tracker)] == [(0, 20)]


def test_nobody_is_known_until_someone_spoke_for_1200_ms(tracker: SpeakerTracker) -> None:
    listen(tracker, "1" * 37 + PAUSE)
    assert label(tracker, 10) is None
    listen(tracker, "1" * 38 + PAUSE)
    assert label(tracker, 50) == "S1"
    assert label(tracker, 10) == "S1"  # now it is known who that must have been


def test_speakers_are_named_as_they_appear(tracker: SpeakerTracker) -> None:
    listen(tracker, "3" * 60 + PAUSE + "1" * 60 + PAUSE + "3" * 60)
    assert [label(tracker, chunk) for chunk in (30, 100, 160)] == ["S1", "S2", "S1"]
    assert tracker.n_speakers == 2


def test_a_change_without_a_pause_is_between_the_windows_that_know(
    tracker: SpeakerTracker,
) -> None:
    listen(tracker, "1" * 100 + "2" * 100)
    assert label(tracker, 85) == "S1"
    assert label(tracker, 115) == "S2"


def test_an_early_look_gives_way_to_a_longer_one(tracker: SpeakerTracker) -> None:
    listen(tracker, "1" * 60 + PAUSE + "2" * 60 + PAUSE)
    listen(tracker, "1" * 13 + "2" * 12)
    assert label(tracker, 140) == "S1"
    listen(tracker, "2" * 25)  # most of the whole window is the other one
    assert label(tracker, 140) == "S2"


def test_a_word_that_no_window_covers_is_the_nearest_voices(tracker: SpeakerTracker) -> None:
    listen(tracker, "1" * 75 + PAUSE + "." * 200)
    assert label(tracker, 77) == "S1"
    assert label(tracker, 75 + 90) == "S1"
    assert label(tracker, 75 + 100) is None  # more than 3 s away


def test_labels_are_answered_while_windows_still_wait(tracker: SpeakerTracker) -> None:
    listen(tracker, "1" * 60 + PAUSE)
    say(tracker, "2" * 30)
    assert label(tracker, 80) == "S1"  # the best that is known
    listen(tracker, "2" * 30)
    assert label(tracker, 80) == "S2"


def test_a_window_that_failed_is_left_out(tracker: SpeakerTracker) -> None:
    say(tracker, "1" * 50)
    kept = list(windows(tracker))[1]
    tracker.apply(kept, kept.run())
    assert label(tracker, 10) == "S1"


@given(st.lists(st.tuples(st.integers(1, 200), st.booleans()), max_size=40))
def test_memory_does_not_grow_with_the_stream(stretches: list[tuple[int, bool]]) -> None:
    tracker = SpeakerTracker(LevelEncoder())
    for n_chunks, speech in stretches:
        say(tracker, ("1" if speech else ".") * n_chunks)
    waiting = list(windows(tracker))
    assert len(waiting) <= MOST_WAITING
    assert all(earlier.end < later.end for earlier, later in pairwise(waiting))
    assert all(16 <= window.end - window.start <= 50 for window in waiting)


def test_labels_reach_back_a_minute(tracker: SpeakerTracker) -> None:
    listen(tracker, "1" * 60 + PAUSE + "2" * 4000)
    assert label(tracker, 30) is None
    assert label(tracker, 4000 - 1700) == "S2"
    assert len(tracker._known) < 80


def test_when_a_window_is_looked_at_does_not_matter_to_what_is_said_in_the_end() -> None:
    stretch = ("1" * 70 + PAUSE + "2" * 45 + PAUSE + "3" * 90 + PAUSE) * 2
    at_once, later = SpeakerTracker(LevelEncoder()), SpeakerTracker(LevelEncoder())
    listen(at_once, stretch)
    say(later, stretch)
    for window in windows(later):
        later.apply(window, window.run())
    chunks = range(0, len(stretch), 5)
    assert [label(at_once, chunk) for chunk in chunks] == [label(later, chunk) for chunk in chunks]


def test_following_speakers_needs_no_onnx() -> None:
    program = (
        "import sys, crossfade.recognizers.onnx.speakers.tracker; sys.exit('onnx' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
