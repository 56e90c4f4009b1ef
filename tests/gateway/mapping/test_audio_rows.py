"""What becomes of audio, on the way from one protocol to another."""

import asyncio
import base64
import random

import numpy as np
import pytest

import assemblyai_wire
import speechmatics_wire
from crossfade.audio import encode
from crossfade.model import Encoding
from crossing import EACH_BEHIND, EACH_PAIR, FRONTS, MS, WORD_BY_WORD, Heard, crossing, pairs
from media_bytes import encoded, wav

pytestmark = pytest.mark.asyncio(loop_scope="module")

row = pytest.mark.mapping
RATE_HZ = 16_000
TONE = (np.sin(np.arange(2 * RATE_HZ) / 20) / 2).astype(np.float32)
"""Two seconds."""
PCM = encode(TONE, Encoding.PCM_S16LE)


async def speechmatics_says(url, data, *, piece=3200, **audio_format):
    chunks = speechmatics_wire.cut(data, piece)
    wire = await speechmatics_wire.converse(f"{url}/v2", chunks, audio_format=audio_format)
    return wire.heard


def raw(encoding, rate_hz=RATE_HZ):
    return {"type": "raw", "encoding": encoding, "sample_rate": rate_hz}


def asked_rate(there):
    return int(there.audio_asked["sample_rate"])


@row("audio.pcm_s16le", "kept")
@EACH_PAIR
async def test_16_bit_samples_arrive_as_the_same_bytes(there, front, behind):
    data = random.Random(1).randbytes(2000 * MS)
    await FRONTS[front].converse(there.url, data, piece=70 * MS)
    assert there.audio_asked["encoding"] == "pcm_s16le"
    assert asked_rate(there) == RATE_HZ
    assert there.call.audio == data


@row("audio.pcm_f32le", "kept", behind="speechmatics")
@row("audio.pcm_f32le", "kept", behind="agent-stt")
@row("audio.pcm_f32le", "adapted", behind="assemblyai")
@EACH_BEHIND
async def test_float_samples_arrive_as_the_far_protocol_can_carry_them(there, behind):
    samples = np.linspace(-1.5, 1.5, RATE_HZ, dtype=np.float32)
    await speechmatics_says(there.url, samples.tobytes(), **raw("pcm_f32le"))
    if behind != "assemblyai":
        assert there.audio_asked == raw("pcm_f32le")
        assert there.call.audio == samples.tobytes()
    else:
        assert there.audio_asked["encoding"] == "pcm_s16le"
        arrived = np.frombuffer(there.call.audio, np.int16)[: samples.size] / 32767
        assert np.allclose(arrived, np.clip(samples, -1, 1), atol=2e-4)


async def telephone_says(url, front, data):
    if front == "speechmatics":
        await speechmatics_says(url, data, piece=800, **raw("mulaw", 8000))
    else:
        asked = {"encoding": "pcm_mulaw", "sample_rate": 8000}
        await FRONTS[front].converse(url, data, piece=800, **asked)


@row("audio.mulaw", "kept", behind="speechmatics")
@row("audio.mulaw", "kept", behind="assemblyai")
@pytest.mark.parametrize("sender", WORD_BY_WORD)
@pytest.mark.parametrize("behind", WORD_BY_WORD)
async def test_telephone_samples_arrive_as_the_same_bytes(there, sender, behind):
    data = random.Random(2).randbytes(8000)
    await telephone_says(there.url, sender, data)
    names = {"speechmatics": "mulaw", "assemblyai": "pcm_mulaw"}
    assert there.audio_asked["encoding"] == names[behind]
    assert asked_rate(there) == 8000
    assert there.call.audio == data


@row("audio.mulaw", "adapted", behind="agent-stt")
@pytest.mark.parametrize("sender", WORD_BY_WORD)
@pytest.mark.parametrize("behind", ["agent-stt"])
async def test_telephone_samples_are_decoded_for_a_protocol_without_them(there, sender, behind):
    await telephone_says(there.url, sender, random.Random(2).randbytes(8000))
    assert there.audio_asked == raw("pcm_s16le")
    assert len(there.call.audio) == pytest.approx(1000 * MS, rel=0.01)


