import pytest

from crossfade.dialects.base import Goodbye
from crossfade.errors import ProtocolError
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    Final,
    Finish,
    ForceTurn,
    NoEndpointing,
    Partial,
    Reconfigure,
    SessionEnded,
    SessionStarted,
    Silence,
    SilenceEndpointing,
    SpeechStarted,
    TurnEnded,
    Word,
)

STARTED = SessionStarted(
    session_id="0c3b8a52-5b0e-4b6b-9a39-8f1f6c5b7d11", language="en", started_at=1_785_570_600
)
ENDED = SessionEnded(audio_ms=1000, session_ms=1100)
HELLO = Word(text="Hello", start_ms=100, end_ms=500, confidence=0.9)
PARTIAL = Partial(turn=0, words=(HELLO,), through_ms=600)
FINAL = Final(turn=0, words=(HELLO,), through_ms=1000)


def kinds(said):
    return [message["message"] for message in said]


# Order ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        b"\0\0",
        b"",
        {"message": "EndOfStream", "last_seq_no": 0},
        {"message": "EndOfChannel", "channel": "a"},
        {"message": "AddChannelAudio", "channel": "a", "data": ""},
        {"message": "ForceEndOfUtterance"},
        {"message": "SetRecognitionConfig", "transcription_config": {}},
        {"message": "GetSpeakers"},
    ],
)
def test_anything_before_start_recognition_is_a_protocol_error(connection, frame):
    kind, code, close_reason, reason = connection.refused_as(frame)
    assert (kind, code, close_reason) == ("protocol_error", 1003, "protocol_error")
    assert "StartRecognition must be the first message" in reason


def test_a_second_start_is_a_protocol_error(connect):
    message = {
        "message": "StartRecognition",
        "audio_format": {"type": "file"},
        "transcription_config": {"language": "en"},
    }
    assert connect().refused_as(message)[:2] == ("protocol_error", 1003)


@pytest.mark.parametrize(
    "frame", ["", "{", "[]", "5", '"x"', '"\\"{\\""', "{}", '{"message":5}', '{"message":null}',
              '{"message":"startRecognition"}', '{"message":"AddAudio"}', "[" * 5000,
              '{"a":' * 5000, "\ud800"],
)  # fmt: skip
@pytest.mark.parametrize("is_started", [False, True])
def test_what_is_no_message_is_invalid_message(connection, frame, is_started):
    if is_started:
        connection.start()
    with pytest.raises(ProtocolError) as caught:
        connection.server.receive(frame)
    refusal = connection.server.refuse(caught.value)
    assert (refusal.goodbye.code, refusal.goodbye.reason) == (1003, "invalid_message")
    assert '"type":"invalid_message"' in refusal.frames[0]


@pytest.mark.parametrize(
    "message",
    [
        {"message": "AddChannelAudio", "channel": "a", "data": ""},
        {"message": "EndOfChannel", "channel": "a", "last_seq_no": 1},
        {"message": "ForceEndOfUtterance", "channel": "a"},
    ],
)
def test_channels_in_a_session_without_channels_are_a_protocol_error(connect, message):
    assert connect().refused_as(message)[0] == "protocol_error"


def test_every_binary_frame_is_one_chunk_of_audio_also_an_empty_one(connect):
    connection = connect()
    for chunk in (b"\1", b"", bytes(1 << 20)):
        assert connection.server.receive(chunk) == [Audio(data=chunk)]


def test_frames_between_start_and_recognition_started_are_taken_in_order(connection):
    connection.start()
    assert connection.server.receive(b"ab") == [Audio(data=b"ab")]
    assert connection.say({"message": "ForceEndOfUtterance"}) == [ForceTurn()]
    assert connection.say({"message": "EndOfStream"}) == [Finish()]
    assert kinds(connection.hear(STARTED)) == ["RecognitionStarted", "Info"]


