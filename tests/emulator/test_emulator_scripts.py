"""Scripts as people write them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.dialects import DIALECTS
from crossfade.emulator.reading import make_script, parse_jsonl, parse_yaml, read_script
from crossfade.emulator.script import Options, ScriptError, as_script
from crossfade.emulator.theatre import read_scenario
from crossfade.recognizers.play import NO_CUE, TurnCue

YAML = """
- say: Good morning. Welcome
  at_ms: 700
  word_ms: 200
  confidence: 0.8
  speaker: anna
  ends_turn: true
  turn_after_ms: 300
  turn_confidence: 0.9
- words:
    - {text: "aboard,", start_ms: 3000, end_ms: 3400, confidence: 0.5}
    - {text: captain., start_ms: 3400, end_ms: 3900}
- fault: late_finals
  ms: 900
- set: {repeat_ms: 5000, languages: [en, de]}
"""


def test_a_script_in_yaml_is_the_same_as_one_in_json_lines(tmp_path):
    import yaml

    (tmp_path / "script.yaml").write_text(YAML)
    lines = [json.dumps(entry) for entry in yaml.safe_load(YAML)]
    (tmp_path / "script.jsonl").write_text("\n".join(["", *lines]))
    assert read_script(tmp_path / "script.yaml") == read_script(tmp_path / "script.jsonl")


def test_words_have_their_times_confidences_marks_and_speakers():
    words = parse_yaml(YAML).part(None).once
    assert [word.text + word.punctuation for word in words] == [
        *("Good", "morning.", "Welcome", "aboard,", "captain."),
    ]
    assert [word.start_ms for word in words] == [700, 1000, 1300, 3000, 3400]
    assert [word.end_ms for word in words] == [900, 1200, 1500, 3400, 3900]
    assert [word.confidence for word in words] == [0.8, 0.8, 0.8, 0.5, 0.95]
    assert [word.speaker for word in words] == ["anna", "anna", "anna", None, None]


def test_cues_are_about_the_last_word_of_an_utterance_in_every_round():
    part = parse_yaml(YAML).part(None)
    words = part.words()
    twice = [next(words) for _ in range(10)]
    cue = TurnCue(ends=True, after_ms=300, confidence=0.9)
    silent = TurnCue()
    assert [part.cue(word) for word in twice] == [NO_CUE, NO_CUE, cue, NO_CUE, silent] * 2


def test_an_utterance_without_a_place_comes_a_second_after_the_one_before():
    words = as_script("Good morning. Welcome aboard.").part(None).once
    assert [word.start_ms for word in words] == [500, 900, 2200, 2600]


def test_a_channel_hears_its_own_utterances_and_those_of_none():
    script = make_script([{"say": "all"}, {"say": "left", "channel": "l", "at_ms": 5000}])
    assert [word.text for word in script.part("l").once] == ["all", "left"]
    assert [word.text for word in script.part("r").once] == ["all"]
    assert [word.text for word in script.part(None).once] == ["all", "left"]


@given(st.integers(1, 40))
def test_the_end_of_the_nth_word_is_that_of_the_nth_word_said(number):
    part = as_script("One two three.", Options(repeat_ms=4000)).part(None)
    words = part.words()
    said = [next(words) for _ in range(number)]
    assert part.end_of_word(number) == said[-1].end_ms


def test_a_script_that_is_not_repeated_has_no_more_words_than_it_has():
    assert as_script("One two.").part(None).end_of_word(3) is None
    assert as_script("").part(None).end_of_word(1) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("say: hello", "a script is a list", id="no-list"),
        pytest.param("- say: a\n- [", "^line 2: not YAML: ", id="no-yaml"),
        pytest.param("- hello", "^line 1: not an object", id="no-object"),
        pytest.param("- say: a\n- at_ms: 4", "^line 2: it needs 'say'", id="nothing-said"),
        pytest.param("- say: ' '", "^line 1: ", id="only-blanks"),
        pytest.param(
            "- say: a\n  confidense: 1",
            r"^line 2: .*unknown field `confidense` \(did you mean 'confidence'\?\)$",
            id="a-slip",
        ),
        pytest.param("- sya: a", r"did you mean 'say'\?", id="a-slip-in-what-it-is"),
        pytest.param(
            "- words:\n  - text: a\n    start: 5\n    end_ms: 9",
            r"^line 3: .*`start`, in words.0 \(did you mean 'start_ms'\?\)$",
            id="a-slip-in-a-word",
        ),
        pytest.param("- say: a\n  at_ms: -1", "^line 2: .*, in at_ms", id="before-the-beginning"),
        pytest.param("- {say: a, confidence: 2}", "^line 1: .*confidence", id="surer-than-sure"),
        pytest.param(
            "- say: a b\n- fault: drop\n- {say: c, at_ms: 600}",
            "^line 3: a word begins at 600 ms, before the one in front of it ends at 1200 ms",
            id="over",
        ),
        pytest.param(
            "- {say: a b}\n- set: {repeat_ms: 900}", "^line 2: repeat_ms is 900", id="too-often"
        ),
        pytest.param("- set: {}\n- set: {}", "^line 2: .*more than one 'set'", id="two-sets"),
        pytest.param(
            "- set:\n    say_the_rest: 1",
            r"^line 2: .*`say_the_rest` \(did you mean 'say_rest'\?\)",
            id="unknown-option",
        ),
        pytest.param("- {fault: drop, at: end, at_ms: 4}", "^line 1: .*one of at", id="twice"),
        pytest.param(
            "- words: [{text: a, start_ms: 5, end_ms: 5}]",
            "^line 1: .*not after its start",
            id="no-length",
        ),
    ],
)
def test_what_cannot_be_played_is_refused_with_its_place(text, complaint):
    with pytest.raises(ScriptError, match=complaint):
        parse_yaml(text)


def test_a_line_that_is_no_json_is_named():
    with pytest.raises(ScriptError, match="line 3"):
        parse_jsonl('{"say": "a"}\n\n{"say": ')


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ScriptError, match=r"nowhere.yaml: FileNotFoundError"):
        read_script(tmp_path / "nowhere.yaml")
    (tmp_path / "bad.yaml").write_text("- hello")
    with pytest.raises(ScriptError, match=r"bad.yaml: line 1"):
        read_script(tmp_path / "bad.yaml")


def test_a_fault_that_nobody_knows_is_told_with_its_line_and_what_was_meant(tmp_path):
    (tmp_path / "bad.yaml").write_text("- say: a\n- at_ms: 5\n  fault: truncated_jsno\n")
    with pytest.raises(
        ScriptError, match=r"line 3: .*'truncated_jsno' \(did you mean 'truncated_j"
    ):
        read_scenario(tmp_path / "bad.yaml", DIALECTS)


def test_entries_that_are_no_text_are_told_by_their_number():
    with pytest.raises(ScriptError, match=r"^entry 2: not an object"):
        make_script([{"say": "a"}, "b"])
