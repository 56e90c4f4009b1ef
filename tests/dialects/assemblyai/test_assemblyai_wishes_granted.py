"""What a client may ask for beyond words and turns, and what the operator chooses for it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_schema import check
from crossfade.dialects.assemblyai import DIALECT
from crossfade.dialects.assemblyai.errors import InputError
from crossfade.dialects.assemblyai.limitations import WARNING_NOT_REDACTED
from crossfade.dialects.assemblyai.policies import PII_POLICIES
from crossfade.dialects.base import DialectSettings, Goodbye, Handshake
from crossfade.errors import AudioError, ConfigError, ExpiredError
from crossfade.model import (
    Audio,
    Final,
    Heartbeat,
    PacketAudio,
    Partial,
    SessionEnded,
    SessionStarted,
    Silence,
    TurnEnded,
    Word,
)
from crossfade.text.pii import FINDABLE

US, MULTILINGUAL = "universal-streaming-english", "universal-streaming-multilingual"
U3, U3_RT, WHISPER = "universal-3-6-pro", "u3-rt-pro", "whisper-rt"

BEGUN = SessionStarted(
    session_id="5b0c1c0e-6a8e-4a53-9a53-0d4b6a8a9f21", language="en", started_at=1_795_339_200
)
ENDED = TurnEnded(turn=0, at_ms=9000, confidence=0.8)
SESSION_ENDED = SessionEnded(audio_ms=5200, session_ms=5499)
HEARTBEAT = Heartbeat(
    audio_ms=4950, session_ms=5010, realtime_factor=0.98812345678, speech_probability=0.9
)
SILENCE = Silence(start_ms=1000, end_ms=2000)


def opened(*query, **settings):
    server = DIALECT.server(DialectSettings(**settings))
    server.open(Handshake(path="/v3/ws", query=query))
    return server


def for_model(model, *query, **settings):
    return opened(("speech_model", model), *query, **settings)


def said_by(server, *events):
    frames = [frame for event in events for frame in server.send(event)]
    texts = [frame for frame in frames if not isinstance(frame, Goodbye)]
    for text in texts:
        check(text)
    return [msgspec.json.decode(text) for text in texts]


def words_of(text):
    """Words of 200 ms each, with a mark behind a word where the text has one."""
    words = []
    for number, written in enumerate(text.split()):
        core = written.rstrip(".,?!")
        start_ms = 300 * number
        words.append(
            Word(
                text=core,
                punctuation=written[len(core) :],
                start_ms=start_ms,
                end_ms=start_ms + 200,
                confidence=0.9,
            )
        )
    return tuple(words)


def turn_of(text):
    words = words_of(text)
    through_ms = words[-1].end_ms if words else 0
    return (
        Final(turn=0, words=words, through_ms=through_ms),
        Partial(turn=0, words=(), through_ms=through_ms),
        ENDED,
    )


def ends(messages):
    return [message for message in messages if message.get("end_of_turn")]


def update(server, **fields):
    frame = msgspec.json.encode({**fields, "type": "UpdateConfiguration"}).decode()
    return server.receive(frame)


# Signs of life


def test_a_heartbeat_is_told_to_who_asked_for_it():
    (message,) = said_by(opened(("session_heartbeat", "true")), HEARTBEAT)
    assert message == {
        "type": "Heartbeat",
        "total_audio_received_ms": 4950,
        "total_duration_ms": 5010,
        "realtime_factor": 0.988123,
        "max_speech_probability": 0.9,
    }
    assert said_by(opened(), HEARTBEAT) == []


def test_heartbeats_can_be_turned_on_and_off_in_mid_session():
    server = opened()
    update(server, session_heartbeat=True)
    assert len(said_by(server, HEARTBEAT)) == 1
    update(server, session_heartbeat=False)
    assert said_by(server, HEARTBEAT) == []


def test_a_silence_is_told_by_universal_3_to_who_asked_for_it():
    asked = ("acknowledge_silence", "true")
    (message,) = said_by(for_model(U3, asked), SILENCE)
    assert message == {"type": "Silence", "start_ms": 1000, "end_ms": 2000}
    assert said_by(for_model(US, asked), SILENCE) == []
    assert said_by(for_model(U3), SILENCE) == []


def test_there_is_no_sign_of_life_after_terminate():
    server = opened(("session_heartbeat", "true"), ("acknowledge_silence", "true"))
    server.receive('{"type":"Terminate"}')
    assert said_by(server, HEARTBEAT, SILENCE) == []


# Languages


@pytest.mark.parametrize(
    ("model", "query", "told"),
    [
        (U3, (("language_detection", "true"),), True),
        (U3_RT, (("language_detection", "true"),), True),
        (MULTILINGUAL, (("language_detection", "true"),), True),
        (US, (("language_detection", "true"),), False),
        (WHISPER, (), True),
        (U3, (), False),
        (MULTILINGUAL, (), False),
    ],
)
def test_the_language_is_told_where_a_turn_is_complete(model, query, told):
    server = for_model(model, *query)
    turns = said_by(server, BEGUN, *turn_of("Yes please."))[1:]
    (end,) = ends(turns)
    language = {key: end[key] for key in end if key.startswith("language")}
    assert language == ({"language_code": "en", "language_confidence": 1.0} if told else {})


@pytest.mark.parametrize(("model", "told"), [(MULTILINGUAL, True), (U3, False)])
def test_only_the_incremental_models_tell_it_with_an_utterance_too(model, told):
    server = for_model(model, ("language_detection", "true"))
    words = words_of("Yes please.")
    pause = Partial(turn=0, words=words, through_ms=900, at_pause=True)
    *_, shown = said_by(server, BEGUN, pause)
    assert ("language_code" in shown) is told
    running = Partial(turn=0, words=words[:1], through_ms=950)
    assert all("language_code" not in turn for turn in said_by(server, running))


# Whisper


def test_whisper_has_punctuated_utterances_certain_ends_and_no_word_confidence():
    server = for_model(WHISPER)
    words = words_of("Yes, please.")
    pause = Partial(turn=0, words=words, through_ms=900, at_pause=True, turn_confidence=0.3)
    (shown,) = said_by(server, pause)
    assert (shown["utterance"], shown["words"][0]["text"]) == ("Yes, please.", "yes")
    assert {word["confidence"] for word in shown["words"]} == {0.0}
    (end,) = ends(said_by(server, *turn_of("Yes, please.")))
    assert (end["end_of_turn_confidence"], end["transcript"]) == (1.0, "yes please")
    assert {word["confidence"] for word in end["words"]} == {0.0}


# Profanity


@pytest.mark.parametrize("model", [US, U3, WHISPER])
def test_profanity_is_covered_in_every_text_of_every_message(model):
    server = for_model(model, ("filter_profanity", "true"), ("format_turns", "true"))
    text = "Holy shit, that is fucking good."
    words = words_of(text)
    pause = Partial(turn=0, words=words, through_ms=2000, at_pause=True)
    later = Partial(turn=0, words=words[1:], through_ms=2100)
    said = said_by(server, pause, Final(turn=0, words=words[:1], through_ms=200), later)
    said += said_by(server, Final(turn=0, words=words[1:], through_ms=2000), ENDED)
    assert "shit" not in msgspec.json.encode(said).decode().lower()
    assert "fuck" not in msgspec.json.encode(said).decode().lower()
    shown = "holy *** that is *** good" if model == US else "Holy ***, that is *** good."
    assert shown in [turn.get("utterance") for turn in said]
    last = said[-1]
    assert last["transcript"] == "Holy ***, that is *** good."


def test_profanity_can_be_covered_from_now_on():
    server = for_model(U3)
    update(server, filter_profanity=True)
    (end,) = ends(said_by(server, *turn_of("Shit happens.")))
    assert end["transcript"] == "*** happens."
    (begin,) = said_by(opened(("filter_profanity", "true")), BEGUN)
    assert begin["configuration"]["filter_profanity"] is True


# Personal information

PHONE = "Call 555-123-4567 on Monday."
PATTERNED = ("redact_pii_policies", '["phone_number","day"]')
REDACT = ("redact_pii", "true")


@pytest.mark.parametrize(
    ("query", "formatted", "raw"),
    [
        ((), "Call ############ on ######.", "call ############ on ######"),
        (
            (("redact_pii_sub", "entity_name"),),
            "Call [PHONE_NUMBER] on [DAY].",
            "call [PHONE_NUMBER] on [DAY]",
        ),
    ],
)
def test_ends_of_turns_are_redacted_raw_and_formatted_alike(query, formatted, raw):
    query = (REDACT, PATTERNED, ("format_turns", "true"), *query)
    first, second = ends(said_by(for_model(US, *query), *turn_of(PHONE)))
    assert (first["transcript"], first["utterance"]) == (raw, raw)
    assert second["transcript"] == formatted
    assert [word["text"] for word in first["words"]] == raw.split()
    assert [word["start"] for word in first["words"]] == [word["start"] for word in second["words"]]
    (end,) = ends(said_by(for_model(U3, *query), *turn_of(PHONE)))
    assert (end["transcript"], end["utterance"]) == (formatted, formatted)


def test_a_number_in_many_words_is_redacted_word_by_word():
    text = "It is four one one one one one one one one one one one one one one one."
    server = for_model(US, REDACT, ("redact_pii_policies", "credit_card_number"))
    (end,) = ends(said_by(server, *turn_of(text)))
    assert end["transcript"] == "it is #### " + " ".join(["###"] * 15)


@pytest.mark.parametrize("model", [US, U3])
def test_partials_are_not_redacted_and_sent_only_to_who_insists(model):
    pause = Partial(turn=0, words=words_of(PHONE), through_ms=2000, at_pause=True)
    assert said_by(for_model(model, REDACT, PATTERNED), pause) == []
    insists = ("include_partial_turns", "true")
    *_, shown = said_by(for_model(model, REDACT, PATTERNED, insists), pause)
    assert "555-123-4567" in shown["utterance"] + shown["transcript"]


def test_what_has_no_pattern_is_told_to_the_client_and_noted():
    names = ("redact_pii_policies", '["person_name","phone_number"]')
    server = opened(REDACT, names)
    begin, warning = said_by(server, BEGUN)
    assert begin["configuration"]["redact_pii"] is True
    assert warning["type"] == "Warning"
    assert warning["warning_code"] == WARNING_NOT_REDACTED
    assert "person_name" in warning["warning"]
    assert "phone_number" not in warning["warning"]
    assert any("person_name" in note for note in server.notes)


def test_without_a_choice_everything_is_meant():
    server = opened(REDACT)
    _, warning = said_by(server, BEGUN)
    named = warning["warning"].partition("not redacted: ")[2].split(", ")
    assert set(named) == set(PII_POLICIES) - FINDABLE
    (end,) = ends(said_by(server, *turn_of(PHONE)))
    assert end["transcript"] == "Call ############ on ######."


def test_the_strict_operator_refuses_what_has_no_pattern():
    with pytest.raises(ConfigError) as caught:
        opened(REDACT, ("redact_pii_policies", "person_name"), strict_parameters=True)
    refusal = opened().refuse(caught.value)
    assert "Invalid 'redact_pii_policies': " in refusal.goodbye.reason
    opened(REDACT, PATTERNED, strict_parameters=True)


def test_who_asked_for_no_redaction_is_warned_of_nothing():
    assert [message["type"] for message in said_by(opened(PATTERNED), BEGUN)] == ["Begin"]
    assert set(PII_POLICIES) >= FINDABLE


# Webhooks

HOOK = ("webhook_url", "https://example.com/done")


def posted(server):
    webhook = server.webhook()
    return webhook, msgspec.json.decode(webhook.body)


@pytest.mark.parametrize("model", [US, U3])
def test_every_end_of_a_turn_is_posted_as_it_was_sent(model):
    header = (("webhook_auth_header_name", "X-Key"), ("webhook_auth_header_value", "s3cret"))
    server = for_model(model, HOOK, *header)
    said = said_by(server, BEGUN, *turn_of("Yes please."), SESSION_ENDED)
    webhook, body = posted(server)
    assert webhook.url == "https://example.com/done"
    assert webhook.headers == {"X-Key": "s3cret"}
    assert body == {"session_id": BEGUN.session_id, "messages": ends(said)}
    assert len(body["messages"]) == 1


def test_of_two_ends_the_formatted_one_is_posted():
    server = for_model(US, HOOK, ("format_turns", "true"))
    said_by(server, BEGUN, *turn_of("Yes, please."))
    _, body = posted(server)
    assert [turn["transcript"] for turn in body["messages"]] == ["Yes, please."]


def test_a_turn_that_time_cut_short_is_posted_too():
    server = for_model(U3, HOOK)
    said_by(server, BEGUN, Partial(turn=0, words=words_of("Yes"), through_ms=900))
    server.refuse(ExpiredError(session_s=60.0))
    _, body = posted(server)
    assert [turn["transcript"] for turn in body["messages"]] == ["Yes"]


def test_nothing_is_posted_for_nobody_or_for_a_session_that_never_began():
    server = for_model(U3)
    said_by(server, BEGUN, *turn_of("Yes."))
    assert server.webhook() is None
    assert for_model(U3, HOOK).webhook() is None
    quiet = for_model(U3, HOOK)
    said_by(quiet, BEGUN, SESSION_ENDED)
    assert posted(quiet)[1] == {"session_id": BEGUN.session_id, "messages": []}


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("webhook_url", "ftp://example.com", "Input should be a valid URL"),
        ("webhook_url", "example.com/x", "Input should be a valid URL"),
        ("webhook_url", "http://[::1", "Input should be a valid URL"),
        ("webhook_auth_header_name", "X Key", "String should match pattern"),
        ("webhook_auth_header_value", "a\r\nHost: b", "String should match pattern"),
    ],
)
def test_what_cannot_be_posted_to_is_refused(name, value, detail):
    with pytest.raises(InputError, match=f"Invalid '{name}': {detail}"):
        opened((name, value))


# What the operator chooses


def test_the_operator_may_want_one_end_of_a_turn():
    server = for_model(US, ("format_turns", "true"), single_end=True)
    (end,) = ends(said_by(server, *turn_of("Yes, please.")))
    assert (end["turn_is_formatted"], end["transcript"]) == (True, "Yes, please.")
    assert end["utterance"] == "Yes, please."
    (raw,) = ends(said_by(for_model(US, single_end=True), *turn_of("Yes, please.")))
    assert raw["turn_is_formatted"] is False


@pytest.mark.parametrize(
    ("query", "default", "model"),
    [
        ((), None, "universal-3-6-pro"),
        ((), US, US),
        ((), "u3-pro", "u3-rt-pro"),
        ((("speech_model", WHISPER),), US, WHISPER),
        ((("language", "multi"),), U3, MULTILINGUAL),
    ],
)
def test_the_operator_chooses_the_model_of_who_names_none(query, default, model):
    (begin, *_) = said_by(opened(*query, default_model=default), BEGUN)
    assert begin["configuration"]["model"] == model


def test_an_unknown_default_is_the_operators_error_and_names_what_there_is():
    with pytest.raises(ConfigError, match="universal-3-6-pro"):
        opened(default_model="nope")
    assert US in DIALECT.models


def test_a_retired_name_works_and_is_noted():
    server = for_model("u3-pro")
    (begin,) = said_by(server, BEGUN)
    assert begin["configuration"]["model"] == "u3-rt-pro"
    assert server.notes == ("speech_model: u3-pro is retired, u3-rt-pro answers",)


def test_a_server_that_shuts_down_says_so_after_the_last_words():
    server = for_model(U3)
    said_by(server, BEGUN, Final(turn=0, words=words_of("Yes"), through_ms=200))
    *frames, goodbye = server.send(SessionEnded(audio_ms=900, session_ms=1000, by_server=True))
    assert [msgspec.json.decode(frame)["type"] for frame in frames] == [
        "SpeechStarted",
        "Turn",
        "Termination",
    ]
    assert goodbye == Goodbye(code=1001, reason="Server Shutdown", linger_s=0.3)


# Audio


def test_an_opus_packet_is_a_frame_of_any_length():
    server = DIALECT.server(DialectSettings())
    (start,) = server.open(Handshake(path="/v3/ws", query=(("encoding", "opus"),)))
    assert start.config.audio == PacketAudio(codec="opus")
    for packet in [b"\x78" + bytes(40)] * 200:
        assert server.receive(packet) == [Audio(data=packet)]
    refusal = server.refuse(AudioError("Failed to decode Opus packet: invalid data"))
    assert refusal.goodbye.reason == (
        "User Input Validation Error: Failed to decode Opus packet: invalid data"
    )


# Lists, as people write them


@pytest.mark.parametrize(
    "value",
    ['["Ann","it\'s"]', "['Ann', \"it's\"]", "['Ann', 'it\\'s']", "[ 'Ann' , 'it\\'s' , ]"],
)
def test_a_list_of_python_is_read_like_one_of_json(value):
    server = DIALECT.server(DialectSettings())
    (start,) = server.open(Handshake(path="/v3/ws", query=(("keyterms_prompt", value),)))
    assert [term.text for term in start.config.keyterms] == ["Ann", "it's"]


@pytest.mark.parametrize("value", ["['Ann'", "['Ann' 'Bob']", "[Ann]", "['Ann', 5]", "'Ann'"])
def test_what_is_no_list_in_either_is_refused(value):
    with pytest.raises(InputError, match="Invalid 'keyterms_prompt': Value error, Invalid JSON"):
        opened(("keyterms_prompt", value))


@given(st.text(max_size=200))
def test_any_text_is_a_list_or_an_input_error(value):
    try:
        opened(("keyterms_prompt", value))
    except InputError:
        return


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "value",
    [
        pytest.param("[" + "'a'," * 30_000 + "'", id="items"),
        pytest.param("['a'" + " " * 120_000 + "x", id="spaces"),
    ],
)
def test_a_list_that_never_ends_is_refused_in_no_time(value):
    with pytest.raises(InputError):
        opened(("keyterms_prompt", value))