@pytest.mark.parametrize("last_seq_no", [3, 0, -1, None, "x", 1e300])
def test_last_seq_no_is_never_looked_at(connect, last_seq_no):
    message = {"message": "EndOfStream", "last_seq_no": last_seq_no}
    assert connect().say(message) == [Finish()]


@pytest.mark.parametrize(
    "frame",
    [
        '{"message":"StartRecognition"}',
        '{"message":"EndOfStream"}',
        '{"message":"ForceEndOfUtterance"}',
        '{"message":"SetRecognitionConfig","transcription_config":{"language":"de"}}',
        '{"message":"AddChannelAudio","channel":"a","data":""}',
        '{"message":"Nonsense"}',
        "{",
    ],
)
def test_text_after_end_of_stream_is_ignored(connect, frame):
    connection = connect()
    connection.say({"message": "EndOfStream"})
    assert connection.server.receive(frame) == []


def test_audio_after_end_of_stream_gets_one_warning_and_no_acknowledgement(connect):
    connection = connect()
    connection.say({"message": "EndOfStream"})
    assert connection.server.receive(b"ab") == [Audio(data=b"ab")]
    [warning] = connection.hear(AudioIgnored(), AudioIgnored())
    assert (warning["message"], warning["type"]) == ("Warning", "add_audio_after_eos")
    assert warning["reason"]


# The beginning and the end --------------------------------------------------------------------


def test_recognition_started_tells_id_and_language(connection):
    connection.start(language="cmn")
    started, _ = connection.hear(STARTED)
    assert started["id"] == STARTED.session_id
    assert started["orchestrator_version"]
    assert started["language_pack_info"] == {
        "adapted": False,
        "itn": True,
        "language_description": "Mandarin",
        "word_delimiter": "",
        "writing_direction": "left-to-right",
    }


@pytest.mark.parametrize(
    ("audio_format", "quality"),
    [
        ({"type": "raw", "encoding": "mulaw", "sample_rate": 8000}, "telephony"),
        ({"type": "raw", "encoding": "pcm_s16le", "sample_rate": 11025}, "telephony"),
        ({"type": "raw", "encoding": "pcm_s16le", "sample_rate": 12000}, "broadcast"),
        ({"type": "file"}, "broadcast"),
    ],
)
def test_info_on_recognition_quality_follows(connection, audio_format, quality):
    connection.start(audio_format)
    _, info = connection.hear(STARTED)
    assert info == {
        "message": "Info",
        "type": "recognition_quality",
        "quality": quality,
        "reason": f"Running recognition using a {quality} model quality.",
    }


def test_dropped_dictionary_entries_are_told_once_before_recognition_started(connection):
    vocab = ["fine", "one two three four five six seven", "x" * 4001] + ["a b c d e f g"] * 20
    vocab.append({"content": "ok", "sounds_like": ["okay", "o k a y a y a"]})
    [start] = connection.start(additional_vocab=vocab)
    assert [term.text for term in start.config.keyterms] == ["fine", "ok"]
    assert start.config.keyterms[1].sounds_like == ("okay",)
    said = connection.hear(STARTED)
    assert kinds(said) == ["Warning", "RecognitionStarted", "Info"]
    assert said[0]["type"] == "validation_warning"
    assert "23 dropped" in said[0]["reason"]
    assert "[1], [2]" in said[0]["reason"]


def test_translations_that_cannot_be_made_are_told(connection):
    connection.say(
        {
            "message": "StartRecognition",
            "audio_format": {"type": "file"},
            "transcription_config": {"language": "en"},
            "translation_config": {"target_languages": ["de", "fr"]},
        }
    )
    assert [message.get("type") for message in connection.hear(STARTED)] == [
        None,
        "recognition_quality",
        "unsupported_translation_pair",
        "unsupported_translation_pair",
        "empty_translation_target_list",
    ]


def test_the_end_is_end_of_transcript_then_close_1000_after_a_moment(connect):
    connection = connect()
    assert connection.hear(ENDED) == [{"message": "EndOfTranscript"}]
    assert connection.goodbye is not None
    assert (connection.goodbye.code, connection.goodbye.linger_s) == (1000, 0.3)


