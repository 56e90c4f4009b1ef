"""The client's end: what it asks for, and what it makes of what it hears."""

from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.dialects.assemblyai import DIALECT
from crossfade.dialects.base import AudioRules, DialectSettings, Goodbye, Handshake
from crossfade.errors import ConfigError, CrossfadeError, ProtocolError, UpstreamError
from crossfade.model import (
    Audio,
    ConfidenceEndpointing,
    ContainerAudio,
    Encoding,
    Final,
    Finish,
    ForceTurn,
    Heartbeat,
    KeepAlive,
    KeyTerm,
    NoEndpointing,
    Partial,
    PunctuationEndpointing,
    RawAudio,
    Reconfigure,
    SessionConfig,
    SessionEnded,
    SessionStarted,
    Silence,
    SilenceEndpointing,
    SpeakerLabels,
    SpeechStarted,
    Start,
    TurnEnded,
    Word,
)

PCM = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
CONFIG = SessionConfig(language="en", audio=PCM)
CONFIDENCE = ConfidenceEndpointing(min_silence_ms=400, max_silence_ms=1280, threshold=0.4)
PUNCTUATION = PunctuationEndpointing(min_silence_ms=1, max_silence_ms=90_000, max_turn_ms=1)
US_CONFIG = msgspec.structs.replace(CONFIG, endpointing=CONFIDENCE)


def asked(config, url="ws://host:8765"):
    parts = urlsplit(DIALECT.client().request(url, key="KEY", config=config).url)
    return dict(parse_qsl(parts.query, strict_parsing=True))


def listening(config=CONFIG, url="ws://host"):
    client = DIALECT.client()
    client.request(url, key=None, config=config)
    return client


def turn(*words, order=0, end=False, is_formatted=False, utterance="", confidence=0.0):
    return msgspec.json.encode(
        {
            "type": "Turn",
            "turn_order": order,
            "turn_is_formatted": is_formatted,
            "end_of_turn": end,
            "transcript": "",
            "end_of_turn_confidence": confidence,
            "utterance": utterance,
            "words": [
                {
                    "text": text.rstrip("*"),
                    "start": 100 * n,
                    "end": 100 * n + 90,
                    "confidence": 0.5,
                    "word_is_final": text.endswith("*") or end,
                }
                for n, text in enumerate(words)
            ],
        }
    ).decode()


def heard(client, *frames):
    return [event for frame in frames for event in client.receive(frame)]


def told(events):
    """Finals, partials and ends, as short texts."""
    short = []
    for event in events:
        match event:
            case Final(words=words):
                short.append("final " + " ".join(w.text + w.punctuation for w in words))
            case Partial(words=words):
                short.append("partial " + " ".join(w.text + w.punctuation for w in words))
            case TurnEnded(turn=number):
                short.append(f"ended {number}")
    return short


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("wss://host", "wss://host/v3/ws"),
        ("wss://host/", "wss://host/v3/ws"),
        ("ws://host:1/v3/ws", "ws://host:1/v3/ws"),
        ("ws://host:1/proxy/v3/ws/", "ws://host:1/proxy/v3/ws/"),
    ],
)
def test_the_path_may_be_left_out(url, address):
    request = DIALECT.client().request(url, key="KEY", config=CONFIG)
    assert request.url.split("?")[0] == address
    assert request.headers == {"Authorization": "KEY"}


def test_what_the_user_wrote_into_the_url_stays():
    query = asked(CONFIG, "ws://host?speech_model=u3-rt-pro&foo=1")
    assert (query["speech_model"], query["foo"]) == ("u3-rt-pro", "1")


def test_a_plain_configuration_asks_for_the_flagship_and_for_turns_that_end_late():
    assert asked(CONFIG) == {
        "sample_rate": "16000",
        "encoding": "pcm_s16le",
        "speech_model": "universal-3-6-pro",
        "language_codes": '["en"]',
        "interruption_delay": "0",
        "continuous_partials": "true",
        "min_turn_silence": "400",
        "max_turn_silence": "4000",
    }


@pytest.mark.parametrize(
    ("grade", "language", "endpointing", "model"),
    [
        ("standard", "en", NoEndpointing(), "universal-streaming-english"),
        ("standard", "fr", SilenceEndpointing(silence_ms=700), "universal-streaming-multilingual"),
        ("standard", "ja", SilenceEndpointing(silence_ms=700), "universal-3-6-pro"),
        ("enhanced", "en", SilenceEndpointing(silence_ms=700), "u3-rt-pro"),
        ("enhanced", "en", CONFIDENCE, "universal-streaming-english"),
        ("standard", "en", PUNCTUATION, "universal-3-6-pro"),
    ],
)
def test_the_grade_chooses_among_the_models_that_have_the_rule_for_turns(
    grade, language, endpointing, model
):
    config = msgspec.structs.replace(
        CONFIG, grade=grade, language=language, endpointing=endpointing
    )
    assert asked(config)["speech_model"] == model


