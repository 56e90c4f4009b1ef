"""What Speechmatics clients say."""

import base64
import json
from collections.abc import Mapping
from random import Random
from typing import Any

from crossfade.dialects.base import Frame
from fuzz.frames import Message, chunk
from fuzz.vocabulary import Vocabulary
from speechmatics_schema import SessionRules

CHANNELS = ["left", "right"]
_CLOSE_ONLY = {1007, 1009}
"""Closed by the WebSocket layer, which says nothing first."""


def path(random: Random) -> str:
    query = random.choice(
        ("", "?", "?sm-sdk=a&sm-sdk=b", "?jwt=a.b.c", "?jwt=", "?%FF=%00&&=&=", "?a=" + "b" * 3000)
    )
    return random.choice(("/v2", "/v2/", "/v2/en", "/v2/en/", "/v2/a/b", "/", "/v2/%00")) + query


def start(random: Random) -> Message:
    config: Message = {"language": "en", "enable_partials": random.random() < 0.7}
    config |= _some(random, _CONFIG)
    if random.random() < 0.3:
        config |= {"diarization": "channel", "channel_diarization_labels": CHANNELS}
    message = {
        "message": "StartRecognition",
        "audio_format": random.choice(_AUDIO_FORMATS),
        "transcription_config": config,
    }
    if random.random() < 0.1:
        config |= _some(random, _REFUSED)
    return message | _some(random, _BESIDES)


def message(random: Random, started: Message | None) -> Message:
    channel = random.choice(CHANNELS)
    in_order: tuple[Message, ...] = (
        {"message": "ForceEndOfUtterance"},
        {"message": "ForceEndOfUtterance", "timestamp": random.uniform(0, 20)},
        {"message": "GetSpeakers", "final": random.random() < 0.5},
        {"message": "GetSpeakers"},
        {"message": "SetRecognitionConfig", "transcription_config": _some(random, _CHANGES)},
    )
    if _has_channels(started):
        in_order += ({"message": "ForceEndOfUtterance", "channel": channel},)
    out_of_order: tuple[Message, ...] = (
        {"message": "ForceEndOfUtterance", "channel": "unknown"},
        {"message": "AddChannelAudio", "channel": "unknown", "data": "AAAA"},
        {"message": "AddChannelAudio", "channel": channel, "data": "not base64"},
        {"message": "EndOfChannel", "channel": channel, "last_seq_no": random.randrange(9)},
        {"message": "EndOfStream", "last_seq_no": random.randrange(9)},
        {"message": "SetRecognitionConfig", "transcription_config": {"language": "de"}},
        start(random),
    )
    return random.choice(in_order if random.random() < 0.95 else out_of_order)


def audio(random: Random, started: Message | None) -> Frame:
    if random.random() < 0.002 or not _has_channels(started):
        return chunk(random)
    data = base64.b64encode(chunk(random)).decode()
    message = {"message": "AddChannelAudio", "channel": random.choice(CHANNELS), "data": data}
    text = json.dumps(message)
    return json.dumps(text) if random.random() < 0.2 else text  # one client encodes it twice


def _has_channels(started: Message | None) -> bool:
    return started is not None and started["transcription_config"].get("diarization") == "channel"


def closes(last: Mapping[str, Any] | None, code: int) -> bool:
    if code in _CLOSE_ONLY:
        return True
    kind = last["message"] if last else None
    return kind == ("EndOfTranscript" if code == 1000 else "Error")


def _some(random: Random, fields: Message) -> Message:
    return {
        name: random.choice(values) for name, values in fields.items() if random.random() < 0.25
    }


_AUDIO_FORMATS = (
    {"type": "file"},
    {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000},
    {"type": "raw", "encoding": "mulaw", "sample_rate": 8000},
    {"type": "raw", "encoding": "pcm_f32le", "sample_rate": 44_100.0},
)
_CHANGES: Message = {
    "max_delay": (0.7, 2, 4, 100),
    "max_delay_mode": ("flexible", "fixed"),
    "enable_partials": (True, False),
    "conversation_config": tuple(
        {"end_of_utterance_silence_trigger": trigger_s} for trigger_s in (0, 0.2, 2)
    ),
    "language": ("en",),
}
_CONFIG: Message = _CHANGES | {
    "model": ("standard", "enhanced", "melia-1"),
    "diarization": ("none", "speaker"),
    "speaker_diarization_config": ({"max_speakers": 2, "get_speakers": True}, {}),
    "additional_vocab": ([], ["word"], [{"content": "a b", "sounds_like": ["ab"]}], ["x " * 9]),
    "punctuation_overrides": ({"permitted_marks": []}, {"permitted_marks": ["."]}),
    "enable_entities": (True, False),
    "audio_filtering_config": ({}, {"volume_threshold": 3.4}),
    "transcript_filtering_config": (
        {"remove_disfluencies": True},
        {"replacements": [{"from": "Good", "to": "Bad"}, {"from": "/(o+)/", "to": "$1$1"}]},
        {"replacements": [{"from": "/^(([a-z])+.)+[A-Z]$/i", "to": ""}]},
    ),
}
_REFUSED: Message = {
    "language": ("de", "auto", ""),
    "diarization": ("channel", "channel_and_speaker", "speaker_change"),
    "channel_diarization_labels": (["left"], [], ["a", "a"]),
    "speaker_diarization_config": ({"max_speakers": 1}, {"speakers": [{"label": "S1"}]}),
    "transcript_filtering_config": ({"replacements": [{"from": "/(/", "to": ""}]},),
    "enable_partials": ("yes", 1),
}
_BESIDES: Message = {
    "translation_config": (
        {"target_languages": []},
        {"target_languages": ["de"], "enable_partials": True},
    ),
    "audio_events_config": ({}, {"types": ["music"]}),
    "type": ("transcription",),
}

SPEECHMATICS = Vocabulary(
    dialect="speechmatics",
    path=path,
    start=start,
    message=message,
    audio=audio,
    finish={"message": "EndOfStream", "last_seq_no": 0},
    rules=lambda: SessionRules().hear,
    closes=closes,
    http=("/v1/api_keys?type=rt", "/v1/api-keys?type=nope", "/v1/discovery/features"),
)
