"""Media bytes to samples, blocking: what streams and files share. PyAV (FFmpeg) stands only here.

FFmpeg reads what strangers send, so it is given a list of plain containers: left to itself it
takes two lines of text for a "concat" script and opens the server's own files that they name.
"""

from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from crossfade.audio.mp4 import index_comes_last
from crossfade.audio.pcm import SAMPLE_RATE_HZ, Samples
from crossfade.audio.peeking import PeekingReader, Readable
from crossfade.audio.resample import PLAUSIBLE_RATES_HZ, Resampler
from crossfade.audio.wav import open_wav
from crossfade.errors import AudioError

GREATEST_SPOOLED_BYTES: Final = 512 * 2**20
"""The largest MP4 with its index at the end that is taken from a stream."""

_SPOOL_MEMORY_BYTES: Final = 4 * 2**20  # what is larger goes to a temporary file
_BLOCK_BYTES: Final = 65_536
_CONTAINERS: Final = (
    "aac,ac3,aiff,amr,amrnb,amrwb,asf,au,avi,caf,eac3,flac,flv,loas,matroska,mov,mp3,mpeg,"
    "mpegts,ogg,w64,wav,wv"
)


def _audio_decoders() -> Iterator[str]:
    for name in av.codecs_available:
        with suppress(ValueError):  # it only encodes
            if av.Codec(name, "r").type == "audio":
                yield name


_OPTIONS: Final = {
    "format_whitelist": _CONTAINERS,
    # To say what a file holds FFmpeg decodes a little of everything in it, pictures too: a cover of
    # half a megabyte, 12,000 pixels wide and high, took 6 s and 550 MB.
    "codec_whitelist": ",".join(sorted(_audio_decoders())),
    # FFmpeg likes to hear 5 s before it says what it hears; the first tenth tells as much.
    "analyzeduration": "100000",  # µs
}


def decode_stream(source: Readable) -> Generator[Samples, None, None]:
    """Decode media bytes that come one after another and cannot be read twice.

    Reads no more than it needs for the next samples. Blocks where ``source`` blocks.

    Yields:
        Mono, 16 kHz, in blocks as the container cuts them.

    Raises:
        AudioError: If the bytes are not media, hold no audio, or cannot be decoded.
    """
    reader = PeekingReader(source)
    if not reader.peek(1):
        return
    if (wav := open_wav(reader)) is not None:
        yield from wav.samples()
    elif index_comes_last(reader):
        with SpooledTemporaryFile(max_size=_SPOOL_MEMORY_BYTES) as spool:
            _spool(reader, spool)
            yield from decode_file(spool)
    else:
        yield from decode_file(reader)


def decode_file(source: Readable) -> Generator[Samples, None, None]:
    """Decode media bytes; moves about in ``source`` if it has a ``seek``.

    Yields and raises as ``decode_stream`` does.
    """
    try:
        with _opened(source) as container, closing(_frames(container)) as frames:
            yield from _at_house_rate(frames)
    except av.error.FFmpegError as exc:
        raise AudioError("the bytes are not a media file or stream that can be decoded") from exc


def claimed_duration_s(source: Readable) -> float | None:
    """Say how long media claims to be, from its header; ``None`` if it does not say.

    Raises:
        AudioError: If it is not media or holds no audio.
    """
    try:
        with _opened(source) as container:
            stream = _audio_stream(container)
            if stream.duration is not None and stream.time_base is not None:
                return float(stream.duration * stream.time_base)
            return None if container.duration is None else container.duration / av.time_base
    except av.error.FFmpegError as exc:
        raise AudioError("the file is not a media file that can be decoded") from exc


def _opened(source: Readable) -> InputContainer:
    # metadata_errors: a title in an unknown character set is no reason to fail.
    return av.open(source, mode="r", options=dict(_OPTIONS), metadata_errors="replace")


def _frames(container: InputContainer) -> Generator[AudioFrame, None, None]:
    """Yield decoded frames; one damaged packet costs its own audio and nothing else."""
    n_frames = n_damaged = 0
    for packet in container.demux(_audio_stream(container)):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            n_damaged += 1
            continue
        n_frames += len(frames)
        yield from frames
    if n_damaged and not n_frames:
        raise AudioError("the media holds an audio track, but nothing in it can be decoded")


def _audio_stream(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise AudioError("the media has no audio track")
    return container.streams.audio[0]


def _at_house_rate(frames: Iterator[AudioFrame]) -> Iterator[Samples]:
    """Mix down and resample. The rate may change on the way: chained Ogg streams do that."""
    rate_hz, resampler = SAMPLE_RATE_HZ, Resampler(SAMPLE_RATE_HZ, SAMPLE_RATE_HZ)
    for frame in frames:
        if frame.sample_rate != rate_hz:
            yield resampler.flush()
            rate_hz = frame.sample_rate
            if rate_hz not in PLAUSIBLE_RATES_HZ:
                raise AudioError(f"the media claims a sample rate of {rate_hz} Hz")
            resampler = Resampler(rate_hz, SAMPLE_RATE_HZ)
        yield resampler.push(mono(frame))
    yield resampler.flush()


def mono(frame: AudioFrame) -> Samples:
    """The mean of all channels: unlike FFmpeg's own mix it cannot become louder than they are."""
    samples = frame.to_ndarray()  # (n_channels, n) if planar, else (1, n * n_channels)
    by_channel = (
        samples if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels).T
    )
    mono: Samples = _to_float(by_channel).mean(axis=0, dtype=np.float32)
    return np.clip(mono, -1.0, 1.0)


def _to_float(samples: NDArray[Any]) -> Samples:
    """Bring FFmpeg's sample formats (u8, s16, s32, s64, float, double) to -1.0 to 1.0."""
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - np.float32(128)) / np.float32(128)
    if np.issubdtype(samples.dtype, np.integer):
        return (samples / -float(np.iinfo(samples.dtype).min)).astype(np.float32)
    numbers: Samples = np.nan_to_num(samples.astype(np.float32), nan=0.0)
    return numbers


def _spool(reader: PeekingReader, spool: IO[bytes]) -> None:
    while data := reader.read(_BLOCK_BYTES):
        if spool.tell() + len(data) > GREATEST_SPOOLED_BYTES:
            raise AudioError(
                "an MP4 stream with its index at the end can have at most "
                f"{GREATEST_SPOOLED_BYTES >> 20} MiB"
            )
        spool.write(data)
    spool.seek(0)
