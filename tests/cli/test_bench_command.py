"""`crossfade bench`: short runs, mostly with the scripted recognizer, and what they must give."""

import json
import subprocess
import time

import pytest

from processes import KEY, LIMIT_S, PROGRAMS, crossfade, environment, serving, write_wav

LOAD_FIGURES = {
    "streams",
    "partial_lag_ms",
    "final_lag_ms",
    "final_segment_ms",
    "wer",
    "cores",
    "speech_share",
    "pacing",
    "fairness",
    "dialect",
    "hardware",
    "versions",
    "commit",
    "time",
}
LATE_FIGURES = {"words", "late", "late_beyond_grace", "longest_ms"}
SECONDS = "6"


@pytest.fixture(scope="module")
def manifest(recordings, tmp_path_factory):
    """One recording of a second."""
    folder = tmp_path_factory.mktemp("material")
    spoken = next(r for r in recordings if r.category == "read_en")
    write_wav(folder / "one.wav", spoken.path, seconds=1)
    entry = {
        "id": "one",
        "file": "one.wav",
        "category": "read",
        "language": "en",
        "duration_s": 1.0,
        "text": "emma",
        "words": [{"word": "emma", "start": 0.5, "end": 0.8}],
    }
    (folder / "manifest.jsonl").write_text(json.dumps(entry) + "\n")
    return folder / "manifest.jsonl"


