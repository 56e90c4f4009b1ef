"""``crossfade migrate config``: a captured configuration in the other vendor's words, and back."""

import json
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import sample_programs
from crossfade.cli import crossfade
from crossfade.cli.migrate import migrate
from crossfade.dialects import DIALECTS
from crossfade.errors import ConfigError
from crossfade.migrate.converting import NoConfigurationError, convert

CAPTURED = (sample_programs.PROGRAMS / "other" / "captured.json").read_text()


def run(text, *arguments):
    return CliRunner().invoke(migrate, ["config", "-", *arguments], input=text)


def start(audio=None, **settings):
    audio = audio or {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16000}
    config = {"language": "en"} | settings
    return json.dumps(
        {"message": "StartRecognition", "audio_format": audio, "transcription_config": config}
    )


def query_of(text):
    return parse_qs(urlsplit(convert(text, DIALECTS).url).query)


def message_of(text):
    return convert(text, DIALECTS).message


def test_a_message_becomes_an_address():
    done = run(CAPTURED)
    assert done.exit_code == 0
    url = urlsplit(done.stdout.strip())
    assert url.scheme + "://" + url.netloc + url.path == "wss://streaming.assemblyai.com/v3/ws"
    query = dict(parse_qsl(url.query))
    assert query["sample_rate"] == "44100"
    assert query["encoding"] == "pcm_s16le"
    assert query["min_turn_silence"] == query["max_turn_silence"] == "600"
    assert json.loads(query["keyterms_prompt"]) == ["Crossfade", "IBAN"]


def test_what_becomes_of_each_setting_goes_to_stderr():
    done = run(CAPTURED)
    lines = done.stderr.splitlines()
    assert "kept: transcription_config.enable_partials → include_partial_turns. The same." in lines
    assert any(line.startswith("dropped: translation_config") for line in lines)
    assert any(line.startswith("degraded: transcription_config.max_delay") for line in lines)
    assert any(line.startswith("note: keyterms: degraded") for line in lines)


def test_a_query_becomes_a_message():
    done = run("?sample_rate=8000&encoding=pcm_mulaw&max_turn_silence=900&filter_profanity=true")
    message = json.loads(done.stdout)
    assert message["message"] == "StartRecognition"
    assert message["audio_format"] == {"type": "raw", "encoding": "mulaw", "sample_rate": 8000}
    trigger = message["transcription_config"]["conversation_config"]
    assert trigger == {"end_of_utterance_silence_trigger": 0.9}
    assert "adapted: filter_profanity → tags: profanity." in done.stderr


def test_a_protocol_without_programs_of_its_own_can_be_the_destination():
    silence = {"end_of_utterance_silence_trigger": 0.5}
    done = run(start(max_delay=1.5, conversation_config=silence), "--to", "agent-stt")
    message = json.loads(done.stdout)
    assert message["message"] == "StartRecognition"
    assert message["turn_config"] == {"turn_detection_mode": "vad"}
    assert "degraded: transcription_config.max_delay." in done.stderr


def test_json_has_all_of_it():
    said = json.loads(run(CAPTURED, "--json").stdout)
    assert (said["from"], said["to"]) == ("speechmatics", "assemblyai")
    assert said["message"] is None
    assert said["url"].startswith("wss://streaming.assemblyai.com/v3/ws?")
    verdicts = {verdict.pop("name"): verdict for verdict in said["verdicts"]}
    assert verdicts["transcription_config.enable_partials"] == {
        "verdict": "kept",
        "becomes": "include_partial_turns",
        "text": "The same.",
    }
    assert verdicts["translation_config.target_languages"]["verdict"] == "dropped"


def test_a_setting_that_nobody_knows_is_told():
    done = run(start(languge="en"))
    assert "unknown: transcription_config.languge." in done.stderr


@pytest.mark.parametrize("secret", ["token=aVerySecretToken&", ""])
def test_secrets_are_left_out(secret):
    text = f"wss://streaming.assemblyai.com/v3/ws?{secret}sample_rate=16000"
    done = run(text)
    assert done.exit_code == 0
    assert "aVerySecretToken" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "text",
    ["", "hello", "{", "[1]", '{"a": 1}', '{"message": "EndOfStream"}', "?a=1", "ws://h/v3/ws"],
)
def test_what_is_no_configuration_is_said_to_be_none(text):
    with pytest.raises(NoConfigurationError):
        convert(text, DIALECTS)


def test_the_command_line_says_so_without_a_traceback(tmp_path):
    path = tmp_path / "none.txt"
    path.write_text("hello")
    done = CliRunner().invoke(crossfade, ["migrate", "config", str(path)], standalone_mode=False)
    assert isinstance(done.exception, NoConfigurationError)
    assert run(b"\xff\xfe").exit_code == 2
    assert CliRunner().invoke(migrate, ["config", str(tmp_path / "nothing")]).exit_code == 2


def test_what_it_speaks_already_cannot_be_the_destination():
    with pytest.raises(NoConfigurationError):
        convert(CAPTURED, DIALECTS, to=DIALECTS[0])


def test_a_language_that_the_other_does_not_know_is_refused():
    with pytest.raises(ConfigError, match="language"):
        convert(start(language="cy"), DIALECTS)


TERMS = st.text("abc ü", min_size=1, max_size=50).filter(
    lambda term: 0 < len(term.split()) <= 6  # more words cannot be said on one of the sides
)
SILENCES_S = st.integers(50, 2000).map(lambda ms: ms / 1000)


@given(
    rate=st.integers(8000, 96_000),
    encoding=st.sampled_from(["pcm_s16le", "mulaw"]),
    partials=st.booleans(),
    silence_s=SILENCES_S,
    terms=st.lists(TERMS, max_size=100),
)
def test_a_round_trip_keeps_what_both_sides_can_say(rate, encoding, partials, silence_s, terms):
    audio = {"type": "raw", "encoding": encoding, "sample_rate": rate}
    text = start(
        audio,
        enable_partials=partials,
        conversation_config={"end_of_utterance_silence_trigger": silence_s},
        additional_vocab=terms,
    )
    there = convert(text, DIALECTS)
    assert there.to == "assemblyai"
    back = convert(there.url, DIALECTS).message
    assert back["audio_format"] == audio
    config = back["transcription_config"]
    assert config["language"] == "en"
    assert config.get("enable_partials", False) == partials
    assert config.get("conversation_config", {}).get("end_of_utterance_silence_trigger") == (
        pytest.approx(silence_s)
    )
    assert config.get("additional_vocab", []) == terms


@given(
    rate=st.integers(8000, 96_000),
    encoding=st.sampled_from(["pcm_s16le", "pcm_mulaw"]),
    silence_ms=st.integers(50, 2000),
)
def test_a_round_trip_from_the_other_side_does_too(rate, encoding, silence_ms):
    text = (
        f"sample_rate={rate}&encoding={encoding}&speech_model=u3-rt-pro"
        f"&min_turn_silence={silence_ms}&max_turn_silence={silence_ms}&include_partial_turns=false"
    )
    back = query_of(json.dumps(message_of(text)))
    assert back["sample_rate"] == [str(rate)]
    assert back["encoding"] == [encoding]
    assert back["max_turn_silence"] == back["min_turn_silence"] == [str(silence_ms)]
    assert back["include_partial_turns"] == ["false"]
