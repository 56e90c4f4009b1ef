import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.dialects.speechmatics.languages import find_language
from crossfade.dialects.speechmatics.messages import Alternative, Item
from crossfade.dialects.speechmatics.transcripts import (
    MAX_WORDS,
    TranscriptWriter,
    transcript_text,
)
from crossfade.model import Final, Partial, Silence, TurnEnded, Word


def word(text, start_ms=0, end_ms=100, **more):
    return Word(text=text, start_ms=start_ms, end_ms=end_ms, **({"confidence": 0.9} | more))


def final(*words, through_ms=0, forced=False):
    return Final(turn=0, words=words, through_ms=through_ms, forced=forced)


def partial(*words, through_ms=0):
    return Partial(turn=0, words=words, through_ms=through_ms)


def writer(language="en", permitted_marks=("all",), speakers_wanted=False):
    return TranscriptWriter(
        language=find_language(language),
        permitted_marks=permitted_marks,
        speakers_wanted=speakers_wanted,
    )


def only(messages):
    [message] = messages
    return message


def write(event, **options):
    return only(writer(**options).final(event, partials_wanted=False))


def window(message):
    return message.metadata.start_time, message.metadata.end_time


def contents(message):
    return [item.alternatives[0].content for item in message.results]


def item(content, attaches_to=None):
    return Item(
        type="punctuation" if attaches_to else "word",
        start_time=0,
        end_time=0,
        attaches_to=attaches_to,
        alternatives=(Alternative(content=content, confidence=1),),
    )


# Text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "final_text", "partial_text"),
    [
        pytest.param([], "", "", id="nothing"),
        pytest.param([item("Hi")], "Hi ", "Hi", id="one-word"),
        pytest.param(
            [item("Good"), item("morning"), item(".", "previous")],
            "Good morning. ",
            "Good morning.",
            id="a-mark-attaches-to-its-word",
        ),
        pytest.param([item(".", "previous")], ". ", ".", id="a-mark-alone"),
        pytest.param([item("¿", "next"), item("Sí")], "¿Sí ", "¿Sí", id="a-mark-before-a-word"),
        pytest.param(
            [item("and"), item("/", "both"), item("or")], "and/or ", "and/or", id="both-sides"
        ),
        pytest.param([item("a"), item("¿", "next")], "a ¿", "a ¿", id="glue-at-the-end"),
        pytest.param([item("a"), item("-", "none"), item("b")], "a - b ", "a - b", id="none"),
    ],
)
def test_transcript_text_follows_the_algorithm(items, final_text, partial_text):
    assert transcript_text(items, delimiter=" ", final=True) == final_text
    assert transcript_text(items, delimiter=" ", final=False) == partial_text


def test_languages_without_spaces_have_none():
    assert transcript_text([item("你"), item("好")], delimiter="", final=True) == "你好"
    message = write(final(word("你"), word("好", punctuation="。")), language="cmn")
    assert message.metadata.transcript == "你好。"


# Items ----------------------------------------------------------------------------------------


def test_a_word_with_its_mark_becomes_two_items():
    message = write(final(word("Hi", 360, 800, confidence=0.98765, punctuation="!")))
    assert msgspec.to_builtins(message)["results"] == (
        {
            "type": "word",
            "start_time": 0.36,
            "end_time": 0.8,
            "alternatives": ({"content": "Hi", "confidence": 0.99, "language": "en"},),
        },
        {
            "type": "punctuation",
            "start_time": 0.8,
            "end_time": 0.8,
            "attaches_to": "previous",
            "is_eos": True,
            "alternatives": ({"content": "!", "confidence": 1.0, "language": "en"},),
        },
    )


@pytest.mark.parametrize(
    ("punctuation", "mark", "is_eos"),
    [
        (".", ".", True),
        ("?", "?", True),
        ("!", "!", True),
        (",", ",", False),
        (";", ",", False),
        (":", ",", False),
        ("...", ".", True),
        ("…", ".", True),
        (",?", "?", True),
        ('."', ".", True),
        ("—", None, None),
        ("-", None, None),
        (")", None, None),
        ("", None, None),
    ],
)
def test_english_has_four_marks(punctuation, mark, is_eos):
    _, *marks = write(final(word("a", punctuation=punctuation))).results
    assert [(m.alternatives[0].content, m.is_eos) for m in marks] == (
        [(mark, is_eos)] if mark else []
    )


@pytest.mark.parametrize(
    ("permitted", "text"),
    [
        (["all"], "a, b. "),
        (["."], "a b. "),
        ([","], "a, b "),
        ([], "a b "),
        (["¿", "."], "a b. "),
        (["all", "."], "a, b. "),
    ],
)
def test_marks_that_are_not_permitted_are_left_out(permitted, text):
    words = (word("a", punctuation=","), word("b", 100, 200, punctuation="."))
    assert write(final(*words), permitted_marks=permitted).metadata.transcript == text


