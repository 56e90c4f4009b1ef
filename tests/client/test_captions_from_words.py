"""Captions: two lines of 42 characters, in time."""

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from crossfade.client.captions import (
    LINE_LENGTH,
    MAX_LINES,
    captions,
    srt,
    vtt,
    written,
)
from crossfade.model import Word

TEXTS = st.text(alphabet="abcdefghij", min_size=1, max_size=14)


@st.composite
def spoken_words(draw):
    """Words in order, without overlaps, some with marks, some after pauses."""
    words, now_ms = [], 0
    for text in draw(st.lists(TEXTS, max_size=60)):
        start_ms = now_ms + draw(st.sampled_from([0, 20, 300, 1500]))
        now_ms = start_ms + draw(st.integers(1, 900))
        mark = draw(st.sampled_from(["", "", "", ",", "."]))
        words.append(
            Word(text=text, start_ms=start_ms, end_ms=now_ms, confidence=1, punctuation=mark)
        )
    return words


def said(text, *, word_ms=250, gap_ms=50):
    """Words of a text at an even pace."""
    return [
        Word(
            text=word.rstrip(".,"),
            start_ms=index * (word_ms + gap_ms),
            end_ms=index * (word_ms + gap_ms) + word_ms,
            confidence=1.0,
            punctuation=word[len(word.rstrip(".,")) :],
        )
        for index, word in enumerate(text.split())
    ]


@given(spoken_words())
def test_captions_hold_every_word_once_and_fit_and_never_overlap(words):
    made = captions(words)
    assert " ".join(line for caption in made for line in caption.lines) == written(words)
    for caption in made:
        assert len(caption.lines) <= MAX_LINES
        assert all(len(line) <= LINE_LENGTH for line in caption.lines)
        assert caption.start_ms < caption.end_ms
    for one, next_one in itertools.pairwise(made):
        assert one.end_ms <= next_one.start_ms


def test_a_word_too_long_for_a_line_stays_whole():
    word = Word(text="x" * 60, start_ms=0, end_ms=500, confidence=1.0)
    assert captions([word])[0].lines == ("x" * 60,)


def test_a_caption_ends_with_a_sentence_that_fills_a_line():
    text = "The quick brown fox jumped over the lazy dog. Then it slept."
    assert [" ".join(c.lines) for c in captions(said(text))] == [
        "The quick brown fox jumped over the lazy dog.",
        "Then it slept.",
    ]


def test_lines_break_after_a_mark_rather_than_in_a_phrase():
    text = "When the rain had stopped at last, everybody went out"
    assert captions(said(text))[0].lines == (
        "When the rain had stopped at last,",
        "everybody went out",
    )


def test_a_pause_begins_a_new_caption():
    first = Word(text="one", start_ms=0, end_ms=300, confidence=1.0)
    second = Word(text="two", start_ms=2300, end_ms=2600, confidence=1.0)
    assert [c.lines for c in captions([first, second])] == [("one",), ("two",)]


def test_a_short_caption_stays_long_enough_to_be_read():
    word = Word(text="Yes", start_ms=1000, end_ms=1200, confidence=1.0)
    assert captions([word])[0].end_ms == 1833


def test_srt_is_numbered_with_commas_in_its_times():
    assert srt(said("Hello there.")) == "1\n00:00:00,000 --> 00:00:00,833\nHello there.\n"


def test_vtt_escapes_what_would_be_markup():
    word = Word(text="<b>&", start_ms=3_723_004, end_ms=3_724_000, confidence=1.0)
    assert vtt([word]) == ("WEBVTT\n\n01:02:03.004 --> 01:02:04.000\n&lt;b&gt;&amp;\n")


@given(spoken_words())
def test_every_time_in_a_file_can_be_read_back(words):
    times = re.findall(r"(\d+):(\d\d):(\d\d),(\d{3})", srt(words))
    read_ms = [((int(h) * 60 + int(m)) * 60 + int(s)) * 1000 + int(ms) for h, m, s, ms in times]
    assert read_ms == [ms for c in captions(words) for ms in (c.start_ms, c.end_ms)]
