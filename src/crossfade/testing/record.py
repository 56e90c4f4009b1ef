"""Record a real session as a wire transcript: wrap a dialect, serve it, read the lines.

    recorder = Recorder(about="recorded on DATE from CLIENT VERSION")
    server = Server(config, recognizer, keyring, dialects=[recorder.dialect(DIALECT)])
    ... a client comes and goes ...
    recorder.write(Path("session.jsonl"))

Audio is written as its size, credentials not at all. Made for one session at a time.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from crossfade.dialects.base import (
    Credential,
    Dialect,
    DialectSettings,
    Frame,
    Goodbye,
    Handshake,
    Refusal,
    ServerDialect,
    Webhook,
)
from crossfade.errors import CrossfadeError
from crossfade.model import Command, Event

_SECRET_HEADERS = frozenset({"authorization", "cookie", "sec-websocket-key"})
_SECRET_PARAMETERS = frozenset({"jwt", "token", "api_key"})


class Recorder:
    """The lines of one session, in the order in which they happened."""

    def __init__(self, *, about: str, volatile: Collection[str] = ()) -> None:
        """Begin with no session.

        Args:
            about: Where the transcript comes from.
            volatile: Top-level fields of server frames whose text differs from release to
                release; written as a placeholder.
        """
        self.lines: list[dict[str, object]] = [{"about": about}]
        self._volatile = frozenset(volatile)

    def dialect(self, dialect: Dialect) -> Dialect:
        """The same dialect, overheard."""

        def server(settings: DialectSettings) -> ServerDialect:
            return Overheard(dialect.server(settings), self)

        return msgspec.structs.replace(dialect, server=server)

    def write(self, path: Path) -> None:
        """Write the transcript; runs of equal audio frames become one line."""
        folded: list[dict[str, object]] = []
        for line in self.lines:
            if folded and "audio_bytes" in line and _same_audio(folded[-1], line):
                frames = folded[-1].get("frames", 1)
                assert isinstance(frames, int)
                folded[-1]["frames"] = frames + 1
            else:
                folded.append(dict(line))
        path.write_text("".join(msgspec.json.encode(line).decode() + "\n" for line in folded))

    def opened(self, handshake: Handshake, credential: Credential) -> None:
        """See ``Listener``."""
        headers = {k: v for k, v in handshake.headers.items() if k not in _SECRET_HEADERS}
        query = [pair for pair in handshake.query if pair[0] not in _SECRET_PARAMETERS]
        self._keep({"open": {"path": handshake.path, "query": query, "headers": headers}})

    def heard(self, frame: Frame, commands: Sequence[Command] | None) -> None:
        """See ``Listener``."""
        if isinstance(frame, bytes):
            self._keep({"audio_bytes": len(frame)})
        else:
            self._keep({"client": msgspec.json.decode(frame)})

    def said(self, event: Event | None, frames: Sequence[Frame | Goodbye]) -> None:
        """See ``Listener``."""
        if event is not None:
            self._keep({"event": event})
        for frame in frames:
            self._keep(_server_line(frame))

    def over(self) -> None:
        """See ``Listener``."""

    def _keep(self, line: dict[str, object]) -> None:
        said = line.get("server")
        if isinstance(said, dict):
            masked = dict.fromkeys(self._volatile & said.keys(), "<str>")
            line = {"server": said | masked}
        self.lines.append(line)


def _same_audio(before: dict[str, object], line: dict[str, object]) -> bool:
    return before.get("audio_bytes") == line["audio_bytes"]


class Listener(Protocol):
    """Who hears what passes through a ``ServerDialect``, once it has passed."""

    def opened(self, handshake: Handshake, credential: Credential) -> None:
        """A client came, and showed this."""

    def heard(self, frame: Frame, commands: Sequence[Command] | None) -> None:
        """A frame came, and asked for this; ``None``: it was not understood, or not allowed."""

    def said(self, event: Event | None, frames: Sequence[Frame | Goodbye]) -> None:
        """An event was put into frames; ``None``: an error was."""

    def over(self) -> None:
        """The session is over, however it ended."""


class Overheard:
    """A ``ServerDialect`` that lets somebody listen to another."""

    def __init__(self, inner: ServerDialect, listener: Listener) -> None:
        """Stand between a session and its dialect."""
        self._inner = inner
        self._listener = listener

    @property
    def notes(self) -> tuple[str, ...]:
        """See ``ServerDialect``, as for all that follows."""
        return self._inner.notes

    def credential(self, handshake: Handshake) -> Credential:
        """The first question of every session."""
        credential = self._inner.credential(handshake)
        self._listener.opened(handshake, credential)
        return credential

    def open(self, handshake: Handshake) -> list[Command]:
        """Nothing to hear: the listener has the handshake."""
        return self._inner.open(handshake)

    def receive(self, frame: Frame) -> list[Command]:
        """What the client says."""
        try:
            commands = self._inner.receive(frame)
        except CrossfadeError:
            self._listener.heard(frame, None)
            raise
        self._listener.heard(frame, commands)
        return commands

    def send(self, event: Event) -> list[Frame | Goodbye]:
        """What the server says."""
        said = self._inner.send(event)
        self._listener.said(event, said)
        return said

    def refuse(self, error: CrossfadeError) -> Refusal:
        """What the server says at last."""
        refusal = self._inner.refuse(error)
        self._listener.said(None, [*refusal.frames, refusal.goodbye])
        return refusal

    def webhook(self) -> Webhook | None:
        """The last question of every session."""
        self._listener.over()
        return self._inner.webhook()


def _server_line(said: Frame | Goodbye) -> dict[str, object]:
    if isinstance(said, Goodbye):
        return {"close": {"code": said.code, "reason": said.reason}}
    return {"server": msgspec.json.decode(said)}
