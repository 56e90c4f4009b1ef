"""A far side that keeps every frame: what was shown and said to it, and what it said, in order.

It is our own server, over a real socket; only its dialect's server end is listened in on.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from msgspec import structs

from crossfade.dialects.base import Dialect, Frame, Goodbye, Handshake

Message = dict[str, Any]


@dataclass
class Call:
    """One connection to the far side."""

    handshake: Handshake
    frames: list[tuple[str, Frame]] = field(default_factory=list)
    """``heard`` or ``said``, and what."""
    close_code: int | None = None

    @property
    def query(self) -> dict[str, str]:
        return dict(self.handshake.query)

    @property
    def heard(self) -> list[Message]:
        """The messages that were said to it."""
        return [json.loads(f) for way, f in self.frames if way == "heard" and isinstance(f, str)]

    @property
    def said(self) -> list[Message]:
        """Its own messages."""
        return [json.loads(f) for way, f in self.frames if way == "said" and isinstance(f, str)]

    @property
    def chunks(self) -> list[bytes]:
        """The audio, frame by frame."""
        return [f for way, f in self.frames if way == "heard" and isinstance(f, bytes)]

    @property
    def audio(self) -> bytes:
        return b"".join(self.chunks)

    def first_audio(self) -> int:
        """How many frames came before the first audio."""
        return next(n for n, (_, frame) in enumerate(self.frames) if isinstance(frame, bytes))


class _ListenedIn:
    """A server end whose frames are kept."""

    def __init__(self, end, calls: list[Call]) -> None:
        self._end = end
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._end, name)

    def credential(self, handshake: Handshake):
        self._call = Call(handshake)
        self._calls.append(self._call)
        return self._end.credential(handshake)

    def receive(self, frame: Frame):
        self._call.frames.append(("heard", frame))
        return self._end.receive(frame)

    def send(self, event):
        frames = self._end.send(event)
        self._say(frames)
        return frames

    def refuse(self, error):
        refusal = self._end.refuse(error)
        self._say([*refusal.frames, refusal.goodbye])
        return refusal

    def _say(self, frames: list[Frame | Goodbye]) -> None:
        for frame in frames:
            if isinstance(frame, Goodbye):
                self._call.close_code = frame.code
            else:
                self._call.frames.append(("said", frame))


def witnessed(dialect: Dialect, calls: list[Call]) -> Dialect:
    """A dialect whose servers write down their connections."""
    return structs.replace(
        dialect, server=lambda settings: _ListenedIn(dialect.server(settings), calls)
    )
