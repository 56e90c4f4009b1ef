"""What a fuzz run has to know of a dialect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from crossfade.dialects.base import Frame
from fuzz.frames import Message

Rules = Callable[[Frame], Mapping[str, Any]]
"""Checks the next frame of one session of the server; gives it back as plain data.

Raises:
    AssertionError: Or anything else, if the server may not say this here.
"""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Lawful things to say; the fuzz run makes the unlawful ones itself."""

    dialect: str
    path: Callable[[Random], str]
    """Where to connect to, query included; not always sensibly."""
    start: Callable[[Random], Message | None]
    """Opens a session; ``None``: the connection has."""
    message: Callable[[Random, Message | None], Message]
    """Anything that a client says in a session that was started so."""
    audio: Callable[[Random, Message | None], Frame]
    """A chunk, as such a session wants it."""
    finish: Message
    """Ends the session."""
    rules: Callable[[], Rules]
    """Fresh ones for each session."""
    closes: Callable[[Mapping[str, Any] | None, int], bool]
    """Whether the server may close with this code after this as its last message."""
    http: tuple[str, ...] = ()
    """Side endpoints."""
