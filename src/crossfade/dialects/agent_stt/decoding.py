"""From a text frame to a client's message, and from a wrong one to the vendor's complaint."""

from collections.abc import Sequence
from typing import Any, get_args

from crossfade.dialects.agent_stt.configuration import TurnDetectionMode
from crossfade.dialects.agent_stt.messages import ClientMessage, StartRecognition
from crossfade.dialects.speechmatics.decoding import CHOICES, decode_as, parse, unknown_fields

_CHOICES = {
    **CHOICES,
    "type": ("raw",),
    "diarization": ("none", "speaker"),
    "turn_detection_mode": get_args(TurnDetectionMode),
}


def decode(text: str) -> ClientMessage:
    """Decode one text frame.

    Raises:
        InvalidMessageError: If it is not JSON, or not a message of this protocol.
        InvalidConfigError: If a field of a configuration object is wrong; ``str`` names it.
        InvalidAudioTypeError: If ``audio_format`` is wrong.
    """
    # mypy reads a union as the value Any; the annotation gives the type back (PEP 747).
    message: ClientMessage = decode_as(ClientMessage, text, _CHOICES)
    return message


def names(text: str, message: StartRecognition) -> tuple[Sequence[str], Sequence[str]]:
    """Name the fields of ``transcription_config`` in the frame that ``message`` was decoded from.

    Returns:
        Those names, and the paths of what the protocol does not have, anywhere in the frame.
    """
    raw: dict[str, Any] = parse(text)["transcription_config"]
    return tuple(raw), unknown_fields(text, message)
