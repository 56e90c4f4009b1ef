"""Where audio comes from."""

import asyncio
import os
import sys

import pytest

from crossfade.client import sources
from crossfade.errors import AudioError
from crossfade.model import Encoding, RawAudio

S16 = sources.MEDIA_AUDIO


async def given(*pieces):
    for piece in pieces:
        yield piece


async def test_a_media_file_becomes_samples(recordings):
    spoken = next(r for r in recordings if r.category == "read_en")
    data = b"".join([piece async for piece in sources.media(spoken.path)])
    assert abs(len(data) / 32000 - spoken.duration_s) < 0.02


async def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(AudioError, match="there is no file"):
        await anext(sources.media(tmp_path / "none.wav"))


async def test_standard_input_is_handed_on_as_it_comes(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe:
        monkeypatch.setattr(sys, "stdin", pipe)
        pieces = sources.stdin()
        os.write(writing, b"first")
        assert await anext(pieces) == b"first"
        os.write(writing, b"second")
        os.close(writing)
        assert [piece async for piece in pieces] == [b"second"]


async def test_a_recording_at_real_time_takes_its_time_in_buffers_of_one_size():
    clock = asyncio.get_running_loop()
    begun_s = clock.time()
    pieces = [p async for p in sources.in_real_time(given(b"\x01" * 3201, b"\x02" * 4000), S16)]
    assert clock.time() - begun_s >= 0.2  # the fifth of five buffers leaves after four of 50 ms
    assert b"".join(pieces) == (b"\x01" * 3201 + b"\x02" * 4000).ljust(8000, b"\x00")
    assert {len(piece) for piece in pieces} == {1600}


async def test_what_fills_the_last_buffer_is_silence_in_any_encoding():
    mulaw = RawAudio(encoding=Encoding.MULAW, sample_rate_hz=8000)
    (piece,) = [p async for p in sources.in_real_time(given(b"\x00"), mulaw)]
    assert piece == b"\x00" + b"\xff" * 399
