"""Every parameter that the reference names does something, is noted, or is refused."""

import re
from pathlib import Path

import msgspec
import pytest

from crossfade.dialects.assemblyai import DIALECT
from crossfade.dialects.assemblyai.errors import InputError
from crossfade.dialects.base import DialectSettings, Goodbye, Handshake
from crossfade.errors import ConfigError
from crossfade.model import (
    Final,
    Heartbeat,
    Partial,
    Reconfigure,
    SessionStarted,
    Silence,
    TurnEnded,
    Word,
)

DOCS = Path(__file__).parents[3] / "docs"
US, U3, U3_RT, WHISPER = (
    "universal-streaming-english",
    "universal-3-6-pro",
    "u3-rt-pro",
    "whisper-rt",
)

ASKED = {
    "token": "t",
    "speech_model": "universal-streaming-multilingual",
    "sample_rate": "8000",
    "encoding": "pcm_mulaw",
    "format_turns": "true",
    "end_of_turn_confidence_threshold": "0.9",
    "min_turn_silence": "333",
    "min_end_of_turn_silence_when_confident": "333",
    "max_turn_silence": "4444",
    "vad_threshold": "0.7",
    "mode": "max_accuracy",
    "interruption_delay": "1000",
    "continuous_partials": "false",
    "include_partial_turns": "false",
    "turn_left_pad_ms": "100",
    "max_turn_duration": "30",
    "session_heartbeat": "true",
    "acknowledge_silence": "true",
    "keyterms_prompt": '["Crossfade"]',
    "keyterms": '["Crossfade"]',
    "prompt": "Doctors speak.",
    "agent_context": "Which day?",
    "previous_context_n_turns": "3",
    "language_codes": '["de"]',
    "language_code": "de",
    "language_detection": "true",
    "language": "multi",
    "domain": "medical-v1",
    "filter_profanity": "true",
    "speaker_labels": "true",
    "max_speakers": "3",
    "speaker_labels_revision_interval_ms": "120000",
    "redact_pii": "true",
    "redact_pii_policies": '["phone_number"]',
    "redact_pii_sub": "entity_name",
    "voice_focus": "near-field",
    "voice_focus_threshold": "0.5",
    "noise_suppression_model": "far-field",
    "noise_suppression_threshold": "0.5",
    "inactivity_timeout": "30",
    "llm_gateway": '{"model":"m","messages":[],"max_tokens":5}',
    "webhook_url": "https://example.com/done",
    "webhook_auth_header_name": "X-Key",
    "webhook_auth_header_value": "s3cret",
    "customer_support_audio_capture": "true",
    "_customer_support_audio_capture": "true",
}
"""A value for each, other than its default."""

SATISFIED = {("format_turns", U3), ("format_turns", U3_RT)}
"""Where what is asked for happens anyway."""

HONOURED_BY_ALL = {
    "speech_model", "sample_rate", "encoding", "min_turn_silence", "max_turn_silence",
    "vad_threshold", "include_partial_turns", "session_heartbeat", "keyterms_prompt",
    "filter_profanity", "speaker_labels", "inactivity_timeout", "webhook_url",
}  # fmt: skip


def named_in_the_reference():
    text = (DOCS / "protocols" / "assemblyai-streaming-v3.md").read_text(encoding="utf-8")
    table = text.partition("### 5.3 ")[2].partition("### 5.4 ")[0]
    cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def word(text, start_ms):
    return Word(text=text, start_ms=start_ms, end_ms=start_ms + 200, confidence=0.9)


