"""Parameters: what is accepted, and the sentence for what is not."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.dialects.assemblyai import DIALECT, parameters
from crossfade.dialects.assemblyai.errors import InputError
from crossfade.dialects.assemblyai.models import MODELS, find_model
from crossfade.dialects.assemblyai.parameters import Parameters, from_query, updated
from crossfade.dialects.assemblyai.presets import endpointing, mode, turn_settings
from crossfade.dialects.base import DialectSettings, Handshake
from crossfade.errors import ConfigError, ProtocolError
from crossfade.model import (
    ConfidenceEndpointing,
    ContainerAudio,
    Encoding,
    KeyTerm,
    PacketAudio,
    PunctuationEndpointing,
    RawAudio,
    SessionLimits,
)


def open_with(*pairs, **settings):
    server = DIALECT.server(DialectSettings(**settings))
    (start,) = server.open(Handshake(path="/v3/ws", query=pairs))
    return server, start


def config_of(*pairs):
    return open_with(*pairs)[1].config


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("sample_rate", "7000", "Value error, sample_rate must be at least 8,000 Hz"),
        ("sample_rate", "96001", "Value error, sample_rate must be at most 96,000 Hz"),
        (
            "sample_rate",
            "fast",
            "Input should be a valid integer, unable to parse string as an integer",
        ),
        ("encoding", "flac", "Value error, 'flac' is not a valid Encoding"),
        ("mode", "fast", "Input should be 'min_latency', 'balanced' or 'max_accuracy'"),
        ("domain", "law", "Input should be 'medical-v1'"),
        ("redact_pii_sub", "stars", "Input should be 'hash' or 'entity_name'"),
        ("voice_focus", "mid", "Input should be 'near-field' or 'far-field'"),
        (
            "prompt",
            "x" * 1751,
            "Value error, prompt exceeds maximum length of 1750 characters (got 1751)",
        ),
        (
            "agent_context",
            "x" * 1800,
            "Value error, agent_context exceeds maximum length of 1750 characters (got 1800)",
        ),
        (
            "keyterms_prompt",
            msgspec.json.encode(["x"] * 101).decode(),
            "Value error, Max 100 items",
        ),
        ("keyterms_prompt", "Crossfade", "Value error, Invalid JSON array"),
        ("keyterms_prompt", '{"a":1}', "Value error, Invalid JSON array"),
        ("keyterms_prompt", "[" * 100_000, "Value error, Invalid JSON array"),
        (
            "end_of_turn_confidence_threshold",
            "1.1",
            "Input should be less than or equal to 1",
        ),
        ("vad_threshold", "-0.1", "Input should be greater than or equal to 0"),
        (
            "vad_threshold",
            "loud",
            "Input should be a valid number, unable to parse string as a number",
        ),
        (
            "vad_threshold",
            "nan",
            "Input should be a valid number, unable to parse string as a number",
        ),
        ("max_turn_silence", "0", "Input should be greater than or equal to 1"),
        ("max_turn_silence", "60001", "Input should be less than or equal to 60000"),
        ("interruption_delay", "1001", "Input should be less than or equal to 1000"),
        ("previous_context_n_turns", "101", "Input should be less than or equal to 100"),
        ("max_speakers", "11", "Input should be less than or equal to 10"),
        (
            "speaker_labels_revision_interval_ms",
            "86400001",
            "Input should be less than or equal to 86400000",
        ),
        ("inactivity_timeout", "4", "Input should be greater than or equal to 5"),
        ("inactivity_timeout", "3601", "Input should be less than or equal to 3600"),
        (
            "format_turns",
            "perhaps",
            "Input should be a valid boolean, unable to interpret input",
        ),
        ("llm_gateway", "[]", "Value error, Invalid JSON object"),
        ("voice_focus_threshold", "0.5", "Value error, voice_focus_threshold requires voice_focus"),
    ],
)
def test_a_value_that_breaks_its_rule_is_refused_in_the_vendors_words(name, value, complaint):
    server = DIALECT.server(DialectSettings())
    with pytest.raises(ProtocolError) as caught:
        server.open(Handshake(path="/v3/ws", query=((name, value),)))
    refusal = server.refuse(caught.value)
    said = msgspec.json.decode(refusal.frames[-1])
    assert said == {
        "type": "Error",
        "error_code": 3006,
        "error": f"User Input Validation Error: Invalid '{name}': {complaint}",
    }
    assert refusal.goodbye.code == 3006
    assert refusal.http_status is None


@pytest.mark.parametrize("name", ["language_codes", "language_code"])
def test_the_offending_element_of_a_list_is_named_by_its_position(name):
    with pytest.raises(InputError, match=rf"Invalid '{name}\.1': Input should be 'en', 'es'"):
        from_query([(name, '["en","klingon"]')])


def test_many_languages_stand_alone():
    assert from_query([("language_codes", "multi")]).language_codes == ("multi",)
    with pytest.raises(InputError, match="'multi' cannot be combined"):
        from_query([("language_codes", '["multi","en"]')])


def test_the_first_of_several_bad_parameters_is_reported():
    with pytest.raises(InputError, match="max_speakers"):
        from_query([("max_speakers", "11"), ("sample_rate", "1")])


@pytest.mark.parametrize("yes", ["true", "True", "TRUE", "1", "yes", "on", "t", "Y"])
@pytest.mark.parametrize("no", ["false", "False", "FALSE", "0", "no", "off", "f", "N"])
def test_booleans_come_in_any_case_and_many_words(yes, no):
    assert from_query([("format_turns", yes)]).format_turns is True
    assert from_query([("format_turns", no)]).format_turns is False


def test_unknown_and_misspelled_names_are_ignored():
    query = [("speechModel", "x"), ("foo", "1"), ("formatted_finals", "true"), ("token", "t")]
    assert from_query(query) == Parameters()


@pytest.mark.parametrize("name", sorted(set(Parameters.__struct_fields__) | {"keyterms"}))
def test_an_empty_value_counts_as_absent(name):
    assert from_query([(name, "")]) == Parameters()


def test_the_last_of_a_repeated_value_counts_and_a_repeated_list_is_a_list():
    query = [("sample_rate", "8000"), ("sample_rate", "48000.0")]
    query += [("keyterms_prompt", "Ann"), ("keyterms_prompt", "Bob")]
    read = from_query(query)
    assert read.sample_rate == 48_000
    assert read.keyterms_prompt == ("Ann", "Bob")


@pytest.mark.parametrize("swapped", [False, True])
def test_a_new_name_wins_over_its_old_one(swapped):
    query = [("min_end_of_turn_silence_when_confident", "700"), ("min_turn_silence", "900")]
    assert from_query(query[::-1] if swapped else query).min_turn_silence == 900
    assert from_query(query[:1]).min_turn_silence == 700


def test_key_terms_that_are_too_long_are_passed_over():
    terms = msgspec.json.encode(["Crossfade", "x" * 51, "x" * 50]).decode()
    assert config_of(("keyterms_prompt", terms)).keyterms == (
        KeyTerm(text="Crossfade"),
        KeyTerm(text="x" * 50),
    )


def test_policies_come_as_json_or_with_commas():
    for value in ('["person_name","url"]', "person_name, url"):
        read = from_query([("redact_pii_policies", value)])
        assert read.redact_pii_policies == ("person_name", "url")


def test_every_parameter_has_a_rule_and_every_rule_a_parameter():
    assert set(parameters._READERS) == set(Parameters.__struct_fields__)
    assert set(parameters._READERS) >= parameters._UPDATABLE
    assert set(parameters._ALIASES.values()) <= set(parameters._READERS)


_NAMES = st.sampled_from(sorted({*parameters._READERS, *parameters._ALIASES, "foo"}))


@given(st.lists(st.tuples(_NAMES, st.text() | st.integers().map(str)), max_size=6))
def test_any_query_is_read_or_refused(pairs):
    server = DIALECT.server(DialectSettings())
    refused = None
    try:
        server.open(Handshake(path="/v3/ws", query=tuple(pairs)))
    except (ProtocolError, ConfigError) as error:
        refused = server.refuse(error)
    assert refused is None or refused.goodbye.code == 3006


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(_NAMES, _JSON))
def test_any_update_is_applied_or_refused(changes):
    complaint = None
    try:
        updated(Parameters(), changes, MODELS["universal-3-6-pro"])
    except InputError as error:
        complaint = str(error)
    assert complaint is None or complaint.startswith("Invalid '")


@pytest.mark.parametrize(
    ("model", "query", "times"),
    [
        ("universal-streaming-english", [], (400, 1280)),
        ("universal-streaming-multilingual", [], (400, 1280)),
        ("whisper-rt", [], (400, 1280)),
        ("u3-rt-pro", [], (100, 1000)),
        ("u3-rt-pro", [("mode", "max_accuracy")], (100, 1000)),
        ("universal-3-5-pro", [], (128, 1280)),
        ("universal-3-6-pro", [("mode", "min_latency")], (128, 640)),
        ("universal-3-6-pro", [("mode", "max_accuracy")], (512, 2560)),
        ("universal-3-6", [("speaker_labels", "true")], (640, 768)),
        ("universal-3-6", [("mode", "max_accuracy"), ("min_turn_silence", "700")], (700, 2560)),
        ("u3-rt-pro", [("min_turn_silence", "3000")], (3000, 3000)),
        ("u3-rt-pro", [("min_turn_silence", "1"), ("max_turn_silence", "1")], (50, 50)),
    ],
)
def test_the_silences_of_a_model_hold_unless_the_client_set_them(model, query, times):
    policy = config_of(("speech_model", model), *query).endpointing
    assert (policy.min_silence_ms, policy.max_silence_ms) == times


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_family_decides_when_turns_end_and_how_soon_words_are_final(name):
    config = config_of(("speech_model", name))
    whole = name.startswith(("u3", "universal-3"))
    kind = PunctuationEndpointing if whole else ConfidenceEndpointing
    assert isinstance(config.endpointing, kind)
    assert config.max_delay_ms == (4000 if whole else 900)


def test_turns_with_speakers_are_cut_after_ten_seconds_and_told_less_often():
    query = (("speaker_labels", "true"),)
    assert config_of(*query).endpointing.max_turn_ms == 10_000
    assert turn_settings(
        from_query(query), find_model(None, language=None)
    ) == msgspec.structs.replace(
        turn_settings(Parameters(), find_model(None, language=None)), partial_interval_ms=3000
    )


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({}, "universal-3-6-pro"),
        ({"name": "u3-pro"}, "u3-rt-pro"),
        ({"language": "en"}, "universal-streaming-english"),
        ({"language": "multi"}, "universal-streaming-multilingual"),
        ({"language": "multi", "name": "whisper-rt"}, "whisper-rt"),
    ],
)
def test_the_model_is_the_one_that_was_asked_for_or_follows_from_old_parameters(query, name):
    assert find_model(query.get("name"), language=query.get("language")).name == name


@pytest.mark.parametrize("model", ["universal-streaming-english", "whisper-rt"])
def test_a_mode_is_refused_where_there_are_none(model):
    with pytest.raises(InputError, match=f"Invalid 'mode': .*{model}"):
        open_with(("speech_model", model), ("mode", "balanced"))


def test_choosing_a_mode_brings_back_its_times():
    model = MODELS["universal-3-6-pro"]
    before = from_query([("min_turn_silence", "900"), ("interruption_delay", "10")])
    now = updated(before, {"mode": "max_accuracy", "max_turn_silence": 3000}, model)
    policy = endpointing(now, model)
    assert (policy.min_silence_ms, policy.max_silence_ms) == (512, 3000)
    assert turn_settings(now, model).interruption_delay_ms == 500
    assert mode(now, model) == "max_accuracy"


@pytest.mark.parametrize("name", ["universal-streaming-english", "u3-rt-pro"])
def test_a_mode_changes_nothing_where_there_are_none(name):
    model = MODELS[name]
    before = from_query([("min_turn_silence", "900")])
    assert endpointing(updated(before, {"mode": "min_latency"}, model), model) == endpointing(
        before, model
    )


def test_an_update_takes_lists_as_json_text_too_and_leaves_the_rest_alone():
    model = MODELS["universal-3-6-pro"]
    before = from_query([("sample_rate", "8000"), ("keyterms_prompt", '["old"]')])
    now = updated(before, {"keyterms_prompt": '["new"]', "sample_rate": 1, "prompt": None}, model)
    assert now == msgspec.structs.replace(before, keyterms_prompt=("new",))


@pytest.mark.parametrize(
    ("query", "audio"),
    [
        ([], RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)),
        (
            [("encoding", "pcm_mulaw"), ("sample_rate", "8000")],
            RawAudio(encoding=Encoding.MULAW, sample_rate_hz=8000),
        ),
        ([("encoding", "ogg_opus")], ContainerAudio(container="ogg")),
        ([("encoding", "aac"), ("sample_rate", "44100")], ContainerAudio(container="aac")),
        ([("encoding", "opus")], PacketAudio(codec="opus")),
    ],
)
def test_encodings(query, audio):
    assert config_of(*query).audio == audio


@pytest.mark.parametrize(
    ("codes", "language"),
    [("multi", "en"), ("de", "de"), ('["de","en"]', "en"), ('["de","fr"]', "de"), ("", "en")],
)
def test_the_language_is_english_unless_others_are_named(codes, language):
    assert config_of(("language_codes", codes)).language == language


def test_what_is_done_without_is_noted_and_refused_only_by_the_strict():
    query = (
        ("language_detection", "true"),
        ("prompt", "secret words"),
        ("filter_profanity", "false"),
    )
    server, _ = open_with(*query)
    assert [note.split(":")[0] for note in server.notes] == ["prompt", "language_detection"]
    assert "secret" not in str(server.notes)
    with pytest.raises(ConfigError):
        open_with(*query, strict_parameters=True)
    assert open_with()[0].notes == ()


def test_limits_come_from_the_client_and_the_operator():
    assert open_with()[1].limits == SessionLimits(session_s=10_800, heartbeat_s=5.0)
    assert open_with(("inactivity_timeout", "5"), session_s=60.0)[1].limits == SessionLimits(
        idle_s=5, session_s=60.0, heartbeat_s=5.0
    )


def test_a_query_of_eighty_kilobytes_is_read():
    terms = msgspec.json.encode(["字" * 50] * 100).decode()
    config = config_of(("keyterms_prompt", terms), ("prompt", "字" * 1750))
    assert len(config.keyterms) == 100


def test_names_that_nobody_knows_are_found_once_and_the_token_is_not_one_of_them():
    pairs = [("token", "t"), ("nope", "1"), ("encoding", "pcm_s16le"), ("nope", "2"), ("later", "")]
    assert parameters.unknown_names(pairs) == ("nope", "later")


def test_a_name_that_nobody_knows_is_noted_by_what_it_is_like_and_never_itself():
    server, _ = open_with(("min_turn_silense", "300"), ("my_secret", "1"))
    (note,) = server.notes
    assert note == "unknown names in the query (like min_turn_silence): 2, no effect"
