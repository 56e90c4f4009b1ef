"""Audio: from a client's bytes to mono float32 at 16 kHz, as a stream."""

from crossfade.audio.decoder import AudioDecoder, open_decoder
from crossfade.audio.files import duration_s, read_media
from crossfade.audio.pcm import SAMPLE_RATE_HZ, PcmDecoder, Samples, encode
from crossfade.audio.rechunk import Rechunker
from crossfade.audio.resample import Resampler

__all__ = [
    "SAMPLE_RATE_HZ",
    "AudioDecoder",
    "PcmDecoder",
    "Rechunker",
    "Resampler",
    "Samples",
    "duration_s",
    "encode",
    "open_decoder",
    "read_media",
]
