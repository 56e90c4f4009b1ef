import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossfade.audio import encode, open_decoder
from crossfade.errors import ConfigError
from crossfade.model import Encoding, RawAudio
from streaming import decode_in_chunks, decode_whole

NOISE = np.random.default_rng(1).uniform(-1, 1, 6_000).astype(np.float32)


@settings(max_examples=80)
@given(
    st.sampled_from(list(Encoding)),
    st.sampled_from([8_000, 16_000, 44_100, 48_000, 96_000]) | st.integers(8_000, 96_000),
    st.lists(st.integers(0, 5_000), max_size=8),
)
def test_how_the_client_cuts_its_audio_changes_nothing(encoding, rate_hz, cuts):
    audio = RawAudio(encoding=encoding, sample_rate_hz=rate_hz)
    data = encode(NOISE, encoding)
    in_chunks = asyncio.run(decode_in_chunks(audio, data, cuts))
    whole = asyncio.run(decode_whole(audio, data))
    np.testing.assert_array_equal(in_chunks, whole)
    assert abs(whole.size - NOISE.size * 16_000 / rate_hz) <= 1


async def test_a_chunk_that_holds_a_whole_file_is_decoded_in_slices():
    decoder = open_decoder(RawAudio(encoding=Encoding.MULAW, sample_rate_hz=16_000))
    sizes = [samples.size async for samples in decoder.decode(bytes(200_000))]
    assert sum(sizes) == 200_000
    assert max(sizes) <= 65_536


async def test_no_audio_at_all_is_no_error():
    audio = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=44_100)
    assert (await decode_whole(audio, b"")).size == 0


@pytest.mark.parametrize("rate_hz", [-1, 0, 7_999, 96_001])
def test_impossible_rates_are_refused_when_the_stream_is_opened(rate_hz):
    with pytest.raises(ConfigError, match="Hz") as refused:
        open_decoder(RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=rate_hz))
    assert refused.value.field == "audio"


async def test_closing_twice_is_fine():
    decoder = open_decoder(RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=8_000))
    decoder.close()
    decoder.close()
