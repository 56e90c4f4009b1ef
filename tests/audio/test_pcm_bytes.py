import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.audio.pcm import PcmDecoder, encode
from crossfade.model import Encoding

ENCODINGS = pytest.mark.parametrize("encoding", list(Encoding))


def decode(data: bytes, encoding: Encoding) -> np.ndarray:
    return PcmDecoder(encoding).decode(data)


@given(st.sampled_from(list(Encoding)), st.lists(st.binary(max_size=9)))
def test_how_bytes_are_cut_changes_nothing(encoding, chunks):
    decoder = PcmDecoder(encoding)
    pieces = [decoder.decode(chunk) for chunk in chunks]
    whole = decode(b"".join(chunks), encoding)
    np.testing.assert_array_equal(np.concatenate([*pieces, np.empty(0, np.float32)]), whole)


@ENCODINGS
def test_a_sample_that_never_became_whole_is_dropped(encoding):
    one_and_a_half = bytes(encoding.sample_bytes + encoding.sample_bytes // 2)
    assert decode(one_and_a_half, encoding).size == 1


@given(st.sampled_from(list(Encoding)), st.binary())
def test_whatever_the_bytes_are_samples_are_numbers_from_minus_one_to_one(encoding, data):
    samples = decode(data, encoding)
    assert samples.dtype == np.float32
    assert not np.isnan(samples).any()
    assert (np.abs(samples) <= 1.0).all()


def test_float_samples_that_are_no_numbers_or_too_loud_become_silence_or_are_clipped():
    wire = np.array([np.nan, np.inf, -np.inf, 1.5, -7.0, 0.25], "<f4").tobytes()
    assert decode(wire, Encoding.PCM_F32LE).tolist() == [0.0, 1.0, -1.0, 1.0, -1.0, 0.25]


def test_s16_is_little_endian_and_full_scale_is_minus_one():
    wire = bytes([0x00, 0x80, 0x00, 0x40, 0x01, 0x00])
    assert decode(wire, Encoding.PCM_S16LE).tolist() == [-1.0, 0.5, 1 / 32768]


def test_mulaw_codes_have_the_values_of_g711():
    # G.711 table 2a, lifted from 14 to 16 bits: the ends of the scale and of two segments.
    known = {0x00: -32124, 0x0F: -16764, 0x10: -15996, 0x7E: -8, 0x7F: 0, 0x80: 32124, 0xFF: 0}
    values = decode(bytes(known), Encoding.MULAW) * 32768
    assert values.tolist() == list(known.values())


def test_every_s16_value_survives_the_way_out_and_back():
    wire = np.arange(-32768, 32768).astype("<i2").tobytes()
    assert encode(decode(wire, Encoding.PCM_S16LE), Encoding.PCM_S16LE) == wire


def test_every_mulaw_code_survives_the_way_out_and_back():
    # 0x7F is "minus zero", which nobody can tell from 0xFF once it is a number.
    wire = bytes(code for code in range(256) if code != 0x7F)
    assert encode(decode(wire, Encoding.MULAW), Encoding.MULAW) == wire


def test_mulaw_is_off_by_no_more_than_half_a_step():
    values = np.arange(-32124, 32125)
    back = decode(encode((values / 32768).astype(np.float32), Encoding.MULAW), Encoding.MULAW)
    # A step is at most 1/16 of the value's magnitude, lifted by 132 as G.711 does.
    assert (np.abs(back * 32768 - values) <= (np.abs(values) + 132) / 32).all()


@ENCODINGS
def test_what_is_written_is_clipped_and_free_of_nan(encoding):
    too_much = np.array([np.nan, 2.0, -2.0], np.float32)
    back = decode(encode(too_much, encoding), encoding)
    np.testing.assert_allclose(back, [0.0, 1.0, -1.0], atol=0.02)


def test_writing_rounds_to_the_nearest():
    samples = np.array([0.6, -0.6, 0.4], np.float32) / 32768
    assert np.frombuffer(encode(samples, Encoding.PCM_S16LE), "<i2").tolist() == [1, -1, 0]