def test_only_the_domain_that_the_vendor_has_is_asked_for():
    medical, law = (msgspec.structs.replace(CONFIG, domain=name) for name in ("medical", "law"))
    assert asked(medical)["domain"] == "medical-v1"
    assert "domain" not in asked(law)
    client = DIALECT.client()
    client.request("ws://host", key=None, config=law)
    assert "domain: dropped, this protocol has no such one" in client.notes


def test_a_full_configuration():
    config = SessionConfig(
        language="de",
        audio=RawAudio(encoding=Encoding.MULAW, sample_rate_hz=8000),
        endpointing=CONFIDENCE,
        partials_wanted=False,
        keyterms=(KeyTerm(text="Zürich", sounds_like=("zurich",)),),
        speaker_labels=SpeakerLabels(max_speakers=2),
        vad_threshold=0.3,
    )
    assert asked(config) == {
        "sample_rate": "8000",
        "encoding": "pcm_mulaw",
        "speech_model": "universal-streaming-multilingual",
        "format_turns": "true",
        "min_turn_silence": "400",
        "max_turn_silence": "1280",
        "end_of_turn_confidence_threshold": "0.4",
        "include_partial_turns": "false",
        "keyterms_prompt": '["Zürich"]',
        "vad_threshold": "0.3",
        "speaker_labels": "true",
        "max_speakers": "2",
    }


@pytest.mark.parametrize(
    ("endpointing", "times"),
    [
        (SilenceEndpointing(silence_ms=700), ("700", "700")),
        (SilenceEndpointing(silence_ms=20_000), ("10000", "20000")),
        (PUNCTUATION, ("50", "60000")),
    ],
)
def test_silences_are_moved_into_what_the_vendor_takes(endpointing, times):
    query = asked(msgspec.structs.replace(CONFIG, endpointing=endpointing))
    assert (query["min_turn_silence"], query["max_turn_silence"]) == times
    assert query["speech_model"] == "universal-3-6-pro"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"language": "tlh"}, "language"),
        ({"language": "ja", "endpointing": CONFIDENCE}, "language"),
        ({"audio": ContainerAudio()}, "audio"),
        ({"audio": RawAudio(encoding=Encoding.PCM_F32LE, sample_rate_hz=16_000)}, "audio"),
        ({"keyterms": (KeyTerm(text="x"),) * 101}, "keyterms"),
        ({"keyterms": (KeyTerm(text="x" * 51),)}, "keyterms"),
    ],
)
def test_what_this_protocol_cannot_carry_is_refused(change, field):
    with pytest.raises(ConfigError) as caught:
        asked(msgspec.structs.replace(CONFIG, **change))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("audio", "chosen"),
    [
        (ContainerAudio(container="wav"), PCM),
        (RawAudio(encoding=Encoding.PCM_F32LE, sample_rate_hz=44_100), (44_100, "pcm_s16le")),
        (RawAudio(encoding=Encoding.MULAW, sample_rate_hz=8000), (8000, "mulaw")),
        (RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=192_000), (96_000, "pcm_s16le")),
    ],
)
def test_audio_is_brought_into_a_format_that_can_be_asked_for(audio, chosen):
    config = DIALECT.client().audio_format(msgspec.structs.replace(CONFIG, audio=audio))
    if isinstance(chosen, tuple):
        chosen = RawAudio(encoding=Encoding(chosen[1]), sample_rate_hz=chosen[0])
    assert config.audio == chosen
    asked(config)


_configs = st.builds(
    SessionConfig,
    language=st.just("en"),
    audio=st.just(PCM),
    endpointing=st.one_of(
        st.builds(SilenceEndpointing, silence_ms=st.integers(0, 10**6)),
        st.builds(
            ConfidenceEndpointing,
            min_silence_ms=st.integers(0, 10**6),
            max_silence_ms=st.integers(0, 10**6),
            threshold=st.floats(0, 1),
        ),
    ),
    partials_wanted=st.booleans(),
    keyterms=st.lists(st.builds(KeyTerm, text=st.text(max_size=50)), max_size=5).map(tuple),
    vad_threshold=st.none() | st.floats(0, 1),
)


@given(_configs)
def test_our_server_takes_whatever_our_client_asks(config):
    query = parse_qsl(urlsplit(DIALECT.client().request("ws://h", key="", config=config).url).query)
    server = DIALECT.server(DialectSettings())
    (start,) = server.open(Handshake(path="/v3/ws", query=tuple(query)))
    assert isinstance(start, Start)
    assert start.config.partials_wanted == config.partials_wanted
    assert start.config.vad_threshold == config.vad_threshold
    assert start.config.keyterms == tuple(t for t in config.keyterms if t.text.strip())


