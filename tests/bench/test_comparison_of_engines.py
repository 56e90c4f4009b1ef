"""The search of `crossfade bench peers` with engines of a known strength, and its picture."""

import asyncio
import re
import xml.etree.ElementTree as ET
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest

import corpus
from crossfade.bench.machine import environment
from crossfade.bench.material import suitable
from crossfade.bench.peers import comparison
from crossfade.bench.peers.comparison import Contender, EngineResult, Level, Load, compare
from crossfade.bench.peers.engine import MissingEngineError
from crossfade.bench.peers.stored import StoredComparison
from crossfade.bench.playing import Pacing
from crossfade.bench.plot import HIGHEST_MS, Curve, NoCurvesError, draw
from crossfade.bench.recordings import read_manifest
from crossfade.bench.sightings import Sighting
from crossfade.errors import RecognizerError
from crossfade.model import Final, Word

UNPACED = Pacing(real_time=False, spread_s=0.0)


@pytest.fixture(scope="module")
def recordings():
    found = suitable(read_manifest(corpus.CARRIED / "manifest.jsonl"))
    return [r for r in found if r.words and r.duration_s < 2.7]


@pytest.fixture
def load(recordings):
    return Load(
        recordings=recordings,
        seconds=8,
        runs=3,
        max_delay_ms=2000,
        most_streams=64,
        rest_s=0.0,
        pacing=UNPACED,
    )


class Strong:
    """Hears everything; fails when more streams are open than it can bear."""

    dialect = None

    def __init__(self, name, bears):
        self.name = name
        self._bears = bears
        self._n_open = 0

    @asynccontextmanager
    async def session(self, config):
        self._n_open += 1
        try:
            yield Stream(self)
        finally:
            self._n_open -= 1

    def cpu_s(self):
        return None

    async def model_cpu_s(self):
        return None

    @property
    def is_overrun(self):
        return self._n_open > self._bears


class Stream:
    def __init__(self, engine):
        self._engine = engine
        self._finished = asyncio.Event()

    async def send(self, chunk):
        await asyncio.sleep(0)

    async def finish(self):
        self._finished.set()

    async def events(self):
        if self._engine.is_overrun:
            raise RecognizerError("too many")
        await self._finished.wait()
        yield Final(
            turn=0, words=(Word(text="x", start_ms=0, end_ms=1, confidence=0.0),), through_ms=1
        )


def contender(name, bears, *, first=1):
    @asynccontextmanager
    async def start():
        yield Strong(name, bears)

    return Contender(name=name, open=start, first=first)


def lag(monkeypatch, lag_ms):
    """Make the lag of every word a function of the engine and the number of streams."""
    playing = []
    real_play = comparison.play

    async def play(target, streams, *rest):
        playing[:] = [target.name, len(streams)]
        return await real_play(target, streams, *rest)

    monkeypatch.setattr(comparison, "play", play)
    monkeypatch.setattr(
        comparison, "sightings", lambda *_: [Sighting(lag_ms(*playing), 2 * lag_ms(*playing))]
    )


async def test_every_engine_is_searched_for_both_limits_and_the_best_other_is_the_measure(
    load, monkeypatch
):
    slope = {"ours": 50, "peer": 300, "worse": 1500}
    lag(monkeypatch, lambda name, n: slope[name] * n)
    told = []
    names = ["ours", "peer", "worse"]
    report = await compare(
        [contender(name, 100) for name in names],
        load,
        tell=lambda name, level: told.append((name, level.streams)),
    )
    ours, peer, worse = report.engines
    # To one part in 16: 19 and 39 are as good as 18 and 38 for the search.
    assert ours.most_streams["1000"] in (18, 19)
    assert ours.most_streams["2000"] in (37, 38, 39)
    assert peer.most_streams == {"1000": 3, "2000": 6}
    assert worse.most_streams == {"1000": 0, "2000": 1}
    assert report.ratios["1000"] == round(ours.most_streams["1000"] / 3, 2)
    assert len(told) == len(set(told))  # no number is played twice
    level = peer.levels[0]
    assert (level.streams, len(level.runs), level.partial_p95_ms) == (1, 3, 300)
    assert level.runs[0].final_lag_ms.p95 == 600
    assert len(level.runs[0].partial_lag_quantiles_ms) == 21


