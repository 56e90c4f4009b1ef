"""The microphone as a source, on a sound card that is the test."""

import asyncio

import numpy as np
import pytest

from crossfade import sources
from crossfade.audio import SAMPLE_RATE_HZ, PcmDecoder
from crossfade.client.sources import input_devices, microphone, portaudio
from crossfade.client.sources.portaudio import find
from crossfade.model import Encoding
from fake_portaudio import INVALID_RATE, UNAVAILABLE, FakePortAudio

LIMIT_S = 20


@pytest.fixture
def plug(monkeypatch):
    """Put these microphones into the machine."""

    def plugged(*names, **options):
        fake = FakePortAudio(*names, **options)
        monkeypatch.setattr(portaudio, "_library", lambda: fake)
        return fake

    return plugged


async def opened(fake):
    """Wait until somebody records."""
    assert await asyncio.to_thread(fake.is_started.wait, LIMIT_S)
    return fake.opened[0]


class Listener:
    """Iterates over a microphone in a task of its own."""

    def __init__(self, source):
        self.source = source
        self.data = b""
        self._grew = asyncio.Event()
        self.task = asyncio.create_task(self._listen())

    async def _listen(self):
        async for data in self.source:
            self.data += data
            self._grew.set()

    async def until_open(self, fake):
        return await opened(fake)

    async def until_heard(self):
        await self._grew.wait()

    @property
    def samples(self):
        return PcmDecoder(Encoding.PCM_S16LE).decode(self.data)


async def count(blocks, n_taken):
    async for _ in blocks:
        n_taken[0] += 1


def tone(rate_hz, seconds=1.0, amplitude=0.5):
    times_s = np.arange(int(rate_hz * seconds)) / rate_hz
    return amplitude * np.sin(2 * np.pi * 440 * times_s)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000, 96_000])
async def test_any_rate_and_either_channel_become_mono_at_sixteen_kilohertz(plug, rate_hz):
    fake = plug("desk", rate_hz=rate_hz)
    async with asyncio.timeout(LIMIT_S):
        listener = Listener(sources.Microphone())
        stream = await listener.until_open(fake)
        whole = tone(rate_hz)
        for block in np.array_split(whole, 20):
            stream.hear(block, np.zeros_like(block))
        await listener.until_heard()
        listener.source.stop()
        await listener.task
    expected = tone(SAMPLE_RATE_HZ) / 2
    assert abs(listener.samples.size - expected.size) <= 2
    inside = slice(2000, 14_000)
    np.testing.assert_allclose(listener.samples[inside], expected[inside], atol=0.002)
    assert stream.options["blocksize"] == rate_hz // 20
    assert stream.is_closed


async def test_what_is_said_right_behind_the_stop_is_still_on_its_way_and_counts(plug):
    fake = plug("desk", rate_hz=16_000)
    async with asyncio.timeout(LIMIT_S):
        listener = Listener(sources.Microphone())
        stream = await listener.until_open(fake)
        stream.hear(tone(16_000, 0.05), tone(16_000, 0.05))
        await listener.until_heard()
        listener.source.stop()
        listener.source.stop()  # twice is once
        stream.hear(tone(16_000, 0.05), tone(16_000, 0.05))
        await listener.task
    assert listener.samples.size == 1600


async def test_stopped_before_it_is_open_it_ends_at_once_and_lets_go(plug):
    fake = plug("desk")
    source = sources.Microphone()
    source.stop()
    async with asyncio.timeout(LIMIT_S):
        listener = Listener(source)
        await listener.task
    assert listener.data == b""
    assert fake.opened[0].is_closed


async def test_a_session_that_is_left_lets_go_of_the_device(plug):
    fake = plug("desk")
    async with asyncio.timeout(LIMIT_S):
        listener = Listener(sources.Microphone())
        stream = await listener.until_open(fake)
        listener.task.cancel()
        await asyncio.gather(listener.task, return_exceptions=True)
    assert stream.is_closed


async def test_one_that_is_unplugged_fails_behind_what_it_gave(plug):
    fake = plug("desk", rate_hz=16_000)
    async with asyncio.timeout(LIMIT_S):
        listener = Listener(sources.Microphone())
        stream = await listener.until_open(fake)
        stream.hear(tone(16_000, 0.05), tone(16_000, 0.05))
        stream.vanish()
        with pytest.raises(sources.MicrophoneError, match="the microphone is gone"):
            await listener.task
    assert listener.samples.size == 800


