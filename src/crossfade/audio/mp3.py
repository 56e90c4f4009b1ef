"""Speech as small MP3 files: what every browser plays, and can seek in without the whole file."""

from collections.abc import Iterable
from io import BytesIO

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from crossfade.audio.pcm import SAMPLE_RATE_HZ, Samples, encode
from crossfade.model import Encoding

BITS_PER_S = 24_000
"""Speech is easy to follow; 10.8 MB an hour."""

_CODEC = "libmp3lame"


def encode_mp3(blocks: Iterable[Samples]) -> bytes:
    """Compress mono samples at 16 kHz; blocks may have any length."""
    file = BytesIO()
    with av.open(file, mode="w", format="mp3") as container:
        stream = container.add_stream(_CODEC, rate=SAMPLE_RATE_HZ, layout="mono")
        assert isinstance(stream, AudioStream)  # that is what this codec makes
        stream.bit_rate = BITS_PER_S
        for samples in blocks:
            container.mux(stream.encode(_frame(samples)))
        container.mux(stream.encode(None))
    return file.getvalue()


def _frame(samples: Samples) -> AudioFrame:
    frame = AudioFrame(format="s16", layout="mono", samples=samples.size)
    frame.sample_rate = SAMPLE_RATE_HZ
    frame.planes[0].update(encode(samples, Encoding.PCM_S16LE))
    return frame