async def test_a_run_with_a_failed_stream_serves_nobody_and_is_not_repeated(load, monkeypatch):
    lag(monkeypatch, lambda _name, _n: 100)
    report = await compare([contender("ours", 4), contender("peer", 2)], load)
    ours, peer = report.engines
    assert ours.most_streams == {"1000": 4, "2000": 4}
    assert report.ratios == {"1000": 2.0, "2000": 2.0}
    failed = [level for level in peer.levels if level.partial_p95_ms is None]
    assert failed
    assert all(len(level.runs) == 1 for level in failed)
    assert failed[0].runs[0].failures == ("too many",)


async def test_an_engine_that_is_not_here_is_left_out_with_its_reason(load, monkeypatch):
    @asynccontextmanager
    async def absent():
        raise MissingEngineError("not installed")
        yield

    lag(monkeypatch, lambda _name, _n: 100)
    others = [Contender(name="absent", open=absent, first=1)]
    report = await compare([contender("ours", 2), *others], load)
    assert (report.engines[1].missing, report.engines[1].levels) == ("not installed", ())
    assert report.ratios == {"1000": None, "2000": None}


async def test_the_slowest_of_three_runs_does_not_count(load, monkeypatch):
    lags = iter([100, 5000, 120])
    current = [0]

    def next_lag(_name, _n):
        return current[0]

    lag(monkeypatch, next_lag)
    play = comparison.play

    async def counted(*arguments):
        current[0] = next(lags, 9999)
        return await play(*arguments)

    monkeypatch.setattr(comparison, "play", counted)
    report = await compare([contender("ours", 9)], replace(load, most_streams=1))
    assert report.engines[0].levels[0].partial_p95_ms == 120


# The picture.

CURVES = [
    Curve("crossfade", ((8, 400.0), (16, 500.0), (64, 5000.0))),
    Curve("R&D <engine>", ((1, 900.0), (2, 2100.0))),
]


def circles(svg):
    root = ET.fromstring(svg)
    return [node for node in root.findall(".//{*}circle") if node.get("r") == "3.5"]


def test_every_point_is_drawn_inside_the_picture():
    svg = draw(CURVES, limits_ms=(1000, 2000), footing="A machine, 2 cores")
    places = [(float(node.get("cx")), float(node.get("cy"))) for node in circles(svg)]
    assert len(places) == 5
    assert all(0 < x < 720 and 0 < y < 420 for x, y in places)
    xs = [x for x, _ in places[:3]]
    assert xs[1] - xs[0] == pytest.approx((xs[2] - xs[1]) / 2, abs=0.2)  # doublings are alike
    top = min(y for _, y in places)
    assert places[2][1] == top  # beyond the highest lag a line leaves at the top
    assert "R&amp;D &lt;engine&gt;" in svg
    assert svg.count("stroke-dasharray") == 2
    assert draw(CURVES, limits_ms=(1000, 2000), footing="A machine, 2 cores") == svg


def test_a_slower_word_is_drawn_higher():
    svg = draw([Curve("one", ((1, 100.0), (2, HIGHEST_MS - 1.0)))], limits_ms=(), footing="")
    low, high = circles(svg)
    assert float(high.get("cy")) < float(low.get("cy"))


def test_nothing_measured_is_nothing_to_draw():
    with pytest.raises(NoCurvesError):
        draw([Curve("one", ())], limits_ms=(1000,), footing="")


def stored() -> bytes:
    level = Level(streams=4, speech_share=0.6, partial_p95_ms=700.0, wer=0.1, runs=())
    failed = Level(streams=8, speech_share=0.6, partial_p95_ms=None, wer=0.1, runs=())
    engine = EngineResult(
        engine="crossfade",
        target="here",
        missing=None,
        most_streams={"1000": 4},
        levels=(level, failed),
    )
    facts = {"engines": [engine], "ratios": {"1000": None}, "runs_each": 3, "seconds": 45.0}
    return msgspec.json.encode(facts | msgspec.to_builtins(environment()))


def test_what_was_stored_is_drawn_with_what_it_rests_on():
    svg = msgspec.json.decode(stored(), type=StoredComparison).draw()
    assert len(circles(svg)) == 1  # a number that was not served has no lag
    assert re.search(r"\d+ cores; streams of 45 s, median of 3; \d{4}-\d\d-\d\d<", svg)
