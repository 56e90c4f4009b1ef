"""`crossfade bench peers` and `bench plot`: who is asked for, and what becomes of the results."""

import json
import xml.etree.ElementTree as ET

import msgspec
import pytest
from click.testing import CliRunner

import corpus
from crossfade.bench.lags import Spread
from crossfade.bench.peers.comparison import EngineResult, EngineRun, Level, PeersReport
from crossfade.bench.playing import Pacing
from crossfade.cli import peer_benchmark
from crossfade.cli.bench import bench
from processes import crossfade

RUN = EngineRun(
    partial_lag_ms=Spread(p50=300.0, p95=800.0),
    final_lag_ms=Spread(p50=1000.0, p95=1800.0),
    partial_lag_quantiles_ms=(1.0,) * 21,
    stream_p95_ms=(800.0,),
    words=20,
    wer=0.08,
    cpu_cores=0.5,
    send_late_ms=3.0,
    failures=(),
)
LEVELS = (
    Level(streams=4, speech_share=0.6, partial_p95_ms=800.0, wer=0.08, runs=(RUN,)),
    Level(streams=8, speech_share=0.6, partial_p95_ms=None, wer=0.2, runs=(RUN,)),
)
OURS = EngineResult(
    engine="crossfade",
    target="here",
    missing=None,
    most_streams={"1000": 4, "2000": 4},
    levels=LEVELS,
)
REPORT = PeersReport(
    engines=(
        OURS,
        msgspec.structs.replace(
            OURS, engine="faster-whisper", target=None, missing="not installed", levels=()
        ),
    ),
    ratios={"1000": None, "2000": 4.0},
    runs_each=3,
    seconds=45.0,
    pacing=Pacing(),
    max_delay_ms=2000,
    cores=2,
)


@pytest.fixture
def asked(monkeypatch):
    """What the comparison is asked to do; it gives a report that was written down."""
    found = {}

    async def compare(contenders, load, *, tell):
        found.update(contenders=contenders, load=load)
        for level in LEVELS:
            tell("crossfade", level)
        return REPORT

    monkeypatch.setattr(peer_benchmark, "compare", compare)
    return found


def run(*arguments):
    manifest = str(corpus.CARRIED / "manifest.jsonl")
    return CliRunner().invoke(bench, ["peers", "--manifest", manifest, *arguments])


def test_ours_is_measured_over_sockets_and_all_others_in_their_own_processes(asked, tmp_path):
    done = run("--runs", "2", "--seconds", "20", "--json", str(tmp_path / "peers.json"))
    assert done.exit_code == 0, done.output
    ours, *others = asked["contenders"]
    assert (ours.name, ours.open.__self__.dialect is not None) == ("crossfade", True)
    assert [other.name for other in others] == ["moonshine-voice", "faster-whisper"]
    assert (asked["load"].runs, asked["load"].seconds) == (2, 20.0)
    assert all(recording.words for recording in asked["load"].recordings)
    assert "crossfade, 4 streams: p95 partial lag 800 ms" in done.output
    assert "crossfade, 8 streams: not all were served" in done.output
    assert "below 1000 ms: no other engine served a single stream" in done.output
    assert "below 2000 ms: 4 times the streams" in done.output
    assert "faster-whisper was left out: not installed" in done.output
    written = json.loads((tmp_path / "peers.json").read_text())
    assert written.keys() >= {"benchmark", "engines", "ratios", "hardware", "versions", "commit"}


def test_one_engine_can_be_chosen_and_given_a_model(asked, tmp_path):
    done = run("--engine", "faster-whisper", "--whisper-model", str(tmp_path))
    assert done.exit_code == 0, done.output
    _, other = asked["contenders"]
    assert other.open.args[0].model == tmp_path


def test_the_picture_is_drawn_from_the_file(asked, tmp_path):
    run("--json", str(tmp_path / "peers.json"))
    done = crossfade("bench", "plot", "peers.json", "-o", "docs/peers.svg", data_dir=tmp_path)
    assert done.returncode == 0, done.stderr
    root = ET.parse(tmp_path / "docs" / "peers.svg").getroot()
    assert root.tag.endswith("svg")
    printed = crossfade("bench", "plot", "peers.json", "-o", "-", data_dir=tmp_path)
    assert printed.stdout == (tmp_path / "docs" / "peers.svg").read_text()


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot read"), ("{}", "is no result of crossfade bench peers"), ("x", "is no result")],
)
def test_a_file_that_holds_no_comparison_is_told(tmp_path, content, message):
    if content is not None:
        (tmp_path / "other.json").write_text(content)
    done = crossfade("bench", "plot", "other.json", "-o", "x.svg", data_dir=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["peers", "--engine", "siri"], "'siri' is not one of"),
        (["peers", "--whisper-model", "nowhere"], "nowhere"),
        (["plot", "x.json"], "--output"),
    ],
)
def test_wrong_usage_exits_2(tmp_path, arguments, message):
    done = crossfade("bench", *arguments, data_dir=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize("command", ["peers", "plot"])
def test_help_has_an_example(command):
    done = CliRunner().invoke(bench, [command, "--help"])
    assert f"crossfade bench {command}" in done.output.partition("Example")[2]
