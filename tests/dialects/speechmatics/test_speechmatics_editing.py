"""What a client has done to its words: section 13.6, and the waiting of section 12.3."""

import pytest

from crossfade.model import Silence, TurnEnded
from speechmatics_words import Writer, contents, final, kinds, partial, said, text, window, word


def transcript(spoken, **filtering):
    writer = Writer(transcript_filtering_config=filtering)
    return text(writer.final(*said(spoken)))


def replaced(spoken, *rules):
    return transcript(spoken, replacements=[{"from": a, "to": b} for a, b in rules])


# Hesitations ----------------------------------------------------------------------------------


def test_hesitations_stay_unless_they_are_to_be_removed():
    assert transcript("Um, I think.") == "Um, I think. "
    assert transcript("Um, I think.", remove_disfluencies=True) == "I think. "


def test_a_capital_moves_on_to_the_next_final():
    writer = Writer(transcript_filtering_config={"remove_disfluencies": True})
    assert [text(m) for m in writer.tell(final(*said("Um,")), final(*said("well yes")))] == [
        "",
        "Well yes ",
    ]


def test_partials_are_treated_like_finals_and_change_nothing():
    writer = Writer(enable_partials=True, transcript_filtering_config={"remove_disfluencies": True})
    words = said("Um, well, er")
    messages = writer.tell(partial(*words[:1]), partial(*words), final(*words), partial())
    assert [text(message) for message in messages] == ["", "Well,", "Well, ", ""]


def test_a_final_of_nothing_but_hesitation_is_an_empty_window():
    writer = Writer(transcript_filtering_config={"remove_disfluencies": True})
    message = writer.final(*said("Uh-huh."), through_ms=700)
    assert (message["results"], window(message)) == ([], (0.0, 0.7))


# Replacements ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "written"),
    [
        ([("cat", "dog")], "The dog, the Cat. "),
        ([("/cat/i", "dog")], "The dog, the dog. "),
        ([("/(c)at/", "$1ow")], "The cow, the Cat. "),
        ([("the", "")], "The cat, Cat. "),
        ([("The", "")], "Cat, the Cat. "),
        ([("Cat", "")], "The cat, the. "),
        ([("cat,", "dog")], "The cat, the Cat. "),
    ],
)
def test_words_are_replaced_whole_and_without_their_marks(rules, written):
    assert replaced("The cat, the Cat.", *rules) == written


def test_words_are_replaced_in_partials_too():
    rules = [{"from": "cat", "to": "dog"}]
    writer = Writer(enable_partials=True, transcript_filtering_config={"replacements": rules})
    [message] = writer.tell(partial(*said("A cat")))
    assert text(message) == "A dog"


def test_a_tag_tells_of_the_word_as_it_is_sent():
    rules = [{"from": "bullshit", "to": "nonsense"}]
    writer = Writer(transcript_filtering_config={"replacements": rules})
    message = writer.final(*said("bullshit"))
    assert message["results"][0]["alternatives"][0] == {
        "content": "nonsense",
        "confidence": 0.9,
        "language": "en",
    }


# Waiting for the rest of an entity ------------------------------------------------------------


def waiting(**config):
    return Writer(enable_entities=True, enable_partials=True, **config)


def tell_in_two_finals(writer):
    first, second = said("pay $20"), said("million now", at_ms=900)
    return writer.tell(final(*first), partial(), final(*second), partial())


def test_a_number_waits_for_the_rest_of_its_entity():
    messages = tell_in_two_finals(waiting())
    finals = [contents(m) for m in messages if m["message"] == "AddTranscript"]
    assert finals == [["pay"], ["$20 million", "now"]]
    assert contents(messages[1]) == ["$20"]


@pytest.mark.parametrize(
    "config", [{"max_delay_mode": "fixed"}, {"enable_entities": False}, {"language": "de"}]
)
def test_nothing_waits_in_fixed_mode_or_without_entities(config):
    writer = Writer(**({"enable_entities": True, "enable_partials": True} | config))
    finals = [m for m in tell_in_two_finals(writer) if m["message"] == "AddTranscript"]
    assert [contents(m) for m in finals] == [["pay", "$20"], ["million", "now"]]


def test_a_partial_that_shows_another_word_ends_the_wait():
    writer = waiting()
    messages = writer.tell(
        *(final(*said("It costs $20")), partial(*said("million", at_ms=900))),
        partial(*said("for lunch", at_ms=900)),
    )
    assert kinds(messages) == ["AddTranscript", "AddPartialTranscript"] * 2
    assert list(map(contents, messages)) == [
        ["It", "costs"],
        ["$20 million"],
        ["$20"],
        ["for", "lunch"],
    ]
    assert window(messages[2]) == (0.6, 0.8)


@pytest.mark.parametrize(
    ("event", "then"),
    [
        (
            Silence(start_ms=1000, end_ms=2000),
            ["AddTranscript", "AddPartialTranscript", "AddTranscript", "AddPartialTranscript"],
        ),
        (
            TurnEnded(turn=0, at_ms=1500, confidence=1.0),
            ["AddTranscript", "AddPartialTranscript", "EndOfUtterance"],
        ),
    ],
)
def test_silence_and_the_end_of_an_utterance_end_the_wait(event, then):
    writer = waiting(conversation_config={"end_of_utterance_silence_trigger": 0.5})
    writer.tell(final(*said("It costs $20")), partial())
    messages = writer.tell(event)
    assert kinds(messages) == then
    assert contents(messages[0]) == ["$20"]


def test_a_forced_end_does_not_wait():
    messages = waiting().tell(final(*said("It costs $20"), forced=True), partial())
    assert contents(messages[0]) == ["It", "costs", "$20"]


def test_the_end_of_the_stream_ends_the_wait():
    writer = waiting()
    writer.tell(final(*said("$20")), partial())
    messages = writer.finish()
    assert kinds(messages) == ["AddTranscript", "AddPartialTranscript"]
    assert contents(messages[0]) == ["$20"]
    assert writer.finish() == []


def test_no_word_waits_longer_than_two_seconds_over_max_delay():
    writer = waiting(max_delay=1)
    writer.tell(final(word("$20", 0, 500)), partial())
    assert kinds(writer.tell(partial(through_ms=3499))) == ["AddPartialTranscript"]
    assert kinds(writer.tell(partial(through_ms=3500))) == ["AddTranscript", "AddPartialTranscript"]


def test_a_change_to_fixed_mode_ends_the_wait_with_the_next_final():
    writer = waiting()
    writer.tell(final(*said("$20")), partial())
    changed = Writer(enable_entities=True, enable_partials=True, max_delay_mode="fixed")
    writer.writer.change(changed.wire)
    messages = writer.tell(final(*said("million", at_ms=900)), partial())
    assert contents(messages[0]) == ["$20 million"]
