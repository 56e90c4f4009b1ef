"""WAV as it is mostly sent: s16, float or µ-law. FFmpeg takes care of the rarer kinds.

We could leave all of it to FFmpeg, but that holds back the first 64 KiB of every PCM file to
see if they are S/PDIF in disguise: 2 s of speech at 16 kHz before the first word can be heard.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from crossfade.audio.pcm import SAMPLE_RATE_HZ, PcmDecoder, Samples
from crossfade.audio.peeking import PEEK_LIMIT_BYTES, PeekingReader
from crossfade.audio.resample import PLAUSIBLE_RATES_HZ, Resampler
from crossfade.model import Encoding

_ENCODINGS: Final = {  # (format tag, bits of a sample)
    (1, 16): Encoding.PCM_S16LE,
    (3, 32): Encoding.PCM_F32LE,
    (7, 8): Encoding.MULAW,
}
_EXTENSIBLE: Final = 0xFFFE  # the real tag stands in the first bytes of the format's GUID
_UNKNOWN_SIZES: Final = (0, 0xFFFFFFFF)  # what writers to pipes leave there
_BLOCK_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class _Format:
    encoding: Encoding
    n_channels: int
    rate_hz: int


class WavReader:
    """The audio of one WAV stream whose header has been read."""

    def __init__(self, reader: PeekingReader, audio: _Format, n_bytes: int | None) -> None:
        self._reader = reader
        self._format = audio
        self._n_bytes_left = n_bytes

    def samples(self) -> Iterator[Samples]:
        """Yield mono at 16 kHz, the mean of all channels, as bytes come."""
        audio = self._format
        frame_bytes = audio.n_channels * audio.encoding.sample_bytes
        pcm, resampler = PcmDecoder(audio.encoding), Resampler(audio.rate_hz, SAMPLE_RATE_HZ)
        cut_frame = b""
        while data := self._read():
            data = cut_frame + data
            n_whole = len(data) - len(data) % frame_bytes
            cut_frame = data[n_whole:]
            by_channel = pcm.decode(data[:n_whole]).reshape(-1, audio.n_channels)
            yield resampler.push(by_channel.mean(axis=1))
        yield resampler.flush()

    def _read(self) -> bytes:
        """The next bytes of audio: what comes after it in the file (lists, tags) is not read."""
        if self._n_bytes_left is None:
            return self._reader.read(_BLOCK_BYTES)
        if not self._n_bytes_left:
            return b""
        data = self._reader.read(min(_BLOCK_BYTES, self._n_bytes_left))
        self._n_bytes_left -= len(data)
        return data


def open_wav(reader: PeekingReader) -> WavReader | None:
    """Read the header of a WAV stream, up to its first sample.

    A size of 0 or 0xFFFFFFFF means "until the end".

    Returns:
        ``None`` if this is no WAV, or not of a kind that we know; then nothing was read.
    """
    head = reader.peek(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    audio: _Format | None = None
    position = 12
    while position + 48 <= PEEK_LIMIT_BYTES:
        header = reader.peek(8, at=position)
        if len(header) < 8:
            return None
        kind, size = struct.unpack("<4sI", header)
        position += 8
        if kind == b"data":
            return _at_first_sample(reader, position, audio, size)
        if kind == b"fmt ":
            audio = _parse_format(reader.peek(min(size, 40), at=position))
        position += size + size % 2
    return None


def _at_first_sample(
    reader: PeekingReader, position: int, audio: _Format | None, size: int
) -> WavReader | None:
    if audio is None:
        return None
    while position:
        position -= len(reader.read(position))
    return WavReader(reader, audio, None if size in _UNKNOWN_SIZES else size)


def _parse_format(chunk: bytes) -> _Format | None:
    if len(chunk) < 16:
        return None
    tag, n_channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        (tag,) = struct.unpack_from("<H", chunk, 24)
    encoding = _ENCODINGS.get((tag, bits))
    if encoding is None or not n_channels or rate_hz not in PLAUSIBLE_RATES_HZ:
        return None
    return _Format(encoding, n_channels, rate_hz)
