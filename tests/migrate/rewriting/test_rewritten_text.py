"""What rewriting leaves alone, and what its own lines are like."""

import ast
import difflib
import functools
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

import sample_programs
from crossfade.migrate.rewriting import Rewritten, UnreadableError, UnwritableError, rewrite
from crossfade.migrate.rewriting.program import Program


@functools.cache
def rewritten(program: Path) -> Rewritten:
    """A sample program, for the other vendor."""
    return rewrite(program.read_text(), to=OTHER[program.parent.name])


OTHER = {"speechmatics": "assemblyai", "assemblyai": "speechmatics"}
PROGRAMS = [
    pytest.param(program, id=f"{name}-{program.stem}")
    for name in OTHER
    for program in sample_programs.programs(name)
]
UNTOUCHED = {
    "speechmatics": ("on_error", "on_close", "to_int16", "save_wav_file"),
    "assemblyai": ("on_error", "on_close", "save_wav_file"),
}
"""Functions of the guide's programs that have nothing to do with the vendor."""
FOREIGN = """

class  Odd :   # spaced as nobody would
    x = {"language" :"en" ,
            "sample_rate":8000 }   # no settings of a session: nobody sends them

    def tell( self,message ) :
        return  message [ "words" ] or\t{ 'type':"Turn" }["type"]
"""


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_is_not_touched_by_rewriting_it_to_what_it_is(program):
    source = program.read_text()
    rewritten = rewrite(source, to=program.parent.name)
    assert (rewritten.text, rewritten.marks, rewritten.changes) == (source, (), 0)


@pytest.mark.parametrize("program", PROGRAMS)
def test_rewriting_what_was_rewritten_changes_nothing(program):
    to = OTHER[program.parent.name]
    once = rewritten(program).text
    assert rewrite(once, to=to).text == once


@pytest.mark.parametrize("name", list(OTHER))
def test_functions_that_have_nothing_to_do_with_the_vendor_stay_to_the_byte(name):
    source = (sample_programs.PROGRAMS / name / "guide.py").read_text()
    text = rewrite(source, to=OTHER[name]).text
    before, after = functions(source), functions(text)
    assert {f: before[f] for f in UNTOUCHED[name]} == {f: after[f] for f in UNTOUCHED[name]}


def functions(source):
    """The source of each function, by name."""
    return {
        node.name: ast.get_source_segment(source, node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_comment_and_docstring_is_still_there(program):
    source = program.read_text()
    text = rewritten(program).text
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    docstrings = re.findall(r'"""(?:.|\n)*?"""', source)
    assert [kept for kept in [*comments, *docstrings] if kept not in text] == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_code_that_is_foreign_to_it_stays_to_the_byte(program):
    source = program.read_text()
    alone = rewritten(program)
    together = rewrite(source + FOREIGN, to=OTHER[program.parent.name])
    assert together.text.endswith(FOREIGN)
    assert len(together.marks) == len(alone.marks)


@pytest.mark.parametrize("program", PROGRAMS)
def test_most_of_a_program_stays_to_the_byte(program):
    source = program.read_text().splitlines(keepends=True)
    text = rewritten(program).text
    matcher = difflib.SequenceMatcher(None, source, text.splitlines(keepends=True), autojunk=False)
    kept = sum(block.size for block in matcher.get_matching_blocks())
    assert kept > len(source) / 2 if "setting" not in program.stem else kept > len(source) / 3


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_rewritten_program_is_as_clean_as_it_was(program, tmp_path):
    path = tmp_path / program.name
    path.write_text(rewritten(program).text)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=E4,E7,E9,F", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", list(OTHER))
def test_the_guides_program_comes_back_with_all_that_both_can_say(name):
    source = (sample_programs.PROGRAMS / name / "guide.py").read_text()
    back = rewrite(rewrite(source, to=OTHER[name]).text, to=name).text
    functions = set(re.findall(r"^ *def (\w+)", source, re.MULTILINE))
    assert functions <= set(re.findall(r"^ *def (\w+)", back, re.MULTILINE))
    for said in SAID_BY_BOTH[name]:
        assert said in source, said
        assert said in back


SAID_BY_BOTH = {
    "speechmatics": (
        '"enable_partials": True',
        '"sample_rate": SAMPLE_RATE',
        'header = {"Authorization": f"Bearer {API_KEY}"}',
        'os.environ.get("SPEECHMATICS_API_KEY", "YOUR_SPEECHMATICS_KEY")',
        "?jwt={get_temporary_token()}",
        'return response.json()["key_value"]',
        'kind == "RecognitionStarted"',
        'kind == "AddPartialTranscript"',
        'kind == "AddTranscript"',
        'kind == "EndOfTranscript"',
        'text = data["metadata"]["transcript"]',
        '"message": "EndOfStream"',
        "recorded_frames.append(data)",
    ),
    "assemblyai": (
        '"sample_rate": 16000',
        '"speech_model": "u3-rt-pro"',
        'header = {"Authorization": API_KEY}',
        "token={get_temporary_token()}",
        'return response.json()["token"]',
        'kind == "Begin"',
        'kind == "Turn"',
        'kind == "Termination"',
        'json.dumps({"type": "Terminate"})',
    ),
}


def test_what_is_no_python_is_refused_with_its_line():
    with pytest.raises(UnreadableError) as caught:
        rewrite("import os\nif:\n", to="assemblyai")
    assert caught.value.line == 2


def test_a_dialect_that_no_program_is_written_in_is_refused():
    with pytest.raises(UnwritableError):
        rewrite("import os\n", to="nobody")


def test_a_program_of_nobody_stays_as_it_is():
    source = 'import json\n\nprint(json.loads("{}")["message"])  # "AddTranscript"\n'
    assert rewrite(source, to="assemblyai").text == source


def test_an_edit_keeps_every_other_byte():
    program = Program("a = 1  # é\nb  =  [2,\n  3]\n")
    first = program.module.body[0]
    program.insert_before(first, "x = 0")
    program.insert_after(first, "y = 0")
    assert program.edited() == "x = 0\na = 1  # é\ny = 0\nb  =  [2,\n  3]\n"


def test_lines_end_as_they_did():
    source = (sample_programs.PROGRAMS / "speechmatics" / "guide.py").read_text()
    plain = rewrite(source, to="assemblyai")
    there = rewrite(source.replace("\n", "\r\n"), to="assemblyai")
    assert there.text == plain.text.replace("\n", "\r\n")
    assert there.marks == plain.marks
