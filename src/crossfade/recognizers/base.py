"""What every recognizer is to the rest of the house: loaded once, shared, one stream a session.

The embedded engine, the scripted one and a vendor upstream all look like this. Nothing here
knows sockets, dialects or models.
"""

from collections.abc import AsyncIterator
from typing import Protocol

from msgspec import Struct

from crossfade.model import (
    Audio,
    Finish,
    ForceTurn,
    InChannel,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    StreamEvent,
)

StreamCommand = Audio | ForceTurn | Reconfigure | ReportSpeakers | Finish | InChannel
"""The commands that reach a stream; the session keeps the others for itself."""


class RecognizerInfo(Struct, frozen=True, kw_only=True):
    """What a recognizer can do."""

    name: str
    version: str
    languages: frozenset[str]
    has_keyterms: bool = False
    has_speaker_labels: bool = False


class RecognizerStream(Protocol):
    """One session's recognition. Owned by one session; not safe between threads."""

    async def feed(self, command: StreamCommand) -> None:
        """Take one command, in order.

        Waits while the stream's queue is full, so that the sender is slowed down instead of
        memory growing. ``Audio`` after ``Finish`` is answered by ``AudioIgnored``; every other
        command after ``Finish`` is dropped, but for ``ReportSpeakers``: that one is answered from
        what is known, at once and ahead of audio that waits, until the last event was given.

        Raises:
            RecognizerError: If the engine has failed.
        """

    def events(self) -> AsyncIterator[StreamEvent]:
        """Yield what is recognized, in order, until everything before ``Finish`` was decoded.

        Raises:
            AudioError: If the bytes are not the audio that the configuration promised.
            RecognizerError: If the engine failed.
        """

    @property
    def audio_ms(self) -> int:
        """Audio received so far."""

    @property
    def processing_s(self) -> float:
        """CPU time of this machine that its decodes took so far."""

    def speech_peak(self) -> float:
        """The highest speech probability since the last call, 0.0 to 1.0."""

    async def aclose(self) -> None:
        """Let go of everything, at once, whatever state the stream is in. May be called twice."""


class Recognizer(Protocol):
    """Loaded once a process and shared by all sessions."""

    @property
    def info(self) -> RecognizerInfo:
        """What it can do."""

    async def start(self) -> None:
        """Load and warm up, so that the first stream is as quick as the hundredth.

        Raises:
            ModelError: If files are missing or damaged.
        """

    def open(self, config: SessionConfig) -> RecognizerStream:
        """Open a stream. Does not block.

        Raises:
            ConfigError: If it cannot do what is asked: ``field`` is ``language`` or ``audio``.
        """

    async def aclose(self) -> None:
        """Stop the threads and free the memory. Streams that are still open fail."""
