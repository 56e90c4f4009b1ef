"""What Agent STT clients say."""

from collections.abc import Mapping
from random import Random
from typing import Any

from agent_schema import SessionRules
from crossfade.dialects.base import Frame
from fuzz.frames import Message, chunk
from fuzz.vocabulary import Vocabulary

_CLOSE_ONLY = {1007, 1009, 1013}
"""The first two by the WebSocket layer, which says nothing first; the last by us, for want of
room."""


def path(random: Random) -> str:
    query = random.choice(
        (
            "",
            "?",
            "?sm-sdk=a&sm-sdk=b",
            "?jwt=a.b.c",
            "?api_key=",
            "?%FF=%00&&=&=",
            "?a=" + "b" * 3000,
        )
    )
    paths = (
        "/v2/agent",
        "/v2/agent/",
        "/agent",
        "/v2/en/agent",
        "/v2/agent/external:1",
        "/v2/agent/x",
    )
    return random.choice(paths) + query


def start(random: Random) -> Message:
    config: Message = {"language": "en", "enable_partials": random.random() < 0.7}
    config |= _some(random, _CONFIG)
    if random.random() < 0.1:
        config |= _some(random, _REFUSED)
    message = {
        "message": "StartRecognition",
        "audio_format": random.choice(_AUDIO_FORMATS),
        "transcription_config": config,
    }
    return message | _some(random, _BESIDES)


def message(random: Random, started: Message | None) -> Message:
    in_order: tuple[Message, ...] = (
        {"message": "ForceEndOfUtterance"},
        {"message": "ForceEndOfUtterance", "timestamp": random.uniform(0, 20)},
        {"message": "GetSpeakers", "final": random.random() < 0.5},
        {"message": "GetSpeakers"},
        {"message": "UpdateSpeakerFocus", "speaker_focus": {}},
        {
            "message": "SetRecognitionConfig",
            "transcription_config": {"enable_partials": random.random() < 0.5},
        },
    )
    out_of_order: tuple[Message, ...] = (
        {"message": "AddChannelAudio", "channel": "left", "data": "AAAA"},
        {"message": "EndOfStream", "last_seq_no": random.randrange(9)},
        {"message": "SetRecognitionConfig", "transcription_config": {"language": "de"}},
        start(random),
    )
    return random.choice(in_order if random.random() < 0.95 else out_of_order)


def audio(random: Random, started: Message | None) -> Frame:
    return chunk(random)


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
    {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000},
    {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 8000},
    {"type": "raw", "encoding": "pcm_f32le", "sample_rate": 44_100.0},
)
_CONFIG: Message = {
    "model": ("linden-1", "enhanced", None),
    "emit_sentences": (True, False),
    "diarization": ("none", "speaker"),
    "speaker_diarization_config": ({"max_speakers": 2, "get_speakers": True}, {}),
    "additional_vocab": ([], ["word"], [{"content": "a b", "sounds_like": ["ab"]}], ["x"] * 1001),
    "punctuation_overrides": ({"permitted_marks": []}, {"permitted_marks": ["."]}),
    "max_delay": (0.7, 100),
    "conversation_config": ({"end_of_utterance_silence_trigger": 0.2},),
    "transcript_filtering_config": (
        {"remove_disfluencies": True},
        {"replacements": [{"from": "Good", "to": "Bad"}, {"from": "/(o+)/", "to": "$1$1"}]},
        {"replacements": [{"from": "/.*/", "to": ""}]},
    ),
    "unknown": (1, {}),
}
_REFUSED: Message = {
    "language": ("de", "multi", ""),
    "diarization": ("channel",),
    "speaker_diarization_config": ({"max_speakers": 1}, {"speakers": [{"label": "S1"}]}),
    "enable_partials": ("yes", 1),
}
_BESIDES: Message = {
    "turn_config": (
        {},
        {"turn_detection_mode": "vad"},
        {"turn_detection_mode": "external"},
        {"turn_detection_mode": "external"},
    ),
}

AGENT_STT = Vocabulary(
    dialect="agent-stt",
    path=path,
    start=start,
    message=message,
    audio=audio,
    finish={"message": "EndOfStream", "last_seq_no": 0},
    rules=lambda: SessionRules().hear,
    closes=closes,
)
