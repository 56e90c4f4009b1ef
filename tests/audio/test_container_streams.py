"""Containers as streams: what comes out, how early, and that nothing is left behind."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator

import numpy as np
import pytest

import media_bytes
from crossfade.audio import Samples, media, open_decoder
from crossfade.audio.container import ContainerDecoder
from crossfade.errors import AudioError
from crossfade.model import ContainerAudio
from streaming import decode_in_chunks, decode_whole

AUDIO = ContainerAudio()
FORMATS = [
    "m4a-aac-44k",
    "mp3-44k",
    "ogg-opus-48k",
    "ogg-vorbis-16k",
    "webm-opus-48k",
    "wav-mulaw-8k",
    "wav-alaw-8k",
]
NOISE = np.random.default_rng(7).uniform(-0.5, 0.5, 32_000).astype(np.float32)
GARBAGE = random.Random(3).randbytes(200_000)
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nsecret.wav\n#EXT-X-ENDLIST\n"


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    for thread in threading.enumerate():
        if thread.name == "crossfade-media":
            thread.join(timeout=5)
            assert not thread.is_alive(), "a decoding thread outlived its stream"


@pytest.fixture(params=FORMATS)
def media_file(request, recording) -> bytes:
    return recording(f"fmt-jfk-inaugural-{request.param}").path.read_bytes()


async def test_every_format_says_the_same_thing_at_the_same_time(media_file, recording):
    reference = loudness(recording("fmt-jfk-inaugural-wav-mulaw-8k").samples())
    heard = loudness(await decode_whole(AUDIO, media_file))
    # This M4A holds the 23 ms that its encoder took to start, and does not declare them.
    n_late = 2 if media_file[4:8] == b"ftyp" else 0
    n = reference.size - n_late
    assert np.corrcoef(heard[n_late:][:n], reference[:n])[0, 1] > 0.99


def loudness(samples: Samples) -> np.ndarray:
    """One figure per 10 ms."""
    return np.abs(samples[: samples.size // 160 * 160]).reshape(-1, 160).mean(axis=1)


@pytest.mark.parametrize("seed", range(3))
async def test_chunk_borders_mean_nothing(media_file, seed):
    dice = random.Random(seed)
    cuts = [dice.randrange(len(media_file)) for _ in range(dice.choice([3, 40, 400]))]
    in_chunks = await decode_in_chunks(AUDIO, media_file, [1, 2, 3, 11, 45, *cuts])
    np.testing.assert_array_equal(in_chunks, await decode_whole(AUDIO, media_file))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("codec", [("flac", "flac"), ("adts", "aac"), ("mpegts", "aac")])
async def test_chunk_borders_mean_nothing_in_formats_made_here(codec, seed):
    data = media_bytes.encoded(NOISE, *codec)
    dice = random.Random(seed)
    cuts = [dice.randrange(len(data)) for _ in range(dice.choice([3, 40, 400]))]
    whole = await decode_whole(AUDIO, data)
    assert abs(whole.size - NOISE.size) <= 2_048
    np.testing.assert_array_equal(await decode_in_chunks(AUDIO, data, cuts), whole)


@pytest.mark.parametrize(
    ("name", "enough_bytes"),
    [
        ("mp3-44k", 4_096),
        ("ogg-opus-48k", 8_192),
        ("ogg-vorbis-16k", 12_288),
        ("webm-opus-48k", 4_096),
        ("wav-mulaw-8k", 2_048),
    ],
)
async def test_samples_come_while_the_file_is_still_arriving(name, enough_bytes, recording):
    data = recording(f"fmt-jfk-inaugural-{name}").path.read_bytes()
    decoder = open_decoder(AUDIO)
    early = [samples async for samples in decoder.decode(data[:enough_bytes])]
    decoder.close()
    assert sum(samples.size for samples in early) > 0


@pytest.mark.parametrize("movflags", ["faststart", "frag_keyframe+empty_moov"])
async def test_an_mp4_with_its_index_in_front_is_decoded_as_it_comes(movflags, tmp_path):
    path = tmp_path / "indexed.mp4"  # to move the index, FFmpeg opens the file a second time
    media_bytes.write(path, NOISE, "mp4", "aac", options={"movflags": movflags})
    data = path.read_bytes()
    decoder = open_decoder(AUDIO)
    early = [samples async for samples in decoder.decode(data[: len(data) * 3 // 4])]
    decoder.close()
    assert sum(samples.size for samples in early) > 8_000


async def test_an_mp4_with_its_index_at_the_end_is_decoded_after_the_last_byte(recording):
    data = recording("fmt-jfk-inaugural-m4a-aac-44k").path.read_bytes()
    decoder = open_decoder(AUDIO)
    assert [samples async for samples in decoder.decode(data)] == []
    late = [samples async for samples in decoder.finish()]
    decoder.close()
    assert sum(samples.size for samples in late) == pytest.approx(11 * 16_000, abs=800)


async def test_an_mp4_with_its_index_at_the_end_has_a_greatest_size(monkeypatch, recording):
    monkeypatch.setattr(media, "GREATEST_SPOOLED_BYTES", 50_000)
    data = recording("fmt-jfk-inaugural-m4a-aac-44k").path.read_bytes()
    with pytest.raises(AudioError, match="index at the end"):
        await decode_in_chunks(AUDIO, data, range(0, len(data), 4_096))


async def test_no_bytes_at_all_are_no_error():
    assert (await decode_whole(AUDIO, b"")).size == 0
    assert (await decode_in_chunks(AUDIO, b"", [])).size == 0


@pytest.mark.parametrize("data", [b"\0", b"RIFF", GARBAGE[:5_000], PLAYLIST, b"hello\n" * 500])
async def test_bytes_that_are_not_media_are_an_error_at_the_end_at_the_latest(data):
    with pytest.raises(AudioError, match="not a media"):
        await decode_whole(AUDIO, data)


async def test_a_long_stream_of_nonsense_is_an_error_before_it_ends():
    decoder = open_decoder(AUDIO)
    with pytest.raises(AudioError):
        await everything(decoder.decode(GARBAGE * 20))  # 4 MB; FFmpeg gives up after one
    decoder.close()


@pytest.mark.parametrize("playlist", [PLAYLIST, b"ffconcat version 1.0\nfile secret.wav\n"])
async def test_a_playlist_does_not_make_the_server_open_its_own_files(
    playlist, tmp_path, monkeypatch
):
    (tmp_path / "secret.wav").write_bytes(media_bytes.wav(bytes(32_000)))
    monkeypatch.chdir(tmp_path)  # FFmpeg would follow names relative to where the server runs
    with pytest.raises(AudioError):
        await decode_whole(AUDIO, playlist)


async def test_the_error_is_raised_again_to_who_asks_again():
    decoder = open_decoder(AUDIO)
    await everything(decoder.decode(b"nonsense"))
    for _ in range(2):
        with pytest.raises(AudioError):
            await everything(decoder.finish())
    decoder.close()


async def test_a_video_without_sound_is_an_error():
    with pytest.raises(AudioError, match="no audio track"):
        await decode_whole(AUDIO, media_bytes.video(None))


async def test_only_the_sound_of_a_video_is_decoded():
    samples = await decode_whole(AUDIO, media_bytes.video(NOISE))
    assert abs(samples.size - NOISE.size) <= 2_048


async def test_damage_in_the_middle_costs_only_what_was_damaged(recording):
    data = bytearray(recording("fmt-jfk-inaugural-mp3-44k").path.read_bytes())
    data[40_000:42_000] = GARBAGE[:2_000]
    samples = await decode_whole(AUDIO, bytes(data))
    assert samples.size == pytest.approx(11 * 16_000, abs=16_000)


@pytest.mark.parametrize("name", [name for name in FORMATS if not name.startswith("m4a")])
async def test_a_file_that_breaks_off_gives_what_was_there(name, recording):
    data = recording(f"fmt-jfk-inaugural-{name}").path.read_bytes()
    samples = await decode_whole(AUDIO, data[: len(data) * 3 // 4])
    assert samples.size > 7 * 16_000


async def test_an_mp4_that_breaks_off_before_its_index_is_an_error(recording):
    data = recording("fmt-jfk-inaugural-m4a-aac-44k").path.read_bytes()
    with pytest.raises(AudioError, match="not a media"):
        await decode_whole(AUDIO, data[:-5_000])


async def test_a_few_bytes_that_hold_an_hour_do_not_fill_the_memory():
    # Silence in FLAC takes 190 bytes a second.
    data = media_bytes.encoded(np.zeros(20 * 60 * 16_000, np.float32), "flac", "flac")
    assert len(data) < 250_000
    decoder = open_decoder(AUDIO)
    sizes = [samples.size async for samples in decoder.decode(data)]
    sizes += [samples.size async for samples in decoder.finish()]
    decoder.close()
    assert sum(sizes) == 20 * 60 * 16_000
    assert max(sizes) <= 40 * 16_000


async def everything(samples: AsyncIterator[Samples]) -> list[Samples]:
    return [block async for block in samples]


@pytest.mark.parametrize("n_bytes", [0, 1, 3_000, 88_000])
async def test_closing_ends_the_thread_wherever_it_is(n_bytes, recording):
    data = recording("fmt-jfk-inaugural-mp3-44k").path.read_bytes()
    decoder = open_decoder(AUDIO)
    await everything(decoder.decode(data[:n_bytes]))
    decoder.close()
    decoder.close()


async def test_closing_ends_a_thread_that_waits_to_be_rid_of_its_samples():
    data = media_bytes.encoded(np.zeros(10 * 60 * 16_000, np.float32), "flac", "flac")
    decoder = open_decoder(AUDIO)
    first = await anext(decoder.decode(data))
    assert first.size < 40 * 16_000
    decoder.close()


async def test_closing_ends_a_thread_that_keeps_an_mp4(recording):
    decoder = open_decoder(AUDIO)
    await everything(decoder.decode(recording("fmt-jfk-inaugural-m4a-aac-44k").path.read_bytes()))
    decoder.close()


async def test_a_task_that_is_cancelled_while_it_waits_can_close(recording):
    data = recording("fmt-jfk-inaugural-mp3-44k").path.read_bytes()
    decoder = open_decoder(AUDIO)
    task = asyncio.create_task(everything(decoder.decode(data)))
    await asyncio.sleep(0)  # it runs up to its first wait
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    decoder.close()


async def test_closing_wakes_a_task_that_waits(monkeypatch):
    finish_decoding = threading.Event()

    def slow(source):
        source.read(1)
        finish_decoding.wait(timeout=5)
        yield NOISE

    monkeypatch.setattr("crossfade.audio.container.decode_stream", slow)
    decoder = ContainerDecoder()
    waiting = asyncio.create_task(everything(decoder.decode(b"x")))
    await asyncio.sleep(0)  # it runs up to its first wait
    decoder.close()
    async with asyncio.timeout(5):
        assert await waiting == []
    finish_decoding.set()


async def test_a_closed_stream_reports_nothing_any_more():
    decoder = open_decoder(AUDIO)
    await everything(decoder.decode(GARBAGE[:1_000]))
    decoder.close()
    assert await everything(decoder.finish()) == []


async def test_bytes_after_the_end_of_the_media_are_not_heard():
    data = media_bytes.wav(bytes(3_200))
    decoder = open_decoder(AUDIO)
    blocks = await everything(decoder.decode(data)) + await everything(decoder.decode(GARBAGE))
    blocks += await everything(decoder.finish())
    decoder.close()
    assert sum(block.size for block in blocks) == 1_600


async def test_a_bug_in_decoding_is_raised_where_samples_are_taken(monkeypatch):
    def broken(_source):
        raise ZeroDivisionError
        yield

    monkeypatch.setattr("crossfade.audio.container.decode_stream", broken)
    decoder = ContainerDecoder()
    with pytest.raises(ZeroDivisionError):
        await everything(decoder.decode(b"x"))
    decoder.close()
