"""Sessions of several channels, section 13.3."""

import base64
import json
from uuid import uuid4

import pytest

from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    ChannelEvent,
    Final,
    Finish,
    ForceTurn,
    InChannel,
    Partial,
    Reconfigure,
    SessionEnded,
    SessionStarted,
    Silence,
    SpeakerLabels,
    TurnEnded,
    Word,
)

ENDED = SessionEnded(audio_ms=1000, session_ms=1100)
HELLO = Word(text="Hello", start_ms=100, end_ms=500, confidence=0.9)


@pytest.fixture
def call(connect):
    """A session of two channels."""

    def started(**config):
        labels = ["agent", "customer"]
        config = {"diarization": "channel", "channel_diarization_labels": labels} | config
        return connect(**config)

    return started


def audio(channel, data=b"ab"):
    encoded = base64.b64encode(data).decode()
    return {"message": "AddChannelAudio", "channel": channel, "data": encoded}


def end(channel):
    return {"message": "EndOfChannel", "channel": channel, "last_seq_no": 9}


def in_agent(event):
    return ChannelEvent(channel="agent", event=event)


def test_channels_are_named_in_the_session_and_in_its_beginning(connection):
    (start,) = connection.start(
        diarization="channel_and_speaker", channel_diarization_labels=["agent", "customer"]
    )
    assert start.config.channels == ("agent", "customer")
    assert start.config.speaker_labels == SpeakerLabels()


def test_recognition_started_names_them_in_both_ways(connection):
    connection.start(diarization="channel", channel_diarization_labels=["a", "b"])
    event = SessionStarted(session_id=str(uuid4()), language="en", started_at=0)
    started = connection.hear(event)[0]
    assert started["channels"] == started["channel_ids"] == ["a", "b"]


@pytest.mark.parametrize("labels", [None, [], ["a", "a"], [""]])
def test_without_labels_of_their_own_there_are_no_channels(connection, labels):
    config = {"language": "en", "diarization": "channel", "channel_diarization_labels": labels}
    message = {
        "message": "StartRecognition",
        "audio_format": {"type": "file"},
        "transcription_config": config,
    }
    kind, code, _, reason = connection.refused_as(message)
    assert (kind, code) == ("invalid_config", 1003)
    assert "channel_diarization_labels" in reason


def test_labels_without_channels_are_no_channels(connection):
    (start,) = connection.start(channel_diarization_labels=["a", "b"])
    assert start.config.channels == ()


def test_audio_of_a_channel_is_decoded_for_it(call):
    session = call()
    assert session.say(audio("agent", b"\0\1")) == [
        InChannel(channel="agent", command=Audio(data=b"\0\1"))
    ]
    assert session.say(audio("customer", b"")) == [
        InChannel(channel="customer", command=Audio(data=b""))
    ]


def test_messages_that_are_encoded_twice_are_understood(call):
    frame = json.dumps(json.dumps(audio("agent")))
    assert call().server.receive(frame) == [InChannel(channel="agent", command=Audio(data=b"ab"))]


@pytest.mark.parametrize(
    "message",
    [
        b"binary audio",
        audio("nobody"),
        end("nobody"),
        {"message": "ForceEndOfUtterance", "channel": "nobody"},
    ],
)
def test_a_channel_that_is_none_is_a_protocol_error(call, message):
    kind, code, reason, _ = call().refused_as(message)
    assert (kind, code, reason) == ("protocol_error", 1003, "protocol_error")


@pytest.mark.parametrize("data", ["%%%", "AAA", "AB==C", "é"])
def test_what_is_not_base64_is_an_invalid_message(call, data):
    message = {"message": "AddChannelAudio", "channel": "agent", "data": data}
    assert call().refused_as(message)[:2] == ("invalid_message", 1003)


def test_the_session_ends_with_its_last_channel(call):
    session = call()
    assert session.say(end("customer")) == [InChannel(channel="customer", command=Finish())]
    assert session.say(end("customer")) == [InChannel(channel="customer", command=Finish())]
    assert session.say(end("agent")) == [Finish()]
    assert session.say(end("agent")) == []


def test_end_of_stream_ends_every_channel(call):
    session = call()
    assert session.say({"message": "EndOfStream"}) == [Finish()]
    assert session.say(end("agent")) == []


def test_late_audio_gets_one_warning_whatever_its_channel(call):
    session = call()
    session.say({"message": "EndOfStream"})
    (command,) = session.say(audio("agent"))
    assert isinstance(command.command, Audio)
    assert session.server.receive(b"binary") == [command]
    assert session.say(audio("nobody")) == []
    said = session.hear(
        in_agent(AudioIgnored()), ChannelEvent(channel="customer", event=AudioIgnored())
    )
    assert [message["type"] for message in said] == ["add_audio_after_eos"]


@pytest.mark.parametrize("timestamp", [None, 1.5])
def test_a_forced_end_is_for_the_channel_that_it_names_or_for_all(call, timestamp):
    session = call()
    at = {} if timestamp is None else {"timestamp": timestamp}
    force = ForceTurn(at_ms=None if timestamp is None else 1500)
    message = {"message": "ForceEndOfUtterance", **at}
    assert session.say(message) == [force]
    assert session.say(message | {"channel": "agent"}) == [
        InChannel(channel="agent", command=force)
    ]


def test_each_channel_is_acknowledged_by_its_own_numbers(call):
    said = call().hear(
        in_agent(AudioAccepted(number=1)),
        ChannelEvent(channel="customer", event=AudioAccepted(number=1)),
        in_agent(AudioAccepted(number=2)),
    )
    assert said == [
        {"message": "ChannelAudioAdded", "channel": "agent", "seq_no": 1},
        {"message": "ChannelAudioAdded", "channel": "customer", "seq_no": 1},
        {"message": "ChannelAudioAdded", "channel": "agent", "seq_no": 2},
    ]


def test_what_is_said_names_its_channel_and_each_has_its_own_windows(call):
    session = call(
        enable_partials=True, conversation_config={"end_of_utterance_silence_trigger": 1}
    )
    said = session.hear(
        in_agent(Final(turn=0, words=(HELLO,), through_ms=1000)),
        in_agent(Partial(turn=0, words=(), through_ms=1000)),
        in_agent(TurnEnded(turn=0, at_ms=1500, confidence=1.0)),
        ChannelEvent(channel="customer", event=Silence(start_ms=0, end_ms=700)),
    )
    assert [(message["message"], message["channel"]) for message in said] == [
        ("AddTranscript", "agent"),
        ("AddPartialTranscript", "agent"),
        ("EndOfUtterance", "agent"),
        ("AddTranscript", "customer"),
        ("AddPartialTranscript", "customer"),
    ]
    windows = [(m["metadata"]["start_time"], m["metadata"]["end_time"]) for m in said]
    assert windows == [(0, 1.0), (1.0, 1.0), (1.5, 1.5), (0, 0.7), (0.7, 0.7)]


def test_a_change_is_for_all_channels(call):
    session = call(enable_partials=False)
    config = {"enable_partials": True}
    (command,) = session.say({"message": "SetRecognitionConfig", "transcription_config": config})
    assert isinstance(command, Reconfigure)
    said = session.hear(
        in_agent(Partial(turn=0, words=(), through_ms=10)),
        ChannelEvent(channel="customer", event=Partial(turn=0, words=(), through_ms=10)),
    )
    assert [message["channel"] for message in said] == ["agent", "customer"]


def test_the_end_is_told_once_for_all(call):
    assert call().hear(ENDED) == [{"message": "EndOfTranscript"}]
