"""Record a real session as a wire transcript: wrap a dialect, serve it, read the lines.

    recorder = Recorder(about="recorded on DATE from CLIENT VERSION")
    server = Server(config, recognizer, keyring, dialects=[recorder.dialect(DIALECT)])
    ... a client comes and goes ...
    recorder.write(Path("session.jsonl"))

Audio is written as its size, credentials not at all. Made for one session at a time.
"""

from collections.abc import Callable, Collection
from pathlib import Path

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
            return _Overheard(dialect.server(settings), self._keep)

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

    def _keep(self, line: dict[str, object]) -> None:
        said = line.get("server")
        if isinstance(said, dict):
            masked = dict.fromkeys(self._volatile & said.keys(), "<str>")
            line = {"server": said | masked}
        self.lines.append(line)


def _same_audio(before: dict[str, object], line: dict[str, object]) -> bool:
    return before.get("audio_bytes") == line["audio_bytes"]


class _Overheard:
    """A ``ServerDialect`` that writes down what passes through another."""

    def __init__(self, inner: ServerDialect, keep: Callable[[dict[str, object]], None]) -> None:
        self._inner = inner
        self._keep = keep

    @property
    def notes(self) -> tuple[str, ...]:
        return self._inner.notes

    def credential(self, handshake: Handshake) -> Credential:
        return self._inner.credential(handshake)

    def open(self, handshake: Handshake) -> list[Command]:
        headers = {k: v for k, v in handshake.headers.items() if k not in _SECRET_HEADERS}
        query = [pair for pair in handshake.query if pair[0] not in _SECRET_PARAMETERS]
        self._keep({"open": {"path": handshake.path, "query": query, "headers": headers}})
        return self._inner.open(handshake)

    def receive(self, frame: Frame) -> list[Command]:
        if isinstance(frame, bytes):
            self._keep({"audio_bytes": len(frame)})
        else:
            self._keep({"client": msgspec.json.decode(frame)})
        return self._inner.receive(frame)

    def send(self, event: Event) -> list[Frame | Goodbye]:
        self._keep({"event": event})
        said = self._inner.send(event)
        for frame in said:
            self._keep(_server_line(frame))
        return said

    def refuse(self, error: CrossfadeError) -> Refusal:
        refusal = self._inner.refuse(error)
        for frame in (*refusal.frames, refusal.goodbye):
            self._keep(_server_line(frame))
        return refusal

    def webhook(self) -> Webhook | None:
        return self._inner.webhook()


def _server_line(said: Frame | Goodbye) -> dict[str, object]:
    if isinstance(said, Goodbye):
        return {"close": {"code": said.code, "reason": said.reason}}
    return {"server": msgspec.json.decode(said)}
