"""What is no Python: names are found line by line, in every kind of file that is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sample_programs
from crossfade.dialects import DIALECTS
from crossfade.migrate.reading.lines import read
from crossfade.migrate.reading.tokens import objects, tokens

PROGRAMS = {dialect.name: dialect.programs() for dialect in DIALECTS if dialect.programs}
OTHERS = sample_programs.PROGRAMS / "other"
TEXTS = {path.name: path.read_text() for path in sorted(OTHERS.iterdir())}


def found(vendor, name):
    _, sightings = read(TEXTS[name], name, PROGRAMS[vendor])
    return {(s.line, s.name): s for s in sightings}


def told(vendor, name):
    return {key for key, sighting in found(vendor, name).items() if sighting.term is not None}


def unknown(vendor, name):
    return {key for key, sighting in found(vendor, name).items() if sighting.term is None}


def generations(vendor, name):
    uses, _ = read(TEXTS[name], name, PROGRAMS[vendor])
    return {(use.line, use.what.title, use.what.age) for use in uses}


def test_the_vendors_client_for_node():
    name = "speechmatics_node.ts"
    assert generations("speechmatics", name) == {
        (3, "@speechmatics/auth", "current"),
        (4, "@speechmatics/real-time-client", "current"),
        (6, "Speechmatics real-time API v2", "current"),
    }
    assert told("speechmatics", name) >= {
        (6, "RealtimeClient"),
        (6, "eu2.rt.speechmatics.com"),
        (9, "AddTranscript"),
        (11, "EndOfTranscript"),
        (13, "Error"),
        (19, "createSpeechmaticsJWT"),
        (21, "SPEECHMATICS_API_KEY"),
        (22, "api_keys.ttl"),
        (25, "audio_format.encoding"),
        (27, "transcription_config.language"),
        (31, "transcription_config.conversation_config.end_of_utterance_silence_trigger"),
        (35, ".sendAudio"),
        (36, ".stopRecognition"),
    }
    assert unknown("speechmatics", name) == {(30, "transcription_config.quick_mode")}


def test_a_socket_in_a_browser():
    assert told("speechmatics", "speechmatics_browser.html") >= {
        (6, "new WebSocket"),
        (6, "?jwt="),
        (10, "StartRecognition"),
        (11, "audio_format.encoding"),
        (12, "transcription_config.enable_partials"),
        (18, "AddTranscript"),
        (21, "EndOfTranscript"),
    }


def test_names_in_camel_case():
    name = "assemblyai_node.js"
    assert (2, "assemblyai (JavaScript)", "current") in generations("assemblyai", name)
    assert told("assemblyai", name) >= {
        (4, "ASSEMBLYAI_API_KEY"),
        (6, ".streaming"),
        (7, "sample_rate"),
        (8, "speech_model"),
        (10, "end_of_turn_confidence_threshold"),
        (12, "keyterms_prompt"),
        (18, "turn"),
        (19, "end_of_turn"),
    }
    assert unknown("assemblyai", name) == {(14, "autoChapters")}


def test_the_retired_api_is_told():
    assert generations("assemblyai", "assemblyai_realtime.js") == {
        (2, "assemblyai (JavaScript, realtime)", "retired")
    }
    assert told("assemblyai", "assemblyai_realtime.js") >= {
        (5, "sample_rate"),
        (5, "word_boost"),
        (7, "transcript.final"),
    }


def test_a_query_that_is_put_together():
    sightings = found("assemblyai", "assemblyai_query.ts")
    assert told("assemblyai", "assemblyai_query.ts") >= {
        (3, "sample_rate"),
        (4, "encoding"),
        (5, "min_turn_silence"),
        (6, "speech_model"),
        (6, "language_codes"),
        (8, "token"),
        (11, "Turn"),
        (13, "Terminate"),
    }
    assert sightings[4, "encoding"].topic == "audio.mulaw"


def test_an_environment_file_and_nothing_of_its_values():
    assert set(found("speechmatics", "service.env")) == {
        (3, "SPEECHMATICS_API_KEY"),
        (4, "SPEECHMATICS_RT_URL"),
        (4, "eu2.rt.speechmatics.com"),
    }
    assert set(found("assemblyai", "service.env")) == {(5, "ASSEMBLYAI_API_KEY")}


def test_yaml_of_two_vendors():
    assert unknown("speechmatics", "service.yaml") == {(12, "transcription_config.hurry")}
    assert (10, "transcription_config.domain") in told("speechmatics", "service.yaml")
    assert found("speechmatics", "service.yaml")[6, "audio_format.encoding"].topic == "audio.mulaw"
    assert told("assemblyai", "service.yaml") >= {
        (14, "streaming.assemblyai.com"),
        (16, "sample_rate"),
        (17, "speech_model"),
        (18, "speaker_labels"),
    }


def test_toml():
    assert unknown("assemblyai", "service.toml") == {(10, "be_nice")}
    assert told("assemblyai", "service.toml") >= {
        (4, "inactivity_timeout"),
        (7, "sample_rate"),
        (9, "end_of_turn_confidence_threshold"),
    }
    assert found("speechmatics", "service.toml") == {}


def test_a_captured_message():
    assert unknown("speechmatics", "captured.json") == set()
    assert (8, "transcription_config.additional_vocab.sounds_like") in told(
        "speechmatics", "captured.json"
    )


@pytest.mark.parametrize("vendor", PROGRAMS)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.js", 'import { AssemblyAI } from "assemblyai";\nclient.transcripts.transcribe(x);'),
        ("a.js", 'const log = { type: "Turn", message: "Error", language: "en" };'),
        ("a.json", '{"name": "captions", "version": "1.0.0", "type": "module"}'),
        ("a.yaml", "language: en\nmodel: small\n"),
        ("a.yaml", "a: [1\nb: {\n"),
        (".env", "PORT=1\nTOKEN=x\n"),
        ("a.toml", "[tool.ruff]\nline-length = 100\n"),
        ("a.ts", "// wss://eu2.rt.speechmatics.com/v2\n/* AddTranscript */"),
    ],
    ids=["batch", "a-log", "package", "yaml", "broken-yaml", "env", "toml", "comments"],
)
def test_what_does_not_stream_with_a_vendor_is_none_of_our_business(vendor, name, text):
    assert read(text, name, PROGRAMS[vendor]) == ([], [])


def test_objects_are_nested_as_they_are_written():
    cut = tokens("f({ a: 1, b: { c: 'x', d: [{ e: true }, { e: g }] }, h })")
    [outer] = objects(cut)
    assert [entry.name for entry in outer.entries] == ["a", "b", "h"]
    [inner] = outer.entries[1].objects
    assert [(entry.name, entry.value) for entry in inner.entries] == [("c", "x"), ("d", None)]
    assert [o.entries[0].value for o in inner.entries[1].objects] == ["true", None]


SCRAPS = ["{", "}", "[", "]", "(", ")", '"', "'", "`", ":", ",", "\n", "${", "a", "max_delay", "//"]


@given(st.lists(st.sampled_from(SCRAPS)).map("".join) | st.text())
def test_no_text_is_too_broken_to_be_read(text):
    list(objects(tokens(text)))
    for name in ("a.js", "a.yaml", "a.toml", ".env"):
        for programs in PROGRAMS.values():
            uses, sightings = read(text, name, programs)
            assert bool(uses) or not sightings


def test_a_message_that_is_written_out_as_text_is_read():
    text = (
        'url := "wss://eu2.rt.speechmatics.com/v2"\n'
        'c.Write([]byte(`{"message": "StartRecognition", '
        '"transcription_config": {"max_delay": 1}}`))\n'
    )
    _, sightings = read(text, "main.go", PROGRAMS["speechmatics"])
    told = {(item.line, item.kind, item.name) for item in sightings}
    assert (2, "message", "StartRecognition") in told
    assert (2, "setting", "transcription_config.max_delay") in told
