"""One writer, whoever has something to say."""

import asyncio

import pytest

from crossfade.dialects.base import Goodbye
from crossfade.model import (
    AudioAccepted,
    ChannelEvent,
    Final,
    Partial,
    SessionEnded,
    TimeRunsOut,
)
from crossfade.server.voice import Voice

FINAL = Final(turn=0, words=(), through_ms=0)
PARTIAL = Partial(turn=0, words=(), through_ms=0)
ENDED = SessionEnded(audio_ms=0, session_ms=0)
WARNING = TimeRunsOut(cause="idle", left_s=1, limit_s=2)
ACCEPTED = AudioAccepted(number=1)


class TwoFramesEach:
    """A dialect that says every event in two frames."""

    def send(self, event):
        name = type(event).__name__
        said = [f"{name} 1", f"{name} 2"]
        return [*said, Goodbye(code=1000)] if isinstance(event, SessionEnded) else said


class Client:
    """Takes frames, each as slowly as the event loop allows."""

    def __init__(self) -> None:
        self.heard = []

    async def take(self, frame):
        await asyncio.sleep(0)
        self.heard.append(frame)
        await asyncio.sleep(0)


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def voice(client):
    return Voice(TwoFramesEach(), send=client.take)


async def test_frames_of_two_events_never_mix(voice, client):
    async with asyncio.TaskGroup() as group:
        group.create_task(voice.interject(WARNING))
        group.create_task(voice.say(ACCEPTED))
        group.create_task(voice.interject(WARNING))
    assert len(client.heard) == 6
    for first, second in zip(client.heard[::2], client.heard[1::2], strict=True):
        assert (first[:-1], first[-1], second[-1]) == (second[:-1], "1", "2")


@pytest.mark.parametrize("final", [FINAL, ChannelEvent(channel="a", event=FINAL)])
async def test_nothing_comes_between_a_final_and_what_follows_it(voice, client, final):
    await voice.say(final)
    async with asyncio.TaskGroup() as group:
        interjecting = group.create_task(voice.interject(WARNING))
        done, _ = await asyncio.wait([interjecting], timeout=0.01)
        assert not done
        await voice.say(PARTIAL)
    assert [frame.split()[0] for frame in client.heard[2::2]] == ["Partial", "TimeRunsOut"]


async def test_nothing_is_said_after_the_last_word(voice, client):
    assert await voice.say(ACCEPTED) is None
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(voice.say(ENDED))
        group.create_task(voice.interject(WARNING))
    assert ending.result() == Goodbye(code=1000)
    assert client.heard[-1] == "SessionEnded 2"


async def test_a_client_that_is_gone_leaves_the_floor_to_nobody_in_particular(client):
    async def vanish(frame):
        raise ConnectionError

    voice = Voice(TwoFramesEach(), send=vanish)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await voice.say(ACCEPTED)
    with pytest.raises(ConnectionError):
        await voice.interject(WARNING)
