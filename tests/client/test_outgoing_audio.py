"""From the caller's audio to the chunks of a dialect."""

from threading import enumerate as enumerate_threads

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import media_bytes
from crossfade.audio import encode
from crossfade.client.outgoing import Outgoing
from crossfade.dialects.base import AudioRules
from crossfade.errors import ConfigError
from crossfade.model import ContainerAudio, Encoding, RawAudio

S16 = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16000)
STRICT = AudioRules(min_chunk_ms=50, chunk_ms=100)
CHUNK_BYTES = 3200
SHORTEST_BYTES = 1600


async def sent(outgoing, pieces):
    """Everything that leaves, one entry a chunk."""
    chunks = [chunk for piece in pieces async for chunk in outgoing.push(piece)]
    return chunks + [chunk async for chunk in outgoing.flush()]


@given(st.binary(max_size=20_000), st.lists(st.integers(1, 5000), max_size=8))
async def test_audio_of_the_right_format_is_only_cut_anew(data, sizes):
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    pieces.append(data[at:])
    chunks = await sent(Outgoing(given=S16, wire=S16, rules=STRICT), pieces)
    n_whole = len(data) - len(data) % 2
    assert b"".join(chunks)[:n_whole] == data[:n_whole]
    assert all(len(chunk) == CHUNK_BYTES for chunk in chunks[:-1])
    assert all(SHORTEST_BYTES <= len(chunk) <= CHUNK_BYTES for chunk in chunks[-1:])


async def test_a_tail_that_is_too_short_for_the_vendor_ends_in_silence():
    chunks = await sent(Outgoing(given=S16, wire=S16, rules=STRICT), [b"\x01\x02"])
    assert chunks == [b"\x01\x02" + bytes(SHORTEST_BYTES - 2)]


async def test_a_mark_brings_out_what_was_waiting_if_the_vendor_takes_it():
    outgoing = Outgoing(given=S16, wire=S16, rules=STRICT)
    assert [chunk async for chunk in outgoing.push(bytes(SHORTEST_BYTES - 2))] == []
    assert outgoing.mark() == b""
    assert [chunk async for chunk in outgoing.push(bytes(2))] == []
    assert outgoing.mark() == bytes(SHORTEST_BYTES)
    assert await sent(outgoing, []) == []


async def test_audio_of_another_rate_and_encoding_is_converted():
    given_audio = RawAudio(encoding=Encoding.PCM_F32LE, sample_rate_hz=48000)
    wire = RawAudio(encoding=Encoding.MULAW, sample_rate_hz=8000)
    tone = np.sin(np.arange(48000) * 2 * np.pi * 440 / 48000).astype(np.float32) / 2
    outgoing = Outgoing(given=given_audio, wire=wire, rules=AudioRules(chunk_ms=50))
    chunks = await sent(outgoing, [encode(tone, Encoding.PCM_F32LE)])
    assert len(b"".join(chunks)) == 8000
    assert {len(chunk) for chunk in chunks} == {400}


async def test_a_media_file_is_decoded_for_a_vendor_that_takes_samples(recordings):
    path = next(r.path for r in recordings if r.category == "read_en" and r.duration_s < 15)
    outgoing = Outgoing(given=ContainerAudio(), wire=S16, rules=AudioRules())
    chunks = await sent(outgoing, [path.read_bytes()])
    duration_s = next(r.duration_s for r in recordings if r.path == path)
    assert abs(len(b"".join(chunks)) / 32000 - duration_s) < 0.1


async def test_a_media_file_for_a_vendor_that_takes_one_goes_as_it_is():
    outgoing = Outgoing(given=ContainerAudio(), wire=ContainerAudio(), rules=STRICT)
    data = bytes(range(256)) * 100
    chunks = await sent(outgoing, [data])
    assert b"".join(chunks) == data


def test_samples_cannot_be_sent_as_a_media_file():
    with pytest.raises(ConfigError):
        Outgoing(given=S16, wire=ContainerAudio(), rules=STRICT)


async def test_a_media_file_that_is_left_in_its_middle_leaves_no_thread():
    outgoing = Outgoing(given=ContainerAudio(), wire=S16, rules=STRICT)
    header = media_bytes.wav(bytes(32_000))[:1000]
    assert [chunk async for chunk in outgoing.push(header)] == []
    (decoding,) = (thread for thread in enumerate_threads() if thread.name == "crossfade-media")
    outgoing.close()
    outgoing.close()
    decoding.join(5)
    assert not decoding.is_alive()
