"""What the embedded recognizer tells about its queues and its work."""

import asyncio

import pytest

from crossfade.audio.pcm import encode
from crossfade.model import Audio, Encoding, Finish, RawAudio, SessionConfig
from crossfade.recognizers.load import Loaded, Rung
from crossfade.recognizers.onnx import EmbeddedRecognizer

CONFIG = SessionConfig(
    language="en", audio=RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
)


def test_there_is_nothing_to_tell_before_the_start():
    recognizer = EmbeddedRecognizer()
    assert isinstance(recognizer, Loaded)
    assert recognizer.load() is None


@pytest.mark.model
@pytest.mark.usefixtures("model_files")
async def test_audio_waits_until_it_is_heard_and_decodes_are_paid_for(recording):
    recognizer = EmbeddedRecognizer()
    await recognizer.start()
    samples = recording("brooklyn-bridge").samples()
    stream = recognizer.open(CONFIG)
    await stream.feed(Audio(data=encode(samples, Encoding.PCM_S16LE)))
    assert recognizer.load().inbox_s == pytest.approx(samples.size / 16_000)
    await stream.feed(Finish())
    async with asyncio.timeout(60):
        async for _ in stream.events():
            pass
    load = recognizer.load()
    assert (load.inbox_s, load.rung) == (0.0, Rung.CALM)
    assert 0.0 < stream.processing_s == pytest.approx(load.decode_cpu_s)
    assert load.decode_cpu_s / 2 < load.model_cpu_s
    assert stream.processing_s < samples.size / 16_000
    await recognizer.aclose()
    assert recognizer.load() is None
