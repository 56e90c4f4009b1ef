"""Accuracy of a recognizer that says what its test wants."""

from contextlib import asynccontextmanager

import pytest

import corpus
from crossfade.bench.accuracy import measure_accuracy
from crossfade.bench.playing import Pacing
from crossfade.bench.recordings import read_manifest
from crossfade.errors import CrossfadeError, RecognizerError
from crossfade.model import Final, Partial, Word

UNPACED = Pacing(real_time=False, spread_s=0.0)
WAIT_MS = 1900
"""So much audio after its last word, a recording is settled in one piece."""


@pytest.fixture(scope="module")
def recordings():
    found = read_manifest(corpus.CARRIED / "manifest.jsonl")
    return [entry for entry in found if entry.category in ("commands", "noisy_en") and entry.words]


class ByHeart:
    """Knows the references, gets every word ``late_ms`` late, and misses those in ``deaf_to``."""

    name = "by heart"
    dialect = None

    def __init__(self, recordings, *, late_ms=0, deaf_to=()):
        self._left = list(recordings)
        self._late_ms = late_ms
        self._deaf_to = deaf_to

    @asynccontextmanager
    async def session(self, config):
        yield Reciting(self._left.pop(0), self._late_ms, self._deaf_to)

    def cpu_s(self):
        return None

    async def model_cpu_s(self):
        return None


class Reciting:
    def __init__(self, recording, late_ms, deaf_to):
        self._recording = recording
        self._late_ms = late_ms
        self._deaf_to = deaf_to

    async def send(self, chunk):
        pass

    async def finish(self):
        pass

    async def events(self):
        words = [
            Word(
                text="nonsense" if spoken.word in self._deaf_to else spoken.word,
                start_ms=round(1000 * spoken.start) + self._late_ms,
                end_ms=round(1000 * spoken.end) + self._late_ms,
                confidence=0.1 if spoken.word in self._deaf_to else 0.99,
            )
            for spoken in self._recording.words
        ]
        yield Final(turn=0, words=tuple(words), through_ms=60_000)
        yield Partial(turn=0, words=(), through_ms=words[-1].end_ms + WAIT_MS)


async def measure(recordings, target):
    return await measure_accuracy(
        target, recordings, max_delay_ms=2000, pacing=UNPACED, at_once=1, whole=None
    )


async def test_words_times_and_confidence_are_held_against_the_reference(recordings):
    deaf_to = {recordings[0].words[-1].word}
    n_wrong = sum(word.word in deaf_to for entry in recordings for word in entry.words)
    target = ByHeart(recordings, late_ms=40, deaf_to=deaf_to)
    scores = (await measure(recordings, target)).all
    assert scores.wer == pytest.approx(n_wrong / scores.reference_words, abs=1e-3)
    assert scores.word_times.mean == pytest.approx(40.0, abs=0.6)
    assert scores.confidence.auc == 1.0
    assert scores.wer_whole is None


async def test_every_category_has_its_own_line(recordings):
    report = await measure(recordings, ByHeart(recordings))
    assert set(report.categories) == {"commands", "noisy_en"}
    assert sum(scores.recordings for scores in report.categories.values()) == len(recordings)
    assert report.all.recordings == len(recordings)


async def test_words_that_waited_longer_than_they_may_are_counted(recordings):
    report = await measure(recordings, ByHeart(recordings))
    n_late = sum(
        spoken.end < entry.words[-1].end - 0.1 for entry in recordings for spoken in entry.words
    )
    late = report.all.late_words
    assert 0 < n_late < late.words == sum(len(entry.words) for entry in recordings)
    assert late.late == pytest.approx(n_late / late.words, abs=1e-3)
    first = max(entry.words[-1].end - entry.words[0].end for entry in recordings)
    assert late.longest_ms == pytest.approx(WAIT_MS + 1000 * first, abs=1)


async def test_where_a_protocol_is_between_no_word_is_called_late(recordings):
    target = ByHeart(recordings)
    target.dialect = "plain"
    assert (await measure(recordings, target)).all.late_words is None


async def test_a_session_that_fails_ends_it_all(recordings):
    class Failing(ByHeart):
        @asynccontextmanager
        async def session(self, config):
            raise RecognizerError("out of order")
            yield

    with pytest.raises(ExceptionGroup) as caught:
        await measure(recordings[:1], Failing(recordings))
    assert caught.group_contains(CrossfadeError, match=r": out of order$")
