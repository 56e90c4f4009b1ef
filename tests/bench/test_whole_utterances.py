"""Whole utterances: cut only where they are long, and decoded in one piece."""

import numpy as np
import pytest

from crossfade.audio import SAMPLE_RATE_HZ
from crossfade.bench.whole import LONGEST_S, SHORTEST_S, WholeUtterances, cut
from crossfade.scoring import word_errors


def noise(seconds):
    rng = np.random.default_rng(1)
    return rng.standard_normal(int(seconds * SAMPLE_RATE_HZ)).astype(np.float32)


def test_what_is_short_is_left_whole():
    samples = noise(15)
    (piece,) = cut(samples)
    assert piece is samples


def test_long_audio_is_cut_in_its_pause_and_nothing_is_lost():
    samples = noise(20)
    samples[10 * SAMPLE_RATE_HZ : 11 * SAMPLE_RATE_HZ] = 0.0
    first, second = cut(samples)
    assert 10 * SAMPLE_RATE_HZ <= first.size <= 11 * SAMPLE_RATE_HZ
    assert np.array_equal(np.concatenate([first, second]), samples)


def test_no_piece_is_longer_than_the_model_likes_nor_shorter_than_it_must():
    pieces = cut(noise(100))
    assert all(piece.size <= LONGEST_S * SAMPLE_RATE_HZ for piece in pieces)
    assert all(piece.size >= SHORTEST_S * SAMPLE_RATE_HZ for piece in pieces[:-1])


def test_a_scrap_that_no_word_fits_into_is_dropped():
    assert cut(noise(0.1)) == []


@pytest.mark.model
def test_an_utterance_is_heard(model_files, recording):
    spoken = recording("ls-39-121914-0000")
    heard = WholeUtterances(model_files).transcribe(spoken.samples())
    assert word_errors(spoken.text, heard).rate < 0.1
