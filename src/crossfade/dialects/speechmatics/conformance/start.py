"""What opens a session, and what is refused how: sections 6, 7.1, 8 and 17."""

import time
from functools import partial
from typing import Any

from crossfade.dialects.cases import Case, Endpoint, UnmetError, expect
from crossfade.dialects.speechmatics.conformance import common
from crossfade.dialects.speechmatics.conformance.session import (
    FILE,
    RAW,
    SECOND,
    Message,
    Wire,
    dial,
    end_message,
    start_message,
)

START_LIMIT_S = 5.0
"""Section 6: after so long the Python client gives up."""

MOST_BEFORE_START = 5
"""Section 6: after so many messages the Rust client gives up."""

FIRST: tuple[Message | bytes, ...] = (
    SECOND,
    end_message(),
    {"message": "ForceEndOfUtterance"},
    {"message": "SetRecognitionConfig", "transcription_config": {}},
    {"message": "GetSpeakers"},
)


def _raw(encoding: str, sample_rate: int) -> Message:
    return {"type": "raw", "encoding": encoding, "sample_rate": sample_rate}


DEFAULTS: dict[str, tuple[str | None, Message]] = {
    "speechmatics-rt": (None, start_message(FILE, model="enhanced")),
    "speechmatics-python": ("/v2/en", start_message(FILE)),
    "speechmatics-python with a microphone": (
        "/v2/en",
        start_message(
            _raw("pcm_f32le", 44_100),
            enable_partials=True,
            max_delay=5,
            operating_point="enhanced",
            streaming_mode=True,
        ),
    ),
    "speechmatics-voice": (
        None,
        start_message(
            RAW,
            operating_point="enhanced",
            diarization="speaker",
            enable_partials=True,
            enable_entities=False,
            max_delay=0.7,
            max_delay_mode="flexible",
            audio_filtering_config={"volume_threshold": 0.0},
            speaker_diarization_config={
                "speaker_sensitivity": 0.5,
                "prefer_current_speaker": False,
                "get_speakers": False,
            },
            conversation_config={"end_of_utterance_silence_trigger": 0.5},
        ),
    ),
    "LiveKit": (
        None,
        start_message(
            RAW,
            operating_point="enhanced",
            diarization="speaker",
            enable_partials=True,
            max_delay=1.0,
            punctuation_overrides={"permitted_marks": ["all"]},
            speaker_diarization_config={"max_speakers": 50},
            additional_vocab=[],
            conversation_config={"end_of_utterance_silence_trigger": 0.5},
        ),
    ),
    "GStreamer": (
        None,
        start_message(
            RAW,
            enable_partials=False,
            max_delay=8.0,
            additional_vocab=[],
            diarization="none",
            transcript_filtering_config={"remove_disfluencies": False, "replacements": []},
        )
        | {"translation_config": {"target_languages": [], "enable_partials": False}},
    ),
    "Rust": (
        None,
        start_message(_raw("pcm_f32le", 16_000)) | {"translation_config": {"target_languages": []}},
    ),
    "the migration guide": (
        "/v2/en",
        start_message(_raw("pcm_f32le", 48_000), enable_partials=True, max_delay=2.0),
    ),
    "the documentation": (None, start_message(RAW) | {"type": "transcription"}),
}
"""What clients send by default (section 17), and where to."""

NOT_AUDIO: tuple[Message, ...] = (
    {"type": "raw", "encoding": "pcm_s24le", "sample_rate": 16_000},
    {"type": "raw", "encoding": "mulaw"},
    {"type": "tape"},
)

BAD_CONFIG: tuple[dict[str, Any], ...] = (
    {"max_delay_mode": "slow"},
    {"enable_partials": "yes"},
    {"diarization": "speaker_change"},
)


_refused = partial(common.refused, Wire)


