"""The wall clock is set while sessions run: it tells dates, and decides nothing."""

import re
import time
from pathlib import Path

import pytest

from both_voices import SECOND, chunks, letters

SOURCES = Path(__file__).parents[2] / "src" / "crossfade"

DATES = {
    "server/keys.py",  # a key's expiry is a date
    "server/tokens.py",  # and so is a token's
    "server/quotas.py",  # until when a used token has to be remembered
    "server/session.py",  # when it began and will end, as clients are told
}


class WallClock:
    """What ``time.time`` says, set by hand."""

    def __init__(self):
        self._true, self.off_s = time.time, 0.0

    def __call__(self) -> float:
        return self._true() + self.off_s


@pytest.mark.parametrize("jump_s", [-86_400.0, 86_400.0, 0.5e9], ids=["back", "ahead", "years"])
async def test_a_session_does_not_notice(serve, voice, monkeypatch, jump_s):
    clock = WallClock()
    monkeypatch.setattr(time, "time", clock)
    async with serve() as server, voice.dial(server.url) as wire:
        await voice.started(wire)
        await wire.say(*chunks(SECOND))
        clock.off_s = jump_s
        await wire.say(*chunks(2 * SECOND))
        heard = await voice.finish(wire)
        assert letters(voice.text(heard)) == "good morning welcome aboard"
        starts = voice.word_starts_s(heard)
        assert starts == sorted(starts)
        assert 0 < starts[0] < starts[-1] < 3
        assert voice.verdict(heard) == voice.finished


def test_the_server_reads_the_wall_clock_where_it_means_a_date_only():
    reading = {
        str(path.relative_to(SOURCES))
        for room in ("server", "recognizers", "audio", "text", "model")
        for path in (SOURCES / room).rglob("*.py")
        if re.search(r"\btime\.time\b|datetime\.now|utcnow", path.read_text())
    }
    assert reading - {"server/certificates.py"} == DATES
