"""Section 21 of the reference, "Audio": whatever the audio looks like, the words are the same."""

import asyncio
import time

import numpy as np
import pytest
import soxr

import media_bytes
from crossfade.audio import Samples
from crossfade.model import Encoding
from crossfade.scoring import normalize
from speechmatics_wire import (
    FILE,
    SECOND,
    converse,
    cut,
    dial,
    items,
    kinds,
    of,
    pcm,
    start_message,
    text,
    words,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

EOS = {"message": "EndOfStream", "last_seq_no": 0}
CHUNKS = pytest.mark.conformance(
    "speechmatics", "21.11", "chunks of 1, 3, 320, 4096 bytes and 1 MiB give the same words"
)
MESSAGES = pytest.mark.conformance(
    "speechmatics", "21.13", "N messages: acknowledgements 1…N, no more, no fewer"
)


def at_rate(samples: Samples, rate_hz: int) -> Samples:
    """The same sound at another rate: nothing in it that the lowest rate could not carry."""
    narrow = soxr.resample(samples, 16_000, 8000)
    return narrow if rate_hz == 8000 else np.clip(soxr.resample(narrow, 8000, rate_hz), -1, 1)


@pytest.mark.model
@pytest.mark.conformance(
    "speechmatics", "21.10", "three encodings at 8, 16, 44.1, 48 kHz give the same words"
)
async def test_every_encoding_and_rate_gives_the_same_words(url, key, recording):
    samples = recording("vctk-p345_009").samples()

    async def heard_at(encoding: Encoding, rate_hz: int) -> list[str]:
        data = pcm(at_rate(samples, rate_hz), encoding)
        audio_format = {"type": "raw", "encoding": encoding.value, "sample_rate": rate_hz}
        wire = await converse(url + "/v2", cut(data, 8192), key=key, audio_format=audio_format)
        [quality] = [m["quality"] for m in of(wire.heard, "Info") if "quality" in m]
        assert quality == ("telephony" if rate_hz < 12_000 else "broadcast")
        return normalize(text(wire.heard)).split()

    rates_hz = (8000, 16_000, 44_100, 48_000)
    heard = await asyncio.gather(*(heard_at(e, rate_hz) for e in Encoding for rate_hz in rates_hz))
    assert len(heard[0]) > 8
    assert heard == [heard[0]] * 12


@pytest.mark.model
@CHUNKS
async def test_every_way_to_cut_the_audio_gives_the_same_finals(url, key, recording):
    samples = recording("brooklyn-bridge").samples()
    data = pcm(soxr.resample(samples, 16_000, 8000))
    audio_format = {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 8000}

    async def finals(n_bytes: int) -> list[object]:
        chunks = cut(data, n_bytes)
        wire = await converse(url + "/v2", chunks, key=key, audio_format=audio_format)
        assert len(of(wire.heard, "AudioAdded")) == len(chunks)
        return items(wire.heard)

    whole, *others = [await finals(n_bytes) for n_bytes in (1 << 20, 4096, 320, 3, 1)]
    assert [item["alternatives"][0]["content"] for item in whole][-3:] == [
        "Brooklyn",
        "Bridge",
        "?",
    ]
    assert others == [whole] * 4


@CHUNKS
@pytest.mark.parametrize("n_bytes", [1, 3, 320, 4096, 1 << 20])
async def test_a_script_is_said_the_same_way_however_the_audio_is_cut(open_server, n_bytes):
    audio_format = {"type": "raw", "encoding": "mulaw", "sample_rate": 2000}
    wire = await converse(
        open_server.url + "/v2", cut(bytes(5000), n_bytes), audio_format=audio_format
    )
    assert words(wire.heard) == ["Good", "morning", "Welcome", "aboard"]
    assert of(wire.heard, "AddTranscript")[-1]["metadata"]["end_time"] == 2.5


@pytest.mark.conformance("speechmatics", "21.12", "fragmented binary message: one acknowledgement")
async def test_fragments_of_one_message_are_acknowledged_once(open_server):
    async with dial(open_server.url + "/v2") as wire:
        await wire.start()
        for _ in range(3):
            await wire.socket.send(cut(SECOND, 1024))  # as .NET does it
        await wire.finish()
        assert [m["seq_no"] for m in of(wire.heard, "AudioAdded")] == [1, 2, 3]
        assert len(words(wire.heard)) == 4


@MESSAGES
async def test_n_messages_get_n_acknowledgements_in_order(open_server):
    chunks = [bytes(n % 700) for n in range(3000)]  # empty ones among them
    wire = await converse(open_server.url + "/v2", chunks)
    assert [m["seq_no"] for m in of(wire.heard, "AudioAdded")] == list(range(1, 3001))


@MESSAGES
async def test_audio_that_comes_before_the_start_is_acknowledged_after_it(open_server):
    async with dial(open_server.url + "/v2") as wire:
        await wire.say(start_message(), *[SECOND] * 5)
        await wire.finish()
        assert [m["seq_no"] for m in of(wire.heard, "AudioAdded")] == [1, 2, 3, 4, 5]


@pytest.mark.model
@pytest.mark.conformance(
    "speechmatics",
    "21.14",
    "WAV, MP3, OGG, FLAC, M4A through `file`; WAV header with unknown length",
)
async def test_files_of_every_kind_are_heard(url, key, recording):
    samples = recording("fmt-jfk-inaugural-ogg-vorbis-16k").samples()
    data = pcm(samples)
    files = {
        name: recording(f"fmt-jfk-inaugural-{name}").path.read_bytes()
        for name in (
            "mp3-44k",
            "m4a-aac-44k",
            "ogg-opus-48k",
            "ogg-vorbis-16k",
            "webm-opus-48k",
            "wav-mulaw-8k",
        )
    } | {
        "wav": media_bytes.wav(data),
        "wav-of-unknown-length": media_bytes.wav(data, said_bytes=0xFFFFFFFF),
        "wav-of-no-length": media_bytes.wav(data, said_bytes=0),
        "flac": media_bytes.encoded(samples, "flac", "flac"),
        "aac": media_bytes.encoded(samples, "adts", "aac"),
        "mp4": media_bytes.encoded(samples, "mp4", "aac"),
    }

    async def heard(file: bytes) -> str:
        wire = await converse(url + "/v2", cut(file, 4096), key=key, audio_format=FILE)
        assert len(of(wire.heard, "AudioAdded")) == len(cut(file, 4096))
        return normalize(text(wire.heard))

    for name, file in files.items():
        said = await heard(file)
        assert "what you can do for your country" in said, name


@pytest.mark.model
@pytest.mark.conformance(
    "speechmatics", "21.15", "whole file at once, then EndOfStream: same finals as in real time"
)
async def test_a_file_at_once_gives_the_finals_of_real_time(live_sessions, url, key):
    for live in live_sessions:
        chunks = [live.audio]
        at_once = await converse(url + "/v2", chunks, key=key, enable_partials=True, **live.config)
        assert items(at_once.heard) == items(live.heard)
        assert text(at_once.heard) == text(live.heard)
        ends = [m["metadata"] for m in of(live.heard, "EndOfUtterance")]
        assert [m["metadata"] for m in of(at_once.heard, "EndOfUtterance")] == ends


@pytest.mark.model
@pytest.mark.conformance(
    "speechmatics",
    "21.16",
    "pongs come back within a second while 10 minutes of audio are waiting",
)
async def test_pongs_come_while_ten_minutes_of_audio_wait(url, key, recording):
    samples = recording("sim-2spk-a").samples()
    data = pcm(soxr.resample(samples, 16_000, 8000), Encoding.MULAW)
    ten_minutes = (data * (600 * 8000 // len(data) + 1))[: 600 * 8000]
    audio_format = {"type": "raw", "encoding": "mulaw", "sample_rate": 8000}
    async with dial(url + "/v2", key=key) as wire:
        await wire.start(audio_format)
        await wire.push(cut(ten_minutes, 8192))
        waits_s = []
        while "AddTranscript" not in kinds(wire.heard):
            asked_at = time.monotonic()
            await (await wire.socket.ping())
            waits_s.append(time.monotonic() - asked_at)
            await wire.next()
        assert max(waits_s) < 1.0
        assert len(of(wire.heard, "AudioAdded")) < len(cut(ten_minutes, 8192)), "it still waits"
