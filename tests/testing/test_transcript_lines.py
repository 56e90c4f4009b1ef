import pytest

from crossfade.dialects.base import Handshake
from crossfade.testing import parse_transcript, read_transcript
from crossfade.testing.transcript import ClientSays, Open, ServerSays, matches

ABOUT = '{"about": "made up"}'


def second_line(text):
    return parse_transcript([ABOUT, text])[1]


def test_a_handshake_line():
    line = second_line('{"open": {"path": "/p", "query": [["a", "b"]], "headers": {"h": "v"}}}')
    assert line == Open(Handshake(path="/p", query=(("a", "b"),), headers={"h": "v"}))


def test_client_lines_are_json_or_text_as_it_stands():
    assert second_line('{"client": {"a": 1}}') == ClientSays({"a": 1})
    assert ClientSays({"a": 1}).frame == '{"a":1}'
    assert ClientSays("{not JSON").frame == "{not JSON"


def test_a_client_end_is_fed_a_fixed_value_for_each_placeholder():
    said = ServerSays({"id": "<uuid>", "deep": [{"n": "<int>"}], "text": "<not one>"})
    assert said.frame == (
        '{"id":"00000000-0000-4000-8000-000000000000","deep":[{"n":1}],"text":"<not one>"}'
    )


@pytest.mark.parametrize(
    ("said", "expected", "is_match"),
    [
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {}, False),
        ({}, {"a": "<int>"}, False),
        ([1], [1, 2], False),
        ([1, "x"], ["<int>", "<str>"], True),
        (1.5, "<number>", True),
        (1.5, "<int>", False),
        (True, "<int>", False),
        (None, "<str>", False),
        ("0c3b8a52-5b0e-4b6b-9a39-8f1f6c5b7d11", "<uuid>", True),
        ("0c3b8a52", "<uuid>", False),
        ("<other>", "<other>", True),
    ],
)
def test_placeholders_match_any_value_of_their_kind(said, expected, is_match):
    assert matches(said, expected) is is_match


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ['{"client": {}}'],
        [ABOUT, ""],
        [ABOUT, '{"unknown": 1}'],
        [ABOUT, '{"event": {"type": "of_tomorrow"}}'],
        [ABOUT, '{"command": {"type": "audio"}}'],
        [ABOUT, '{"server": "text"}'],
    ],
)
def test_a_line_of_no_known_kind_is_an_error(lines):
    with pytest.raises(ValueError, match="line"):
        parse_transcript(lines)


def test_a_file_is_read_line_by_line(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text(ABOUT + '\n{"client": {}}\n', encoding="utf-8")
    assert len(read_transcript(path)) == 2
