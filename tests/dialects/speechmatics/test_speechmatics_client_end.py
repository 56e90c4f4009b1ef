import msgspec
import pytest
from msgspec.structs import replace

from crossfade.dialects.base import DialectSettings, Goodbye, Handshake
from crossfade.dialects.speechmatics import DIALECT
from crossfade.dialects.speechmatics.client import SpeechmaticsClient
from crossfade.errors import ConfigError, ProtocolError, UpstreamError
from crossfade.model import (
    Audio,
    AudioAccepted,
    ChannelEvent,
    ConfidenceEndpointing,
    ContainerAudio,
    Encoding,
    Final,
    Finish,
    ForceTurn,
    InChannel,
    KeepAlive,
    KeyTerm,
    NoEndpointing,
    Partial,
    PunctuationEndpointing,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    SessionEnded,
    SessionStarted,
    Silence,
    SilenceEndpointing,
    Speaker,
    SpeakerLabels,
    SpeakersKnown,
    Start,
    TurnEnded,
    Word,
)

RAW = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16000)
CONFIG = SessionConfig(language="en", audio=RAW)


def client_for(config=CONFIG):
    client = SpeechmaticsClient(now=iter(range(100, 1000)).__next__)
    client.request("ws://h", key=None, config=config)
    return client


def hear(client, message):
    return client.receive(msgspec.json.encode(message).decode())


def decoded(frames):
    return [msgspec.json.decode(frame) for frame in frames]


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("wss://eu2.rt.speechmatics.com", "wss://eu2.rt.speechmatics.com/v2"),
        ("ws://127.0.0.1:8765/", "ws://127.0.0.1:8765/v2"),
        ("wss://h/v2", "wss://h/v2"),
        ("wss://h/v2/en", "wss://h/v2/en"),
        ("wss://h/else/where", "wss://h/else/where"),
        ("wss://h?sm-app=x", "wss://h/v2?sm-app=x"),
    ],
)
def test_the_path_is_added_to_a_bare_url(typed, asked):
    assert SpeechmaticsClient().request(typed, key="k", config=CONFIG).url == asked


def test_the_key_goes_into_the_header():
    request = SpeechmaticsClient().request("ws://h", key="k3y", config=CONFIG)
    assert request.headers == {"Authorization": "Bearer k3y"}
    assert SpeechmaticsClient().request("ws://h", key=None, config=CONFIG).headers == {}


def test_more_key_terms_than_the_vendor_takes_are_refused():
    config = SessionConfig(language="en", audio=RAW, keyterms=(KeyTerm(text="a"),) * 1001)
    with pytest.raises(ConfigError) as caught:
        SpeechmaticsClient().request("ws://h", key=None, config=config)
    assert caught.value.field == "keyterms"


def test_any_audio_can_be_carried_at_any_pace():
    client = SpeechmaticsClient()
    assert client.audio_format(CONFIG) == CONFIG
    assert client.audio_rules().paced is False


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        SessionConfig(language="de", audio=ContainerAudio(), partials_wanted=False),
        SessionConfig(
            language="en",
            audio=RawAudio(encoding=Encoding.MULAW, sample_rate_hz=8000),
            endpointing=SilenceEndpointing(silence_ms=700),
            max_delay_ms=1500,
            keyterms=(KeyTerm(text="a"), KeyTerm(text="b", sounds_like=("c", "d"))),
            speaker_labels=SpeakerLabels(max_speakers=3, sensitivity=0.25),
            grade="enhanced",
            domain="medical",
        ),
    ],
)
def test_what_the_client_end_asks_the_server_end_understands(config):
    client = client_for(config)
    server = DIALECT.server(DialectSettings())
    server.open(Handshake(path="/v2"))
    [frame] = client.open()
    [start] = server.receive(frame)
    assert isinstance(start, Start)
    # Who names no model gets the usual one.
    assert start.config == replace(config, grade=config.grade or "standard")


