"""A recorded session: what both sides said, and when.

A bundle is a wire transcript (``crossfade.testing.transcript``) whose lines tell when they were
said, in ``at_ms`` since the session began, as ``serve --record`` writes it. A transcript without
times is one too: nothing in it is waited for.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from crossfade.dialects.base import Dialect, DialectSettings, Goodbye, Handshake
from crossfade.emulator.agenda import Recorded
from crossfade.emulator.script import ScriptError
from crossfade.errors import CrossfadeError
from crossfade.model import (
    Audio,
    AudioAccepted,
    ChannelEvent,
    Command,
    Event,
    Final,
    Finish,
    InChannel,
    KeepAlive,
    SessionEnded,
    Start,
)
from crossfade.recognizers.scripted import bytes_per_ms
from crossfade.testing.transcript import (
    About,
    AudioBytes,
    AudioMs,
    ClientSays,
    Closes,
    Commands,
    Line,
    Open,
    Reports,
    ServerSays,
    parse_transcript,
)

_TICK_MS = 0.001


class Stamp(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a line of a bundle says beside what that of a transcript says."""

    at_ms: float = 0.0
    """Since the session began."""
    dialect: str | None = None
    """On the first line: what was spoken."""
    linger_s: float = 0.0
    """With a close: how long the server waited before it."""
    heard_bytes: int | None = None
    """Of what the server said: the audio that its recognizer had taken by then; the client may have
    sent more. ``None``: nobody noted it."""
    acknowledges: bool = False
    """Of a frame: it says that audio was taken, and nothing else."""


class Moment(Struct, frozen=True, kw_only=True):
    """Something that the server said, and what the client had sent by then."""

    at_ms: float
    """Of each later than of the one before, if by a microsecond: it gives them their order."""
    what: Event | Recorded
    n_commands: int
    """Other than audio, the start and the end."""
    audio_ms: float
    is_finished: bool
    """It had sent its last audio."""
    n_words: int
    """Final words said by then, this included; 0 where the events were not recorded."""


class Bundle(Struct, frozen=True, kw_only=True):
    """One recorded session."""

    dialect: str
    """The protocol that was spoken."""
    wire: tuple[Moment, ...]
    """What the server said, frame by frame, without what is known to acknowledge audio."""
    events: tuple[Moment, ...]
    """The same as the recognizer reported it, for clients of other protocols; empty where the
    recording does not have it."""
    acknowledges: bool
    """Acknowledgements were left out: they are made anew, for the chunks that come."""


def read_bundle(path: Path, dialects: Sequence[Dialect]) -> Bundle:
    """Read a recorded session.

    Raises:
        ScriptError: If it cannot be read, is none, or of no dialect that is known.
    """
    try:
        texts = path.read_text(encoding="utf-8").splitlines()
        stamps = [msgspec.json.decode(text, type=Stamp) for text in texts]
        return _make(parse_transcript(texts), stamps, dialects)
    except (OSError, UnicodeError) as error:
        raise ScriptError(f"cannot read {path}: {type(error).__name__}") from error
    except (ValueError, CrossfadeError) as error:
        raise ScriptError(f"{path}: {error}") from error


def is_bundle(path: Path) -> bool:
    """Whether a file is a recorded session rather than a script: its first line says so."""
    try:
        with path.open(encoding="utf-8") as file:
            first = msgspec.json.decode(file.readline())
    except (OSError, ValueError):
        return False
    return isinstance(first, Mapping) and "about" in first


def is_control(command: Command) -> bool:
    """Whether something that the server says may be the answer to this command."""
    if isinstance(command, InChannel):
        return not isinstance(command.command, Audio)
    return not isinstance(command, Audio | Start | Finish | KeepAlive)


def _make(lines: Sequence[Line], stamps: Sequence[Stamp], dialects: Sequence[Dialect]) -> Bundle:
    opened = next((line.handshake for line in lines if isinstance(line, Open)), Handshake(path="/"))
    dialect = _dialect(stamps[0].dialect, opened.path, dialects)
    reader = _Reader(dialect, opened)
    for line, stamp in zip(lines, stamps, strict=True):
        reader.read(line, stamp)
    return Bundle(
        dialect=dialect.name,
        wire=tuple(reader.wire),
        events=tuple(reader.events),
        acknowledges=any(stamp.acknowledges for stamp in stamps),
    )