WORDS = tuple(
    word(text, 500 * number) for number, text in enumerate(["Shit", "call", "555-123-4567"])
)
EVENTS = (
    SessionStarted(session_id="s", language="en", started_at=1_795_339_200),
    Silence(start_ms=0, end_ms=1000),
    Heartbeat(audio_ms=1, session_ms=1, realtime_factor=1.0, speech_probability=0.5),
    *(
        Partial(turn=0, words=WORDS[: 1 + ms // 1200], through_ms=ms)
        for ms in range(300, 3600, 100)
    ),
    Final(turn=0, words=WORDS, through_ms=3700),
    Partial(turn=0, words=(), through_ms=3700),
    TurnEnded(turn=0, at_ms=4000, confidence=0.6),
)


def outcome(*query):
    """All that can be seen of a session: commands, frames, the post, and notes for the log."""
    server = DIALECT.server(DialectSettings())
    handshake = Handshake(path="/v3/ws", query=query)
    try:
        commands = server.open(handshake)
    except (InputError, ConfigError) as error:
        return str(error)
    frames = [frame for event in EVENTS for frame in server.send(event)]
    return server.credential(handshake), commands, frames, server.webhook(), server.notes


def told(*query):
    """The same without what only the operator reads."""
    *seen, _ = outcome(*query)
    return seen


def test_the_reference_names_what_is_asked_here():
    assert named_in_the_reference() == ASKED.keys()


@pytest.mark.parametrize("model", [US, WHISPER, U3_RT, U3])
@pytest.mark.parametrize("name", sorted(ASKED))
def test_no_parameter_is_dropped_in_silence(name, model):
    pair, chosen = (name, ASKED[name]), ("speech_model", model)
    if (name, model) in SATISFIED:
        return
    assert outcome(chosen, pair) != outcome(chosen)
    assert not any("unknown" in note for note in outcome(chosen, pair)[-1])


@pytest.mark.parametrize("model", [US, WHISPER, U3_RT, U3])
@pytest.mark.parametrize("name", sorted(HONOURED_BY_ALL))
def test_what_every_model_honours_can_be_seen_by_its_client(name, model):
    chosen = ("speech_model", model)
    assert told(chosen, (name, ASKED[name])) != told(chosen)


@pytest.mark.parametrize("name", sorted(ASKED))
def test_the_docs_say_what_becomes_of_each(name):
    text = (DOCS / "assemblyai.md").read_text(encoding="utf-8")
    table = text.partition("## Parameters")[2].partition("## Audio")[0]
    rows = [row.split(" | ")[0] for row in table.splitlines() if row.startswith("| `")]
    names = {name for row in rows for name in re.findall(r"`(\w+\*?)`", row)}
    assert name in names or any(
        name.startswith(prefix[:-1]) for prefix in names if prefix.endswith("*")
    )


@pytest.mark.parametrize(
    ("model", "pair", "note"),
    [
        (US, ("interruption_delay", "0"), "interruption_delay: no effect with " + US),
        (US, ("language_codes", "es"), "language_codes: no effect with " + US),
        (
            U3,
            ("end_of_turn_confidence_threshold", "0"),
            "end_of_turn_confidence_threshold: no effect with " + U3,
        ),
        (U3, ("redact_pii_policies", "url"), "redact_pii_policies: no effect without redact_pii"),
        (U3, ("max_speakers", "2"), "max_speakers: no effect without speaker_labels"),
        (U3, ("turn_left_pad_ms", "9"), "turn_left_pad_ms: a turn begins where it is heard"),
        (U3, ("language", "es"), "language: one language is heard in a session"),
    ],
)
def test_what_has_no_effect_is_noted_by_its_name(model, pair, note):
    (noted,) = outcome(("speech_model", model), pair)[-1]
    assert noted.startswith(note)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("turn_left_pad_ms", "a turn begins where it is heard to begin"),
        ("max_turn_duration", "the longest turn cannot be chosen"),
        ("_customer_support_audio_capture", "audio is never recorded"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_the_strict(name, complaint):
    server = DIALECT.server(DialectSettings(strict_parameters=True))
    with pytest.raises(ConfigError, match=complaint):
        server.open(Handshake(path="/v3/ws", query=((name, ASKED[name]),)))


def update(server, **fields):
    frame = {**fields, "type": "UpdateConfiguration"}
    return server.receive(msgspec.json.encode(frame).decode())


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"agent_context": "Which day?"}, "the recognizer takes no context"),
        ({"prompt": "Doctors speak."}, "the recognizer takes no prompt"),
        ({"turn_left_pad_ms": 100}, "a turn begins where it is heard to begin"),
        ({"language_codes": ["es"]}, "the language of a session cannot change"),
    ],
)
def test_the_strict_refuse_in_mid_session_what_they_refuse_at_its_start(fields, complaint):
    servers = {
        strict: DIALECT.server(DialectSettings(strict_parameters=strict))
        for strict in (False, True)
    }
    for server in servers.values():
        server.open(Handshake(path="/v3/ws"))
    assert update(servers[False], **fields) == []
    with pytest.raises(ConfigError, match=complaint) as caught:
        update(servers[True], **fields)
    refusal = servers[True].refuse(caught.value)
    assert not isinstance(refusal.frames[-1], Goodbye)
    assert refusal.goodbye.code == 3006


@pytest.mark.parametrize(
    ("model", "fields", "note"),
    [
        (US, {"agent_context": "Which day?"}, "agent_context: the recognizer takes no context"),
        (U3, {"language_code": "es"}, "language_codes: the language of a session cannot change"),
        (US, {"speaker_labels": True}, "speaker_labels: settled when the session opens"),
        (US, {"interruption_delay": 0}, "interruption_delay: no effect with " + US),
        (U3, {"canary": 1, "canaries": 2}, "unknown names in UpdateConfiguration: no effect"),
    ],
)
def test_what_a_change_asks_for_in_vain_is_noted_once(model, fields, note):
    server = DIALECT.server(DialectSettings())
    server.open(Handshake(path="/v3/ws", query=(("speech_model", model), ("prompt", "Hi."))))
    known = server.notes
    assert len(known) == 1
    for _ in range(2):
        assert update(server, prompt="Doctors speak.", domain=None, **fields) == []
    assert server.notes == (*known, note)


def test_the_strict_let_pass_what_is_honoured_or_taken_back():
    server = DIALECT.server(DialectSettings(strict_parameters=True))
    server.open(Handshake(path="/v3/ws"))
    (change,) = update(server, keyterms_prompt=["Ann"], prompt="", agent_context=None)
    assert isinstance(change, Reconfigure)
    assert update(server, language_codes=["en"]) == []
