import pytest

from crossfade.dialects.speechmatics.hearing import TranscriptReader
from speechmatics_words import Writer, contents, final, said, text, word


def test_a_word_with_its_mark_becomes_two_items():
    message = Writer().final(word("Hi", 360, 800, confidence=0.98765, punctuation="!"))
    assert message["results"] == [
        {
            "type": "word",
            "start_time": 0.36,
            "end_time": 0.8,
            "alternatives": [{"content": "Hi", "confidence": 0.99, "language": "en"}],
        },
        {
            "type": "punctuation",
            "start_time": 0.8,
            "end_time": 0.8,
            "attaches_to": "previous",
            "is_eos": True,
            "alternatives": [{"content": "!", "confidence": 1.0, "language": "en"}],
        },
    ]


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
    message = Writer().final(word("a", punctuation=punctuation))
    marks = [(m["alternatives"][0]["content"], m["is_eos"]) for m in message["results"][1:]]
    assert marks == ([(mark, is_eos)] if mark else [])


@pytest.mark.parametrize(
    ("permitted", "transcript"),
    [
        (["all"], "a, b. "),
        (["."], "a b. "),
        ([","], "a, b "),
        ([], "a b "),
        (["¿", "."], "a b. "),
        (["all", "."], "a, b. "),
    ],
)
def test_marks_that_are_not_permitted_are_left_out(permitted, transcript):
    writer = Writer(punctuation_overrides={"permitted_marks": permitted})
    assert text(writer.final(*said("a, b."))) == transcript


@pytest.mark.parametrize(
    ("language", "punctuation", "items"),
    [("ja", "。", ["a", "。"]), ("ja", ".", ["a"]), ("hi", "।", ["a", "।"]), ("hi", ".", ["a"])],
)
def test_other_languages_have_marks_of_their_own(language, punctuation, items):
    message = Writer(language=language).final(word("a", punctuation=punctuation))
    assert contents(message) == items


def test_what_is_written_from_right_to_left_says_so():
    message = Writer(language="ar").final(word("\u0646\u0639\u0645", punctuation="."))
    assert [item["alternatives"][0]["display"] for item in message["results"]] == [
        {"direction": "rtl"},
        {"direction": "rtl"},
    ]


@pytest.mark.parametrize("diarization", ["none", "speaker"])
def test_speakers_are_absent_unless_asked_for_and_then_on_every_item(diarization):
    words = (word("a", punctuation="."), word("b", 100, 200, speaker="S2"))
    message = Writer(diarization=diarization).final(*words)
    speakers = [item["alternatives"][0].get("speaker") for item in message["results"]]
    assert speakers == (["UU", "UU", "S2"] if diarization == "speaker" else [None] * 3)


@pytest.mark.parametrize(("confidence", "told"), [(0.985, 0.98), (1.2, 1.0), (-0.1, 0.0)])
def test_confidence_has_two_decimals_between_0_and_1(confidence, told):
    message = Writer().final(word("a", confidence=confidence))
    assert message["results"][0]["alternatives"][0]["confidence"] == told


def test_times_are_rounded_to_hundredths_and_words_keep_a_positive_length():
    message = Writer().final(word("a", 1003, 1004), word("b", 1004, 1006))
    times = [(item["start_time"], item["end_time"]) for item in message["results"]]
    assert times == [(1.0, 1.01), (1.01, 1.02)]


# Tags and volume ------------------------------------------------------------------------------


def test_hesitations_and_profanities_are_tagged_and_other_words_are_not():
    message = Writer().final(*said("Um, that is bullshit, uh-huh."))
    tags = {
        item["alternatives"][0]["content"]: item["alternatives"][0].get("tags")
        for item in message["results"]
        if item["type"] == "word"
    }
    assert tags == {
        "Um": ["disfluency"],
        "that": None,
        "is": None,
        "bullshit": ["profanity"],
        "uh-huh": ["disfluency"],
    }