@pytest.fixture
def bench(tmp_path, manifest):
    """Run a benchmark and return its JSON."""

    def run(*arguments, backend="scripted"):
        done = crossfade(
            *("bench", *arguments, "--manifest", manifest, "--backend", backend),
            *("--json", "result.json"),
            data_dir=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout
        return json.loads((tmp_path / "result.json").read_text())

    return run


def check_load(result, *, streams, dialect):
    assert result.keys() >= LOAD_FIGURES
    for figure in ("partial_lag_ms", "final_lag_ms", "final_segment_ms"):
        assert result[figure].keys() == {"p50", "p95"}
    assert result["partial_lag_ms"]["p50"] > 0
    assert result["hardware"].keys() >= {"cpu", "cores", "instructions"}
    assert result["versions"].keys() >= {"crossfade", "onnxruntime", "numpy", "python"}
    assert result["pacing"]["real_time"] is True
    assert (result["streams"], result["dialect"]) == (streams, dialect)
    assert (result["failed_streams"], result["failures"]) == (0, [])


@pytest.mark.parametrize("dialect", [None, "speechmatics", "assemblyai"])
def test_a_number_of_streams_is_played_in_process_or_to_a_server_of_our_own(bench, dialect):
    over = ["--dialect", dialect] if dialect else []
    result = bench("capacity", "--streams", "2", "--seconds", SECONDS, *over)
    check_load(result, streams=2, dialect=dialect)
    assert len(result["runs"]) == 1
    assert result["cpu_cores"]["engine"] is not None
    assert (result["cpu_cores"]["generator"] is None) is (dialect is None)


def test_a_server_that_runs_already_is_measured_by_its_address(tmp_path, bench):
    with serving(tmp_path, "--key", KEY) as server:
        over = ("--url", f"ws://{server.address}", "--dialect", "speechmatics", "--key", KEY)
        result = bench("latency", "--seconds", SECONDS, *over)
    check_load(result, streams=1, dialect="speechmatics")
    assert result["cpu_cores"]["engine"] is None
    endings = result["endings"]
    assert (endings["sessions"], endings["unanswered"]) == (1, 0)
    assert endings["forced_end_ms"]["p95"] > 0
    assert endings["close_ms"]["p95"] > 0
    assert KEY not in json.dumps(result)


def test_the_same_streams_can_be_heard_without_load_for_comparison(bench):
    over = ("--dialect", "speechmatics")
    result = bench("capacity", "--streams", "1", "--seconds", SECONDS, "--compare-alone", *over)
    assert result["wer_alone"] == result["wer"]


def test_a_terminated_benchmark_stops_the_server_that_it_has_started(tmp_path, manifest):
    (temporary := tmp_path / "temporary").mkdir()
    what = ("--dialect", "speechmatics", "--backend", "scripted", "--streams", "1")
    process = subprocess.Popen(
        [PROGRAMS / "crossfade", "bench", "capacity", *what, "--manifest", manifest],
        env=environment(tmp_path) | {"TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    by = time.monotonic() + LIMIT_S
    while not list(temporary.glob("crossfade-bench-*/*")):  # the server has begun to keep its data
        assert process.poll() is None
        assert time.monotonic() < by
        time.sleep(0.05)
    process.terminate()
    # To the end of its output, which the server would hold open.
    out, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, out, err) == (143, b"", b"")
    assert not list(temporary.iterdir())  # the folder goes once its server is gone


def test_accuracy_is_told_as_a_whole_and_by_category(bench):
    result = bench("accuracy")
    assert result["all"]["recordings"] == 1
    assert result["categories"].keys() == {"read"}
    assert result["all"]["wer_whole"] is None


def test_accuracy_with_several_delays_is_told_for_each(bench):
    result = bench("accuracy", "--max-delay", "700", "--max-delay", "4000")
    assert result["max_delay_ms"] == 700
    assert [run["max_delay_ms"] for run in result["runs"]] == [700, 4000]
    assert all(run["all"]["recordings"] == 1 for run in result["runs"])
    assert all(run["all"]["late_words"].keys() == LATE_FIGURES for run in result["runs"])
    assert result["turns"]["all"].keys() == {"pauses", "complete", "auc"}


def test_a_long_session_is_told_window_by_window_and_noise_by_kind(bench):
    lengths = ("--minutes", "0.1", "--window-minutes", "0.05", "--noise-minutes", "0.15")
    result = bench("long", *lengths)
    assert len(result["speech"]["windows"]) == 2
    assert {noise["kind"] for noise in result["noises"]} >= {"white", "hum", "dtmf", "chords"}
    assert result["false_words"] == sum(noise["words"] for noise in result["noises"])
    assert result["hardware"]["cores"] >= 1


def test_a_long_recording_is_pushed_to_a_server_of_our_own(tmp_path, manifest):
    """How soon a pong comes is for a quiet machine to say; that all was measured, for any."""
    done = crossfade(
        *("bench", "long", "--minutes", "0.05", "--dialect", "speechmatics"),
        *("--manifest", manifest, "--backend", "scripted", "--json", "-"),
        data_dir=tmp_path,
    )
    result = json.loads(done.stdout)
    assert result["words"] > 0
    assert result["different_words"] == 0
    assert set(result["limits_broken"]) <= {"a pong took over 1000 ms"}
    assert done.returncode == bool(result["limits_broken"])
    assert result["pong_ms"].keys() == {"p50", "p95"}
    assert result["peak_resident_mb"] > result["growth_mb"] >= 0


def test_json_alone_can_go_to_stdout(tmp_path, manifest):
    done = crossfade(
        *("bench", "accuracy", "--manifest", manifest, "--backend", "scripted", "--json", "-"),
        data_dir=tmp_path,
    )
    assert json.loads(done.stdout)["benchmark"] == "accuracy"


def test_a_server_that_refuses_is_told(tmp_path, manifest):
    with serving(tmp_path, "--key", KEY) as server:
        done = crossfade(
            *("bench", "latency", "--manifest", manifest, "--seconds", SECONDS),
            *("--url", f"ws://{server.address}", "--dialect", "assemblyai", "--key", "wrong"),
            data_dir=tmp_path,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("crossfade: ")
    assert "Traceback" not in done.stderr


def test_a_server_that_cannot_start_is_told(tmp_path, manifest):
    done = crossfade(
        *("bench", "latency", "--manifest", manifest, "--dialect", "assemblyai"),
        data_dir=tmp_path,
        CROSSFADE_MODEL_DIR=str(manifest),
    )
    assert done.returncode == 1
    assert "the server did not start" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["capacity", "--url", "ws://h"], "--url needs --dialect"),
        (["capacity", "--streams", "0"], "--streams"),
        (["latency", "--dialect", "klingon"], "'klingon' is not one of"),
        (
            ["capacity", "--compare-alone", "--dialect", "speechmatics", "--url", "ws://h"],
            "--compare-alone needs our own recognizer",
        ),
    ],
)
def test_wrong_usage_exits_2_with_a_sentence(tmp_path, arguments, message):
    done = crossfade("bench", *arguments, data_dir=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr


def test_recordings_that_are_not_there_are_told(tmp_path):
    done = crossfade("bench", "latency", "--manifest", "none.jsonl", data_dir=tmp_path)
    assert done.returncode == 1
    assert "none.jsonl cannot be read" in done.stderr


@pytest.mark.parametrize("command", [[], ["capacity"], ["latency"], ["accuracy"], ["long"]])
def test_help_has_an_example(tmp_path, command):
    done = crossfade("bench", *command, "--help", data_dir=tmp_path)
    assert done.returncode == 0
    assert f"crossfade {' '.join(['bench', *command])}" in done.stdout.partition("Example")[2]


@pytest.mark.model
@pytest.mark.usefixtures("model_files")
def test_the_embedded_recognizer_is_measured(bench):
    result = bench("accuracy", backend="local")
    assert result["all"]["wer_whole"] is not None
    check_load(bench("latency", "--seconds", SECONDS, backend="local"), streams=1, dialect=None)


def test_the_lag_that_a_gateway_adds_is_measured_between_servers_of_our_own(tmp_path, manifest):
    """Whether limits are held is for a quiet machine to say; that all was measured, for any."""
    done = crossfade(
        *("bench", "gateway", "--seconds", "4", "--manifest", manifest),
        *("--backend", "scripted", "--dialect", "assemblyai", "--json", "gateway.json"),
        data_dir=tmp_path,
    )
    result = json.loads((tmp_path / "gateway.json").read_text())
    assert "Traceback" not in done.stderr
    assert result.keys() >= {"pairs", "limits_broken", "hardware", "commit", "backend"}
    for pair in result["pairs"]:
        assert pair["failures"] == []
        assert pair["words"] > 0
        assert pair["added"]["partial_ms"].keys() == {"p50", "p95"}
        assert (pair["way"] == "pass-through") == (pair["front"] == pair["behind"])
