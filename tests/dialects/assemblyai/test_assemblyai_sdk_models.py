"""What we say, read by the models of the vendor's own Python SDK, whose failures are silent."""

from pathlib import Path

import msgspec
import pytest
from assemblyai.streaming import v3 as sdk

from crossfade.dialects.assemblyai import DIALECT, messages, parameters
from crossfade.dialects.assemblyai.policies import PII_POLICIES
from crossfade.dialects.base import DialectSettings, Goodbye, Handshake
from crossfade.testing import read_transcript, replay

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts" / "assemblyai"
MODELS = {
    "Begin": sdk.BeginEvent,
    "SpeechStarted": sdk.SpeechStartedEvent,
    "Turn": sdk.TurnEvent,
    "Termination": sdk.TerminationEvent,
}


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_the_sdk_reads_every_message(path):
    said = replay(read_transcript(path), DIALECT.server(DialectSettings())).said
    for frame in said:
        if isinstance(frame, Goodbye):
            continue
        message = msgspec.json.decode(frame)
        if message["type"] == "Error":
            continue  # read by hand, not by a model
        MODELS[message["type"]].model_validate_json(frame)


def test_we_know_every_parameter_and_value_that_the_sdk_can_send():
    assert (
        parameters.unknown_names((name, "") for name in sdk.StreamingParameters.model_fields) == ()
    )
    updatable = {
        *parameters._UPDATABLE,
        *(old for old, new in parameters._ALIASES.items() if new in parameters._UPDATABLE),
    }
    assert sdk.StreamingSessionParameters.model_fields.keys() <= updatable
    assert {each.value for each in sdk.SpeechModel} <= set(DIALECT.models)
    assert {each.value for each in sdk.Encoding} == set(parameters.ENCODINGS)
    assert {each.value for each in sdk.StreamingPiiPolicy} <= set(PII_POLICIES)


def test_what_the_sdk_sends_is_read_as_it_was_meant():
    asked = sdk.StreamingParameters(
        speech_model=sdk.SpeechModel.universal_3_6_pro,
        sample_rate=16_000,
        format_turns=True,
        keyterms_prompt=["Zürich", "two words"],
        min_turn_silence=160,
        session_heartbeat=False,
    ).model_dump(exclude_none=True)
    query = tuple(
        (name, msgspec.json.encode(value).decode() if isinstance(value, list) else str(value))
        for name, value in asked.items()
    )
    (start,) = DIALECT.server(DialectSettings()).open(Handshake(path="/v3/ws", query=query))
    assert start.config.endpointing.min_silence_ms == 160
    assert [term.text for term in start.config.keyterms] == ["Zürich", "two words"]


@pytest.mark.parametrize(
    ("message", "model"),
    [
        (
            messages.Heartbeat(
                total_audio_received_ms=4950,
                total_duration_ms=5010,
                realtime_factor=0.98,
                max_speech_probability=0.9,
            ),
            sdk.HeartbeatEvent,
        ),
        (messages.Silence(start_ms=0, end_ms=1000), sdk.SilenceEvent),
        (messages.Warning(warning_code=1, warning="not redacted: event"), sdk.WarningEvent),
    ],
    ids=["heartbeat", "silence", "warning"],
)
def test_the_sdk_reads_what_a_client_may_opt_in_to(message, model):
    model.model_validate_json(messages.encode(message))
