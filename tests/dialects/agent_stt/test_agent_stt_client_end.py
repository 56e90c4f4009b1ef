"""The client's end: what it asks for, and what it makes of what it hears."""

import json

import pytest

from crossfade.dialects.agent_stt.client import AgentClient
from crossfade.errors import ConfigError, ProtocolError, UpstreamError
from crossfade.model import (
    Audio,
    AudioAccepted,
    ContainerAudio,
    Encoding,
    Final,
    Finish,
    ForceTurn,
    KeyTerm,
    NoEndpointing,
    Partial,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    SessionEnded,
    SessionStarted,
    SilenceEndpointing,
    Speaker,
    SpeakerLabels,
    SpeakersKnown,
    SpeechStarted,
    TurnEnded,
    VoiceStarted,
    VoiceStopped,
)

RAW = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
CONFIG = SessionConfig(language="en", audio=RAW)
STARTED = {
    "message": "RecognitionStarted",
    "id": "s1",
    "language_pack_info": {
        "adapted": False,
        "itn": True,
        "language_description": "English",
        "word_delimiter": " ",
        "writing_direction": "left-to-right",
    },
}


def asked(config=CONFIG):
    client = AgentClient(now=lambda: 1000.0)
    client.request("ws://localhost", key="k", config=config)
    [frame] = client.open()
    return client, json.loads(frame)


@pytest.fixture
def client():
    return asked()[0]


def hears(client, *messages):
    return [event for message in messages for event in client.receive(json.dumps(message))]


def segment(kind, start, end, text, **more):
    metadata = {"start_time": start, "end_time": end}
    return {"message": kind, "segment": {"transcript": text} | more, "metadata": metadata}


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("ws://h:8000", "/v2/agent"),
        ("ws://h/", "/v2/agent"),
        ("ws://h/v2", "/v2/agent"),
        ("ws://h/v2/en/", "/v2/en/agent"),
        ("ws://h/v2/agent/external", "/v2/agent/external"),
        ("ws://h/prefix/v2/agent/?a=b", "/prefix/v2/agent?a=b"),
    ],
)
def test_the_path_is_completed(url, path):
    request = AgentClient().request(url, key="k", config=CONFIG)
    assert request.url.endswith(path)
    assert request.url.startswith("ws://h")
    assert request.headers == {"Authorization": "Bearer k"}


def test_who_ends_turns_depends_on_the_endpointing():
    for endpointing, mode in (
        (NoEndpointing(), "external"),
        (SilenceEndpointing(silence_ms=800), "vad"),
    ):
        client, start = asked(SessionConfig(language="en", audio=RAW, endpointing=endpointing))
        assert start["turn_config"] == {"turn_detection_mode": mode}
        assert any(note.startswith("endpointing: ") for note in client.notes) == (mode == "vad")


def test_wishes_are_said_and_those_that_cannot_be_are_noted():
    labels = SpeakerLabels(max_speakers=3, known=(Speaker(label="Ann", identifiers=("x",)),))
    client, start = asked(
        SessionConfig(
            language="en",
            audio=RAW,
            keyterms=(KeyTerm(text="Ann", sounds_like=("An",)), KeyTerm(text="Bob")),
            speaker_labels=labels,
            vad_threshold=0.3,
            volume_wanted=True,
        )
    )
    config = start["transcription_config"]
    assert config["model"] == "linden-1"
    assert config["emit_sentences"] is True
    assert config["additional_vocab"] == [{"content": "Ann", "sounds_like": ["An"]}, "Bob"]
    assert config["diarization"] == "speaker"
    assert config["speaker_diarization_config"] == {
        "max_speakers": 3,
        "speaker_sensitivity": 0.5,
        "speakers": [{"label": "Ann", "speaker_identifiers": ["x"]}],
    }
    assert {note.partition(":")[0] for note in client.notes} >= {"vad_threshold", "volume"}


def test_one_speaker_cannot_be_asked_for_and_that_is_noted():
    labels = SpeakerLabels(max_speakers=1)
    client, start = asked(SessionConfig(language="en", audio=RAW, speaker_labels=labels))
    speakers = start["transcription_config"]["speaker_diarization_config"]
    assert speakers["max_speakers"] == 2
    assert client.notes[-1].startswith("speaker_labels: adapted")


@pytest.mark.parametrize(
    "audio",
    [
        ContainerAudio(),
        RawAudio(encoding=Encoding.MULAW, sample_rate_hz=8000),
        RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=44_100),
    ],
)
def test_audio_that_the_protocol_does_not_carry_is_converted(audio):
    wanted = SessionConfig(language="en", audio=audio)
    assert AgentClient().audio_format(wanted).audio == RAW
    with pytest.raises(ConfigError):
        AgentClient().request("ws://h", key=None, config=wanted)


def test_audio_that_it_carries_stays(client):
    audio = RawAudio(encoding=Encoding.PCM_F32LE, sample_rate_hz=8000)
    assert client.audio_format(SessionConfig(language="en", audio=audio)).audio == audio


