"""One transcript in every format."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.client.captions import captions
from crossfade.client.transcript import SUFFIXES, Transcript, render, writer
from crossfade.model import Word

TRANSCRIPT = Transcript(
    name="a talk.wav",
    audio_ms=2000,
    words=(
        Word(text="Good", start_ms=100, end_ms=400, confidence=0.5),
        Word(text="morning", start_ms=450, end_ms=900, confidence=0.75, punctuation="."),
    ),
)


def test_text_is_the_words_only():
    assert render(TRANSCRIPT, "text") == "Good morning.\n"


def test_json_is_one_line_with_times_in_milliseconds():
    text = render(TRANSCRIPT, "json")
    assert text.count("\n") == 1
    assert json.loads(text) == {
        "file": "a talk.wav",
        "audio_ms": 2000,
        "text": "Good morning.",
        "words": [
            {"text": "Good", "start_ms": 100, "end_ms": 400, "confidence": 0.5},
            {
                "text": "morning",
                "start_ms": 450,
                "end_ms": 900,
                "confidence": 0.75,
                "punctuation": ".",
            },
        ],
    }


def test_ctm_has_a_line_for_each_word_with_times_in_seconds():
    assert render(TRANSCRIPT, "ctm") == (
        "a_talk.wav 1 0.100 0.300 Good 0.500\na_talk.wav 1 0.450 0.450 morning 0.750\n"
    )


def test_silence_gives_an_empty_line_and_no_captions():
    silence = Transcript(name="s", audio_ms=1000, words=())
    assert render(silence, "text") == "\n"
    assert render(silence, "vtt") == "WEBVTT\n"
    assert render(silence, "srt") == ""
    assert render(silence, "ctm") == ""


def at_an_even_pace(n_words, *, first_ms=0):
    return tuple(
        Word(
            text=f"word{n}",
            start_ms=first_ms + 400 * n,
            end_ms=first_ms + 400 * n + 300,
            confidence=1.0,
            punctuation="." if n % 7 == 6 else "",
        )
        for n in range(n_words)
    )


@pytest.mark.parametrize("wanted", SUFFIXES)
@given(st.lists(st.integers(0, 30), max_size=6))
def test_what_is_written_bit_by_bit_is_what_is_written_at_once(wanted, sizes):
    words = at_an_even_pace(sum(sizes))
    pen, text, at = writer(wanted, "a talk.wav"), "", 0
    for size in sizes:
        text += pen.push(words[at : at + size])
        at += size
    text += pen.end(audio_ms=2000)
    assert text == render(Transcript(name="a talk.wav", audio_ms=2000, words=words), wanted)


def test_captions_are_written_while_the_recording_is_heard():
    assert "word1" in writer("srt", "x").push(at_an_even_pace(200))


def test_a_long_silence_begins_a_new_line_of_text():
    words = (*at_an_even_pace(2), *at_an_even_pace(1, first_ms=5000))
    assert render(Transcript(name="x", audio_ms=0, words=words), "text") == "word0 word1\nword0\n"


def test_srt_is_numbered_with_commas_in_its_times():
    words = (
        Word(text="Hello", start_ms=0, end_ms=300, confidence=1.0),
        Word(text="there", start_ms=5000, end_ms=5300, confidence=1.0),
    )
    assert render(Transcript(name="x", audio_ms=6000, words=words), "srt") == (
        "1\n00:00:00,000 --> 00:00:00,833\nHello\n\n2\n00:00:05,000 --> 00:00:05,833\nthere\n"
    )


def test_vtt_escapes_what_would_be_markup():
    word = Word(text="<b>&", start_ms=3_723_004, end_ms=3_724_000, confidence=1.0)
    assert render(Transcript(name="x", audio_ms=1, words=(word,)), "vtt") == (
        "WEBVTT\n\n01:02:03.004 --> 01:02:04.000\n&lt;b&gt;&amp;\n"
    )


def test_every_time_in_a_file_can_be_read_back():
    words = at_an_even_pace(300)
    text = render(Transcript(name="x", audio_ms=1, words=words), "srt")
    times = re.findall(r"(\d+):(\d\d):(\d\d),(\d{3})", text)
    read_ms = [((int(h) * 60 + int(m)) * 60 + int(s)) * 1000 + int(ms) for h, m, s, ms in times]
    assert read_ms == [ms for c in captions(words) for ms in (c.start_ms, c.end_ms)]
