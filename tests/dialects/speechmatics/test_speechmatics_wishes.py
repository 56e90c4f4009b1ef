"""What a client may wish for its words: what is honoured, noted, refused. Section 8."""

import pytest

from crossfade.model import Reconfigure

RAW = {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16000}


def start_message(*, also=None, **config):
    config = {"language": "en"} | config
    message = {"message": "StartRecognition", "audio_format": RAW, "transcription_config": config}
    return message | (also or {})


def config_of(connection, **config):
    [start] = connection.start(**config)
    return start.config


EVERYTHING = start_message(
    enable_entities=True,
    domain="medical",
    output_locale="en-GB",
    audio_filtering_config={},
    transcript_filtering_config={
        "remove_disfluencies": True,
        "replacements": [{"from": "a", "to": "b"}],
    },
    punctuation_overrides={"sensitivity": 0.9},
    streaming_mode=True,
    speaker_diarization_config={"speaker_sensitivity": 0.5, "shoe_size": 43},
    also={
        "type": "transcription",
        "translation_config": {"target_languages": ["de"], "enable_partials": True},
        "audio_events_config": {"types": ["music"]},
        "extra": {"a": 1},
        "audio_format": RAW | {"channels": 1},
    },
)
DONE_WITHOUT = {
    "transcription_config.domain",
    "transcription_config.output_locale",
    "transcription_config.punctuation_overrides.sensitivity",
    "translation_config",
    "audio_events_config",
}
UNKNOWN = {
    "transcription_config.streaming_mode",
    "transcription_config.speaker_diarization_config.shoe_size",
    "extra",
    "audio_format.channels",
}


def test_what_is_accepted_without_effect_is_noted_and_nothing_else_is(connection):
    connection.say(EVERYTHING)
    *notes, unknown = connection.server.notes
    assert {note.partition(": ")[0] for note in notes} == DONE_WITHOUT
    assert unknown == "4 unknown fields: no effect", "the log has no name that a client chose"


def test_strict_parameters_refuse_all_of_it_by_name(strict_connection):
    kind, code, _, reason = strict_connection.refused_as(EVERYTHING)
    assert (kind, code) == ("invalid_config", 1003)
    assert all(f"{path}: " in reason for path in DONE_WITHOUT | UNKNOWN)


@pytest.mark.parametrize("path", ["domain", "output_locale", "streaming_mode"])
def test_strict_parameters_refuse_each_of_it(strict_connection, path):
    kind, _, _, reason = strict_connection.refused_as(start_message(**{path: "x"}))
    assert (kind, reason.partition(": ")[0]) == ("invalid_config", f"transcription_config.{path}")


def test_strict_parameters_accept_what_is_honoured(strict_connection):
    assert strict_connection.start(
        enable_entities=True,
        enable_partials=True,
        max_delay_mode="fixed",
        audio_filtering_config={"volume_threshold": 3.4},
        transcript_filtering_config={
            "remove_disfluencies": True,
            "replacements": [{"from": "/a/", "to": "b"}],
        },
        punctuation_overrides={"permitted_marks": [".", "?"]},
        additional_vocab=["a"],
    )


def test_unknown_fields_are_refused_in_measure(strict_connection):
    unknown = {"y" * 1000: 1} | {f"x{n}": n for n in range(50)}
    *_, reason = strict_connection.refused_as(start_message(**unknown))
    assert reason.count(": unknown, no effect") == 10
    assert len(reason) < 1000


@pytest.mark.parametrize("field", ["enable_entities", "transcript_filtering_config"])
def test_what_is_known_of_english_only_is_noted_for_other_languages(connection, field):
    wish = {"remove_disfluencies": True} if field == "transcript_filtering_config" else True
    connection.start(language="de", **{field: wish})
    assert [note.partition(": ")[0].startswith(f"transcription_config.{field}")
            for note in connection.server.notes] == [True]  # fmt: skip


# Volume ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "wanted", "threshold"),
    [
        ({}, False, 0.0),
        ({"audio_filtering_config": {}}, True, 0.0),
        ({"audio_filtering_config": {"volume_threshold": 12.5}}, True, 12.5),
        ({"audio_filtering_config": None}, False, 0.0),
    ],
)
def test_a_filter_even_an_empty_one_asks_for_the_volume_of_words(
    connection, config, wanted, threshold
):
    asked = config_of(connection, **config)
    assert (asked.volume_wanted, asked.volume_threshold) == (wanted, threshold)


def test_the_filter_may_change_during_a_session(connect):
    connection = connect()
    change = {"audio_filtering_config": {"volume_threshold": 5}}
    [command] = connection.say(
        {"message": "SetRecognitionConfig", "transcription_config": change}
    )  # fmt: skip
    assert isinstance(command, Reconfigure)
    assert (command.volume_wanted, command.volume_threshold) == (True, 5.0)