def test_a_forced_end_says_where_and_each_later_than_the_last(client):
    client.send(Audio(data=bytes(32_000)))
    assert json.loads(client.send(ForceTurn())[0])["timestamp"] == 1.0
    assert client.send(ForceTurn()) == []
    assert client.send(ForceTurn(at_ms=900)) == []
    assert json.loads(client.send(ForceTurn(at_ms=1500))[0])["timestamp"] == 1.5


def test_a_forced_end_is_not_said_where_the_server_ends_turns():
    endpointing = SilenceEndpointing(silence_ms=500)
    client, _ = asked(SessionConfig(language="en", audio=RAW, endpointing=endpointing))
    assert client.send(ForceTurn(at_ms=1000)) == []
    assert "a forced end" in client.notes[-1]


def test_only_partials_are_changed(client):
    [change] = client.send(Reconfigure(partials_wanted=False, max_delay_ms=700))
    assert json.loads(change)["transcription_config"] == {"enable_partials": False}
    assert client.notes[-1].startswith("max_delay_ms: dropped")
    assert client.send(Reconfigure(max_delay_ms=800)) == []


def test_a_session_is_understood(client):
    assert not client.ready
    events = hears(
        client,
        STARTED,
        {"message": "Info", "type": "recognition_quality", "reason": "x", "quality": "broadcast"},
        {"message": "AudioAdded", "seq_no": 1},
        {"message": "SpeechStarted", "metadata": {"start_time": 0.9}},
        {"message": "StartOfTurn", "metadata": {"start_time": 1.0}},
        segment("AddPartialSegment", 1.0, 1.4, "Good"),
        segment("AddSegment", 1.0, 2.0, "Good day.", speaker="S1"),
        {"message": "SpeechEnded", "metadata": {"end_time": 2.1}},
        {"message": "EndOfTurn", "metadata": {"end_time": 2.0}},
        {"message": "Unheard", "of": 1},
        {"message": "StartOfTurn", "metadata": {"start_time": 3.0}},
    )
    assert client.ready
    started, accepted, voice, turn, shown, final, nothing_open, quiet, ended, next_turn = events
    assert started == SessionStarted(session_id="s1", language="en", started_at=1000)
    assert accepted == AudioAccepted(number=1)
    assert (voice, quiet) == (VoiceStarted(at_ms=900), VoiceStopped(at_ms=2100))
    assert (turn.turn, turn.at_ms, next_turn.turn) == (0, 1000, 1)
    assert isinstance(turn, SpeechStarted)
    assert [word.text for word in shown.words] == ["Good"]
    assert isinstance(final, Final)
    assert [(w.text, w.punctuation, w.speaker) for w in final.words] == [
        ("Good", "", "S1"),
        ("day", ".", "S1"),
    ]
    # Four letters and three share a second.
    assert [(w.start_ms, w.end_ms) for w in final.words] == [(1000, 1571), (1571, 2000)]
    assert nothing_open == Partial(turn=0, words=(), through_ms=2000)
    assert ended == TurnEnded(turn=0, at_ms=2000, confidence=1.0)


def test_an_answer_about_speakers_is_known_from_that_about_the_end(client):
    client.send(ReportSpeakers())
    client.send(ReportSpeakers(at_end=True))
    result = {
        "message": "SpeakersResult",
        "speakers": [{"label": "S1", "speaker_identifiers": ["x"]}],
    }
    known = (Speaker(label="S1", identifiers=("x",)),)
    assert hears(client, result, result) == [
        SpeakersKnown(speakers=known),
        SpeakersKnown(speakers=known, at_end=True),
    ]


def test_the_end_tells_how_much_was_sent(client):
    client.send(Audio(data=bytes(16_000)))
    assert json.loads(client.send(Finish())[0]) == {"message": "EndOfStream", "last_seq_no": 1}
    assert hears(client, {"message": "EndOfTranscript"}) == [
        SessionEnded(audio_ms=500, session_ms=0)
    ]
    assert client.closed(1000, "") is None


@pytest.mark.parametrize(
    ("kind", "code", "cause"),
    [
        ("not_authorised", 4001, "credential"),
        ("quota_exceeded", 4005, "capacity"),
        ("invalid_config", 1003, "request"),
        ("job_error", 4013, "fault"),
    ],
)
def test_an_error_is_raised_with_its_cause(client, kind, code, cause):
    with pytest.raises(UpstreamError, match=kind) as caught:
        hears(client, {"message": "Error", "type": kind, "reason": "x"})
    assert (caught.value.code, caught.value.cause) == (code, cause)


@pytest.mark.parametrize(("code", "wait_s"), [(1012, 1.0), (1013, 5.0), (4013, 5.0), (4001, None)])
def test_some_codes_mean_later(client, code, wait_s):
    assert client.retry_after_s(code) == wait_s
    assert isinstance(client.closed(code, ""), UpstreamError)


def test_a_warning_is_noted_without_its_words(client):
    assert hears(client, {"message": "Warning", "reason": "about Ann"}) == []
    assert "Ann" not in client.notes[-1]


@pytest.mark.parametrize("frame", [b"x", "no json", "[]", '{"message": "AddSegment"}'])
def test_what_is_not_of_this_protocol_is_an_error(client, frame):
    with pytest.raises(ProtocolError):
        client.receive(frame)
