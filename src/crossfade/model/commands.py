"""What a client asks of a session, in no vendor's words."""

from msgspec import Struct

from crossfade.model.config import Endpointing, KeyTerm, SessionConfig, SessionLimits


class Start(Struct, frozen=True, kw_only=True, tag="start"):
    """Open the recognizer. Comes once, before any other command."""

    config: SessionConfig
    limits: SessionLimits = SessionLimits()


class Audio(Struct, frozen=True, kw_only=True, tag="audio"):
    """One chunk, as the client cut it, in the session's audio format."""

    data: bytes


class ForceTurn(Struct, frozen=True, kw_only=True, tag="force_turn"):
    """End the open turn here: a mark in the order of the audio.

    All audio that came before it is decoded first. Always answered by a ``Final`` and a
    ``TurnEnded`` with ``forced``, also when nothing was said.
    """

    at_ms: int | None = None
    """Words that end after this position stay open; ``None``: all audio received so far counts."""


class Reconfigure(Struct, frozen=True, kw_only=True, tag="reconfigure"):
    """Change a running session, for audio that follows. ``None`` keeps a setting as it is."""

    endpointing: Endpointing | None = None
    partials_wanted: bool | None = None
    max_delay_ms: int | None = None
    keyterms: tuple[KeyTerm, ...] | None = None
    vad_threshold: float | None = None
    volume_wanted: bool | None = None
    volume_threshold: float | None = None


class ReportSpeakers(Struct, frozen=True, kw_only=True, tag="report_speakers"):
    """Tell which speakers were heard. Answered by one ``SpeakersKnown``."""

    at_end: bool = False
    """``True``: once, after the last word; however often it is asked."""


class KeepAlive(Struct, frozen=True, kw_only=True, tag="keep_alive"):
    """Nothing but a sign of life."""


class Decline(Struct, frozen=True, kw_only=True, tag="decline"):
    """What the client has just asked for is not done. Answered by one ``Declined``."""

    why: str
    """One sentence, for the client."""


class Finish(Struct, frozen=True, kw_only=True, tag="finish"):
    """No more audio: decode what is left, send the last words, end the session."""


class InChannel(Struct, frozen=True, kw_only=True, tag="in_channel"):
    """A command for one channel of a session that has several."""

    channel: str
    """One of the configuration's ``channels``."""
    command: Audio | ForceTurn | Finish


Command = (
    Start
    | Audio
    | ForceTurn
    | Reconfigure
    | ReportSpeakers
    | KeepAlive
    | Decline
    | Finish
    | InChannel
)
