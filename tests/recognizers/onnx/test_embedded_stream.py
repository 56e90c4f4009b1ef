"""The embedded recognizer as a session sees it: commands in, events out."""

import asyncio
import threading

import numpy as np
import pytest

from crossfade.audio.pcm import encode
from crossfade.errors import AudioError, ConfigError, ModelError, RecognizerError
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    ContainerAudio,
    Encoding,
    Final,
    Finish,
    ForceTurn,
    RawAudio,
    SessionConfig,
    TurnEnded,
)
from crossfade.recognizers.onnx import EmbeddedRecognizer, stream
from crossfade.recognizers.onnx.files import ModelFiles
from crossfade.recognizers.onnx.model import Moonshine
from hearing import silence, text_of

pytestmark = pytest.mark.model

PCM = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
CONFIG = SessionConfig(language="en", audio=PCM, max_delay_ms=2000)


@pytest.fixture
async def recognizer():
    recognizer = EmbeddedRecognizer()
    await recognizer.start()
    yield recognizer
    await recognizer.aclose()


def pcm_chunks(samples, n_bytes: int = 3200) -> list[bytes]:
    data = encode(samples, Encoding.PCM_S16LE)
    return [data[i : i + n_bytes] for i in range(0, len(data), n_bytes)]


async def run(stream, chunks) -> list[object]:
    async def send() -> None:
        for chunk in chunks:
            await stream.feed(Audio(data=chunk))
        await stream.feed(Finish())

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(send())
        return [event async for event in stream.events()]


async def test_every_chunk_is_accepted_once_in_order(recognizer, recording):
    chunks = pcm_chunks(recording("brooklyn-bridge").samples(), 1000)
    chunks.insert(3, b"")
    events = await run(recognizer.open(CONFIG), chunks)
    numbers = [e.number for e in events if isinstance(e, AudioAccepted)]
    assert numbers == list(range(1, len(chunks) + 1))
    assert "brooklyn bridge" in text_of(events).lower()


async def test_a_chunk_without_audio_behind_a_long_one_is_accepted_when_that_is_heard(recognizer):
    opened = recognizer.open(CONFIG)
    last_is_accepted = asyncio.Event()

    async def listen() -> None:
        async for event in opened.events():
            if event == AudioAccepted(number=2):
                last_is_accepted.set()

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(listen())
        await asyncio.sleep(0)  # it waits for commands
        await opened.feed(Audio(data=b"\0" * 32_000 * 12))
        await opened.feed(Audio(data=b""))
        await last_is_accepted.wait()
        await opened.aclose()


async def test_the_words_do_not_depend_on_encoding_or_rate(recognizer, recording):
    samples = recording("ls-5652-19215-0000").samples()
    texts = set()
    for encoding in Encoding:
        audio = RawAudio(encoding=encoding, sample_rate_hz=16_000)
        config = SessionConfig(language="en", audio=audio)
        events = await run(recognizer.open(config), [encode(samples, encoding)])
        texts.add(text_of(events).lower()[:60])
    assert len(texts) == 1


async def test_a_media_file_is_heard_too(recognizer, recording):
    data = recording("fmt-jfk-inaugural-mp3-44k").path.read_bytes()
    config = SessionConfig(language="en", audio=ContainerAudio())
    opened = recognizer.open(config)
    events = await run(opened, [data[i : i + 4096] for i in range(0, len(data), 4096)])
    assert "what your country can do for you" in text_of(events).lower()
    assert opened.audio_ms == pytest.approx(11_000, abs=100)


async def test_bytes_that_are_no_media_file_are_an_audio_error(recognizer):
    opened = recognizer.open(SessionConfig(language="en", audio=ContainerAudio()))
    with pytest.raises(ExceptionGroup) as caught:
        await run(opened, [b"this is not a recording " * 5000])
    assert caught.group_contains(AudioError)


async def test_audio_after_the_end_is_ignored_and_said_so(recognizer):
    opened = recognizer.open(CONFIG)
    await opened.feed(Audio(data=b"\0" * 3200))
    await opened.feed(Finish())
    await opened.feed(Audio(data=b"\0" * 3200))
    await opened.feed(Finish())
    await opened.feed(ForceTurn())
    async with asyncio.timeout(10):
        events = [event async for event in opened.events()]
    assert sum(isinstance(e, AudioAccepted) for e in events) == 1
    assert sum(isinstance(e, AudioIgnored) for e in events) == 1
    assert not any(isinstance(e, TurnEnded) for e in events)