def test_audio_is_cut_and_paced_as_the_vendor_demands():
    rules = DIALECT.client().audio_rules()
    assert rules == AudioRules(min_chunk_ms=50, max_chunk_ms=1000, chunk_ms=50, paced=True)


@pytest.mark.parametrize(
    ("command", "frames"),
    [
        (Start(config=CONFIG), []),
        (Audio(data=b"\0\0"), [b"\0\0"]),
        (ForceTurn(), ['{"type":"ForceEndpoint"}']),
        (KeepAlive(), ['{"type":"KeepAlive"}']),
        (Finish(), ['{"type":"Terminate"}']),
        (Reconfigure(partials_wanted=False, max_delay_ms=1), []),
        (
            Reconfigure(endpointing=CONFIDENCE, keyterms=(), vad_threshold=0.5),
            [
                (
                    '{"type":"UpdateConfiguration","min_turn_silence":400,"max_turn_silence":1280,'
                    '"end_of_turn_confidence_threshold":0.4,"vad_threshold":0.5,"keyterms_prompt":[]}'
                )
            ],
        ),
    ],
)
def test_commands_become_frames(command, frames):
    assert listening().send(command) == frames
    assert listening().open() == []


def test_whole_turns_become_partials_and_one_final():
    events = heard(
        listening(),
        turn("Hello", is_formatted=True),
        turn("Yellow", "world", is_formatted=True),
        turn("Hello,", "world.", end=True, is_formatted=True, confidence=1.0),
        turn("Next", order=1),
    )
    assert told(events) == [
        "partial Hello",
        "partial Yellow world",
        "final Hello, world.",
        "partial ",
        "ended 0",
        "partial Next",
    ]
    assert events[2].words[1] == Word(
        text="world", start_ms=100, end_ms=190, confidence=0.5, punctuation="."
    )


def test_words_wait_for_the_formatted_end_that_was_asked_for():
    client = listening(US_CONFIG)
    events = heard(
        client,
        turn("hello*", "wor"),
        turn("hello*", "world*", end=True, confidence=0.8),
        turn("Hello,", "world.", end=True, is_formatted=True, confidence=0.8),
    )
    assert told(events) == ["partial hello wor", "final Hello, world.", "partial ", "ended 0"]


@pytest.mark.parametrize(
    "after",
    [
        turn("next", order=1),
        '{"type":"SpeechStarted","timestamp":5}',
        '{"type":"Termination","audio_duration_seconds":1,"session_duration_seconds":1}',
    ],
)
def test_a_raw_end_counts_when_no_formatted_one_follows(after):
    events = heard(listening(US_CONFIG), turn("hello*", end=True), after)
    assert told(events)[:3] == ["final hello", "partial ", "ended 0"]


def test_without_formatting_words_are_final_as_the_server_calls_them_so():
    client = listening(US_CONFIG, "ws://host?format_turns=false")
    events = heard(
        client,
        turn("hello"),
        turn("hello*", "wor", utterance="hello wor", confidence=0.3),
        turn("hello*", "world*", end=True),
        turn("Hello", "world.", end=True, is_formatted=True),
    )
    assert told(events) == [
        "partial hello",
        "final hello",
        "partial wor",
        "final world",
        "partial ",
        "ended 0",
    ]
    assert (events[2].at_pause, events[2].turn_confidence) == (True, 0.3)


def test_a_session_begins_and_ends():
    client = listening()
    assert not client.ready
    begin = '{"type":"Begin","id":"abc","expires_at":1795350000}'
    assert client.receive(begin) == [
        SessionStarted(
            session_id="abc", language="en", started_at=1795339200, expires_at=1795350000
        )
    ]
    assert client.ready
    (started,) = client.receive('{"type":"SpeechStarted","timestamp":1840,"confidence":0.9}')
    assert started == SpeechStarted(turn=0, at_ms=1840, confidence=0.9)
    end = '{"type":"Termination","audio_duration_seconds":4,"session_duration_seconds":5}'
    assert client.receive(end) == [SessionEnded(audio_ms=4000, session_ms=5000)]
    assert client.closed(1000, "Session Ended") is None


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1006, ""), (1008, "Unauthorized")])
def test_a_close_before_the_last_message_is_an_error(code, reason):
    error = listening().closed(code, reason)
    assert isinstance(error, UpstreamError)
    assert error.code == code
    assert reason in str(error)