async def _starts_in_time(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        asked_at = time.monotonic()
        await wire.start()
        took_s = time.monotonic() - asked_at
        expect(took_s <= START_LIMIT_S, f"it within {START_LIMIT_S:g} s", f"after {took_s:.1f} s")
        await wire.finish()


async def _started_comes_first(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start(enable_partials=True)
        early = [m["message"] for m in wire.heard[:-1]]
        expect(set(early) <= {"Info", "Warning"}, "only Info and Warning before it", wire.told())
        expect(len(early) < MOST_BEFORE_START, "a handful of messages before it", wire.told())
        await wire.say(SECOND)
        await wire.finish()
        again = len(wire.of("RecognitionStarted"))
        expect(again == 1, "RecognitionStarted once", f"{again} times")


async def _second_start(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start()
        await wire.say(start_message())
        await wire.fails("protocol_error", 1003)


async def _early_audio_waits(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.say(start_message(), SECOND, SECOND)
        await wire.hear("RecognitionStarted")
        early = len(wire.of("AudioAdded"))
        await wire.finish()
        numbers = [m["seq_no"] for m in wire.of("AudioAdded")]
        expect((early, numbers) == (0, [1, 2]), "AudioAdded 1, 2 after the start", wire.told())


async def _defaults_of_clients(endpoint: Endpoint) -> None:
    for client, (path, start) in DEFAULTS.items():
        async with dial(endpoint, path=path) as wire:
            await wire.say(start)
            try:
                await wire.hear("RecognitionStarted")
                await wire.finish()
            except UnmetError as error:
                raise UnmetError(f"{error.expected} for {client}", error.came) from None


async def _unknown_language(endpoint: Endpoint) -> None:
    await _refused(endpoint, start_message(language="tlh"), "invalid_model", 4004)


async def _no_language_at_all(endpoint: Endpoint) -> None:
    for language in ("", "klingon!", "auto"):
        await _refused(endpoint, start_message(language=language), "invalid_language", 4004)


async def _language_is_missing(endpoint: Endpoint) -> None:
    message = {"message": "StartRecognition", "audio_format": RAW, "transcription_config": {}}
    await _refused(endpoint, message, "invalid_config", 1003)


async def _unknown_audio(endpoint: Endpoint) -> None:
    for audio_format in NOT_AUDIO:
        await _refused(endpoint, start_message(audio_format), "invalid_audio_type", 1003)


async def _bad_configuration(endpoint: Endpoint) -> None:
    for config in BAD_CONFIG:
        await _refused(endpoint, start_message(**config), "invalid_config", 1003)


async def _unknown_fields(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.say(start_message(new_feature=True, ctrl={"a": 1}) | {"extra": [1]})
        await wire.hear("RecognitionStarted")
        await wire.finish()


CASES = (
    Case(
        key="start.in-time",
        title="RecognitionStarted within 5 s",
        clause="6",
        run=_starts_in_time,
    ),
    Case(
        key="start.first",
        title="RecognitionStarted comes before all about audio, once; its id is a UUID",
        clause="6",
        line="21.7",
        run=_started_comes_first,
        audio_s=1,
    ),
    Case(
        key="start.nothing-before",
        title="another first message than StartRecognition: protocol_error, 1003",
        clause="14.5",
        line="21.5",
        run=partial(common.hears_nothing_before_the_start, Wire, FIRST),
        audio_s=1,
    ),
    Case(
        key="start.second-start",
        title="a second StartRecognition: protocol_error, 1003",
        clause="14.5",
        line="21.6",
        run=_second_start,
    ),
    Case(
        key="start.early-audio",
        title="audio that comes too early waits for the start",
        clause="6",
        line="21.7",
        run=_early_audio_waits,
        audio_s=2,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="start.defaults",
        title="what every official client sends by default is accepted",
        clause="17.8",
        line="21.8",
        run=_defaults_of_clients,
    ),
    Case(
        key="start.unknown-fields",
        title="unknown fields are accepted",
        clause="8",
        run=_unknown_fields,
    ),
    Case(
        key="start.unknown-language",
        title="a language that nobody speaks there: invalid_model, 4004",
        clause="14.5",
        line="21.9",
        run=_unknown_language,
    ),
    Case(
        key="start.no-language",
        title="what is no language: invalid_language, 4004",
        clause="14.3",
        line="21.28",
        run=_no_language_at_all,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="start.language-missing",
        title="no language: invalid_config, 1003",
        clause="14.5",
        line="21.28",
        run=_language_is_missing,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="start.unknown-audio",
        title="unknown audio_format: invalid_audio_type, 1003",
        clause="14.5",
        line="21.9",
        run=_unknown_audio,
        needs=frozenset({"our-choice"}),
    ),
    Case(
        key="start.bad-config",
        title="values of another type or outside their list: invalid_config, 1003",
        clause="8",
        line="21.28",
        run=_bad_configuration,
        needs=frozenset({"our-choice"}),
    ),
)