@row("audio.file", "adapted")
@EACH_BEHIND
async def test_a_media_file_is_decoded_here(there, behind):
    data = wav(PCM, rate_hz=RATE_HZ)
    await speechmatics_says(there.url, data, piece=5000, type="file")
    assert there.audio_asked["encoding"] == "pcm_s16le"
    assert asked_rate(there) == RATE_HZ
    assert there.call.audio == PCM


@row("audio.compressed", "adapted")
@EACH_BEHIND
@pytest.mark.parametrize(
    ("encoding", "container", "codec"), [("ogg_opus", "ogg", "libopus"), ("aac", "adts", "aac")]
)
async def test_a_compressed_stream_is_decoded_here(there, behind, encoding, container, codec):
    data = encoded(TONE, container, codec)
    await FRONTS["assemblyai"].converse(there.url, data, piece=4000, encoding=encoding)
    assert there.audio_asked["encoding"] == "pcm_s16le"
    assert asked_rate(there) == RATE_HZ
    arrived = np.frombuffer(there.call.audio, np.int16) / 32767
    assert arrived.size == pytest.approx(TONE.size, rel=0.1)
    assert np.std(arrived[8000:-8000]) == pytest.approx(np.std(TONE), rel=0.1)


@row("audio.chunks", "adapted")
@EACH_PAIR
async def test_audio_is_cut_anew_whatever_the_client_sends(there, front, behind):
    data = random.Random(3).randbytes(1020 * MS)
    await FRONTS[front].converse(there.url, data, piece=170 * MS)
    *whole, rest = there.call.chunks
    assert {len(chunk) for chunk in whole} == {50 * MS}
    is_filled = behind == "assemblyai"
    assert rest == data[-20 * MS :] + bytes(30 * MS if is_filled else 0)


@row("audio.pace", "adapted", behind="assemblyai")
async def test_a_file_at_full_speed_is_held_back_to_real_time(tmp_path):
    async with crossing("assemblyai", tmp_path, paced=True) as there:
        chunks = speechmatics_wire.cut(bytes(2000 * MS), 100 * MS)
        wire = await speechmatics_wire.converse(f"{there.url}/v2", chunks)
    acknowledged_at = [
        at
        for at, message in zip(wire.heard_at, wire.heard, strict=True)
        if message["message"] == "AudioAdded"
    ]
    # The sender learns of it: what was not sent on is not acknowledged.
    assert len(acknowledged_at) == 20
    assert acknowledged_at[-1] - acknowledged_at[0] > 1.5


@row("audio.pace", "kept", behind="speechmatics")
@row("audio.pace", "kept", behind="agent-stt")
@pytest.mark.parametrize("behind", ["speechmatics", "agent-stt"])
async def test_audio_goes_on_as_fast_as_it_is_acknowledged_ten_seconds_ahead(tmp_path, behind):
    far = Heard()
    far.running.clear()
    async with (
        crossing(behind, tmp_path, far=far, paced=True) as there,
        asyncio.timeout(20),
    ):
        chunks = speechmatics_wire.cut(bytes(15_000 * MS), 100 * MS)
        session = asyncio.create_task(speechmatics_wire.converse(f"{there.url}/v2", chunks))
        while not there.calls or len(there.call.chunks) < 200:  # noqa: ASYNC110 (no event for it)
            await asyncio.sleep(0.01)
        async with speechmatics_wire.dial(f"{there.url}/v2") as other:
            await (await other.socket.ping())
        assert len(there.call.chunks) == 200, "50 ms each: no more without an acknowledgement"
        far.running.set()
        await session
    assert len(there.call.audio) == 15_000 * MS