async def test_one_that_gives_nothing_is_given_up(plug, monkeypatch):
    monkeypatch.setattr(microphone, "GONE_S", 0.05)
    plug("desk")
    async with asyncio.timeout(LIMIT_S):
        with pytest.raises(sources.MicrophoneError, match="gave nothing"):
            await Listener(sources.Microphone()).task


async def test_sound_that_nobody_takes_is_bounded(plug):
    fake = plug("desk", rate_hz=16_000)
    async with asyncio.timeout(LIMIT_S):
        blocks = aiter(sources.Microphone())
        taking = asyncio.create_task(anext(blocks))
        stream = await opened(fake)
        silence = np.zeros(800)
        n_held = int(microphone.HELD_S * 1000) // portaudio.BLOCK_MS
        for _ in range(n_held + 10):
            stream.hear(silence, silence)
        assert len(await taking) == 1600
        n_taken = [1]
        with pytest.raises(sources.MicrophoneError, match="nobody takes"):
            await count(blocks, n_taken)
    assert n_held <= n_taken[0] <= n_held + 1


async def test_the_level_and_the_trouble_are_those_of_the_device(plug):
    fake = plug("desk", rate_hz=16_000)
    source = sources.Microphone()
    assert (source.level_db, source.trouble, source.device) == (-90.0, None, None)
    async with asyncio.timeout(LIMIT_S):
        listener = Listener(source)
        stream = await listener.until_open(fake)
        loud = np.ones(800)
        stream.hear(loud, loud, overflowed=False)
        await listener.until_heard()
        assert source.level_db == 0.0
        assert source.trouble is sources.Trouble.CLIPPING
        assert source.device.name == "desk"
        source.stop()
        await listener.task


async def test_a_device_that_refuses_its_own_rate_is_opened_at_a_common_one(plug):
    fake = plug("desk", rate_hz=192_000)
    fake.refusals = {192_000: INVALID_RATE, 48_000: INVALID_RATE}
    async with asyncio.timeout(LIMIT_S):
        listener = Listener(sources.Microphone())
        stream = await listener.until_open(fake)
        listener.source.stop()
        await listener.task
    assert stream.options["samplerate"] == 44_100


async def test_a_device_that_another_program_holds_is_told(plug):
    fake = plug("desk")
    fake.refusals = {48_000: UNAVAILABLE}
    async with asyncio.timeout(LIMIT_S):
        with pytest.raises(sources.MicrophoneError, match="another program holds it"):
            await Listener(sources.Microphone()).task


@pytest.mark.parametrize(
    ("wanted", "number"),
    [(None, 2), (1, 1), ("1", 1), ("headset", 1), ("HEADSET MIC", 1), ("web", 2), ("desk", 0)],
)
def test_a_device_is_found_by_number_name_or_part_of_it(plug, wanted, number):
    plug("desk", "Headset Mic", "Webcam at the desk")
    assert find(wanted).number == number


@pytest.mark.parametrize(
    ("wanted", "message"),
    [("teapot", "no microphone 'teapot'"), ("e", r"0 \(desk\) or 1 \(Headset\): choose one")],
)
def test_a_name_of_none_or_of_several_is_refused(plug, wanted, message):
    plug("desk", "Headset")
    with pytest.raises(sources.MicrophoneError, match=message):
        find(wanted)


def test_what_only_plays_is_not_listed(plug):
    plug("desk", "headset")
    assert [(device.name, device.is_default) for device in input_devices()] == [
        ("desk", False),
        ("headset", True),
    ]


def test_a_machine_without_any_says_so(plug):
    plug()
    with pytest.raises(sources.MicrophoneError, match="plug one in"):
        find(None)


def test_devices_that_this_user_may_not_open_are_told(plug, monkeypatch, tmp_path):
    plug()
    (tmp_path / "pcmC0D0c").touch()
    monkeypatch.setattr(portaudio, "_HARDWARE", str(tmp_path))
    monkeypatch.setattr(portaudio.os, "access", lambda path, mode: False)
    with pytest.raises(sources.MicrophoneError, match="usermod -aG audio"):
        find(None)