async def test_a_forced_end_keeps_its_place_in_the_order_of_the_audio(recognizer, recording):
    samples = recording("ls-5652-19215-0000").samples()
    opened = recognizer.open(CONFIG)
    first, second = pcm_chunks(samples, 2 * (samples.size // 2))[:2]
    await opened.feed(Audio(data=first))
    await opened.feed(ForceTurn())
    await opened.feed(Audio(data=second))
    await opened.feed(Finish())
    async with asyncio.timeout(30):
        events = [event async for event in opened.events()]
    ended = [e for e in events if isinstance(e, TurnEnded)]
    assert [e.forced for e in ended] == [True]
    assert abs(ended[0].at_ms - samples.size // 32) <= 40
    assert {e.turn for e in events if isinstance(e, Final)} == {0, 1}


async def test_audio_duration_is_what_was_received(recognizer):
    opened = recognizer.open(CONFIG)
    await opened.feed(Audio(data=b"\0" * 32_000))
    assert opened.audio_ms == 1000
    await opened.feed(Audio(data=b"\0" * 16_001))
    assert opened.audio_ms == 1500
    await opened.aclose()


@pytest.mark.parametrize(("bound", "most"), [("INBOX_BYTES", 32_000), ("INBOX_COMMANDS", 11)])
async def test_a_full_stream_makes_its_sender_wait(recognizer, monkeypatch, bound, most):
    monkeypatch.setattr(stream, bound, most)
    opened = recognizer.open(CONFIG)
    fed = 0

    async def send() -> None:
        nonlocal fed
        for chunk in pcm_chunks(silence(10)):
            await opened.feed(Audio(data=chunk))
            fed += 1
        await opened.feed(Finish())

    sender = asyncio.create_task(send())
    for _ in range(50):
        await asyncio.sleep(0)
    assert fed == 11  # the one that crossed the bound, and no more
    async with asyncio.timeout(10):
        events = [event async for event in opened.events()]
    await sender
    assert sum(isinstance(e, AudioAccepted) for e in events) == 100


async def test_chunks_far_ahead_of_the_recognizer_are_acknowledged_later(recognizer):
    opened = recognizer.open(CONFIG)
    for chunk in pcm_chunks(silence(30), 32_000):
        await opened.feed(Audio(data=chunk))
    await opened.feed(Finish())
    async with asyncio.timeout(20):
        events = [event async for event in opened.events()]
    kinds = [isinstance(e, AudioAccepted) for e in events]
    assert kinds[:10] == [True] * 10
    assert not all(kinds[:30])
    assert sum(kinds) == 30


@pytest.mark.parametrize("reach", ["nothing fed", "audio waiting", "finished", "while decoding"])
async def test_closing_frees_everything_in_every_state(recognizer, recording, reach):
    opened = recognizer.open(CONFIG)
    if reach != "nothing fed":
        for chunk in pcm_chunks(recording("ls-5652-19215-0000").samples()):
            await opened.feed(Audio(data=chunk))
    if reach == "finished":
        await opened.feed(Finish())
    if reach == "while decoding":
        events = opened.events()
        async with asyncio.timeout(10):
            while not isinstance(await anext(events), Final):
                pass
        await events.aclose()
    await opened.aclose()
    await opened.aclose()
    assert "crossfade-container" not in {t.name for t in threading.enumerate()}
    # The recognizer goes on as if nothing had happened.
    events = await run(recognizer.open(CONFIG), pcm_chunks(recording("brooklyn-bridge").samples()))
    assert "brooklyn" in text_of(events).lower()


async def test_closing_lets_go_of_a_sender_that_waits(recognizer, monkeypatch):
    monkeypatch.setattr(stream, "INBOX_BYTES", 1000)
    opened = recognizer.open(CONFIG)
    await opened.feed(Audio(data=b"\0" * 3200))
    waiting = asyncio.create_task(opened.feed(Audio(data=b"\0" * 3200)))
    await asyncio.sleep(0)
    await opened.aclose()
    with pytest.raises(RecognizerError):
        await waiting


async def test_a_decoder_that_fails_ends_its_own_stream_only(recognizer, recording, monkeypatch):
    chunks = pcm_chunks(recording("brooklyn-bridge").samples())

    def fail(*args, **kwargs):
        raise RuntimeError("out of luck")

    with monkeypatch.context() as patch:
        patch.setattr(Moonshine, "decode", fail)
        with pytest.raises(ExceptionGroup) as caught:
            await run(recognizer.open(CONFIG), chunks)
        assert caught.group_contains(RecognizerError)
    events = await run(recognizer.open(CONFIG), chunks)
    assert "brooklyn" in text_of(events).lower()


async def test_many_streams_share_one_model_and_each_hears_its_own_words(recognizer, recordings):
    entries = [r for r in recordings if r.category == "read_en"][:8]
    async with asyncio.timeout(60):
        results = await asyncio.gather(
            *(run(recognizer.open(CONFIG), pcm_chunks(r.samples())) for r in entries)
        )
    for entry, events in zip(entries, results, strict=True):
        said = set(text_of(events).lower().replace(",", "").replace(".", "").split())
        wanted = set(entry.text.lower().replace(",", "").replace(".", "").split())
        assert len(said & wanted) > 0.6 * len(wanted)


async def test_the_event_loop_stays_free_while_an_hour_is_pushed_at_once(recognizer):
    opened = recognizer.open(CONFIG)
    worst_s = 0.0
    loop = asyncio.get_running_loop()

    async def watch() -> None:
        nonlocal worst_s
        while True:
            before = loop.time()
            await asyncio.sleep(0)
            worst_s = max(worst_s, loop.time() - before)

    data = encode(np.zeros(16_000 * 120, np.float32), Encoding.PCM_S16LE)
    watcher = asyncio.create_task(watch())
    await run(opened, [data])
    watcher.cancel()
    assert worst_s < 0.25


async def test_another_language_is_refused_with_the_list(recognizer):
    with pytest.raises(ConfigError, match="en") as caught:
        recognizer.open(SessionConfig(language="xx", audio=PCM))
    assert caught.value.field == "language"


async def test_opening_before_the_start_is_refused():
    with pytest.raises(RecognizerError):
        EmbeddedRecognizer().open(CONFIG)


async def test_missing_files_are_a_model_error(tmp_path):
    with pytest.raises(ModelError):
        await EmbeddedRecognizer(ModelFiles(tmp_path)).start()