@pytest.mark.parametrize(
    ("config", "model"),
    [
        (CONFIG, None),
        (replace(CONFIG, grade="standard"), None),
        (replace(CONFIG, grade="enhanced"), "enhanced"),
        (replace(CONFIG, language="multi", grade="enhanced"), "melia-1"),
    ],
)
def test_a_model_is_named_where_it_is_not_the_usual_one(config, model):
    [start] = decoded(client_for(config).open())
    assert start["transcription_config"].get("model") == model


@pytest.mark.parametrize(
    ("endpointing", "trigger"),
    [
        (NoEndpointing(), 0.0),
        (SilenceEndpointing(silence_ms=5000), 2.0),
        (
            ConfidenceEndpointing(min_silence_ms=400, max_silence_ms=1280, threshold=0.4),
            1.28,
        ),
        (
            PunctuationEndpointing(min_silence_ms=400, max_silence_ms=900, max_turn_ms=60_000),
            0.9,
        ),
    ],
)
def test_the_longest_silence_is_what_this_protocol_can_say(endpointing, trigger):
    change = Reconfigure(endpointing=endpointing)
    assert decoded(client_for().send(change)) == [
        {
            "message": "SetRecognitionConfig",
            "transcription_config": {
                "conversation_config": {"end_of_utterance_silence_trigger": trigger}
            },
        }
    ]


def test_commands_become_messages():
    client = client_for()
    assert client.send(Start(config=CONFIG)) == []  # ``open`` said it
    assert client.send(Audio(data=b"abcd")) == [b"abcd"]
    assert client.send(Audio(data=b"ef")) == [b"ef"]
    assert client.send(KeepAlive()) == []
    assert decoded(client.send(ForceTurn())) == [{"message": "ForceEndOfUtterance"}]
    assert decoded(client.send(ForceTurn(at_ms=12_480))) == [
        {"message": "ForceEndOfUtterance", "timestamp": 12.48}
    ]
    assert decoded(client.send(Reconfigure(partials_wanted=False, max_delay_ms=20_000))) == [
        {
            "message": "SetRecognitionConfig",
            "transcription_config": {"enable_partials": False, "max_delay": 4.0},
        }
    ]
    assert client.send(Reconfigure(keyterms=())) == []  # cannot change in this protocol
    assert decoded(client.send(Finish())) == [{"message": "EndOfStream", "last_seq_no": 2}]


def test_audio_may_be_sent_once_recognition_has_started():
    client = client_for()
    client.open()
    assert not client.ready
    assert hear(client, {"message": "Info", "type": "concurrent_session_usage", "reason": ""}) == []
    assert not client.ready
    assert hear(client, {"message": "RecognitionStarted", "id": "x"}) == [
        SessionStarted(session_id="x", language="en", started_at=101)
    ]
    assert client.ready


def items(*contents):
    """``a .`` is a word and its mark; each word lasts 100 ms."""
    results = []
    for number, content in enumerate(contents):
        mark = not content.isalnum()
        alternative = {"content": content, "confidence": 0.9, "speaker": "UU" if number else "S1"}
        results.append(
            {
                "type": "punctuation" if mark else "word",
                "start_time": number / 10,
                "end_time": number / 10 if mark else (number + 1) / 10,
                "alternatives": [alternative],
            }
            | ({"attaches_to": "next" if content == "¿" else "previous"} if mark else {})
        )
    return results


def transcript(kind, *contents, end=1.0, **more):
    metadata = {"start_time": 0.0, "end_time": end, "transcript": ""}
    return {"message": kind, "results": items(*contents), "metadata": metadata} | more


def test_transcripts_become_finals_and_partials_with_marks_folded_into_words():
    client = client_for()
    said = Word(text="Hi", start_ms=0, end_ms=100, confidence=0.9, punctuation=".", speaker="S1")
    assert hear(client, transcript("AddTranscript", "Hi", ".", format="2.9")) == [
        Final(turn=0, words=(said,), through_ms=1000)
    ]
    assert hear(client, transcript("AddPartialTranscript", "Hi", ".")) == [
        Partial(turn=0, words=(said,), through_ms=1000)
    ]


