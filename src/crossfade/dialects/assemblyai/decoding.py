"""What a server says, read generously, and its words in ours."""

import msgspec
from msgspec import UNSET, Struct

from crossfade.dialects.assemblyai import messages
from crossfade.dialects.assemblyai.transcript import speaker_label
from crossfade.dialects.base import Frame
from crossfade.errors import ProtocolError
from crossfade.model import Heartbeat, SessionEnded, Word

_MARKS = ".,;:!?…—。、，；：！？؟।"  # noqa: RUF001 (marks of many scripts)

# mypy reads Decoder(A | B) as Decoder[Any]; the annotation gives the type back. It can go
# when msgspec's stubs take a TypeForm (PEP 747).
_decoder: msgspec.json.Decoder[messages.ServerMessage] = msgspec.json.Decoder(
    messages.ServerMessage
)
_NEEDED = frozenset({"Begin", "SpeechStarted", "Turn", "Error", "Termination"})
_EXTRA = frozenset({"Heartbeat", "Silence", "SpeakerRevision", "Warning"})


class _Envelope(Struct, frozen=True):
    """What tells messages apart."""

    type: str | None = None
    error: object = UNSET


def decode(frame: Frame) -> messages.ServerMessage | None:
    """Decode a message; ``None`` if it is of a kind that we do not know or can do without.

    Raises:
        ProtocolError: If it is not of this protocol.
    """
    try:
        envelope = msgspec.json.decode(frame, type=_Envelope)
        if envelope.type in _NEEDED:
            return _decoder.decode(frame)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise ProtocolError("a frame that is not of this protocol") from exc
    if envelope.type in _EXTRA:
        return _decode_extra(frame)
    if envelope.type is None and isinstance(envelope.error, str):
        return messages.Error(error=envelope.error)
    return None


def _decode_extra(frame: Frame) -> messages.ServerMessage | None:
    try:
        return _decoder.decode(frame)
    except msgspec.DecodeError:  # no word is lost with it
        return None


def word(wire: messages.Word) -> Word:
    """Split the mark off, as the canonical model keeps it."""
    text = wire.text.rstrip(_MARKS) or wire.text
    return Word(
        text=text,
        start_ms=wire.start,
        end_ms=max(wire.end, wire.start + 1),
        confidence=wire.confidence,
        punctuation=wire.text[len(text) :],
        speaker=speaker_label(wire.speaker) if wire.speaker else None,
    )


def heartbeat_event(message: messages.Heartbeat) -> Heartbeat:
    """Say it in our own words."""
    return Heartbeat(
        audio_ms=message.total_audio_received_ms,
        session_ms=message.total_duration_ms,
        realtime_factor=message.realtime_factor,
        speech_probability=message.max_speech_probability,
    )


def session_ended(termination: messages.Termination) -> SessionEnded:
    """Say it in our own words; the protocol knows whole seconds only."""
    return SessionEnded(
        audio_ms=termination.audio_duration_seconds * 1000,
        session_ms=termination.session_duration_seconds * 1000,
    )
