"""Recording real sessions as bundles: ``serve --record``. ``bundle`` reads them.

What both sides said, with times; audio as its length, unless it is wanted; no keys and no tokens.
The words are in it: that is what it is for. Files are their owner's only.
"""

import logging
import os
import secrets
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import msgspec

from crossfade.dialects.base import (
    Credential,
    Dialect,
    DialectSettings,
    Frame,
    Goodbye,
    Handshake,
    ServerDialect,
)
from crossfade.emulator.scrubbing import Scrubber
from crossfade.errors import ConfigError
from crossfade.model import Audio, AudioAccepted, ChannelEvent, Command, Event, InChannel
from crossfade.testing.record import Overheard

logger = logging.getLogger("crossfade.emulator")


class Recordings:
    """A folder of bundles, one a session."""

    def __init__(self, folder: Path, *, with_audio: bool = False) -> None:
        """Be ready to record.

        Args:
            folder: Made if it is not there, for its owner only.
            with_audio: Keep the audio too, beside each bundle, as it came.

        Raises:
            ConfigError: If the folder cannot be made or written.
        """
        self._folder = folder
        self._with_audio = with_audio
        self._recorder = f"crossfade {version('crossfade')}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigError(f"cannot write {folder}: {error.strerror}", field="record") from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ConfigError(f"cannot write {folder}", field="record")

    def of(self, dialect: Dialect) -> Dialect:
        """The same dialect; its sessions are recorded."""

        def server(settings: DialectSettings) -> ServerDialect:
            tape = _Tape(self._folder, dialect.name, self._recorder, with_audio=self._with_audio)
            return Overheard(dialect.server(settings), tape)

        return msgspec.structs.replace(dialect, server=server)


class _Tape:
    """One session's bundle. What cannot be written ends the recording, not the session."""

    def __init__(self, folder: Path, dialect: str, recorder: str, *, with_audio: bool) -> None:
        self._folder = folder
        self._dialect = dialect
        self._recorder = recorder
        self._with_audio = with_audio
        self._began = time.monotonic()
        self._scrubber = Scrubber(None)
        self._lines: BinaryIO | None = None
        self._audio: BinaryIO | None = None
        self._waiting: dict[str | None, deque[int]] = {}
        """Lengths of chunks that the recognizer has not taken yet, by channel."""
        self._heard_bytes = 0

    def opened(self, handshake: Handshake, credential: Credential) -> None:
        self._scrubber = Scrubber(credential.secret)
        self._open()
        self._write(
            {
                "open": {
                    "path": self._scrubber.text(handshake.path),
                    "query": self._scrubber.query(handshake.query),
                    "headers": self._scrubber.headers(handshake.headers),
                }
            }
        )

    def heard(self, frame: Frame, commands: Sequence[Command] | None) -> None:
        audio = self._audio_in(commands or ())
        if isinstance(frame, bytes):
            self._write({"audio_bytes": len(frame)})
            self._keep(frame)
        elif commands is None:  # nobody knows what it holds
            self._write({"client": f"({len(frame)} characters that were refused)"})
        elif audio is not None and not self._with_audio:
            self._write({"audio_bytes": len(audio)})
        else:
            self._write({"client": self._scrubber.json(msgspec.json.decode(frame))})

    def said(self, event: Event | None, frames: Sequence[Frame | Goodbye]) -> None:
        acknowledges = event is not None and self._is_acknowledgement(event)
        if event is not None and not acknowledges:
            self._tell({"event": self._scrubber.json(msgspec.to_builtins(event))})
        for frame in frames:
            if isinstance(frame, Goodbye):
                close = {"code": frame.code, "reason": self._scrubber.text(frame.reason)}
                self._tell({"close": close, "linger_s": frame.linger_s})
            else:
                said = self._scrubber.json(msgspec.json.decode(frame))
                more = {"acknowledges": True} if acknowledges else {}
                self._tell({"server": said} | more)

    def over(self) -> None:
        for file in (self._lines, self._audio):
            if file is not None:
                with suppress(OSError):
                    file.close()
        self._lines = self._audio = None

    def _open(self) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        name = f"{moment.replace(':', '')}-{self._dialect}-{secrets.token_hex(4)}"
        try:
            self._lines = _private_file(self._folder / f"{name}.jsonl")
            if self._with_audio:
                self._audio = _private_file(self._folder / f"{name}.audio")
        except OSError as error:
            self._give_up(error)
            return
        about = f"recorded {moment} by {self._recorder}"
        self._write({"about": about, "dialect": self._dialect})

    def _audio_in(self, commands: Sequence[Command]) -> bytes | None:
        """The audio of a frame, which a message of one channel may carry too."""
        for command in commands:
            channel = command.channel if isinstance(command, InChannel) else None
            asked = command.command if isinstance(command, InChannel) else command
            if isinstance(asked, Audio):
                self._waiting.setdefault(channel, deque()).append(len(asked.data))
                return asked.data
        return None

    def _is_acknowledgement(self, event: Event) -> bool:
        channel = event.channel if isinstance(event, ChannelEvent) else None
        told = event.event if isinstance(event, ChannelEvent) else event
        if not isinstance(told, AudioAccepted):
            return False
        if waiting := self._waiting.get(channel):
            self._heard_bytes += waiting.popleft()
        return True

    def _tell(self, line: dict[str, object]) -> None:
        self._write(line | {"heard_bytes": self._heard_bytes})

    def _write(self, line: dict[str, object]) -> None:
        if self._lines is None:
            return
        at_ms = round((time.monotonic() - self._began) * 1000, 1)
        try:
            self._lines.write(msgspec.json.encode({"at_ms": at_ms} | line) + b"\n")
        except OSError as error:
            self._give_up(error)

    def _keep(self, chunk: bytes) -> None:
        if self._audio is None:
            return
        try:
            self._audio.write(chunk)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        logger.error("a session is not recorded any further: %s", error.strerror)
        self.over()


def _private_file(path: Path) -> BinaryIO:
    """A new file; whole lines reach it at once, so that a killed server leaves them."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "wb", buffering=0)