@pytest.mark.parametrize(
    ("code", "text", "cause", "wait_s"),
    [
        (1008, "Unauthorized Connection: Invalid API key", "credential", None),
        (1008, "Unauthorized Connection: Too many concurrent sessions", "capacity", 5.0),
        (3009, "Unauthorized Connection: Too many concurrent sessions", "capacity", 5.0),
    ],
)
def test_a_server_that_is_full_is_told_from_one_that_does_not_know_the_key(
    code, text, cause, wait_s
):
    client = listening()
    frame = {"type": "Error", "error_code": code, "error": text}
    with pytest.raises(UpstreamError) as caught:
        client.receive(msgspec.json.encode(frame).decode())
    for error in (caught.value, client.closed(code, text)):
        assert (error.code, error.cause, str(error)) == (code, cause, text)
        advised_s = error.retry_after_s
        assert (client.retry_after_s(code) if advised_s is None else advised_s) == wait_s


@pytest.mark.parametrize(
    ("frame", "code"),
    [('{"type":"Error","error_code":3006,"error":"bad"}', 3006), ('{"error":"bad"}', None)],
)
def test_an_error_message_is_raised(frame, code):
    with pytest.raises(UpstreamError, match="bad") as caught:
        listening().receive(frame)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        (
            (
                '{"type":"Heartbeat","total_audio_received_ms":4950,"total_duration_ms":5010,'
                '"realtime_factor":0.98,"max_speech_probability":0.9}'
            ),
            Heartbeat(audio_ms=4950, session_ms=5010, realtime_factor=0.98, speech_probability=0.9),
        ),
        ('{"type":"Silence","start_ms":10,"end_ms":20}', Silence(start_ms=10, end_ms=20)),
    ],
)
def test_signs_of_life_have_words_of_their_own(frame, event):
    assert listening().receive(frame) == [event]


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"Heartbeat","total_audio_received_ms":1}',
        '{"type":"Silence"}',
        '{"type":"Silence","start_ms":5,"end_ms":5}',
        '{"type":"Warning","warning_code":1,"warning":"mind the gap"}',
        '{"type":"SpeakerRevision","revisions":[{"turn_order":0,"speaker_label":null}]}',
        '{"type":"LLMGatewayResponse","turn_order":0,"transcript":"","data":{}}',
        "{}",
    ],
)
def test_messages_that_nobody_asked_for_are_passed_over(frame):
    assert listening().receive(frame) == []


@pytest.mark.parametrize("frame", ["[]", "nothing", '{"type":"Turn"}', b"\xff", "[" * 100_000])
def test_frames_of_no_protocol_are_refused(frame):
    with pytest.raises(ProtocolError):
        listening().receive(frame)


def test_fields_that_a_vendor_may_leave_out_or_null_are_no_obstacle():
    frame = msgspec.json.decode(turn("hi", end=True, is_formatted=True))
    del frame["utterance"]
    frame["language_code"] = None
    frame["words"][0]["speaker"] = None
    (final, *_) = listening().receive(msgspec.json.encode(frame).decode())
    assert final.words[0].speaker is None


@given(st.lists(st.text() | st.binary() | st.sampled_from([turn("a"), turn("b*", order=3)])))
def test_any_frames_in_any_order_give_events_or_an_error(frames):
    client = listening()
    for frame in frames:
        try:
            client.receive(frame)
        except CrossfadeError:
            break


@pytest.mark.parametrize("config", [CONFIG, US_CONFIG])
def test_out_and_back_the_words_are_the_same_marks_included(config):
    client = DIALECT.client()
    url = client.request("ws://host", key=None, config=config).url
    server = DIALECT.server(DialectSettings())
    server.open(Handshake(path="/v3/ws", query=tuple(parse_qsl(urlsplit(url).query))))
    words = (
        Word(text="Don't", start_ms=0, end_ms=300, confidence=0.25),
        Word(text="U.S", start_ms=300, end_ms=301, confidence=1.0, punctuation="."),
        Word(text="Really", start_ms=400, end_ms=800, confidence=0.5, punctuation="?!"),
    )
    said = [
        Partial(turn=0, words=words[:1], through_ms=300),
        Final(turn=0, words=words[:2], through_ms=350),
        Partial(turn=0, words=(), through_ms=350),
        Final(turn=0, words=words[2:], through_ms=900),
        Partial(turn=0, words=(), through_ms=900),
        TurnEnded(turn=0, at_ms=1300, confidence=0.9),
        SessionEnded(audio_ms=2000, session_ms=2000),
    ]
    frames = [f for event in said for f in server.send(event) if not isinstance(f, Goodbye)]
    events = heard(client, *frames)
    assert [w for event in events if isinstance(event, Final) for w in event.words] == list(words)
    assert sum(isinstance(event, TurnEnded) for event in events) == 1
