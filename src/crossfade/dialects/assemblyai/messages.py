"""Wire types, spelled as AssemblyAI spells them. Times are whole milliseconds.

A key that is ``UNSET`` is left out. Nothing is ever ``null`` but where this file says so: clients
index what is present and format it as a number.
"""

import msgspec
from msgspec import UNSET, Struct, UnsetType


class Word(Struct, frozen=True, kw_only=True):
    """One item of ``Turn.words``; ``text`` holds the mark that follows the word too."""

    text: str
    start: int
    end: int
    confidence: float
    word_is_final: bool
    speaker: str | UnsetType | None = UNSET
    """Only final words have one, if labels are told and the speaker is known."""


class _Message(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Anything with a ``type``."""


class Configuration(Struct, frozen=True, kw_only=True):
    """What was applied, which may be less than what was asked for."""

    model: str
    mode: str | None
    """``None`` outside the Universal-3 family."""
    api_version: str
    speaker_labels: bool
    redact_pii: bool
    filter_profanity: bool
    domain: str | None
    voice_focus: str | None


class Begin(_Message, frozen=True, kw_only=True, tag=True):
    """The first frame of a session."""

    id: str
    expires_at: int
    """Unix time in whole seconds."""
    configuration: Configuration | UnsetType = UNSET


class SpeechStarted(_Message, frozen=True, kw_only=True, tag=True):
    """Right before the first ``Turn`` of a turn; Universal-3 family only."""

    timestamp: int
    confidence: float = 1.0


class Turn(_Message, frozen=True, kw_only=True, tag=True):
    """All that is known of one turn."""

    turn_order: int
    turn_is_formatted: bool
    end_of_turn: bool
    transcript: str
    end_of_turn_confidence: float
    words: tuple[Word, ...]
    utterance: str | None = ""
    language_code: str | UnsetType | None = UNSET
    language_confidence: float | UnsetType | None = UNSET
    """Present exactly where the code is."""
    speaker_label: str | UnsetType | None = UNSET
    """Who spoke most of the turn; at its end only, and only if labels are told."""


class Heartbeat(_Message, frozen=True, kw_only=True, tag=True):
    """A sign of life for those who asked, every 5 s of wall time."""

    total_audio_received_ms: int
    total_duration_ms: int
    realtime_factor: float
    """Over the last interval."""
    max_speech_probability: float


class Silence(_Message, frozen=True, kw_only=True, tag=True):
    """A stretch in which nobody spoke, for those who asked; Universal-3 family only."""

    start_ms: int
    end_ms: int


class Revision(Struct, frozen=True, kw_only=True):
    """What one turn became."""

    turn_order: int
    speaker_label: str | None = None
    words: tuple[Word, ...] = ()


class SpeakerRevision(_Message, frozen=True, kw_only=True, tag=True):
    """Turns whose speakers are known better now. Ours never are: a label stays as it was told."""

    revisions: tuple[Revision, ...]


class Warning(_Message, frozen=True, kw_only=True, tag=True):  # noqa: A001 (the vendor's name)
    """Something that the client asked for and does not get; the session goes on."""

    warning_code: int
    warning: str


class Error(_Message, frozen=True, kw_only=True, tag=True):
    """The last frame of a session that failed; ``error_code`` is the close code too."""

    error_code: int | None = None
    error: str


class Termination(_Message, frozen=True, kw_only=True, tag=True):
    """The last frame of a session that ended in order. Whole seconds, as clients demand."""

    audio_duration_seconds: int
    session_duration_seconds: int


ServerMessage = (
    Begin
    | SpeechStarted
    | Turn
    | Heartbeat
    | Silence
    | SpeakerRevision
    | Warning
    | Error
    | Termination
)
"""What our server says and our client understands."""


class Terminate(_Message, frozen=True, kw_only=True, tag=True):
    """No more audio."""


class ForceEndpoint(_Message, frozen=True, kw_only=True, tag=True):
    """End the turn here."""


class KeepAlive(_Message, frozen=True, kw_only=True, tag=True):
    """A sign of life."""


class UpdateConfiguration(_Message, frozen=True, kw_only=True, tag=True):
    """Change settings of a running session, as our client writes it.

    The server reads these messages through ``parameters``, whose rules and sentences they share
    with the query.
    """

    min_turn_silence: int | UnsetType = UNSET
    max_turn_silence: int | UnsetType = UNSET
    end_of_turn_confidence_threshold: float | UnsetType = UNSET
    vad_threshold: float | UnsetType = UNSET
    keyterms_prompt: tuple[str, ...] | UnsetType = UNSET


ClientMessage = Terminate | ForceEndpoint | KeepAlive | UpdateConfiguration
"""What our client says."""


def encode(message: ServerMessage | ClientMessage) -> str:
    """Write a message as a text frame: a browser cannot read JSON from a binary one."""
    return msgspec.json.encode(message).decode()
