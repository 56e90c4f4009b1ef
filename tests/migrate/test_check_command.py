"""``crossfade migrate check`` as people use it: a table, JSON, and what its exit code says."""

import importlib.util
import json

import pytest
from click.testing import CliRunner

import sample_programs
from crossfade.cli.migrate import migrate
from crossfade.dialects import DIALECTS
from crossfade.gateway.mapping import table
from crossfade.migrate.checking import MissingReaderError, check

OTHERS = sample_programs.PROGRAMS / "other"
ALL = [program for d in DIALECTS for program in sample_programs.programs(d.name)]
KEPT = 'CONFIG = {"transcription_config": {"enable_partials": True}}\n'
DROPPED = 'CONFIG = {"transcription_config": {"output_locale": "en-GB"}}\n'
UNKNOWN = 'CONFIG = {"transcription_config": {"languge": "en"}}\n'


def run(*arguments):
    return CliRunner().invoke(migrate, ["check", *map(str, arguments)], env={"COLUMNS": "200"})


def as_json(*arguments):
    return json.loads(run(*arguments, "--json").stdout)


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"

    def write(text):
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("text", "code"),
    [(KEPT, 0), (DROPPED, 1), (UNKNOWN, 1), ("print(1)\n", 0)],
    ids=["kept", "dropped", "unknown", "no-vendor"],
)
def test_the_exit_code_says_whether_something_is_dropped(program, text, code):
    path = program(text)
    assert run(path).exit_code == code
    assert run(path, "--json").exit_code == code


def test_no_file_is_wrong_usage(tmp_path):
    assert run(tmp_path / "none.py").exit_code == 2
    assert run().exit_code == 2


def test_a_protocol_without_programs_of_its_own_can_be_the_destination(program):
    text = 'CONFIG = {"transcription_config": {"max_delay": 1, "enable_partials": True}}\n'
    found = as_json(program(text), "--to", "agent-stt")["findings"]
    assert {finding["to"] for finding in found} == {"agent-stt"}
    assert [finding["verdict"] for finding in found] == ["degraded", "kept"]


def test_by_default_programs_are_led_to_what_they_can_be_rewritten_to():
    report = as_json(sample_programs.PROGRAMS)
    assert {finding["to"] for finding in report["findings"]} == {"speechmatics", "assemblyai"}


def test_a_finding_says_all_there_is_to_say(program):
    path = program(KEPT)
    [finding] = as_json(path)["findings"]
    assert finding == {
        "path": str(path),
        "line": 1,
        "kind": "setting",
        "name": "transcription_config.enable_partials",
        "dialect": "speechmatics",
        "to": "assemblyai",
        "topic": "settings.partials",
        "verdict": "kept",
        "becomes": "include_partial_turns",
        "text": "The same.",
    }


def test_verdicts_and_spellings_are_those_of_the_mapping():
    rows = {(row.front, row.topic): row for row in table(DIALECTS) if row.behind != "agent-stt"}
    findings = check([sample_programs.PROGRAMS], DIALECTS).findings
    n_by_table = 0
    for finding in findings:
        row = rows.get((finding.dialect, finding.topic))
        if row is not None and finding.text == row.text:
            assert finding.verdict == row.verdict
            assert finding.becomes == (None if row.verdict == "dropped" else row.behind_name)
            n_by_table += 1
    assert n_by_table > 0.9 * len(findings)


def test_every_setting_of_the_sample_programs_has_a_verdict():
    findings = check(ALL, DIALECTS).findings
    assert len([finding for finding in findings if finding.kind == "setting"]) > 120
    assert [finding for finding in findings if finding.verdict == "unknown"] == []


def test_a_folder_is_read_with_all_that_is_in_it():
    report = as_json(sample_programs.PROGRAMS)
    read = {finding["path"].rpartition("/")[2] for finding in report["findings"]}
    assert read >= {path.name for path in ALL} | {
        path.name for path in OTHERS.iterdir() if path.suffix != ".env"
    }
    assert report["files"] == len(list(sample_programs.PROGRAMS.rglob("*.*")))
    assert report["verdicts"]["unknown"] == 4  # planted, one in each of four files


def test_programs_that_speak_the_destination_already_are_left_alone():
    report = as_json(sample_programs.PROGRAMS, "--to", "assemblyai")
    assert {finding["dialect"] for finding in report["findings"]} == {"speechmatics"}


def test_the_table_names_the_line_the_verdict_and_the_new_name(program):
    done = run(program(KEPT))
    [line] = [line for line in done.stdout.splitlines() if "enable_partials" in line]
    assert line.split()[:4] == ["1", "transcription_config.enable_partials", "setting", "kept"]
    assert "include_partial_turns" in line
    assert "1 files read: 1 kept" in done.stdout


def test_brackets_in_names_are_shown_as_they_are(program):
    text = 'CONFIG = {"keyterms_prompt": "[]", "format_turns": True}\n'
    assert "additional_vocab[].content" in run(program(text)).stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("assemblyai/sdk_realtime_v2.py", "assemblyai (RealtimeTranscriber), RETIRED"),
        ("assemblyai/raw_realtime_v2.py", "AssemblyAI Realtime v2, RETIRED"),
        ("speechmatics/sdk_legacy.py", "speechmatics-python, superseded"),
        ("speechmatics/sdk_voice.py", "speechmatics-voice, superseded"),
        ("speechmatics/sdk_agent.py", "speechmatics-agent-stt"),
        ("speechmatics/guide.py", "Speechmatics real-time API v2"),
    ],
)
def test_the_generation_is_named_and_retired_ones_are_called_so(name, said):
    assert said in run(sample_programs.PROGRAMS / name).stdout


def test_values_are_never_shown(tmp_path):
    path = tmp_path / ".env"
    path.write_text("ASSEMBLYAI_API_KEY=aVerySecretKey\n")
    program = tmp_path / "a.py"
    program.write_text(
        'url = "wss://streaming.assemblyai.com/v3/ws?token=aVerySecretKey&prompt=aVerySecretKey"\n'
        'header = {"Authorization": "aVerySecretKey"}\n'
    )
    for arguments in ([tmp_path], [tmp_path, "--json"]):
        done = run(*arguments)
        assert "ASSEMBLYAI_API_KEY" in done.stdout
        assert "aVerySecretKey" not in done.stdout + done.stderr


def test_what_is_no_python_is_read_line_by_line_and_said(program):
    done = run(program('print "hello"\nurl = "wss://eu2.rt.speechmatics.com/v2"\n'))
    assert "eu2.rt.speechmatics.com" in done.stdout
    assert "not Python that can be parsed; read line by line" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_that_cannot_be_about_a_vendor_is_not_even_parsed(program):
    done = run(program('print "hello"\n'))
    assert (done.exit_code, done.stderr) == (0, "")


def test_a_file_that_is_no_text_is_named(program):
    path = program("")
    path.write_bytes(b"\xff\xfe\x00")
    done = run(path)
    assert done.exit_code == 0
    assert f"{path}: not UTF-8" in done.stderr


def test_without_libcst_it_says_what_to_install(program, monkeypatch):
    monkeypatch.setattr("crossfade.migrate.checking.find_spec", lambda name: None)
    with pytest.raises(MissingReaderError, match=r"pip install 'crossfade\[migrate\]'"):
        check([program(KEPT)], DIALECTS)
    assert check([OTHERS / "service.yaml"], DIALECTS).findings  # other languages need it not
    assert importlib.util.find_spec("libcst")
