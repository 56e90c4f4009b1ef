"""One transcript in every format."""

import json

from crossfade.client.transcript import Transcript, render
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
    assert render(silence, "srt") == "\n"
    assert render(silence, "ctm") == ""