def test_a_client_that_did_not_ask_for_the_end_is_sent_to_another_server(connect):
    connection = connect(enable_partials=True)
    said = connection.hear(FINAL, PARTIAL, SessionEnded(audio_ms=1, session_ms=1, by_server=True))
    assert kinds(said) == ["AddTranscript", "AddPartialTranscript", "Error"]
    assert (said[-1]["type"], said[-1]["code"]) == ("job_error", 4013)
    assert said[-1]["reason"]
    assert connection.goodbye == Goodbye(code=4013, reason="job_error")


def test_each_chunk_is_acknowledged_by_its_number(connect):
    said = connect().hear(AudioAccepted(number=1), AudioAccepted(number=2))
    assert said == [
        {"message": "AudioAdded", "seq_no": 1},
        {"message": "AudioAdded", "seq_no": 2},
    ]


# Partials and ends of utterances --------------------------------------------------------------


def test_partials_are_told_only_if_wanted(connect):
    silence = Silence(start_ms=1000, end_ms=1500)
    assert kinds(connect().hear(PARTIAL, FINAL, silence)) == ["AddTranscript"] * 2
    assert kinds(connect(enable_partials=True).hear(PARTIAL, FINAL, silence)) == [
        "AddPartialTranscript",
        "AddTranscript",
        "AddTranscript",
        "AddPartialTranscript",
    ]


def test_the_start_of_speech_is_not_told(connect):
    assert connect().hear(SpeechStarted(turn=0, at_ms=1, confidence=1.0)) == []


@pytest.mark.parametrize(
    ("trigger", "forced", "told"),
    [(0, False, False), (0, True, True), (0.5, False, True), (0.5, True, True)],
)
def test_an_end_of_utterance_is_told_if_configured_or_forced(connect, trigger, forced, told):
    connection = connect(conversation_config={"end_of_utterance_silence_trigger": trigger})
    said = connection.hear(TurnEnded(turn=0, at_ms=1840, confidence=1.0, forced=forced))
    expected = {
        "message": "EndOfUtterance",
        "format": "2.9",
        "metadata": {"start_time": 1.84, "end_time": 1.84},
    } | ({"forced": True} if forced else {})
    assert said == ([expected] if told else [])


def test_a_forced_end_is_answered_in_order_also_with_nothing_said_and_twice(connect):
    connection = connect(enable_partials=True)
    for turn in (0, 1):
        said = connection.hear(
            Final(turn=turn, words=(), through_ms=1500, forced=True),
            Partial(turn=turn, words=(), through_ms=1500),
            TurnEnded(turn=turn, at_ms=1500, confidence=0.0, forced=True),
        )
        assert kinds(said) == ["AddTranscript", "AddPartialTranscript", "EndOfUtterance"]
        assert all(message["forced"] is True for message in said)
    assert "forced" not in connection.hear(PARTIAL)[0]


@pytest.mark.parametrize(
    ("timestamp", "at_ms"),
    [(None, None), (0, 0), (12.48, 12_480), (-3, 0), (1e308, 1_000_000_000)],
)
def test_the_timestamp_of_a_forced_end_is_taken_as_far_as_it_makes_sense(connect, timestamp, at_ms):
    message = {"message": "ForceEndOfUtterance", "timestamp": timestamp}
    assert connect().say(message) == [ForceTurn(at_ms=at_ms)]


# SetRecognitionConfig -------------------------------------------------------------------------


def change(**config):
    return {"message": "SetRecognitionConfig", "transcription_config": config}


