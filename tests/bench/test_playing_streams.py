"""Streams played to somebody: who heard what, and what a run amounts to."""

import asyncio
from contextlib import asynccontextmanager

import pytest

import corpus
from crossfade.bench.in_process import InProcess
from crossfade.bench.lags import Fairness, Spread
from crossfade.bench.load import compared, limits_broken, measure_load, wer_alone
from crossfade.bench.material import make_streams, suitable
from crossfade.bench.playing import Pacing, play, session_config
from crossfade.bench.recordings import read_manifest
from crossfade.errors import CapacityError, CrossfadeError, RecognizerError
from crossfade.model import Final, Word
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken

GOOD = Spread(p50=200.0, p95=999.9)
GOOD_SEGMENT = Spread(p50=900.0, p95=1499.9)
FAIR = Fairness(median_p95_ms=800.0, worst_p95_ms=1600.0, worst_over_median=2.0)


@pytest.fixture(scope="module")
def short():
    """Recordings that fit into streams of a few seconds."""
    found = suitable(read_manifest(corpus.CARRIED / "manifest.jsonl"))
    return [recording for recording in found if recording.duration_s < 2.7]


class Perfect:
    """Says each recording's text the moment that its chunk comes; the clock is the test's."""

    name = "perfect"
    dialect = None

    def __init__(self, streams, *, slots=100):
        self._texts = iter([stream.text for stream in streams])
        self._slots = slots

    @asynccontextmanager
    async def session(self, config):
        if not self._slots:
            raise CapacityError(slots=0)
        self._slots -= 1
        yield Attentive(next(self._texts))

    def cpu_s(self):
        return None

    async def model_cpu_s(self):
        return None


