import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossfade.audio.resample import Resampler

RATES_HZ = [8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]
TO_HZ = 16_000
EVERY_RATE = pytest.mark.parametrize("from_hz", RATES_HZ)


def resampled(samples: np.ndarray, from_hz: int, to_hz: int = TO_HZ) -> np.ndarray:
    resampler = Resampler(from_hz, to_hz)
    return np.concatenate([resampler.push(samples), resampler.flush()])


def sine(rate_hz: int, pitch_hz: float = 1_000, seconds: float = 0.5) -> np.ndarray:
    positions_s = np.arange(int(rate_hz * seconds)) / rate_hz
    return (0.5 * np.sin(2 * np.pi * pitch_hz * positions_s)).astype(np.float32)


@settings(max_examples=60)
@given(
    st.integers(8_000, 96_000) | st.sampled_from(RATES_HZ),
    st.lists(st.integers(0, 900), max_size=12),
    st.integers(0, 2**32 - 1),
)
def test_chunk_borders_leave_no_trace_at_any_rate(from_hz, chunk_lengths, seed):
    noise = np.random.default_rng(seed).uniform(-1, 1, sum(chunk_lengths)).astype(np.float32)
    resampler = Resampler(from_hz, TO_HZ)
    pieces = [resampler.push(piece) for piece in np.split(noise, np.cumsum(chunk_lengths))]
    pieces.append(resampler.flush())
    np.testing.assert_array_equal(np.concatenate(pieces), resampled(noise, from_hz))


@given(st.integers(8_000, 96_000), st.integers(0, 20_000))
@settings(max_examples=60)
def test_no_time_is_lost_or_won(from_hz, n_samples):
    out = resampled(np.zeros(n_samples, np.float32), from_hz)
    assert abs(out.size - n_samples * TO_HZ / from_hz) <= 1


@EVERY_RATE
def test_a_tone_stays_the_same_tone_in_the_same_place(from_hz):
    out = resampled(sine(from_hz), from_hz)
    inner = slice(800, -800)  # the filter rings where the tone is cut off
    np.testing.assert_allclose(out[inner], sine(TO_HZ)[: out.size][inner], atol=1e-3)


@EVERY_RATE
def test_a_click_stays_where_it_was(from_hz):
    click = np.zeros(from_hz, np.float32)
    click[from_hz // 4] = 1.0
    peak = int(np.argmax(np.abs(resampled(click, from_hz))))
    assert abs(peak - (from_hz // 4) * TO_HZ / from_hz) <= 1


@pytest.mark.parametrize("from_hz", [24_000, 44_100, 48_000, 96_000])
def test_what_16_khz_cannot_hold_is_gone_and_not_folded_back(from_hz):
    out = resampled(sine(from_hz, pitch_hz=11_000), from_hz)
    assert np.abs(out[800:-800]).max() < 1e-3


@EVERY_RATE
def test_a_live_stream_waits_less_than_120_ms_for_the_filter(from_hz):
    resampler = Resampler(from_hz, TO_HZ)
    n_out = sum(resampler.push(piece).size for piece in np.array_split(sine(from_hz), 20))
    assert n_out >= (0.5 - 0.12) * TO_HZ


def test_equal_rates_pass_samples_untouched_and_at_once():
    samples = sine(TO_HZ)
    resampler = Resampler(TO_HZ, TO_HZ)
    assert resampler.push(samples) is samples
    assert resampler.flush().size == 0
