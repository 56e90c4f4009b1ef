"""Captions: two lines of 42 characters, in time."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from crossfade.client.captions import (
    CHARACTERS_PER_S,
    MAX_SHOWN_MS,
    MIN_SHOWN_MS,
    PAUSE_MS,
    Captioner,
    captions,
)
from crossfade.client.lines import LINE_LENGTH, written
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
        assert 1 <= len(caption.lines) <= 2
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


def texts(text, **pace):
    return [" ".join(caption.lines) for caption in captions(said(text, **pace))]


@given(spoken_words(), st.data())
def test_words_that_come_bit_by_bit_give_the_same_captions(words, data):
    captioner, made, at = Captioner(), [], 0
    while at < len(words):
        size = data.draw(st.integers(1, 20))
        made += captioner.push(words[at : at + size])
        at += size
    assert [*made, *captioner.flush()] == captions(words)


@given(spoken_words())
def test_nothing_is_shown_for_longer_than_it_takes_to_tire_of_it(words):
    for caption in captions(words):
        shown_ms = caption.end_ms - caption.start_ms
        is_one_word = " " not in "".join(caption.lines)
        assert shown_ms <= MAX_SHOWN_MS or is_one_word


@given(spoken_words())
def test_a_caption_before_a_pause_can_be_read(words):
    made = captions(words)
    for one, following in itertools.pairwise(made):
        if following.start_ms - one.end_ms >= PAUSE_MS:
            n_characters = sum(map(len, one.lines))
            shown_ms = one.end_ms - one.start_ms
            assert shown_ms >= MIN_SHOWN_MS
            assert n_characters / shown_ms * 1000 <= CHARACTERS_PER_S


def test_fast_speech_is_gathered_rather_than_flashed():
    made = captions(said("Yes. No. Yes. No. Why not? Because.", word_ms=150, gap_ms=20))
    assert all(c.end_ms - c.start_ms >= MIN_SHOWN_MS for c in made)


def test_no_word_of_a_sentence_is_left_alone():
    text = (
        "The old bridge over the river had been closed for as long as anybody could remember it. "
        "Nobody had ever asked why, and nobody would have known whom to ask about such things."
    )
    sizes = [len(text.split()) for text in texts(text)]
    assert min(sizes) > 1
    assert texts(text)[-1].endswith("such things.")
    assert any(caption.endswith("remember it.") for caption in texts(text))


def test_neither_captions_nor_lines_end_with_an_article():
    text = (
        "He went into the garden with a letter for the old man who lived by himself at the back "
        "of the mill and had never once been seen by anybody in the town or on the other hills"
    )
    ends = [line.split()[-1] for caption in captions(said(text)) for line in caption.lines]
    assert not {"the", "a", "of", "and", "in"} & set(ends[:-1])


def test_another_speaker_begins_a_new_caption():
    one = Word(text="Who?", start_ms=0, end_ms=300, confidence=1.0, speaker="S1")
    two = Word(text="Me", start_ms=320, end_ms=600, confidence=1.0, speaker="S2")
    assert [c.lines for c in captions([one, two])] == [("Who?",), ("Me",)]
