import io
import struct

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import media_bytes
from crossfade.audio import encode, read_media
from crossfade.audio.media import decode_stream
from crossfade.audio.mp4 import index_comes_last
from crossfade.audio.peeking import PeekingReader
from crossfade.audio.wav import open_wav
from crossfade.errors import AudioError
from crossfade.model import ContainerAudio, Encoding
from streaming import decode_in_chunks, decode_whole

AUDIO = ContainerAudio()
SAMPLES = np.random.default_rng(5).uniform(-0.9, 0.9, 4_800).astype(np.float32)
S16 = encode(SAMPLES, Encoding.PCM_S16LE)
KINDS = {
    Encoding.PCM_S16LE: {"tag": 1, "bits": 16},
    Encoding.PCM_F32LE: {"tag": 3, "bits": 32},
    Encoding.MULAW: {"tag": 7, "bits": 8},
}


@pytest.mark.parametrize("encoding", list(KINDS))
@pytest.mark.parametrize("extensible", [False, True])
async def test_samples_come_out_as_they_went_in(encoding, extensible):
    data = encode(SAMPLES, encoding)
    file = media_bytes.wav(data, extensible=extensible, **KINDS[encoding])
    out = await decode_whole(AUDIO, file)
    assert encode(out, encoding) == data


@pytest.mark.parametrize("n_channels", [1, 2, 3])
@pytest.mark.parametrize("encoding", list(KINDS))
def test_our_own_reader_hears_what_ffmpeg_hears(encoding, n_channels):
    data = encode(SAMPLES, encoding)
    file = media_bytes.wav(data, n_channels=n_channels, **KINDS[encoding])
    with av.open(io.BytesIO(file)) as container:
        decoded = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    interleaved = np.concatenate(decoded)
    if interleaved.dtype == np.int16:
        interleaved = interleaved / 32_768
    ours = np.concatenate(list(decode_stream(io.BytesIO(file))))
    np.testing.assert_allclose(ours, interleaved.reshape(-1, n_channels).mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("said_bytes", [0, 0xFFFFFFFF, 0x7FFFFFFF])
async def test_a_size_that_a_pipe_could_not_know_means_until_the_end(said_bytes):
    file = media_bytes.wav(S16, said_bytes=said_bytes)
    assert encode(await decode_whole(AUDIO, file), Encoding.PCM_S16LE) == S16


async def test_what_stands_around_the_audio_is_not_heard():
    tags = media_bytes.chunk(b"LIST", b"INFOISFT" + bytes(5))
    file = media_bytes.wav(S16, before=tags, after=tags)
    assert encode(await decode_whole(AUDIO, file), Encoding.PCM_S16LE) == S16


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 9_700), max_size=6), st.sampled_from([1, 2, 3]))
async def test_cuts_inside_headers_samples_and_frames_change_nothing(cuts, n_channels):
    file = media_bytes.wav(S16, n_channels=n_channels, rate_hz=44_100, said_bytes=0)
    np.testing.assert_array_equal(
        await decode_in_chunks(AUDIO, file, cuts), await decode_whole(AUDIO, file)
    )


async def test_channels_that_say_the_same_do_not_become_louder():
    stereo = np.repeat(SAMPLES, 2)
    file = media_bytes.wav(encode(stereo, Encoding.PCM_S16LE), n_channels=2)
    assert encode(await decode_whole(AUDIO, file), Encoding.PCM_S16LE) == S16


@pytest.mark.parametrize(
    "kind",
    [{"tag": 1, "bits": 8}, {"tag": 1, "bits": 24}, {"tag": 1, "bits": 32}, {"tag": 6, "bits": 8}],
    ids=["u8", "s24", "s32", "alaw"],
)
async def test_rarer_kinds_are_decoded_too(kind):
    n_samples = 16_000
    file = media_bytes.wav(bytes(n_samples * kind["bits"] // 8), **kind)
    assert (await decode_whole(AUDIO, file)).size == n_samples


async def test_a_wav_without_a_sample_holds_nothing_and_is_no_error():
    assert (await decode_whole(AUDIO, media_bytes.wav(b""))).size == 0


@pytest.mark.parametrize("rate_hz", [0, 1, 4_000_000_000])
@pytest.mark.parametrize("bits", [16, 24])
async def test_a_rate_that_no_recording_has_is_an_error(rate_hz, bits):
    file = bytearray(media_bytes.wav(bytes(9_600), bits=bits))
    file[24:28] = rate_hz.to_bytes(4, "little")
    with pytest.raises(AudioError):
        await decode_whole(AUDIO, bytes(file))


def test_every_rate_comes_out_at_16_khz(tmp_path):
    for rate_hz in (8_000, 22_050, 44_100, 96_000):
        path = tmp_path / f"{rate_hz}.wav"
        path.write_bytes(media_bytes.wav(bytes(rate_hz * 2), rate_hz=rate_hz))
        assert sum(block.size for block in read_media(path)) == pytest.approx(16_000, abs=1)


@pytest.mark.parametrize(
    ("header", "look"),
    [
        pytest.param(b"RIFF\0\0\0\0WAVE", open_wav, id="wav"),
        pytest.param(struct.pack(">I4s", 8, b"ftyp"), index_comes_last, id="mp4"),
    ],
)
def test_a_header_of_many_little_parts_is_looked_at_once(header, look):
    part = struct.pack("<4sI", b"none", 0) if look is open_wav else struct.pack(">I4s", 8, b"free")

    class Counting(PeekingReader):
        n_bytes = 0

        def peek(self, *arguments, **named):
            seen = super().peek(*arguments, **named)
            self.n_bytes += len(seen)
            return seen

    reader = Counting(io.BytesIO(header + part * 5000))
    look(reader)
    assert reader.n_bytes < 100_000
