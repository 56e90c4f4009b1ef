import pytest

from crossfade.dialects.base import DialectSettings
from crossfade.dialects.speechmatics import DIALECT
from crossfade.model import (
    ContainerAudio,
    Encoding,
    KeyTerm,
    NoEndpointing,
    RawAudio,
    SessionLimits,
    SilenceEndpointing,
    SpeakerLabels,
    Start,
)

RAW = {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16000}


def start_message(**config):
    config = {"language": "en"} | config
    return {"message": "StartRecognition", "audio_format": RAW, "transcription_config": config}


def config_of(connection, **config):
    [start] = connection.start(**config)
    assert isinstance(start, Start)
    return start.config


def test_absent_fields_have_the_vendors_defaults(connection):
    config = config_of(connection)
    assert config.language == "en"
    assert config.partials_wanted is False
    assert config.max_delay_ms == 4000
    assert config.endpointing == NoEndpointing()
    assert config.keyterms == ()
    assert config.speaker_labels is None
    assert connection.server.notes == ()


def test_null_means_absent_at_any_depth(connection):
    config = config_of(
        connection,
        max_delay=None,
        enable_partials=None,
        diarization=None,
        additional_vocab=None,
        conversation_config={"end_of_utterance_silence_trigger": None},
        punctuation_overrides=None,
        model=None,
    )
    assert config == config_of(type(connection)())


def test_unknown_fields_are_accepted(connection):
    message = start_message(streaming_mode=True, ctrl={"a": 1}, language_hints=["en"], new=[1])
    message |= {"type": "transcription", "audio_format": RAW | {"channels": 1}}
    [start] = connection.say(message)
    assert start.config.language == "en"


def test_a_message_encoded_twice_is_read(connection):
    [start] = connection.say('{"message":"StartRecognition","audio_format":{"type":"file"},'
                             '"transcription_config":{"language":"en"}}')  # fmt: skip
    assert start.config.audio == ContainerAudio()


@pytest.mark.parametrize(
    ("audio_format", "audio"),
    [
        ({"type": "file"}, ContainerAudio()),
        ({"type": "file", "encoding": 5}, ContainerAudio()),
        (RAW, RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16000)),
        (
            {"type": "raw", "encoding": "mulaw", "sample_rate": 8000},
            RawAudio(encoding=Encoding.MULAW, sample_rate_hz=8000),
        ),
        (
            {"type": "raw", "encoding": "pcm_f32le", "sample_rate": 44100.0},
            RawAudio(encoding=Encoding.PCM_F32LE, sample_rate_hz=44100),
        ),
    ],
)
def test_audio_formats(connection, audio_format, audio):
    [start] = connection.start(audio_format)
    assert start.config.audio == audio


@pytest.mark.parametrize(
    ("audio_format", "path"),
    [
        ({}, "audio_format.type"),
        ({"type": "tape"}, "audio_format.type"),
        ({"type": "raw", "encoding": "pcm_s24le", "sample_rate": 8000}, "audio_format.encoding"),
        ({"type": "raw", "sample_rate": 8000}, "audio_format.encoding"),
        ({"type": "raw", "encoding": "mulaw"}, "audio_format.sample_rate"),
        ({"type": "raw", "encoding": "mulaw", "sample_rate": "8000"}, "audio_format.sample_rate"),
        ({"type": "raw", "encoding": "mulaw", "sample_rate": 8000.5}, "audio_format.sample_rate"),
        ({"type": "raw", "encoding": "mulaw", "sample_rate": 0}, "audio_format.sample_rate"),
        ({"type": "raw", "encoding": "mulaw", "sample_rate": -1}, "audio_format.sample_rate"),
        ({"type": "raw", "encoding": "mulaw", "sample_rate": True}, "audio_format.sample_rate"),
        ("raw", "audio_format"),
        ([], "audio_format"),
    ],
)
def test_a_bad_audio_format_is_invalid_audio_type(connection, audio_format, path):
    message = start_message() | {"audio_format": audio_format}
    kind, code, close_reason, reason = connection.refused_as(message)
    assert (kind, code, close_reason) == ("invalid_audio_type", 1003, "invalid_audio_type")
    assert reason.startswith(f"{path}: ")


