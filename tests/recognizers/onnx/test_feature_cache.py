"""The front end on a buffer that grows and is cut, against the whole buffer at once."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Recording
from crossfade.audio import Samples
from crossfade.recognizers.onnx.features import BLOCK_SAMPLES, FeatureCache, Features
from crossfade.recognizers.onnx.model import Moonshine

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def speech(recording: Callable[[str], Recording]) -> Samples:
    return recording("vctk-p314_036").samples()[:48_000]


def at_once(model: Moonshine, samples: Samples) -> Features:
    """The plain way: one run of the graph over everything."""
    columns, sums, squares = model.frontend(samples)
    n_values = sums.size * 288
    mean = sums.sum(dtype=np.float64) / n_values
    variance = squares.sum(dtype=np.float64) / n_values - mean**2
    return Features(columns, mean, 1 / np.sqrt(variance + 1e-5))


def in_slices(model: Moonshine, samples: Samples, borders: Iterable[int]) -> FeatureCache:
    cache = FeatureCache(model)
    for part in np.split(samples, sorted(borders)):
        cache.append(part)
        cache.features()
    return cache


def assert_same(found: Features | None, expected: Features) -> None:
    assert found is not None
    assert found.columns.shape == expected.columns.shape
    np.testing.assert_allclose(found.columns, expected.columns, atol=1e-4)
    assert found.mean == pytest.approx(expected.mean, abs=1e-7)
    assert found.reciprocal_std == pytest.approx(expected.reciprocal_std, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(borders=st.lists(st.integers(0, 48_000), max_size=12))
def test_any_slices_give_the_features_of_the_whole(
    moonshine: Moonshine, speech: Samples, borders: list[int]
) -> None:
    cache = in_slices(moonshine, speech, borders)
    assert_same(cache.features(), at_once(moonshine, speech))


@settings(max_examples=25, deadline=None)
@given(end=st.integers(895, 48_000), border=st.integers(0, 48_000))
def test_the_beginning_of_a_buffer_equals_a_buffer_that_ends_there(
    moonshine: Moonshine, speech: Samples, end: int, border: int
) -> None:
    cache = in_slices(moonshine, speech, [border])
    assert_same(cache.features(end), at_once(moonshine, speech[:end]))


@settings(max_examples=25, deadline=None)
@given(n_blocks=st.integers(0, 240), border=st.integers(0, 48_000))
def test_a_buffer_without_its_head_equals_a_fresh_start(
    moonshine: Moonshine, speech: Samples, n_blocks: int, border: int
) -> None:
    cache = in_slices(moonshine, speech[:border], [border // 2])
    n_blocks = min(n_blocks, border // BLOCK_SAMPLES)
    cache.drop_head(n_blocks)
    cache.append(speech[border:])
    rest = speech[n_blocks * BLOCK_SAMPLES :]
    np.testing.assert_array_equal(cache.audio, rest)
    assert_same(cache.features(), at_once(moonshine, rest))


def test_a_glimpse_sees_what_is_there_and_changes_no_bit_of_what_follows(
    moonshine: Moonshine, speech: Samples
) -> None:
    plain, glimpsed = FeatureCache(moonshine), FeatureCache(moonshine)
    for at, piece in enumerate(np.split(speech, range(700, 48_000, 2_300))):
        plain.append(piece)
        glimpsed.append(piece)
        glimpse = glimpsed.glimpse()
        if at % 2:  # so that there is something new to glimpse
            found, expected = glimpsed.features(), plain.features()
            assert_same(glimpse, at_once(moonshine, speech[: plain.n_samples]))
            assert found is not None
            assert expected is not None
            assert np.array_equal(found.columns, expected.columns)
            assert (found.mean, found.reciprocal_std) == (expected.mean, expected.reciprocal_std)


def test_features_that_were_given_out_stay_as_they_are(
    moonshine: Moonshine, speech: Samples
) -> None:
    cache = in_slices(moonshine, speech[:20_000], [])
    features, audio = cache.features(), cache.audio
    assert features is not None
    before = features.columns.copy()
    cache.append(speech[20_000:])
    cache.features()
    cache.drop_head(50)
    cache.append(speech)
    cache.features()
    np.testing.assert_array_equal(features.columns, before)
    np.testing.assert_array_equal(audio, speech[:20_000])


@pytest.mark.parametrize("n_samples", [0, 1, 511, 894])
def test_less_than_a_frame_gives_nothing(
    moonshine: Moonshine, speech: Samples, n_samples: int
) -> None:
    assert in_slices(moonshine, speech[:n_samples], []).features() is None
    assert in_slices(moonshine, speech, []).features(n_samples) is None


def test_the_shortest_audio_gives_one_frame(moonshine: Moonshine, speech: Samples) -> None:
    assert moonshine.encode_samples(speech[:895]).n_frames == 1


def test_more_than_there_is_cannot_be_dropped(moonshine: Moonshine, speech: Samples) -> None:
    with pytest.raises(ValueError, match="cannot drop"):
        in_slices(moonshine, speech[:1000], []).drop_head(6)
