"""Programs that use a vendor's official SDK: from one to another.

What the SDKs have in common: a client, handlers of events, settings, audio, an end. An ``Sdk`` is
one of them as it stands in source code; all that are written are asynchronous.
"""

from collections.abc import Callable, Mapping, Sequence

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.edits import INDENT
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.wire import Facts, Field, Kind, Setting

_LINE = 72
Reading = tuple[str, Field | None]
"""The variable of a message, and what is read of it; ``None``: whether it is final."""


class Start(Struct, frozen=True, kw_only=True):
    """The call that begins a session, written."""

    source: str
    names: tuple[str, ...]
    """Of the SDK, that it needs."""
    marks: tuple[str, ...] = ()


class Sdk(Struct, frozen=True, kw_only=True):
    """One SDK in source code."""

    package: str
    """That all generations of it are imported from."""
    module: str
    """Of the generation that is rewritten."""
    clients: Mapping[str, bool]
    """Names of its client, and whether that is asynchronous; the first is written."""
    event_class: str
    events: Mapping[str, tuple[Kind, ...]]
    """Names of events, and what their messages are."""
    names: Mapping[Kind, str]
    """The event of a kind."""
    message_at: int
    """The parameter of a handler that is the message."""
    start: str
    whole: str | None
    """The method that sends a whole file, from the beginning of the session to its end."""
    send: str
    force: str
    stop: str
    address: str
    """The argument of the client that says where."""
    options: str | None
    """The class that holds the client's arguments."""
    host: Callable[[str], str | None]
    """The region of an address as its programs write it."""
    write_host: Callable[[str], str]
    write_address: Callable[[str], str]
    """The expression of its argument, from that of an address which people may have set."""
    read_settings: Callable[[Program, cst.Call], list[Setting]]
    write_start: Callable[[Sequence[Setting]], Start]
    reading: Callable[[Program, cst.BaseExpression], Reading | None]
    write_reading: Callable[[Field | None, str, Facts], str | None]
    guard: Callable[[Kind, str, Facts], str | None]
    """The condition under which a message of its event is not of this kind."""
    message_type: str
    awaits_handlers: bool
    """Handlers may be coroutines."""


def called(name: str, arguments: Sequence[str], indent: str) -> str:
    """A call, on several lines if it is too long for one."""
    line = f"{name}({', '.join(arguments)})"
    if len(line) + len(indent) <= _LINE and "\n" not in line:
        return line
    lines = "".join(f"{indent}{INDENT}{argument},\n" for argument in arguments)
    return f"{name}(\n{lines}{indent})"


def with_model(settings: list[Setting], tier: str) -> list[Setting]:
    """Settings with what the SDK asks for where nobody says which model."""
    if any(setting.name == "model" for setting in settings):
        return settings
    return [*settings, Setting(name="model", source=tier, value=tier)]