def test_speakers_are_absent_unless_asked_for_and_then_on_every_item():
    words = (word("a", punctuation="."), word("b", 100, 200, speaker="S2"))
    assert "speaker" not in str(msgspec.to_builtins(write(final(*words))))
    message = write(final(*words), speakers_wanted=True)
    assert [item.alternatives[0].speaker for item in message.results] == ["UU", "UU", "S2"]


@pytest.mark.parametrize(("confidence", "told"), [(0.985, 0.98), (1.2, 1.0), (-0.1, 0.0)])
def test_confidence_has_two_decimals_between_0_and_1(confidence, told):
    message = write(final(word("a", confidence=confidence)))
    assert message.results[0].alternatives[0].confidence == told


def test_times_are_rounded_to_hundredths_and_words_keep_a_positive_length():
    message = write(final(word("a", 1003, 1004), word("b", 1004, 1006)))
    assert [(i.start_time, i.end_time) for i in message.results] == [(1.0, 1.01), (1.01, 1.02)]


# Windows --------------------------------------------------------------------------------------


def test_the_windows_of_finals_tile_the_audio():
    w = writer()
    windows = [
        window(only(w.final(final(word("a", 100, 500), through_ms=500), partials_wanted=False))),
        window(only(w.silence(Silence(start_ms=700, end_ms=1200), partials_wanted=False))),
        window(only(w.final(final(word("b", 1300, 1500), through_ms=1480), partials_wanted=False))),
        window(only(w.final(final(through_ms=1700), partials_wanted=False))),
    ]
    assert windows == [(0.0, 0.5), (0.5, 1.2), (1.2, 1.5), (1.5, 1.7)]


def test_a_window_never_goes_backwards():
    w = writer()
    w.final(final(through_ms=2000), partials_wanted=False)
    assert window(only(w.final(final(through_ms=1000), partials_wanted=False))) == (2.0, 2.0)
    assert window(w.partial(partial(through_ms=1000))) == (2.0, 2.0)
    ended = w.end_of_utterance(TurnEnded(turn=0, at_ms=1000, confidence=1.0))
    assert (ended.metadata.start_time, ended.metadata.end_time) == (2.0, 2.0)


def test_a_partial_begins_where_the_last_final_ended_and_an_empty_one_is_a_moment():
    w = writer()
    w.final(final(word("a", 100, 500), through_ms=500), partials_wanted=True)
    assert window(w.partial(partial(word("b", 700, 900), through_ms=1000))) == (0.5, 0.9)
    assert window(w.partial(partial(through_ms=1000))) == (1.0, 1.0)


def test_silence_moves_partials_too_if_wanted():
    messages = writer().silence(Silence(start_ms=0, end_ms=1000), partials_wanted=True)
    assert [window(message) for message in messages] == [(0.0, 1.0), (1.0, 1.0)]
    assert all(message.results == () for message in messages)


words_in_time = st.lists(
    st.tuples(st.integers(0, 300), st.integers(1, 900), st.integers(0, 4)), max_size=30
).map(
    lambda spans: [
        (sum(gap + length for gap, length, _ in spans[:i]) + gap, gap, length, cut)
        for i, (gap, length, cut) in enumerate(spans)
    ]
)


@given(words_in_time)
def test_whatever_is_said_times_rise_and_windows_tile_and_every_word_is_told_once(spans):
    w = writer()
    pending, told, position = [], [], 0.0
    for number, (start_ms, _, length_ms, cut) in enumerate(spans):
        pending.append(
            word(f"w{number}", start_ms, start_ms + length_ms, punctuation=".,"[cut % 2])
        )
        if cut:
            continue
        message = only(
            w.final(final(*pending, through_ms=start_ms + length_ms), partials_wanted=False)
        )
        pending = []
        assert message.metadata.start_time == position
        for entry in message.results:
            assert entry.start_time >= position
            assert (entry.end_time > entry.start_time) == (entry.type == "word")
            position = entry.end_time
        assert message.metadata.end_time >= position
        position = message.metadata.end_time
        told += [c for c in contents(message) if c[0] == "w"]
    assert told == [f"w{i}" for i in range(len(spans) - len(pending))]


# Length ---------------------------------------------------------------------------------------


def test_a_very_long_final_becomes_several_each_followed_by_a_partial():
    n_words = 2 * MAX_WORDS + 7
    words = [word(f"w{i}", i * 100, i * 100 + 90, punctuation=".") for i in range(n_words)]
    messages = writer().final(
        final(*words, through_ms=n_words * 100, forced=True), partials_wanted=True
    )
    names = [type(message).__name__ for message in messages]
    assert names == ["AddTranscript", "AddPartialTranscript"] * 2 + ["AddTranscript"]
    finals = messages[::2]
    assert [c for m in finals for c in contents(m) if c != "."] == [w.text for w in words]
    assert all(m.metadata.end_time == n.metadata.start_time for m, n in itertools.pairwise(finals))
    assert all(len(msgspec.json.encode(message)) < 300_000 for message in messages)
    assert messages[1].results[0].alternatives[0].content == f"w{MAX_WORDS}"
