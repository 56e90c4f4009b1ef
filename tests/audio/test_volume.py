"""Loudness: the scale, its average over a word, and the gate below a threshold."""

from collections.abc import AsyncIterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.audio.decoder import open_decoder
from crossfade.audio.volume import PIECE_SAMPLES, GatedDecoder, mean_volume, volumes
from crossfade.model import Encoding, RawAudio

FORMAT = RawAudio(encoding=Encoding.PCM_F32LE, sample_rate_hz=16_000)


def sine(amplitude: float, seconds: float = 0.1) -> np.ndarray:
    steps = np.arange(int(seconds * 16_000))
    return (amplitude * np.sin(2 * np.pi * 400 * steps / 16_000)).astype(np.float32)


async def gather(blocks: AsyncIterator[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.float32), *[block async for block in blocks]])


def test_a_sine_at_full_scale_has_the_volume_of_its_root_mean_square():
    assert volumes(sine(1.0)) == pytest.approx(np.full(10, 70.7), abs=0.1)


def test_volume_is_counted_for_complete_pieces_only():
    assert volumes(sine(0.5)[: 3 * PIECE_SAMPLES - 1]).shape == (2,)
    assert volumes(np.zeros(0, np.float32)).shape == (0,)


def test_nothing_is_louder_than_a_hundred():
    assert volumes(np.full(PIECE_SAMPLES, 1.5, np.float32)).tolist() == [100.0]


def test_a_pause_inside_a_word_hardly_lowers_its_volume():
    word = volumes(np.concatenate((sine(0.4), np.zeros(1600, np.float32), sine(0.4))))
    assert mean_volume(word) == pytest.approx(28.3, abs=0.1)


def test_silence_has_no_volume():
    assert mean_volume(volumes(np.zeros(1600, np.float32))) == 0.0


@given(st.lists(st.integers(min_value=1, max_value=900), max_size=12))
async def test_the_gate_does_not_depend_on_how_audio_is_cut(sizes: list[int]):
    audio = np.concatenate((sine(0.4, 0.13), sine(0.01, 0.21), sine(0.4, 0.03)))
    decoder = GatedDecoder(open_decoder(FORMAT), threshold=5.0)
    heard, at = [], 0
    for size in [*sizes, audio.size]:
        heard.append(await gather(decoder.decode(audio[at : at + size].tobytes())))
        at = min(at + size, audio.size)
    heard.append(await gather(decoder.finish()))
    gated = np.concatenate(heard)
    assert gated.size == audio.size
    assert np.array_equal(gated[:2080], audio[:2080])
    assert not gated[2080:5440].any()
    assert np.array_equal(gated[5440:5760], audio[5440:5760])