class Attentive:
    def __init__(self, text):
        self._text = text
        self._finished = asyncio.Event()
        self.n_bytes = 0

    async def send(self, chunk):
        assert not self._finished.is_set()
        self.n_bytes += len(chunk)

    async def finish(self):
        self._finished.set()

    async def events(self):
        await self._finished.wait()
        words = tuple(
            Word(text=text, start_ms=10 * n, end_ms=10 * n + 5, confidence=1.0)
            for n, text in enumerate(self._text.split())
        )
        yield Final(turn=0, words=words, through_ms=self.n_bytes // 32)


UNPACED = Pacing(real_time=False, spread_s=0.0)


async def test_every_stream_is_heard_by_its_own_session(short):
    streams = make_streams(short, 3, seconds=10)
    played = await play(Perfect(streams), streams, session_config(max_delay_ms=2000), UNPACED)
    assert [hearing.text for hearing in played.hearings] == [stream.text for stream in streams]
    assert played.engine_cpu_s is None


class Frugal(Perfect):
    """Of 4 s of its time, its networks took 3."""

    def __init__(self, streams):
        super().__init__(streams)
        self._cpu_s, self._model_cpu_s = iter([10.0, 14.0]), iter([7.0, 10.0])

    def cpu_s(self):
        return next(self._cpu_s)

    async def model_cpu_s(self):
        return next(self._model_cpu_s)


async def test_the_report_tells_what_went_into_everything_but_the_networks(short):
    streams = make_streams(short, 1, seconds=10)
    report = await measure_load(Frugal(streams), streams, max_delay_ms=700, pacing=UNPACED)
    assert report.cpu_cores.outside_model == 0.25


async def test_the_report_counts_all_words_and_no_errors_where_there_are_none(short):
    streams = make_streams(short, 2, seconds=10)
    report = await measure_load(Perfect(streams), streams, max_delay_ms=700, pacing=UNPACED)
    assert (report.wer, report.streams, report.failed_streams) == (0.0, 2, 0)
    assert report.words == sum(len(stream.text.split()) for stream in streams)
    assert (report.max_delay_ms, report.pacing) == (700, UNPACED)
    assert 0.0 < report.speech_share < 1.0


async def test_a_load_that_costs_words_is_too_much(short):
    streams = make_streams(short, 1, seconds=10)
    report = await measure_load(Perfect(streams), streams, max_delay_ms=700, pacing=UNPACED)
    within = compared(report, report.wer - 0.004)
    assert (within.wer_alone, within.limits_broken) == (report.wer - 0.004, report.limits_broken)
    beyond = compared(report, report.wer - 0.006)
    assert beyond.kept_up is False
    assert "0.5 points above" in beyond.limits_broken[-1]


async def test_a_session_that_is_refused_fails_alone(short):
    streams = make_streams(short, 3, seconds=10)
    target = Perfect(streams, slots=2)
    report = await measure_load(target, streams, max_delay_ms=2000, pacing=UNPACED)
    assert report.failed_streams == 1
    assert report.failures == ("all 0 slots are taken",)
    assert not report.kept_up
    assert "1 streams failed" in report.limits_broken


async def test_a_session_that_breaks_is_a_failure_with_its_reason(short):
    recognizer = ScriptedRecognizer(spoken("a few words"), fails_at_ms=1000)
    streams = make_streams(short, 1, seconds=10)
    played = await play(InProcess(recognizer), streams, session_config(max_delay_ms=2000), UNPACED)
    assert played.hearings[0].failure
    with pytest.raises(CrossfadeError):
        await wer_alone(InProcess(recognizer), streams, max_delay_ms=2000)


async def test_a_bug_in_a_target_is_not_a_failed_stream(short):
    class Buggy(Perfect):
        @asynccontextmanager
        async def session(self, config):
            raise ZeroDivisionError
            yield

    streams = make_streams(short, 1, seconds=10)
    with pytest.raises(ExceptionGroup):
        await play(Buggy(streams), streams, session_config(max_delay_ms=2000), UNPACED)


async def test_in_real_time_a_word_cannot_be_seen_before_it_was_spoken(short):
    recognizer = ScriptedRecognizer(spoken("now these words are spoken"))
    streams = make_streams(short, 2, seconds=7)
    pacing = Pacing(spread_s=0.2)
    async with asyncio.timeout(30):
        report = await measure_load(
            InProcess(recognizer), streams, max_delay_ms=2000, pacing=pacing
        )
    assert report.words == 2 * 5
    assert report.partial_lag_ms.p50 is not None
    assert report.partial_lag_ms.p50 > 0
    assert report.final_lag_ms.p50 >= report.partial_lag_ms.p50
    assert report.cpu_cores.engine is not None
    assert report.cpu_cores.generator is None


async def test_a_recognizer_that_was_not_started_is_told_as_a_failure(short):
    from crossfade.recognizers.onnx import EmbeddedRecognizer

    streams = make_streams(short, 1, seconds=10)
    with pytest.raises(RecognizerError):
        EmbeddedRecognizer().open(session_config(max_delay_ms=2000))
    played = await play(
        InProcess(EmbeddedRecognizer()), streams, session_config(max_delay_ms=2000), UNPACED
    )
    assert played.hearings[0].failure == "the recognizer has not been started"


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        pytest.param({}, None, id="all-is-well"),
        pytest.param({"partial": Spread(p50=1.0, p95=1000.0)}, "p95 partial lag", id="partials"),
        pytest.param({"partial": Spread(p50=None, p95=None)}, "p95 partial lag", id="no-words"),
        pytest.param({"segment": Spread(p50=1.0, p95=1500.0)}, "p95 final segment", id="finals"),
        pytest.param(
            {"fair": Fairness(median_p95_ms=1.0, worst_p95_ms=2.1, worst_over_median=2.1)},
            "a stream is starved",
            id="starved",
        ),
        pytest.param({"n_failed": 2}, "2 streams failed", id="failed"),
        pytest.param({"n_silent": 1}, "1 streams heard no word", id="silent"),
    ],
)
def test_limits_are_those_of_a_live_service(changes, broken):
    figures = {"partial": GOOD, "segment": GOOD_SEGMENT, "fair": FAIR}
    figures |= {"n_failed": 0, "n_silent": 0} | changes
    found = limits_broken(
        figures.pop("partial"), figures.pop("segment"), figures.pop("fair"), **figures
    )
    assert (broken is None and found == ()) or (len(found) == 1 and broken in found[0])
