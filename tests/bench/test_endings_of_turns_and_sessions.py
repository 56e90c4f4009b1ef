"""How soon ends are answered: who is asked, and that the right time is taken."""

import asyncio
from contextlib import asynccontextmanager

import pytest

import corpus
from crossfade.bench import endings
from crossfade.bench.endings import choose, measure_endings
from crossfade.bench.in_process import InProcess
from crossfade.bench.material import suitable
from crossfade.bench.playing import Pacing
from crossfade.bench.recordings import read_manifest
from crossfade.errors import CrossfadeError
from crossfade.model import TurnEnded
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken

UNPACED = Pacing(real_time=False, spread_s=0.0)


class Hesitant:
    """Answers after a while, or never."""

    name = "hesitant"
    dialect = None

    def __init__(self, *, force_s, finish_s):
        self._force_s, self._finish_s = force_s, finish_s

    @asynccontextmanager
    async def session(self, config):
        yield HesitantSession(self._force_s, self._finish_s)

    def cpu_s(self):
        return None

    async def model_cpu_s(self):
        return None


class HesitantSession:
    def __init__(self, force_s, finish_s):
        self._force_s, self._finish_s = force_s, finish_s
        self._answers = asyncio.Queue()

    async def send(self, chunk):
        assert len(chunk) <= 3200

    async def force_turn(self):
        self._answer(self._force_s, TurnEnded(turn=0, at_ms=1000, confidence=1.0))

    async def finish(self):
        self._answer(self._finish_s, None)

    async def events(self):
        while event := await self._answers.get():
            yield event

    def _answer(self, after_s, event):
        if after_s is not None:
            asyncio.get_running_loop().call_later(after_s, self._answers.put_nowait, event)


@pytest.fixture(scope="module")
def recordings():
    return suitable(read_manifest(corpus.CARRIED / "manifest.jsonl"))


def test_recordings_are_chosen_that_fit_and_have_words_with_times(recordings):
    chosen = choose(recordings, seconds=20)
    assert len(chosen) > 1
    assert sum(recording.duration_s for recording in chosen) <= 20
    assert all(recording.words for recording in chosen)
    assert chosen == choose(recordings, seconds=20)
    assert choose(recordings, seconds=0.1) == []


async def measure(target, recordings):
    return await measure_endings(target, recordings[:2], max_delay_ms=2000, pacing=UNPACED)


async def test_each_wish_is_timed_by_its_own_answer(recordings):
    found = await measure(Hesitant(force_s=0.15, finish_s=0.05), recordings)
    assert (found.sessions, found.unanswered) == (2, 0)
    assert found.forced_end_ms.p50 >= 150
    assert 50 <= found.close_ms.p50 < found.forced_end_ms.p50


async def test_a_wish_that_nobody_answers_is_counted_and_no_figure(recordings, monkeypatch):
    monkeypatch.setattr(endings, "ANSWER_LIMIT_S", 0.05)
    found = await measure(Hesitant(force_s=None, finish_s=0.0), recordings)
    assert (found.sessions, found.unanswered) == (2, 2)
    assert found.forced_end_ms.p50 is None


async def test_a_session_that_does_not_end_is_an_error(recordings, monkeypatch):
    monkeypatch.setattr(endings, "ANSWER_LIMIT_S", 0.05)
    shortest = min(recordings, key=lambda recording: recording.duration_s)
    with pytest.raises(CrossfadeError, match="was not over in"):
        await measure(Hesitant(force_s=0.0, finish_s=None), [shortest])


async def test_a_recognizer_answers_both(recordings):
    script = ScriptedRecognizer(spoken("these words are said in every one of these sessions"))
    found = await measure(InProcess(script), recordings)
    assert (found.sessions, found.unanswered) == (2, 0)
    assert script.n_open == 0