@row("audio.acknowledgements", "adapted")
@pairs(fronts=["speechmatics", "agent-stt"])
async def test_the_clients_own_chunks_are_acknowledged_each_once(there, front, behind):
    heard = await FRONTS[front].converse(there.url, piece=123 * MS)
    numbers = [message["seq_no"] for message in speechmatics_wire.of(heard, "AudioAdded")]
    assert numbers == list(range(1, 9000 // 123 + 2))


@row("audio.acknowledgements", "dropped", front="assemblyai")
@EACH_BEHIND
async def test_a_protocol_without_acknowledgements_tells_none(there, behind):
    heard = await FRONTS["assemblyai"].converse(there.url)
    assert {message["type"] for message in heard} == {
        "Begin",
        "SpeechStarted",
        "Turn",
        "Termination",
    }
    acknowledged = [m for m in there.call.said if m.get("message") == "AudioAdded"]
    assert bool(acknowledged) == (behind != "assemblyai")


@row("audio.channels", "adapted")
@EACH_BEHIND
async def test_each_channel_is_a_far_session_and_the_client_has_one(there, behind):
    async with speechmatics_wire.dial(f"{there.url}/v2") as wire:
        labels = ["left", "right"]
        await wire.start(diarization="channel", channel_diarization_labels=labels)
        sent = {"left": bytes(2500 * MS), "right": random.Random(4).randbytes(2500 * MS)}
        for channel, data in sent.items():
            await wire.say(channel_audio(channel, data))
            await wire.say({"message": "EndOfChannel", "channel": channel, "last_seq_no": 1})
        await wire.hear("EndOfTranscript")
    assert sorted(call.audio for call in there.calls) == sorted(sent.values())
    assert all("channel_diarization_labels" not in str(call.heard[:1]) for call in there.calls)
    finals = [m for m in speechmatics_wire.of(wire.heard, "AddTranscript") if m["results"]]
    assert {final["channel"] for final in finals} == set(labels)
    for label in labels:
        mine = [final for final in finals if final["channel"] == label]
        assert speechmatics_wire.words(mine) == ["Good", "morning", "everybody"]


def channel_audio(channel, data):
    coded = base64.b64encode(data).decode()
    return {"message": "AddChannelAudio", "channel": channel, "data": coded}


async def says_at(url, front, data, rate_hz):
    if front == "speechmatics":
        await speechmatics_says(url, data, **raw("pcm_s16le", rate_hz))
    else:
        await assemblyai_wire.converse(url, data, sample_rate=rate_hz)


@row("audio.sample_rate", "kept", behind="speechmatics")
@row("audio.sample_rate", "kept", behind="assemblyai")
@pytest.mark.parametrize("rate_hz", [8000, 22_050, 96_000])
@pytest.mark.parametrize("sender", WORD_BY_WORD)
@pytest.mark.parametrize("behind", WORD_BY_WORD)
async def test_sample_rates_are_kept(there, sender, behind, rate_hz):
    data = random.Random(5).randbytes(rate_hz // 50 * 2 * 50)  # a second, or a little less
    await says_at(there.url, sender, data, rate_hz)
    assert asked_rate(there) == rate_hz
    assert there.call.audio[: len(data)] == data
    assert len(there.call.audio) - len(data) < 50 * rate_hz * 2 / 1000


@row("audio.sample_rate", "adapted", behind="agent-stt")
@pytest.mark.parametrize("sender", WORD_BY_WORD)
@pytest.mark.parametrize(("rate_hz", "asked_hz"), [(8000, 8000), (22_050, 16_000)])
@pytest.mark.parametrize("behind", ["agent-stt"])
async def test_other_rates_are_resampled_for_a_protocol_of_two(
    there, sender, behind, rate_hz, asked_hz
):
    await says_at(there.url, sender, bytes(2 * rate_hz), rate_hz)
    assert asked_rate(there) == asked_hz
    assert len(there.call.audio) == pytest.approx(2 * asked_hz, rel=0.01)


@row("audio.sample_rate", "kept", behind="assemblyai")
@pytest.mark.parametrize("rate_hz", [6000, 100_000])
async def test_a_rate_that_the_far_protocol_has_not_is_refused(tmp_path, rate_hz):
    async with (
        crossing("assemblyai", tmp_path) as there,
        speechmatics_wire.dial(f"{there.url}/v2") as wire,
    ):
        await wire.say(speechmatics_wire.start_message(raw("pcm_s16le", rate_hz)))
        error = await wire.hear("Error")
    assert error["type"] == "invalid_audio_type"
    assert "8000 to 96000 Hz" in error["reason"]
