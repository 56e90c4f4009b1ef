"""What opens a session, and what does not: sections 6 to 8."""

import time
from functools import partial
from typing import Any

from crossfade.dialects.agent_stt.conformance.session import (
    RAW,
    Message,
    Wire,
    dial,
    end_message,
    force,
    refused,
    start_message,
)
from crossfade.dialects.cases import Case, Endpoint, UnmetError, expect
from crossfade.dialects.speechmatics.conformance import common

START_LIMIT_S = 5.0
"""Section 6: for so long every official client waits."""

DEFAULTS = {
    "the SDK": start_message(RAW),
    "Pipecat at 8 kHz": start_message(RAW | {"sample_rate": 8000}, mode="external"),
    "LiveKit": start_message(RAW, mode="external", diarization="speaker"),
}
"""What clients send with no options set, section 7.1."""

OTHER_MODELS: tuple[dict[str, Any], ...] = (
    {"model": "enhanced"},
    {"model": "linden-1", "operating_point": "standard"},
)
FIRST: tuple[Message | bytes, ...] = (bytes(3200), end_message(), force(1.0))
OUT_OF_ORDER: tuple[Message, ...] = (
    start_message(),
    {"message": "AddChannelAudio", "channel": "a", "data": ""},
    {"message": "EndOfChannel", "channel": "a", "last_seq_no": 0},
)
NAMELESS = {"message": "StartRecognition", "audio_format": RAW}

EXTRA = "new_feature"
OLDER: dict[str, Any] = {
    "max_delay": 1.5,
    "punctuation_overrides": {"permitted_marks": ["."]},
    EXTRA: True,
}


async def _starts_in_time(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        asked_at = time.monotonic()
        await wire.start()
        took_s = time.monotonic() - asked_at
        expect(took_s <= START_LIMIT_S, f"it within {START_LIMIT_S:g} s", f"after {took_s:.1f} s")
        early = {message["message"] for message in wire.heard[:-1]}
        expect(early <= {"Info", "Warning"}, "only Info and Warning before it", wire.told())
        await wire.finish()
        again = len(wire.of("RecognitionStarted"))
        expect(again == 1, "RecognitionStarted once", f"{again} times")


async def _defaults_of_clients(endpoint: Endpoint) -> None:
    for client, start in DEFAULTS.items():
        await _starts(endpoint, start, client)


async def _any_model(endpoint: Endpoint) -> None:
    for config in OTHER_MODELS:
        await _starts(endpoint, start_message(**config), str(config))
    for config in ({}, {"operating_point": "enhanced"}):
        message = NAMELESS | {"transcription_config": {"language": "en"} | config}
        await _starts(endpoint, message, str(config or "no model"))


async def _starts(endpoint: Endpoint, start: Message, what: str) -> None:
    async with dial(endpoint) as wire:
        await wire.say(start)
        try:
            await wire.hear("RecognitionStarted")
            await wire.finish()
        except UnmetError as error:
            raise UnmetError(f"{error.expected} for {what}", error.came) from None


async def _older_fields(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start(**OLDER)
        told = " ".join(message["reason"] for message in wire.of("Warning"))
        expect(EXTRA in told, f"a Warning before the start that names {EXTRA}", wire.told())
        await wire.finish()


async def _nothing_out_of_order(endpoint: Endpoint) -> None:
    for message in OUT_OF_ORDER:
        async with dial(endpoint) as wire:
            await wire.start()
            await wire.say(message)
            await wire.fails("protocol_error", 1003)


async def _unknown_mode(endpoint: Endpoint) -> None:
    for mode in ("adaptive", "smart_turn", "fixed"):
        await refused(endpoint, start_message(mode=mode), "invalid_config", 1003)


async def _other_features(endpoint: Endpoint) -> None:
    for name in ("translation_config", "audio_events_config"):
        await refused(endpoint, start_message() | {name: {}}, "invalid_config", 1003)


async def _no_raw_audio(endpoint: Endpoint) -> None:
    for audio_format in ({"type": "file"}, RAW | {"encoding": "pcm_s24le"}):
        await refused(endpoint, start_message(audio_format), "invalid_audio_type", 1003)


async def _label_of_a_stranger(endpoint: Endpoint) -> None:
    for label in ("S1", "UU"):
        known = {"speakers": [{"label": label, "speaker_identifiers": ["x"]}]}
        start = start_message(diarization="speaker", speaker_diarization_config=known)
        await refused(endpoint, start, "invalid_config", 1003)


async def _unknown_language(endpoint: Endpoint) -> None:
    await refused(endpoint, start_message(language="tlh"), "invalid_model", 4004)


CASES = (
    Case(
        key="start.in-time",
        title="RecognitionStarted within 5 s, once, with nothing about audio before it",
        clause="6",
        line="24.5",
        run=_starts_in_time,
    ),
    Case(
        key="start.defaults",
        title="what every official client sends by default is accepted",
        clause="7.1",
        line="24.5",
        run=_defaults_of_clients,
    ),
    Case(
        key="start.models",
        title="another model, none, or an operating_point alone is accepted",
        clause="8.2",
        line="24.9",
        run=_any_model,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="start.older-fields",
        title="fields of the older protocol are accepted; an unknown one is warned of by name",
        clause="8",
        line="24.7",
        run=_older_fields,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="start.nothing-before",
        title="another first message than StartRecognition: protocol_error, 1003",
        clause="6",
        run=partial(common.hears_nothing_before_the_start, Wire, FIRST),
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="start.out-of-order",
        title="a second StartRecognition, AddChannelAudio, EndOfChannel: protocol_error, 1003",
        clause="6",
        run=_nothing_out_of_order,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="start.unknown-mode",
        title="an unknown turn_detection_mode: invalid_config, 1003",
        clause="8.3",
        line="24.6",
        run=_unknown_mode,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="start.other-features",
        title="translation_config, audio_events_config: invalid_config, 1003",
        clause="7.1",
        line="24.7",
        run=_other_features,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="start.no-raw-audio",
        title="audio_format of a file, or of an unknown encoding: invalid_audio_type, 1003",
        clause="8.1",
        line="24.8",
        run=_no_raw_audio,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="start.labels",
        title="an enrolled speaker called S1 or UU: invalid_config, 1003",
        clause="8.5",
        line="24.10",
        run=_label_of_a_stranger,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="start.unknown-language",
        title="a language that nobody speaks there: invalid_model, 4004",
        clause="15.3",
        run=_unknown_language,
    ),
)
