"""What a session is asked to be, in no vendor's words.

A dialect fills these in from its own configuration and applies its own defaults first: nothing
here guesses what a vendor meant by leaving a field out.
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct


class Encoding(StrEnum):
    """How one sample is written in a raw stream."""

    PCM_S16LE = "pcm_s16le"
    PCM_F32LE = "pcm_f32le"
    MULAW = "mulaw"

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return {Encoding.PCM_S16LE: 2, Encoding.PCM_F32LE: 4, Encoding.MULAW: 1}[self]


class RawAudio(Struct, frozen=True, kw_only=True, tag="raw"):
    """Bare samples, one channel. Chunks may be cut anywhere, inside a sample too."""

    encoding: Encoding
    sample_rate_hz: int


class ContainerAudio(Struct, frozen=True, kw_only=True, tag="container"):
    """A media file or stream with headers (WAV, MP3, Ogg, ...), cut anywhere."""

    container: str | None = None
    """Its format where the client named one; ``None``: find out from the bytes."""


class PacketAudio(Struct, frozen=True, kw_only=True, tag="packets"):
    """Compressed packets without a container: a chunk is exactly one, so none may be cut."""

    codec: Literal["opus"]


AudioFormat = RawAudio | ContainerAudio | PacketAudio


class NoEndpointing(Struct, frozen=True, kw_only=True, tag="none"):
    """Turns end only when the client forces them."""


class SilenceEndpointing(Struct, frozen=True, kw_only=True, tag="silence"):
    """A turn is over once no word was spoken for ``silence_ms``."""

    silence_ms: int


class ConfidenceEndpointing(Struct, frozen=True, kw_only=True, tag="confidence"):
    """A turn is over after ``min_silence_ms`` if its words seem complete, else the maximum."""

    min_silence_ms: int
    max_silence_ms: int
    threshold: float
    """Turn confidence (0.0 to 1.0) above which the words count as complete."""


class PunctuationEndpointing(Struct, frozen=True, kw_only=True, tag="punctuation"):
    """A turn is over after ``min_silence_ms`` if a sentence is complete, else the maximum."""

    min_silence_ms: int
    max_silence_ms: int
    max_turn_ms: int
    """A turn longer than this ends at its next word border."""


Endpointing = NoEndpointing | SilenceEndpointing | ConfidenceEndpointing | PunctuationEndpointing


class KeyTerm(Struct, frozen=True, kw_only=True):
    """A word or phrase that the recognizer should expect."""

    text: str
    """As it is to be written."""
    sounds_like: tuple[str, ...] = ()
    """Other spellings that lead to the same written form."""


class Speaker(Struct, frozen=True, kw_only=True):
    """A voice that can be told from others."""

    label: str
    identifiers: tuple[str, ...] = ()
    """Opaque prints of this voice, readable by the recognizer that made them."""


class SpeakerLabels(Struct, frozen=True, kw_only=True):
    """Who spoke each word is wanted too."""

    max_speakers: int | None = None
    sensitivity: float = 0.5
    """0.0 to 1.0; higher finds more speakers."""
    known: tuple[Speaker, ...] = ()
    """Speakers to be called by these labels."""


Grade = Literal["standard", "enhanced"]
"""Of models: the one that is quick and costs little, or the one that makes fewest mistakes."""


class SessionConfig(Struct, frozen=True, kw_only=True):
    """Everything a recognizer has to know to open a stream."""

    language: str
    """Code of the spoken language as the recognizer names it: ``en``."""
    audio: AudioFormat
    endpointing: Endpointing = NoEndpointing()
    partials_wanted: bool = True
    """Without partials a recognizer may decode less often."""
    max_delay_ms: int = 4000
    """Longest wait, in audio time, between the end of a word and the final that holds it."""
    early_finals: bool = False
    """A word that is sure becomes final at once: for a client that hardly sees any other."""
    keyterms: tuple[KeyTerm, ...] = ()
    speaker_labels: SpeakerLabels | None = None
    vad_threshold: float | None = None
    """Speech probability below which audio counts as silence; ``None``: the recognizer's own."""
    volume_wanted: bool = False
    """Words tell how loud they were."""
    volume_threshold: float = 0.0
    """0.0 to 100.0, on the scale of ``Word.volume``; audio below it is heard as silence."""
    voice_edges_wanted: bool = False
    """``VoiceStarted`` and ``VoiceStopped`` are to be reported, where the recognizer hears them."""
    grade: Grade | None = None
    """Which of several models is wanted; ``None``: nobody said."""
    domain: str | None = None
    """What is spoken about, where there is a model for that: ``medical``."""
    channels: tuple[str, ...] = ()
    """Names of channels that are heard apart, each as a session of its own; empty: one, unnamed."""


class SessionLimits(Struct, frozen=True, kw_only=True):
    """How long a session may stay idle and live, in wall-clock seconds; ``None``: no limit."""

    idle_s: float | None = None
    idle_reset_by_audio_only: bool = False
    """``True``: control messages do not count as life."""
    session_s: float | None = None
    audio_s: float | None = None
    """Audio that is recognized, in seconds of audio; what comes after it is acknowledged only."""
    idle_warnings_s: tuple[float, ...] = ()
    """How many seconds before the end for idleness the client is warned."""
    session_warnings_s: tuple[float, ...] = ()
    heartbeat_s: float | None = None
    """How often the client wants a sign of life from us; ``None``: never."""
    ahead_s: float | None = None
    """How much more audio may come than time has passed."""