def _dialect(name: str | None, path: str, dialects: Sequence[Dialect]) -> Dialect:
    for dialect in dialects:
        if name == dialect.name or (name is None and _is_at(path, dialect)):
            return dialect
    raise ScriptError(f"recorded in a protocol that is not known here: {name or path}")


def _is_at(path: str, dialect: Dialect) -> bool:
    asked = path.split("/")
    patterns = [pattern.split("/") for pattern in dialect.paths]
    return any(
        len(pattern) == len(asked)
        and all(want in ("{}", have) for want, have in zip(pattern, asked, strict=True))
        for pattern in patterns
    )


class _Reader:
    """Goes through the lines once. The server's end beside it knows commands and audio format."""

    def __init__(self, dialect: Dialect, opened: Handshake) -> None:
        self.wire: list[Moment] = []
        self.events: list[Moment] = []
        self._server = dialect.server(DialectSettings(lenient_audio=True))
        self._is_final = dialect.is_final
        self._bytes_per_ms = 0.0
        self._audio_ms = 0.0
        self._at_ms = 0.0
        self._n_commands = 0
        self._sent_bytes = 0
        self._is_finished = False
        self._is_ended = False
        self._n_words = 0
        self._server.credential(opened)
        self._ask(lambda: self._server.open(opened))

    def read(self, line: Line, stamp: Stamp) -> None:
        match line:
            case ClientSays(frame=frame):
                self._ask(lambda: self._server.receive(frame))
            case AudioBytes():
                self._hear(line.frames * line.audio_bytes)
            case AudioMs():
                self._audio_ms += line.frames * line.audio_ms
            case Reports(event=event):
                self._n_words += _n_words(event)
                self._is_ended |= isinstance(event, SessionEnded)
                if not _is_acknowledgement(event):
                    self.events.append(self._moment(stamp, event))
            case ServerSays(frame=frame):
                if not stamp.acknowledges:
                    self._say(stamp, frame)
            case Closes(close=close):
                goodbye = Goodbye(
                    code=close.code, reason=close.reason or "", linger_s=stamp.linger_s
                )
                said = Recorded(goodbye, is_last=self._is_ended)
                self.wire.append(self._moment(stamp, said))
            case About() | Open() | Commands():
                pass

    def _say(self, stamp: Stamp, frame: str) -> None:
        said = Recorded(frame, has_final_words=self._is_final(frame), is_last=self._is_ended)
        self.wire.append(self._moment(stamp, said))

    def _moment(self, stamp: Stamp, what: Event | Recorded) -> Moment:
        heard_bytes, audio_ms = stamp.heard_bytes, self._audio_ms
        if heard_bytes is not None and self._bytes_per_ms:
            audio_ms = heard_bytes / self._bytes_per_ms
        self._at_ms = max(stamp.at_ms, self._at_ms + _TICK_MS)
        return Moment(
            at_ms=self._at_ms,
            what=what,
            n_commands=self._n_commands,
            audio_ms=audio_ms,
            # An end that waits behind audio has not been heard of yet.
            is_finished=self._is_finished and heard_bytes in (None, self._sent_bytes),
            n_words=self._n_words,
        )

    def _hear(self, n_bytes: int) -> None:
        self._sent_bytes += n_bytes
        if self._bytes_per_ms:
            self._audio_ms += n_bytes / self._bytes_per_ms

    def _ask(self, receive: Callable[[], Sequence[Command]]) -> None:
        try:
            commands = receive()
        except CrossfadeError:
            return  # a session that was refused for this; the refusal is what comes next
        for command in commands:
            self._n_commands += is_control(command)
            self._is_finished |= isinstance(command, Finish)
            match command:
                case Start(config=config):
                    self._bytes_per_ms = bytes_per_ms(config)
                case Audio(data=data) | InChannel(command=Audio(data=data)):
                    self._hear(len(data))


def _is_acknowledgement(event: Event) -> bool:
    return isinstance(event.event if isinstance(event, ChannelEvent) else event, AudioAccepted)


def _n_words(event: Event) -> int:
    what = event.event if isinstance(event, ChannelEvent) else event
    return len(what.words) if isinstance(what, Final) else 0