def test_no_mark_is_lost():
    [final] = hear(client_for(), transcript("AddTranscript", ".", "¿", "a", "?", "!"))
    assert [word.text + word.punctuation for word in final.words] == [".", "¿a?!"]
    assert all(word.end_ms > word.start_ms for word in final.words)


def test_turns_are_counted_and_silence_between_them_is_silence():
    client = client_for()
    moment = {"start_time": 1.0, "end_time": 1.0}
    assert hear(client, transcript("AddTranscript", end=0.5)) == [Silence(start_ms=0, end_ms=500)]
    hear(client, transcript("AddTranscript", "a"))
    assert isinstance(hear(client, transcript("AddTranscript"))[0], Final)  # the turn is open
    assert hear(client, {"message": "EndOfUtterance", "metadata": moment}) == [
        TurnEnded(turn=0, at_ms=1000, confidence=1.0)
    ]
    [forced] = hear(client, transcript("AddTranscript", forced=True))
    assert forced == Final(turn=1, words=(), through_ms=1000, forced=True)
    assert hear(client, {"message": "EndOfUtterance", "metadata": moment, "forced": True}) == [
        TurnEnded(turn=1, at_ms=1000, confidence=1.0, forced=True)
    ]


def test_acknowledgements_and_the_end():
    client = client_for()
    client.open()
    client.send(Audio(data=bytes(32_001)))
    assert hear(client, {"message": "AudioAdded", "seq_no": 1}) == [AudioAccepted(number=1)]
    assert hear(client, {"message": "EndOfTranscript"}) == [
        SessionEnded(audio_ms=1000, session_ms=1000)
    ]
    assert client.closed(1000, "") is None
    assert client.closed(1006, "") is None


@pytest.mark.parametrize(
    "message",
    [
        {"message": "Warning", "type": "idle_timeout", "reason": "r", "new": 1},
        {"message": "Info", "type": "recognition_quality"},
        {"message": "LanguageInfo", "language": "de"},
        {"message": "AddTranslation", "language": "de", "results": []},
        {"message": "OfTomorrow"},
    ],
)
def test_what_we_have_no_use_for_is_skipped(message):
    assert hear(client_for(), message) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "not_authorised", "reason": "Not Authorized"}, 4001),
        ({"type": "quota_exceeded", "reason": "x", "code": 4005}, 4005),
        ({"type": "timelimit_exceeded", "reason": "x"}, 4006),
        ({"type": "of_tomorrow", "reason": "x"}, 1011),
        ({"type": "job_error"}, 4013),
    ],
)
def test_an_error_is_raised_with_its_close_code(error, code):
    with pytest.raises(UpstreamError) as caught:
        hear(client_for(), {"message": "Error"} | error)
    assert caught.value.code == code
    assert error["type"] in str(caught.value)


@pytest.mark.parametrize(
    "frame",
    [
        b"\0",
        "",
        "{",
        "[]",
        "{}",
        '{"message":1}',
        '{"message":"AudioAdded"}',
        '{"message":"AddTranscript","results":[]}',
        "[" * 5000,
    ],
)
def test_what_is_no_message_is_a_protocol_error(frame):
    with pytest.raises(ProtocolError):
        client_for().receive(frame)


def test_a_close_before_the_end_is_an_error_with_its_code():
    error = client_for().closed(4013, "job_error")
    assert isinstance(error, UpstreamError)
    assert error.code == 4013


