"""What AssemblyAI clients say."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import urlencode

from assemblyai_schema import check
from crossfade.dialects.base import Frame
from fuzz.frames import ODD_VALUES, Message, chunk
from fuzz.vocabulary import Rules, Vocabulary

_CLOSE_ONLY = {1001, 1007, 1009, 1011}
"""Closed without an ``Error`` before it."""


def path(random: Random) -> str:
    parameters = _some(random, _PARAMETERS, 0.15)
    if random.random() < 0.1:
        odd = str(random.choice(ODD_VALUES)).encode(errors="replace")[:3000]
        parameters[random.choice(list(_PARAMETERS))] = odd
    return random.choice(("/v3/ws", "/v3/ws/", "//v3/ws")) + "?" + urlencode(parameters)


def message(random: Random, started: Message | None) -> Message:
    in_order: tuple[Message, ...] = (
        {"type": "ForceEndpoint"},
        {"type": "KeepAlive"},
        {"type": "UpdateConfiguration"} | _some(random, _CHANGES, 0.3),
        _some(random, _CHANGES, 0.3) | {"type": "UpdateConfiguration"},
    )
    out_of_order: tuple[Message, ...] = (
        {"type": "Terminate"},
        {"type": "Bogus"},
        {"type": "UpdateConfiguration", "prompt": "x" * 1751},
        {"type": "UpdateConfiguration", "max_turn_silence": -1},
    )
    return random.choice(in_order if random.random() < 0.95 else out_of_order)


def audio(random: Random, started: Message | None) -> Frame:
    # Half a second at most keeps within the vendor's rules; other lengths end a session.
    return chunk(random) if random.random() < 0.002 else random.randbytes(3200)


def rules() -> Rules:
    """``Begin`` comes first, nothing after ``Termination`` or ``Error``."""
    heard: list[str] = []

    def hear(frame: Frame) -> Mapping[str, Any]:
        check(frame)  # type: ignore[arg-type]
        said: dict[str, Any] = json.loads(frame)
        kind = said["type"]
        assert not {"Termination", "Error"} & set(heard), f"{kind} after {heard[-1]}"
        assert heard or kind in ("Begin", "Error"), f"{kind} before Begin"
        assert kind != "Begin" or not heard, "Begin twice"
        heard.append(kind)
        return said

    return hear


def closes(last: Mapping[str, Any] | None, code: int) -> bool:
    if code in _CLOSE_ONLY:
        return True
    if last is None:
        return False
    if code == 1000:
        return bool(last["type"] == "Termination")
    return bool(last["type"] == "Error" and last["error_code"] == code)


def _some(random: Random, fields: Message, share: float) -> Message:
    return {name: random.choice(of) for name, of in fields.items() if random.random() < share}


_CHANGES: Message = {
    "end_of_turn_confidence_threshold": (0, 0.4, 1, None),
    "min_turn_silence": (50, 400, None),
    "max_turn_silence": (100, 1280, 60_000),
    "vad_threshold": (0, 0.5, 1),
    "format_turns": (True, False),
    "filter_profanity": (True, False),
    "keyterms_prompt": ([], ["Crossfade"], ["x" * 60] * 100, '["Zürich"]'),
    "prompt": ("", "It is about ships."),
    "agent_context": ("", "Where to?"),
    "continuous_partials": (True, False),
    "interruption_delay": (0, 1000),
    "session_heartbeat": (True, False),
    "acknowledge_silence": (True, False),
    "speech_model": ("whisper-rt",),
}
_PARAMETERS: Message = {
    "speech_model": (
        "universal-streaming-english",
        "universal-streaming-multilingual",
        "whisper-rt",
        "u3-rt-pro",
        "universal-3-6-pro",
    ),
    "sample_rate": (16_000,),
    "encoding": ("pcm_s16le",),
    "format_turns": ("true", "False", "1", "on"),
    "end_of_turn_confidence_threshold": ("0", "0.4", "1"),
    "min_turn_silence": ("50", "400.0"),
    "max_turn_silence": ("100", "1280"),
    "keyterms_prompt": ('["Crossfade"]', "[]"),
    "speaker_labels": ("true", "false"),
    "max_speakers": ("1", "10"),
    "include_partial_turns": ("true", "false"),
    "continuous_partials": ("true", "false"),
    "interruption_delay": ("0", "1000"),
    "session_heartbeat": ("true", "false"),
    "acknowledge_silence": ("true", "false"),
    "language_detection": ("true", "false"),
    "filter_profanity": ("true", "false"),
    "redact_pii": ("true", "false"),
    "redact_pii_policies": ('["person_name"]', "date,location"),
    "inactivity_timeout": ("5", "3600"),
    "formatted_finals": ("true",),
    "foo": ("", "%00", "a&b"),
}

ASSEMBLYAI = Vocabulary(
    dialect="assemblyai",
    path=path,
    start=lambda random: None,  # the handshake did it
    message=message,
    audio=audio,
    finish={"type": "Terminate"},
    rules=rules,
    closes=closes,
    http=("/v3/token?expires_in_seconds=60", "/v3/health", "/v3/ws/health"),
)