def test_words_of_other_languages_are_not_judged_by_english_lists():
    message = Writer(language="de").final(*said("um ehm arse"))
    assert not any("tags" in item["alternatives"][0] for item in message["results"])


@pytest.mark.parametrize(
    ("config", "volume", "told"),
    [
        ({}, 41.267, None),
        ({"audio_filtering_config": {}}, 41.267, 41.27),
        ({"audio_filtering_config": {"volume_threshold": 0.0}}, 0.0, 0.0),
        ({"audio_filtering_config": {}}, 100.4, 100.0),
        ({"audio_filtering_config": {}}, None, None),
    ],
)
def test_words_have_a_volume_if_filtering_is_configured_and_marks_have_none(config, volume, told):
    spoken, mark = Writer(**config).final(word("a", punctuation=".", volume=volume))["results"]
    assert spoken.get("volume") == told
    assert "volume" not in mark


# Entities -------------------------------------------------------------------------------------


def test_an_entity_shows_what_was_said_and_what_was_written():
    writer = Writer(enable_entities=True, max_delay_mode="fixed", audio_filtering_config={})
    words = (
        word("$20", 3000, 3400, confidence=0.97, volume=40.0),
        word("million", 3400, 3900, confidence=0.9, volume=49.0, punctuation="."),
    )
    entity, mark = writer.final(*words)["results"]
    spoken = [
        (form["alternatives"][0]["content"], form["start_time"], form["end_time"])
        for form in entity["spoken_form"]
    ]
    written = [
        (form["alternatives"][0]["content"], form["start_time"], form["end_time"])
        for form in entity["written_form"]
    ]
    assert (entity["type"], entity["entity_class"]) == ("entity", "money")
    assert (entity["start_time"], entity["end_time"], entity["volume"]) == (3.0, 3.9, 45.0)
    assert entity["alternatives"][0] == {
        "content": "$20 million",
        "confidence": 0.9,
        "language": "en",
    }
    assert spoken == [("twenty", 3.0, 3.27), ("million", 3.27, 3.59), ("dollars", 3.59, 3.9)]
    assert written == [("$20", 3.0, 3.4), ("million", 3.4, 3.9)]
    assert (mark["type"], mark["start_time"]) == ("punctuation", 3.9)


def test_without_entities_the_written_words_come_as_words():
    message = Writer().final(*said("It costs $20 million."))
    assert [item["type"] for item in message["results"]] == ["word"] * 4 + ["punctuation"]
    assert text(message) == "It costs $20 million. "


@pytest.mark.parametrize(("marks", "date"), [(["all"], "May 5, 2020"), (["."], "May 5 2020")])
def test_a_mark_inside_an_entity_is_part_of_it_if_it_is_permitted(marks, date):
    writer = Writer(
        enable_entities=True,
        max_delay_mode="fixed",
        punctuation_overrides={"permitted_marks": marks},
    )
    message = writer.final(*said("On May 5, 2020."))
    assert contents(message) == ["On", date, "."]


def test_the_items_of_an_entity_name_its_speaker():
    writer = Writer(enable_entities=True, max_delay_mode="fixed", diarization="speaker")
    [entity, *_] = writer.final(*said("3:15 p.m.", speaker="S1"))["results"]
    forms = [entity, *entity["spoken_form"], *entity["written_form"]]
    assert {form["alternatives"][0]["speaker"] for form in forms} == {"S1"}


def test_other_languages_have_no_entities():
    message = Writer(language="de", enable_entities=True).final(*said("20 million"))
    assert [item["type"] for item in message["results"]] == ["word", "word"]


# And back -------------------------------------------------------------------------------------


def test_a_client_hears_the_words_of_an_entity_one_by_one():
    writer = Writer(enable_entities=True, max_delay_mode="fixed", audio_filtering_config={})
    words = said("On May 5, 2020, we paid $20 million.", volume=40.0)
    [message] = writer.writer.tell(final(*words))
    heard = TranscriptReader().final(message)
    assert heard.words == words