def test_out_and_back_finals_and_turns_are_the_same():
    config = SessionConfig(language="en", audio=RAW, endpointing=SilenceEndpointing(silence_ms=500))
    client, server = client_for(config), DIALECT.server(DialectSettings())
    server.receive(client.open()[0])
    words = (
        Word(text="Good", start_ms=360, end_ms=800, confidence=0.98),
        Word(text="morning", start_ms=800, end_ms=1240, confidence=1.0, punctuation="."),
    )
    events = [
        SessionStarted(session_id="s", language="en", started_at=100),
        AudioAccepted(number=1),
        Silence(start_ms=0, end_ms=200),
        Partial(turn=0, words=words, through_ms=1240),
        Final(turn=0, words=words, through_ms=1760),
        Partial(turn=0, words=(), through_ms=1760),
        TurnEnded(turn=0, at_ms=1760, confidence=1.0),
        Final(turn=1, words=(), through_ms=1800, forced=True),
        Partial(turn=1, words=(), through_ms=1800),
        TurnEnded(turn=1, at_ms=1800, confidence=1.0, forced=True),
    ]
    heard = [
        event
        for told in events
        for frame in server.send(told)
        if not isinstance(frame, Goodbye)
        for event in client.receive(frame)
    ]
    # The wire has an empty partial behind each stretch of silence.
    assert heard.pop(3) == Partial(turn=0, words=(), through_ms=200)
    assert heard[1:] == events[1:]


# Channels and speakers ------------------------------------------------------------------------

CALL = SessionConfig(
    language="en",
    audio=RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=8000),
    channels=("agent", "customer"),
    speaker_labels=SpeakerLabels(known=(Speaker(label="Ann", identifiers=("eA==",)),)),
)


def test_channels_and_known_speakers_are_asked_for():
    start = msgspec.json.decode(client_for(CALL).open()[0])
    config = start["transcription_config"]
    assert config["diarization"] == "channel_and_speaker"
    assert config["channel_diarization_labels"] == ["agent", "customer"]
    assert config["speaker_diarization_config"]["speakers"] == [
        {"label": "Ann", "speaker_identifiers": ["eA=="]}
    ]


def test_what_is_for_a_channel_says_so():
    client = client_for(CALL)
    said = [
        msgspec.json.decode(client.send(InChannel(channel="agent", command=command))[0])
        for command in (Audio(data=b"ab"), ForceTurn(at_ms=1500), Finish())
    ]
    assert said == [
        {"message": "AddChannelAudio", "channel": "agent", "data": "YWI="},
        {"message": "ForceEndOfUtterance", "timestamp": 1.5, "channel": "agent"},
        {"message": "EndOfChannel", "channel": "agent", "last_seq_no": 1},
    ]


def test_what_is_heard_in_a_channel_says_so_and_turns_are_counted_apart():
    client = client_for(CALL)
    said = {"start_time": 0.0, "end_time": 1.0, "transcript": ""}
    moment = {"start_time": 1.0, "end_time": 1.0}
    for _ in range(2):
        hear(client, {"message": "EndOfUtterance", "channel": "agent", "metadata": moment})
    accepted = {"message": "ChannelAudioAdded", "channel": "agent", "seq_no": 3}
    assert hear(client, accepted) == [ChannelEvent(channel="agent", event=AudioAccepted(number=3))]
    for channel, turn in (("agent", 2), ("customer", 0)):
        partial = {"message": "AddPartialTranscript", "results": [], "metadata": said}
        assert hear(client, partial | {"channel": channel}) == [
            ChannelEvent(channel=channel, event=Partial(turn=turn, words=(), through_ms=1000))
        ]


def test_answers_about_speakers_are_told_from_the_one_about_the_end():
    client = client_for()
    client.send(ReportSpeakers())
    client.send(ReportSpeakers(at_end=True))
    speaker = {"label": "S1", "speaker_identifiers": ["eA=="]}
    answer = {"message": "SpeakersResult", "speakers": [speaker]}
    known = (Speaker(label="S1", identifiers=("eA==",)),)
    assert hear(client, answer) == [SpeakersKnown(speakers=known)]
    assert hear(client, answer) == [SpeakersKnown(speakers=known, at_end=True)]
