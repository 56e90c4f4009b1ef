"""Compressed packets without a container: one a chunk."""

from fractions import Fraction

import av
import numpy as np
import pytest

from crossfade.audio import open_decoder
from crossfade.errors import AudioError
from crossfade.model import PacketAudio

OPUS = PacketAudio(codec="opus")
RATE_HZ = 48_000


def opus_packets(samples, *, rate_hz=RATE_HZ, n_channels=1, frame_ms=20):
    """Encode mono samples, shape (n_samples,), as a telephone or a browser would."""
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.format = rate_hz, "s16"
    encoder.layout = "mono" if n_channels == 1 else "stereo"
    encoder.time_base = Fraction(1, rate_hz)
    encoder.options = {"frame_duration": str(frame_ms)}
    encoder.open()
    pcm = np.repeat((samples * 32_767).astype(np.int16), n_channels)
    packets = []
    for first in range(0, len(samples), encoder.frame_size):
        block = pcm[first * n_channels : (first + encoder.frame_size) * n_channels]
        frame = av.AudioFrame.from_ndarray(block[None], format="s16", layout=encoder.layout.name)
        frame.sample_rate, frame.pts = rate_hz, first
        packets += map(bytes, encoder.encode(frame))
    return packets + list(map(bytes, encoder.encode(None)))


def tone(seconds, rate_hz=RATE_HZ):
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate_hz)) / rate_hz)


async def decoded(packets):
    decoder = open_decoder(OPUS)
    blocks = [block for packet in packets async for block in decoder.decode(packet)]
    blocks += [block async for block in decoder.finish()]
    decoder.close()
    return np.concatenate(blocks) if blocks else np.empty(0, np.float32)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("frame_ms", [10, 20, 60])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
async def test_packets_of_any_kind_become_mono_at_the_rate_of_the_house(
    rate_hz, frame_ms, n_channels
):
    packets = opus_packets(
        tone(1.2, rate_hz), rate_hz=rate_hz, n_channels=n_channels, frame_ms=frame_ms
    )
    samples = await decoded(packets)
    assert abs(len(samples) - 1.2 * 16_000) <= 2 * frame_ms * 16
    middle = samples[8_000:16_000]
    spectrum = np.abs(np.fft.rfft(middle))
    assert np.argmax(spectrum) * 2 == pytest.approx(440, abs=2)
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.1)


async def test_sound_comes_while_packets_come():
    decoder = open_decoder(OPUS)
    heard = 0
    for number, packet in enumerate(opus_packets(tone(1.0)), start=1):
        heard += sum([block.size async for block in decoder.decode(packet)])
        assert heard >= (number - 1) * 320 - 16_000 * 0.06, "no more than 60 ms are held back"


async def test_no_packet_and_an_empty_one_are_no_error():
    assert (await decoded([])).size == 0
    assert (await decoded([b""])).size == 0


@pytest.mark.parametrize(
    "packet", [b"garbage!", b"\xff\xff\xff", b"OggS" + bytes(60), bytes(70_000)]
)
async def test_what_is_no_packet_is_told(packet):
    with pytest.raises(AudioError, match="Failed to decode Opus packet"):
        await decoded([packet])
