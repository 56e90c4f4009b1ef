"""One stream to several sides: together, and nobody is stopped by another's failure."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from compare_sides import UNPACED, ByHeart, side
from crossfade.bench.material import Piece, SpeechStream
from crossfade.bench.playing import Pacing
from crossfade.bench.recordings import Recording
from crossfade.compare.playing import play_together
from processes import write_wav


@pytest.fixture
def stream(recording, tmp_path):
    """Half a second of speech."""
    path = write_wav(tmp_path / "a.wav", recording("ls-248-130644-0000").path, seconds=0.5)
    entry = Recording(
        id="a", file=path.name, category="", language="en", duration_s=0.5, text="", folder=tmp_path
    )
    return SpeechStream((Piece(entry, 0),), 500)


class Slow(ByHeart):
    """Opens a session only when it is let."""

    def __init__(self, text):
        super().__init__(text)
        self.may_open = asyncio.Event()

    @asynccontextmanager
    async def session(self, config):
        await self.may_open.wait()
        async with super().session(config) as conversation:
            yield conversation


class Noting(ByHeart):
    """Notes when it was sent audio."""

    def __init__(self, text):
        super().__init__(text)
        self.sent_s = []
        self.is_open = asyncio.Event()

    @asynccontextmanager
    async def session(self, config):
        async with super().session(config) as conversation:

            async def send(chunk):
                self.sent_s.append(asyncio.get_running_loop().time())

            conversation.send = send
            self.is_open.set()
            yield conversation


async def test_everybody_hears_the_same_and_says_its_own(stream):
    sides = [side("A", ByHeart("one two")), side("B", ByHeart("one three"))]
    found = await play_together(sides, stream, UNPACED)
    assert [heard.hearing.text for heard in found] == ["one two", "one three"]
    assert all(heard.session_s is not None for heard in found)


async def test_nobody_is_sent_audio_before_all_are_ready(stream):
    quick, slow = Noting("one"), Slow("two")
    sides = [side("A", quick), side("B", slow)]
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        playing = tasks.create_task(play_together(sides, stream, UNPACED))
        await quick.is_open.wait()
        assert quick.sent_s == []
        slow.may_open.set()
    assert [heard.hearing.text for heard in playing.result()] == ["one", "two"]
    assert len(quick.sent_s) == 5


async def test_in_real_time_no_chunk_leaves_before_it_was_spoken(stream):
    one, other = Noting("one"), Noting("two")
    found = await play_together([side("A", one), side("B", other)], stream, Pacing(spread_s=0.0))
    assert len(one.sent_s) == len(other.sent_s) == 5
    assert all(heard.session_s >= 0.49 for heard in found)


@pytest.mark.parametrize(
    ("fails", "message"), [("to open", "nobody is there"), ("to finish", "it broke")]
)
async def test_a_side_that_fails_says_so_and_stops_nobody(stream, fails, message):
    sides = [side("A", ByHeart("one")), side("B", ByHeart("two", fails=fails))]
    async with asyncio.timeout(30):
        well, ill = await play_together(sides, stream, UNPACED)
    assert well.hearing.text == "one"
    assert well.hearing.failure is None
    assert ill.hearing.failure == message
    assert (ill.session_s is None) is (fails == "to open")


async def test_progress_adds_up_to_the_length_whoever_is_quicker(stream):
    sent = []
    sides = [side("A", ByHeart("one")), side("B", ByHeart("two"))]
    await play_together(sides, stream, UNPACED, advance=sent.append)
    assert sum(sent) == pytest.approx(0.5)
