"""What a recognizer reports, in no vendor's words.

Positions are whole milliseconds from the first sample of the session (``_ms``), never
wall-clock time. All frozen: share between tasks, compare in tests.

The order within a stream:

* A ``Final`` is followed at once by a ``Partial`` that holds what is still open, perhaps nothing.
* A turn ends with ``Final`` (perhaps empty), ``Partial``, ``TurnEnded``, and its number is used up.
  That partial is mostly empty; words in it were spoken after the cut, and bear the next number.
* The end of a stream is a last ``Final`` and ``Partial``, without a ``TurnEnded``: nobody decided
  that the turn was over, the audio was.
"""

from typing import Literal

from msgspec import Struct

from crossfade.model.config import Speaker


class Word(Struct, frozen=True, kw_only=True):
    """One word with its time. ``end_ms`` is greater than ``start_ms``."""

    text: str
    """As it is to be shown, capitals and inner marks included, without the mark that follows."""
    start_ms: int
    end_ms: int
    confidence: float
    """0.0 to 1.0, comparable only within one recognizer."""
    punctuation: str = ""
    """The mark that follows the word directly: ``.``, ``,``, ``?``, ``!``, ...; mostly nothing."""
    speaker: str | None = None
    volume: float | None = None
    """Loudness, 0.0 to 100.0, where it was wanted."""


class Usage(Struct, frozen=True, kw_only=True):
    """How many sessions are open, of those that there may be at once."""

    sessions: int
    most: int


class SessionStarted(Struct, frozen=True, kw_only=True, tag="session_started"):
    """The session has its slot and its recognizer; audio is being heard."""

    session_id: str
    """A UUID."""
    language: str
    started_at: int
    """Unix time in seconds."""
    expires_at: int | None = None
    """Unix time in seconds at which the session will be ended; ``None``: never."""
    speaker_labels: bool = False
    """Final words name their speakers, as the client asked."""
    usage: Usage | None = None
    """This session included; ``None``: nobody has set a limit."""


class AudioAccepted(Struct, frozen=True, kw_only=True, tag="audio_accepted"):
    """The recognizer took one chunk, or has room for it."""

    number: int
    """Chunks of this session are counted from 1, in order, each once."""


class AudioIgnored(Struct, frozen=True, kw_only=True, tag="audio_ignored"):
    """Audio came after the end of the stream and was thrown away."""


class SpeechStarted(Struct, frozen=True, kw_only=True, tag="speech_started"):
    """Someone began to speak."""

    turn: int
    at_ms: int
    confidence: float
    """Speech probability, 0.0 to 1.0."""


class VoiceStarted(Struct, frozen=True, kw_only=True, tag="voice_started"):
    """A voice is heard, whether or not it says a word: after every pause, not once a turn."""

    at_ms: int


class VoiceStopped(Struct, frozen=True, kw_only=True, tag="voice_stopped"):
    """It is heard no more. Alternates with ``VoiceStarted``, and comes second."""

    at_ms: int


class Partial(Struct, frozen=True, kw_only=True, tag="partial"):
    """The words of the open turn that are not final yet. The next partial replaces it whole."""

    turn: int
    words: tuple[Word, ...]
    through_ms: int
    """How far the audio behind it reaches."""
    at_pause: bool = False
    """The speaker has paused: the words are all that was said so far."""
    turn_confidence: float = 0.0
    """Probability, 0.0 to 1.0, that the speaker has finished, if speech ended here."""
    n_sure: int = 0
    """So many of its words, from the first on, will stay, though perhaps with other capitals and
    marks: who recognizes them has settled what was said, but not how it is written."""
    is_preview: bool = False
    """It came because there was room for it, and may be missing the next time: it is to be shown,
    and nothing else may follow from it."""


class Final(Struct, frozen=True, kw_only=True, tag="final"):
    """Words that will not change. A turn is its finals, in order; each word is in one of them."""

    turn: int
    words: tuple[Word, ...]
    through_ms: int
    """Everything up to here is settled: no later word begins before it."""
    forced: bool = False


class TurnEnded(Struct, frozen=True, kw_only=True, tag="turn_ended"):
    """The turn is over; all its words were sent."""

    turn: int
    at_ms: int
    """Position of the decision: end of speech plus the silence that was waited for."""
    confidence: float
    """Turn confidence at that moment, 0.0 to 1.0."""
    forced: bool = False


class Silence(Struct, frozen=True, kw_only=True, tag="silence"):
    """A stretch without speech, about one a second while nobody speaks.

    Stretches never overlap with each other or with a word.
    """

    start_ms: int
    end_ms: int


class SpeakersKnown(Struct, frozen=True, kw_only=True, tag="speakers_known"):
    """Who was heard so far; the answer to ``ReportSpeakers``."""

    speakers: tuple[Speaker, ...]
    at_end: bool = False


class SpeakersIgnored(Struct, frozen=True, kw_only=True, tag="speakers_ignored"):
    """Some prints of voices were made elsewhere: their speakers will not be known by them."""

    labels: tuple[str, ...]
    """Of the speakers concerned."""


class Heartbeat(Struct, frozen=True, kw_only=True, tag="heartbeat"):
    """A sign of life, by the wall clock."""

    audio_ms: int
    """Audio received so far."""
    session_ms: int
    """Wall time since the session began."""
    realtime_factor: float
    """Audio received over wall time, both since the last heartbeat."""
    speech_probability: float
    """The highest since the last heartbeat, 0.0 to 1.0."""


class TimeRunsOut(Struct, frozen=True, kw_only=True, tag="time_runs_out"):
    """The session will be ended soon, for its length or for lack of audio."""

    cause: Literal["idle", "session"]
    left_s: float
    limit_s: float


class AudioLimitReached(Struct, frozen=True, kw_only=True, tag="audio_limit_reached"):
    """No more audio is recognized: the session has had its share. Its end follows."""

    limit_s: float


class Declined(Struct, frozen=True, kw_only=True, tag="declined"):
    """The client asked for what is not done; the session goes on. The answer to ``Decline``."""

    why: str


class SessionEnded(Struct, frozen=True, kw_only=True, tag="session_ended"):
    """The last event of a session that ended in order."""

    audio_ms: int
    """Audio received."""
    session_ms: int
    """Wall time from connection to now."""
    by_server: bool = False
    """The server is shutting down; the client did not ask for the end."""


ChannelEventKind = (
    AudioAccepted
    | AudioIgnored
    | SpeechStarted
    | VoiceStarted
    | VoiceStopped
    | Partial
    | Final
    | TurnEnded
    | Silence
)


class ChannelEvent(Struct, frozen=True, kw_only=True, tag="channel_event"):
    """What happened in one channel of a session that has several.

    Every channel has its own turn numbers, acknowledgements and end of stream.
    """

    channel: str
    event: ChannelEventKind


StreamEvent = ChannelEventKind | SpeakersKnown | SpeakersIgnored | ChannelEvent
"""What a recognizer's stream reports."""

Event = (
    SessionStarted
    | StreamEvent
    | Heartbeat
    | TimeRunsOut
    | AudioLimitReached
    | Declined
    | SessionEnded
)
"""What a session reports: a stream's events between its own first and last."""