@pytest.mark.parametrize("audio_format", ["absent", None])
def test_no_audio_format_is_an_invalid_message(connection, audio_format):
    message = start_message() | {"audio_format": audio_format}
    if audio_format == "absent":
        del message["audio_format"]
    assert connection.refused_as(message)[:3] == ("invalid_message", 1003, "invalid_message")


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"language": 5}, "language"),
        ({"language": None}, "language"),
        ({"model": 1}, "model"),
        ({"operating_point": []}, "operating_point"),
        ({"domain": 1}, "domain"),
        ({"output_locale": ""}, "output_locale"),
        ({"additional_vocab": "word"}, "additional_vocab"),
        ({"additional_vocab": [""]}, "additional_vocab[0]"),
        ({"additional_vocab": ["a", 5]}, "additional_vocab[1]"),
        ({"additional_vocab": [{"sounds_like": ["a"]}]}, "additional_vocab[0].content"),
        (
            {"additional_vocab": [{"content": "a", "sounds_like": []}]},
            "additional_vocab[0].sounds_like",
        ),
        ({"additional_vocab": ["a"] * 1001}, "additional_vocab"),
        ({"diarization": "speaker_change"}, "diarization"),
        ({"diarization": "channel_and_speaker_change"}, "diarization"),
        ({"diarization": True}, "diarization"),
        (
            {"speaker_diarization_config": {"max_speakers": 1}},
            "speaker_diarization_config.max_speakers",
        ),
        (
            {"speaker_diarization_config": {"speaker_sensitivity": 1.1}},
            "speaker_diarization_config.speaker_sensitivity",
        ),
        (
            {"speaker_diarization_config": {"prefer_current_speaker": "yes"}},
            "speaker_diarization_config.prefer_current_speaker",
        ),
        ({"speaker_diarization_config": []}, "speaker_diarization_config"),
        ({"channel_diarization_labels": [1]}, "channel_diarization_labels[0]"),
        ({"max_delay": "2"}, "max_delay"),
        ({"max_delay": True}, "max_delay"),
        ({"max_delay_mode": "strict"}, "max_delay_mode"),
        ({"enable_partials": "true"}, "enable_partials"),
        ({"enable_partials": 1}, "enable_partials"),
        ({"enable_entities": 0}, "enable_entities"),
        ({"audio_filtering_config": 3}, "audio_filtering_config"),
        (
            {"audio_filtering_config": {"volume_threshold": 101}},
            "audio_filtering_config.volume_threshold",
        ),
        (
            {"transcript_filtering_config": {"remove_disfluencies": "x"}},
            "transcript_filtering_config.remove_disfluencies",
        ),
        (
            {"transcript_filtering_config": {"replacements": [{"from": "a"}]}},
            "transcript_filtering_config.replacements[0].to",
        ),
        (
            {"punctuation_overrides": {"permitted_marks": "."}},
            "punctuation_overrides.permitted_marks",
        ),
        (
            {"punctuation_overrides": {"sensitivity": -0.1}},
            "punctuation_overrides.sensitivity",
        ),
        (
            {"conversation_config": {"end_of_utterance_silence_trigger": 2.1}},
            "conversation_config.end_of_utterance_silence_trigger",
        ),
        (
            {"conversation_config": {"end_of_utterance_silence_trigger": -1}},
            "conversation_config.end_of_utterance_silence_trigger",
        ),
    ],
)
def test_a_wrong_field_is_invalid_config_and_named(connection, config, path):
    kind, code, close_reason, reason = connection.refused_as(start_message(**config))
    assert (kind, code, close_reason) == ("invalid_config", 1003, "invalid_config")
    assert reason.startswith(f"transcription_config.{path}: ")


@pytest.mark.parametrize("label", ["S1", "S12", "UU", " a", "a ", "a\n", ""])
def test_an_enrolled_speaker_cannot_have_a_label_of_the_servers(connection, label):
    speakers = [{"label": label, "speaker_identifiers": ["x"]}]
    message = start_message(speaker_diarization_config={"speakers": speakers})
    assert connection.refused_as(message)[0] == "invalid_config"


@pytest.mark.parametrize("label", ["S", "Sam", "S1a", "UUU", "a b", "1"])
def test_other_labels_are_accepted(connection, label):
    speakers = [{"label": label, "speaker_identifiers": ["x"]}]
    assert connection.start(speaker_diarization_config={"speakers": speakers})


@pytest.mark.parametrize(
    "speakers",
    [
        [{"label": "a", "speaker_identifiers": []}],
        [{"label": "a", "speaker_identifiers": ["x", "x"]}],
        [{"label": "a", "speaker_identifiers": [str(i) for i in range(51)]}],
        [{"label": f"n{i}", "speaker_identifiers": [f"{i}"]} for i in range(51)],
    ],
)
def test_identifiers_of_speakers_have_limits(connection, speakers):
    message = start_message(speaker_diarization_config={"speakers": speakers})
    assert connection.refused_as(message)[0] == "invalid_config"


def test_no_transcription_config_is_invalid_config(connection):
    message = start_message()
    del message["transcription_config"]
    kind, _, _, reason = connection.refused_as(message)
    assert (kind, reason) == ("invalid_config", "transcription_config: required, and absent")


def test_no_language_is_invalid_config(connection):
    message = start_message() | {"transcription_config": {}}
    kind, _, _, reason = connection.refused_as(message)
    assert kind == "invalid_config"
    assert reason == "transcription_config.language: required, and absent"


@pytest.mark.parametrize("language", ["", "auto", "EN", "English", "e", "en ", "en\n", "en-", "d3"])
def test_what_is_no_language_code_is_invalid_language(connection, language):
    refused = connection.refused_as(start_message(language=language))
    assert refused[:3] == ("invalid_language", 4004, "invalid_language")
    assert "transcription_config.language" in refused[3]