def test_a_change_is_merged_into_the_configuration(connect):
    connection = connect(max_delay=2, conversation_config={"end_of_utterance_silence_trigger": 0.5})
    assert connection.say(change(enable_partials=True)) == [
        Reconfigure(
            endpointing=SilenceEndpointing(silence_ms=500), partials_wanted=True, max_delay_ms=2000
        )
    ]
    assert connection.say(change(conversation_config={}, max_delay=0.1)) == [
        Reconfigure(
            endpointing=SilenceEndpointing(silence_ms=500), partials_wanted=True, max_delay_ms=700
        )
    ]
    assert connection.say(change(conversation_config={"end_of_utterance_silence_trigger": 0})) == [
        Reconfigure(endpointing=NoEndpointing(), partials_wanted=True, max_delay_ms=700)
    ]


def test_partials_turn_on_and_off_with_the_next_hypothesis(connect):
    connection = connect()
    connection.say(change(enable_partials=True))
    assert kinds(connection.hear(PARTIAL)) == ["AddPartialTranscript"]
    connection.say(change(enable_partials=False))
    assert connection.hear(PARTIAL) == []


def test_ends_of_utterances_turn_on_and_off(connect):
    connection = connect()
    ended = TurnEnded(turn=0, at_ms=10, confidence=1.0)
    connection.say(change(conversation_config={"end_of_utterance_silence_trigger": 1}))
    assert kinds(connection.hear(ended)) == ["EndOfUtterance"]
    connection.say(change(conversation_config={"end_of_utterance_silence_trigger": 0}))
    assert connection.hear(ended) == []


def test_the_complete_configuration_unchanged_is_accepted(connect):
    config = {
        "language": "en",
        "operating_point": "enhanced",
        "additional_vocab": ["a", {"content": "b", "sounds_like": ["c"]}],
        "diarization": "speaker",
        "speaker_diarization_config": {"max_speakers": 2},
        "transcript_filtering_config": {"replacements": [{"from": "a", "to": "b"}]},
        "punctuation_overrides": {"permitted_marks": ["."]},
        "enable_partials": True,
    }
    connection = connect(**config)
    message = change(**config, model="enhanced", enable_entities=False, domain=None)
    assert len(connection.say(message | {"translation_config": {"target_languages": []}})) == 1


@pytest.mark.parametrize(
    "config",
    [
        {"language": "de"},
        {"model": "enhanced"},
        {"operating_point": "enhanced"},
        {"additional_vocab": ["new"]},
        {"diarization": "speaker"},
        {"enable_entities": True},
        {"punctuation_overrides": {"sensitivity": 0.6}},
        {"transcript_filtering_config": {"remove_disfluencies": True}},
    ],
)
def test_a_change_of_anything_else_is_invalid_config(connect, config):
    kind, code, _, reason = connect().refused_as(change(**config))
    assert (kind, code) == ("invalid_config", 1003)
    assert reason.startswith("transcription_config.")


@pytest.mark.parametrize("config", [{"max_delay": "1"}, {"enable_partials": 0}])
def test_a_wrong_type_in_a_change_is_invalid_config_and_named(connect, config):
    kind, _, _, reason = connect().refused_as(change(**config))
    assert kind == "invalid_config"
    assert reason.startswith(f"transcription_config.{next(iter(config))}: ")


@pytest.mark.parametrize(
    "extra",
    [
        {"max_delai": 1},
        {"conversation_config": {"canary": 1}},
        {"audio_filtering_config": {"volume_threshold": 1, "canary": 1}},
    ],
)
def test_unknown_fields_of_a_change_are_noted_once_or_refused(connect, strict_connection, extra):
    connection = connect()
    known = connection.server.notes
    assert len(connection.say(change(enable_partials=True))) == 1
    assert connection.server.notes == known
    for _ in range(2):
        assert len(connection.say(change(**extra))) == 1
    (note,) = connection.server.notes[len(known) :]
    assert note == "unknown fields in SetRecognitionConfig: no effect"
    strict_connection.start()
    kind, _, _, reason = strict_connection.refused_as(change(**extra))
    assert kind == "invalid_config"
    assert "unknown, no effect" in reason


def test_a_change_without_a_configuration_is_invalid_config(connect):
    assert connect().refused_as({"message": "SetRecognitionConfig"})[0] == "invalid_config"
