import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.dialects.speechmatics.messages import Alternative, Item
from crossfade.dialects.speechmatics.transcripts import MAX_WORDS, transcript_text
from crossfade.model import Silence, TurnEnded
from speechmatics_words import Writer, contents, final, kinds, partial, said, text, window, word


def ended(at_ms, *, forced=False):
    return TurnEnded(turn=0, at_ms=at_ms, confidence=1.0, forced=forced)


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
    message = Writer(language="cmn").final(word("你"), word("好", 100, 200, punctuation="。"))
    assert text(message) == "你好。"


# Windows --------------------------------------------------------------------------------------


def test_the_windows_of_finals_tile_the_audio():
    messages = Writer().tell(
        final(word("a", 100, 500), through_ms=500),
        Silence(start_ms=700, end_ms=1200),
        final(word("b", 1300, 1500), through_ms=1480),
        final(through_ms=1700),
    )
    assert [window(m) for m in messages] == [(0.0, 0.5), (0.5, 1.2), (1.2, 1.5), (1.5, 1.7)]


def test_a_window_never_goes_backwards():
    writer = Writer(
        enable_partials=True, conversation_config={"end_of_utterance_silence_trigger": 0.5}
    )
    messages = writer.tell(
        *(final(through_ms=2000), partial(through_ms=2000)),
        *(final(through_ms=1000), partial(through_ms=1000), ended(1000)),
    )
    assert [window(m) for m in messages[2:]] == [(2.0, 2.0)] * 3


def test_a_partial_begins_where_the_last_final_ended_and_an_empty_one_is_a_moment():
    writer = Writer(enable_partials=True)
    _, open_words, nothing = writer.tell(
        final(word("a", 100, 500), through_ms=500),
        partial(word("b", 700, 900), through_ms=1000),
        partial(through_ms=1000),
    )
    assert (window(open_words), window(nothing)) == ((0.5, 0.9), (1.0, 1.0))


@pytest.mark.parametrize("partials", [False, True])
def test_silence_is_an_empty_final_and_an_empty_partial_if_they_are_wanted(partials):
    messages = Writer(enable_partials=partials).tell(Silence(start_ms=0, end_ms=1000))
    assert kinds(messages) == ["AddTranscript", "AddPartialTranscript"][: 1 + partials]
    assert [window(message) for message in messages] == [(0.0, 1.0), (1.0, 1.0)][: 1 + partials]
    assert all(message["results"] == [] for message in messages)


def test_partials_are_not_sent_while_they_are_off():
    assert Writer().tell(partial(*said("Hello there"))) == []


def test_a_forced_end_is_marked_on_all_that_belongs_to_it():
    writer = Writer(enable_partials=True)
    messages = writer.tell(
        *(final(*said("Hello."), forced=True), partial(), ended(900, forced=True)),
        *(final(*said("Bye.", at_ms=1000)), partial()),
    )
    assert [message.get("forced") for message in messages] == [True] * 3 + [None] * 2


def test_an_end_of_utterance_is_told_only_to_those_who_asked():
    asked = Writer(conversation_config={"end_of_utterance_silence_trigger": 0.5})
    assert kinds(asked.tell(ended(900))) == ["EndOfUtterance"]
    assert Writer().tell(ended(900)) == []
    assert kinds(Writer().tell(ended(900, forced=True))) == ["EndOfUtterance"]


words_in_time = st.lists(
    st.tuples(
        st.sampled_from(["one", "Um", "uh", "$20", "million", "May", "5", "2020", "2:30", "xx"]),
        st.sampled_from(["", "", ",", ".", "?"]),
        st.integers(0, 300),
        st.integers(1, 900),
        st.sampled_from(["", "", "final", "final", "turn", "silence", "forced"]),
    ),
    max_size=40,
)
configurations = st.fixed_dictionaries(
    {},
    optional={
        "enable_partials": st.booleans(),
        "enable_entities": st.booleans(),
        "max_delay_mode": st.sampled_from(["flexible", "fixed"]),
        "diarization": st.sampled_from(["none", "speaker"]),
        "audio_filtering_config": st.just({}),
        "transcript_filtering_config": st.fixed_dictionaries(
            {},
            optional={
                "remove_disfluencies": st.booleans(),
                "replacements": st.just([{"from": "xx", "to": ""}, {"from": "/n(e)/", "to": "$1"}]),
            },
        ),
        "conversation_config": st.just({"end_of_utterance_silence_trigger": 0.5}),
    },
)


@given(configurations, words_in_time)
def test_whatever_is_said_messages_keep_the_schema_and_the_order(config, spoken):
    """The writer of the tests holds each message to both: windows tile, times rise, ..."""
    writer = Writer(**config)
    pending, at_ms = [], 0
    for content, mark, gap_ms, length_ms, then in spoken:
        start_ms, at_ms = at_ms + gap_ms, at_ms + gap_ms + length_ms
        pending.append(word(content, start_ms, at_ms, punctuation=mark, volume=40.0))
        writer.tell(partial(*pending, through_ms=at_ms))
        if then:
            is_forced = then == "forced"
            writer.tell(final(*pending, through_ms=at_ms, forced=is_forced), partial())
            pending = []
        if then in ("turn", "forced"):
            writer.tell(ended(at_ms, forced=is_forced))
        if then == "silence":
            writer.tell(Silence(start_ms=at_ms, end_ms=at_ms + 500))
            at_ms += 500
    writer.tell(final(*pending, through_ms=at_ms), partial(through_ms=at_ms))
    writer.finish()
    if not config.get("transcript_filtering_config"):
        finals = [m for m in writer.rules.heard if m["message"] == "AddTranscript"]
        told = "".join(map(text, finals)).translate(str.maketrans("", "", ".,?"))
        assert told.split() == [content for content, *_ in spoken]


# Length ---------------------------------------------------------------------------------------


def test_a_very_long_final_becomes_several_each_followed_by_a_partial():
    n_words = 2 * MAX_WORDS + 7
    words = [word(f"w{i}", i * 100, i * 100 + 90, punctuation=".") for i in range(n_words)]
    writer = Writer(enable_partials=True)
    messages = writer.tell(final(*words, through_ms=n_words * 100, forced=True))
    assert kinds(messages) == ["AddTranscript", "AddPartialTranscript"] * 2 + ["AddTranscript"]
    finals = messages[::2]
    assert [c for m in finals for c in contents(m) if c != "."] == [w.text for w in words]
    assert all(window(m)[1] == window(n)[0] for m, n in itertools.pairwise(finals))
    assert contents(messages[1])[0] == f"w{MAX_WORDS}"


def test_a_final_of_nothing_but_long_numbers_stays_far_below_1_mib():
    words = [word("123456789012345", i * 900, i * 900 + 800, speaker="S1") for i in range(300)]
    messages = Writer(enable_entities=True, diarization="speaker").tell(final(*words, forced=True))
    assert max(len(msgspec.json.encode(message)) for message in messages) < 700_000
