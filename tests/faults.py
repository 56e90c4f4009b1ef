"""Ways for a server to be wrong, for conformance cases that have to notice them.

Here is what servers of any protocol can do wrong; a protocol's own tables of faults are in
``agent_faults.py``, ``assemblyai_faults.py`` and ``speechmatics_faults.py``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from crossfade.dialects.base import Frame, Goodbye, HttpRoute
from crossfade.errors import ProtocolError

Message = dict[str, Any]
Said = Message | Frame | Goodbye


class Fault:
    """What a broken server does otherwise. One for each connection; says all as it is."""

    def says(self, message: Message) -> Iterable[Said]:
        """What goes out instead of a message."""
        return [message]

    def leaves(self, goodbye: Goodbye) -> Iterable[Said]:
        """What goes out instead of a close."""
        return [goodbye]

    def hears(self, frame: Frame) -> Frame | None:
        """What arrives instead of a frame; ``None``: nothing does."""
        return frame


@dataclass(frozen=True)
class Broken:
    """A way to be wrong, and who has to notice."""

    noticed_by: Sequence[str]
    """Keys of cases."""
    expected: str
    """What each of them says that it expected, a part of it."""
    fault: Callable[[], Fault] = Fault
    no_auth: bool = False
    routes: Callable[[HttpRoute], HttpRoute] = lambda route: route
    paths: Sequence[str] = ()
    """Served, although they are not the protocol's."""


def fault(**changes: Callable[[Message], Iterable[Said]]) -> type[Fault]:
    """A fault that changes messages of these kinds, each by a function: ``AudioAdded=twice``."""

    class Changed(Fault):
        def says(self, message: Message) -> Iterable[Said]:
            kind = message["message"] if "message" in message else message["type"]
            return changes[kind](message) if kind in changes else [message]

    return Changed


def never(message):
    return []


def twice(message):
    return [message, message]


def binary(message):
    return [msgspec.json.encode(message)]


def with_(**fields):
    return lambda message: [message | fields]


def always(status: int) -> Callable[[HttpRoute], HttpRoute]:
    """Every answer has this status, whatever it holds."""

    def changed(route: HttpRoute) -> HttpRoute:
        def handle(request, authority):
            return msgspec.structs.replace(route.handle(request, authority), status=status)

        return msgspec.structs.replace(route, handle=handle)

    return changed


class CleanClose(Fault):
    """Whatever happened, the close says that all is well."""

    def leaves(self, goodbye):
        return [msgspec.structs.replace(goodbye, code=1000, reason="")]


class Dislikes(Fault):
    """Some of what a client says is an error here."""

    def __init__(self, *words):
        self.words = words

    def hears(self, frame):
        if isinstance(frame, str) and any(word in frame for word in self.words):
            raise ProtocolError("not liked here")
        return frame
