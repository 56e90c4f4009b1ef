"""A session's share of audio, over a recognizer that says what it is told."""

import pytest

from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    AudioLimitReached,
    ChannelEvent,
    ContainerAudio,
    Encoding,
    Final,
    Finish,
    InChannel,
    Partial,
    RawAudio,
    SessionConfig,
)
from crossfade.recognizers import channels
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.audio_limit import LimitedStream

RAW = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=8000)
SECOND = bytes(16_000)


async def hear(commands, *, audio=RAW, names=(), limit_s=2.0, script=()):
    config = SessionConfig(language="en", audio=audio, channels=names, max_delay_ms=700)
    async with channels.opened(ScriptedRecognizer(script), config) as inner:
        stream = LimitedStream(inner, config, limit_s=limit_s)
        for command in commands:
            await stream.feed(command)
        return [event async for event in stream.events()], stream.audio_ms


def numbers(events):
    return [event.number for event in events if isinstance(event, AudioAccepted)]


@pytest.mark.parametrize(
    ("n_chunks", "chunk_ms"), [(5, 1000), (1, 60_000), (40, 77), (300, 10), (3, 2000)]
)
async def test_exactly_the_share_is_heard_and_every_chunk_acknowledged(n_chunks, chunk_ms):
    chunk = Audio(data=bytes(16 * chunk_ms))
    events, audio_ms = await hear([chunk] * n_chunks)
    assert audio_ms == 2000
    assert numbers(events) == [*range(1, n_chunks + 1)]
    assert events.count(AudioLimitReached(limit_s=2.0)) == 1


async def test_a_chunk_is_cut_between_samples():
    events, audio_ms = await hear([Audio(data=SECOND)], limit_s=0.0001)
    assert audio_ms == 0
    assert numbers(events) == [1]
    odd = Audio(data=bytes(15_999))
    _, audio_ms = await hear([odd, odd, odd])
    assert audio_ms == 2000


async def test_nothing_comes_between_a_final_and_its_partial():
    events, _ = await hear([Audio(data=SECOND)] * 9, script=spoken("Good morning."), limit_s=1.5)
    for at, event in enumerate(events):
        if isinstance(event, Final):
            assert isinstance(events[at + 1], Partial)


async def test_who_stays_within_the_share_notices_nothing():
    events, audio_ms = await hear([Audio(data=SECOND), Finish(), Audio(data=SECOND)])
    assert (audio_ms, numbers(events)) == (1000, [1])
    assert AudioIgnored() in events
    assert AudioLimitReached(limit_s=2.0) not in events


async def test_channels_share_it_and_are_acknowledged_apart():
    one = InChannel(channel="a", command=Audio(data=SECOND))
    other = InChannel(channel="b", command=Audio(data=SECOND))
    events, audio_ms = await hear([one, one, other, other, one], names=("a", "b"))
    assert audio_ms == 2000
    told = [e for e in events if isinstance(e, ChannelEvent)]
    for channel, n_chunks in (("a", 3), ("b", 2)):
        inner = [event.event for event in told if event.channel == channel]
        assert numbers(inner) == [*range(1, n_chunks + 1)]


async def test_of_a_container_it_is_what_was_decoded():
    chunk = Audio(data=bytes(32_000))
    events, audio_ms = await hear([chunk] * 5, audio=ContainerAudio())
    assert audio_ms == 2000
    assert numbers(events) == [1, 2, 3, 4, 5]