# Values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "config", "limit"),
    [
        ("max_delay_mode", {"max_delay_mode": "strict"}, "expected one of flexible, fixed"),
        (
            "diarization",
            {"diarization": "speaker_change"},
            "expected one of none, speaker, channel, channel_and_speaker",
        ),
        (
            "audio_filtering_config.volume_threshold",
            {"audio_filtering_config": {"volume_threshold": 100.5}},
            "<= 100",
        ),
        (
            "conversation_config.end_of_utterance_silence_trigger",
            {"conversation_config": {"end_of_utterance_silence_trigger": 2.5}},
            "<= 2",
        ),
        (
            "punctuation_overrides.sensitivity",
            {"punctuation_overrides": {"sensitivity": 2}},
            "<= 1",
        ),
        (
            "speaker_diarization_config.max_speakers",
            {"speaker_diarization_config": {"max_speakers": 1}},
            ">= 2",
        ),
        ("additional_vocab", {"additional_vocab": ["a"] * 1001}, "<= 1000"),
    ],
)
def test_a_reason_names_the_field_and_its_limit(connection, field, config, limit):
    _, _, _, reason = connection.refused_as(start_message(**config))
    assert reason.startswith(f"transcription_config.{field}: ")
    assert limit in reason


@pytest.mark.parametrize(
    ("audio_format", "reason"),
    [
        ({"type": "tape"}, "audio_format.type: expected one of raw, file"),
        (
            {"type": "raw", "encoding": "pcm_s24le", "sample_rate": 8000},
            "audio_format.encoding: expected one of pcm_f32le, pcm_s16le, mulaw",
        ),
    ],
)
def test_a_bad_format_is_told_what_there_is(connection, audio_format, reason):
    message = start_message() | {"audio_format": audio_format}
    assert connection.refused_as(message)[3] == reason


@pytest.mark.parametrize("mark", ["", "..", "ALL", "all ", "a\n"])
def test_a_permitted_mark_is_one_character_or_all(connection, mark):
    message = start_message(punctuation_overrides={"permitted_marks": [".", mark]})
    kind, _, _, reason = connection.refused_as(message)
    assert kind == "invalid_config"
    assert reason.startswith("transcription_config.punctuation_overrides.permitted_marks[1]: ")


@pytest.mark.parametrize("marks", [[], ["all"], [".", "¿", "。"]])
def test_permitted_marks_may_be_none_all_or_of_another_language(connection, marks):
    assert connection.start(punctuation_overrides={"permitted_marks": marks})


def test_a_malformed_replacement_is_invalid_config_and_says_which(connection):
    rules = [{"from": "a", "to": "b"}, {"from": "/(/", "to": ""}]
    message = start_message(transcript_filtering_config={"replacements": rules})
    kind, code, close_reason, reason = connection.refused_as(message)
    assert (kind, code, close_reason) == ("invalid_config", 1003, "invalid_config")
    path = "transcription_config.transcript_filtering_config.replacements[1].from"
    assert reason.startswith(f"{path}: SyntaxError: ")


def test_every_default_is_the_vendors(connection):
    wire = config_of(connection)
    assert (wire.max_delay_ms, wire.partials_wanted, wire.volume_wanted) == (4000, False, False)
    plan = connection.server._replies.plan.wire
    assert plan.max_delay_mode == "flexible"
    assert plan.enable_entities is False
    assert plan.punctuation_overrides.permitted_marks == ("all",)
    assert plan.punctuation_overrides.sensitivity == 0.5
    assert plan.transcript_filtering_config.remove_disfluencies is False
    assert plan.effective_model == "standard"


# The dictionary -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "dropped"),
    [
        ("a b c d e f", None),
        ("a b c d e f g", "[1]"),
        ("x" * 4000, None),
        ("x" * 4001, "[1]"),
        ({"content": "a b c d e f g"}, "[1]"),
        ({"content": "a", "sounds_like": ["b", "a b c d e f g"]}, "[1].sounds_like[1]"),
        ({"content": "a", "sounds_like": ["x" * 4001]}, "[1].sounds_like[0]"),
    ],
)
def test_entries_that_are_too_long_are_dropped_with_a_warning_before_the_start(
    connection, entry, dropped, started
):
    connection.start(additional_vocab=["ok", entry])
    said = connection.hear(started)
    names = [message["message"] for message in said]
    if dropped is None:
        assert "Warning" not in names
        return
    warning = said[names.index("Warning")]
    assert names.index("Warning") < names.index("RecognitionStarted")
    assert warning["type"] == "validation_warning"
    assert warning["reason"].endswith(f": {dropped}")
    assert "6 words" in warning["reason"]
    assert "4000 characters" in warning["reason"]


def test_many_dropped_entries_are_one_warning(connection, started):
    connection.start(additional_vocab=["a b c d e f g"] * 1000)
    warnings = [m for m in connection.hear(started) if m["message"] == "Warning"]
    assert len(warnings) == 1
    assert "1000 dropped" in warnings[0]["reason"]
    assert len(warnings[0]["reason"]) < 500
