"""Media made on the spot: the kinds that are too large, or too odd, to be carried around."""

import io
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from crossfade.audio import SAMPLE_RATE_HZ, Samples


def wav(
    data: bytes,
    *,
    tag: int = 1,
    bits: int = 16,
    rate_hz: int = SAMPLE_RATE_HZ,
    n_channels: int = 1,
    said_bytes: int | None = None,
    extensible: bool = False,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """A WAV file with any header; ``said_bytes`` is the size that the header claims."""
    frame_bytes = n_channels * bits // 8
    said_tag = 0xFFFE if extensible else tag
    fmt = struct.pack(
        "<HHIIHH", said_tag, n_channels, rate_hz, rate_hz * frame_bytes, frame_bytes, bits
    )
    if extensible:
        guid = struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
        fmt += struct.pack("<HHI", 22, bits, 0) + guid
    said = len(data) if said_bytes is None else said_bytes
    chunks = chunk(b"fmt ", fmt) + before + b"data" + struct.pack("<I", said) + data + after
    return b"RIFF" + struct.pack("<I", min(len(chunks) + 4, 0xFFFFFFFF)) + b"WAVE" + chunks


def chunk(kind: bytes, content: bytes) -> bytes:
    """One RIFF chunk, padded to an even length."""
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def encoded(
    samples: Samples, container: str, codec: str, *, options: dict[str, str] | None = None
) -> bytes:
    """Mono samples at 16 kHz in a container, by FFmpeg."""
    file = io.BytesIO()
    write(file, samples, container, codec, options=options)
    return file.getvalue()


def write(
    file: Path | io.BytesIO,
    samples: Samples,
    container: str,
    codec: str,
    *,
    options: dict[str, str] | None = None,
) -> None:
    """The same, into a file."""
    with av.open(file, "w", format=container, options=options or {}) as out:
        stream = out.add_stream(codec, rate=SAMPLE_RATE_HZ, layout="mono")
        _write_audio(out, stream, samples)


def video(samples: Samples | None, container: str = "matroska") -> bytes:
    """A second of grey pictures, with a sound track if there are samples."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        pictures = out.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 32, 32, "yuv420p"
        sound = (
            out.add_stream("aac", rate=SAMPLE_RATE_HZ, layout="mono")
            if samples is not None
            else None
        )
        for number in range(10):
            picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 128, np.uint8), "rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 10)
            out.mux(pictures.encode(picture))
        out.mux(pictures.encode(None))
        if sound is not None:
            _write_audio(out, sound, samples)
    return file.getvalue()


def _write_audio(out, stream, samples):
    planar_float = stream.codec_context.format.name == "fltp"
    for start in range(0, samples.size, 1024):
        piece = samples[None, start : start + 1024]
        if planar_float:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), "fltp", "mono")
        else:
            wire = np.rint(piece * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(wire, "s16", "mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE_HZ, start
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def png(width: int, height: int) -> bytes:
    """A picture of nothing."""

    def block(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)  # red, green, blue, alpha
    pixels = zlib.compress(bytes(height * (1 + 4 * width)))
    blocks = block(b"IHDR", header) + block(b"IDAT", pixels) + block(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + blocks


def with_cover(mp3: bytes, picture: bytes) -> bytes:
    """An MP3 file with a PNG picture in its tag (ID3v2.4, APIC)."""

    def size(n_bytes: int) -> bytes:
        return bytes(n_bytes >> shift & 0x7F for shift in (21, 14, 7, 0))

    content = b"\0image/png\0\x03\0" + picture
    frame = b"APIC" + size(len(content)) + b"\0\0" + content
    return b"ID3\x04\0\0" + size(len(frame)) + frame + mp3
