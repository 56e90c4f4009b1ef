"""The search of `crossfade bench capacity`, with a machine that keeps up with a known number."""

from pathlib import Path

import msgspec
import pytest

import corpus
from crossfade.bench.lags import Fairness, Spread
from crossfade.bench.load import CpuUse, LoadReport
from crossfade.bench.playing import Pacing
from crossfade.cli import benchmarks
from crossfade.settings import Settings

NOTHING = Spread(p50=None, p95=None)
REPORT = LoadReport(
    streams=0,
    seconds=60.0,
    kept_up=True,
    limits_broken=(),
    partial_lag_ms=NOTHING,
    final_lag_ms=NOTHING,
    final_segment_ms=NOTHING,
    after_turn_ms=NOTHING,
    fairness=Fairness(median_p95_ms=None, worst_p95_ms=None, worst_over_median=None),
    words=0,
    wer=0.0,
    wer_alone=None,
    failed_streams=0,
    failures=(),
    cores=2,
    cpu_cores=CpuUse(engine=None, generator=None, outside_model=None),
    speech_share=0.65,
    send_late_ms=0.0,
    pacing=Pacing(),
    max_delay_ms=2000,
    turn_silence_ms=800,
    target="none",
    dialect=None,
)


@pytest.fixture
def wanted():
    return benchmarks.Wanted(
        settings=Settings(backend=("scripted",)),
        manifest=corpus.CARRIED / "manifest.jsonl",
        language="en",
        max_delay_ms=2000,
        dialect=None,
        url=None,
        key=None,
        json_file=Path("-"),
    )


def keeping_up_with(number, monkeypatch):
    async def load(_wanted, _target, streams):
        fits = len(streams) <= number
        broken = () if fits else ("too slow",)
        return msgspec.structs.replace(
            REPORT, streams=len(streams), kept_up=fits, limits_broken=broken
        )

    monkeypatch.setattr(benchmarks, "_load", load)
    monkeypatch.setattr(benchmarks, "n_cores", lambda: 1)


async def test_the_report_is_the_largest_run_that_kept_up(wanted, monkeypatch, capsys):
    keeping_up_with(11, monkeypatch)
    result = await benchmarks.capacity(wanted, None, 60.0, compare_alone=False)
    assert (result.report.streams, result.report.kept_up) == (11, True)
    assert [run.streams for run in result.runs] == [4, 8, 16, 12, 10, 11]
    assert "16 streams: too slow" in capsys.readouterr().err


async def test_a_machine_that_cannot_serve_one_stream_is_told_so(wanted, monkeypatch):
    keeping_up_with(0, monkeypatch)
    result = await benchmarks.capacity(wanted, None, 60.0, compare_alone=False)
    assert (result.report.streams, result.report.kept_up) == (1, False)


async def test_a_number_that_is_asked_for_is_reported_whether_it_keeps_up_or_not(
    wanted, monkeypatch
):
    keeping_up_with(1, monkeypatch)
    result = await benchmarks.capacity(wanted, 3, 60.0, compare_alone=False)
    assert (result.report.streams, result.report.kept_up) == (3, False)
    assert msgspec.json.decode(result.to_json())["streams"] == 3