@pytest.mark.parametrize(
    ("language", "heard_as"),
    [("en", "en"), ("en-US", "en"), ("en-GB", "en"), ("cmn_en_ms_ta", "cmn_en_ms_ta"),
     ("multi", "multi"), ("xx", "xx")],
)  # fmt: skip
def test_a_language_goes_to_the_recognizer_to_judge(connection, language, heard_as):
    assert config_of(connection, language=language).language == heard_as


@pytest.mark.parametrize(
    ("max_delay", "max_delay_ms"),
    [(0, 700), (-1, 700), (0.7, 700), (1.5, 1500), (4, 4000), (8.0, 8000), (21, 20_000),
     (1e308, 20_000)],
)  # fmt: skip
def test_max_delay_is_clamped_never_refused(connection, max_delay, max_delay_ms):
    assert config_of(connection, max_delay=max_delay).max_delay_ms == max_delay_ms


@pytest.mark.parametrize(
    ("trigger", "endpointing"),
    [
        (0, NoEndpointing()),
        (0.2, SilenceEndpointing(silence_ms=200)),
        (2, SilenceEndpointing(silence_ms=2000)),
    ],
)
def test_the_trigger_decides_on_endpointing(connection, trigger, endpointing):
    conversation = {"end_of_utterance_silence_trigger": trigger}
    assert config_of(connection, conversation_config=conversation).endpointing == endpointing


def test_the_dictionary_becomes_key_terms(connection):
    vocab = ["Crossfade", {"content": "Siobhan", "sounds_like": ["shivawn", "shi von"]}]
    assert config_of(connection, additional_vocab=vocab).keyterms == (
        KeyTerm(text="Crossfade"),
        KeyTerm(text="Siobhan", sounds_like=("shivawn", "shi von")),
    )


def test_speakers_are_asked_for(connection):
    wanted = {"max_speakers": 3, "speaker_sensitivity": 0.7}
    config = config_of(connection, diarization="speaker", speaker_diarization_config=wanted)
    assert config.speaker_labels == SpeakerLabels(max_speakers=3, sensitivity=0.7)


def test_what_is_said_of_speakers_without_diarization_is_ignored(connection):
    assert config_of(connection, speaker_diarization_config={}).speaker_labels is None


@pytest.mark.parametrize("labels", [[], ["a", "a"]])
def test_channels_need_a_unique_label_each(connection, labels):
    message = start_message(diarization="channel", channel_diarization_labels=labels)
    assert "channel_diarization_labels" in connection.refused_as(message)[3]


def test_the_limits_are_the_vendors_unless_the_operator_says_otherwise(connection):
    [start] = connection.start()
    assert start.limits == SessionLimits(
        idle_s=3600.0,
        idle_reset_by_audio_only=True,
        session_s=48 * 3600.0,
        idle_warnings_s=(900, 600, 300),
        session_warnings_s=(2700, 1800, 900),
    )
    settings = DialectSettings(idle_s=5.0, session_s=60.0)
    [start] = type(connection)(settings).start()
    assert (start.limits.idle_s, start.limits.session_s) == (5.0, 60.0)


@pytest.mark.parametrize("name", ["standard", "enhanced", "melia-1", "of-tomorrow"])
@pytest.mark.parametrize("field", ["model", "operating_point"])
def test_every_model_leads_to_ours(connection, field, name):
    assert connection.start(**{field: name})


CLIENTS_DEFAULTS = {
    "python rt sdk": {"language": "en", "model": "enhanced"},
    "migration guide": {"language": "en", "enable_partials": True, "max_delay": 2.0},
    "voice sdk": {
        "language": "en",
        "operating_point": "enhanced",
        "diarization": "speaker",
        "enable_partials": True,
        "max_delay": 0.7,
        "audio_filtering_config": {"volume_threshold": 0.0},
        "conversation_config": {"end_of_utterance_silence_trigger": 0.2},
    },
    "gstreamer": {
        "language": "en",
        "additional_vocab": [],
        "transcript_filtering_config": {},
        "max_delay": 8.0,
        "enable_partials": False,
    },
}


@pytest.mark.parametrize("client", CLIENTS_DEFAULTS)
def test_the_defaults_of_official_clients_are_accepted(connection, client):
    message = start_message(**CLIENTS_DEFAULTS[client])
    message["translation_config"] = {"target_languages": [], "enable_partials": False}
    assert isinstance(connection.say(message)[0], Start)


def test_more_than_five_translations_are_refused(connection):
    message = start_message() | {"translation_config": {"target_languages": list("abcdef")}}
    kind, _, _, reason = connection.refused_as(message)
    assert kind == "invalid_config"
    assert reason.startswith("translation_config.target_languages: ")


def test_the_register_line_is_complete():
    assert DIALECT.paths == ("/v2", "/v2/", "/v2/{}", "/v2/{}/", "/v2/{}/{}", "/")
    assert DIALECT.token_ttl_s == (60, 86_400)
    assert {route.path for route in DIALECT.http} == {
        "/v1/api_keys",
        "/v1/api-keys",
        "/v1/discovery/features",
        "/started",
        "/live",
        "/ready",
        "/session_status",
    }
