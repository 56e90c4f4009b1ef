"""Rewriting programs from one vendor to another: text in, text out.

What is not of the vendor that is left stays to the byte. What could not be rewritten is marked
where it stands, with a comment that says what and why.
"""

import importlib
import importlib.util
import re

from msgspec import Struct, structs

from crossfade.dialects import DIALECTS
from crossfade.errors import CrossfadeError
from crossfade.migrate.rewriting.edits import MARK
from crossfade.migrate.rewriting.program import Program, UnreadableError
from crossfade.migrate.rewriting.raw import mark_retired, rewrite_raw, speaks
from crossfade.migrate.rewriting.sdk import Sdk
from crossfade.migrate.rewriting.sdk_rewriting import rewrite_sdk, uses
from crossfade.migrate.rewriting.wire import Wire

__all__ = ["Mark", "Rewritten", "UnreadableError", "UnwritableError", "rewrite"]


class UnwritableError(CrossfadeError):
    """Nobody has written down how programs speak this dialect.

    Attributes:
        dialect: Its name.
    """

    def __init__(self, dialect: str) -> None:
        super().__init__(f"programs cannot be rewritten to {dialect}")
        self.dialect = dialect


class Mark(Struct, frozen=True, kw_only=True):
    """A place that is left to a person, and is marked as one."""

    line: int
    """Of the rewritten program, counted from 1."""
    what: str
    why: str


class Rewritten(Struct, frozen=True, kw_only=True):
    """A program that speaks to another vendor."""

    text: str
    marks: tuple[Mark, ...]
    changes: int
    """Lines that are not as they were."""


def rewrite(source: str, *, to: str) -> Rewritten:
    """Rewrite a program, so that it speaks the protocol of a dialect, or uses its vendor's SDK.

    Args:
        source: A Python program.
        to: The name of a dialect.

    Raises:
        UnreadableError: If the source is not Python.
        UnwritableError: If programs cannot be rewritten to that dialect.
    """
    if "\r\n" in source:
        done = rewrite(source.replace("\r\n", "\n"), to=to)
        text = done.text.replace("\n", "\r\n") if done.changes else source
        return structs.replace(done, text=text)
    target = _ways(to)
    if target is None:
        raise UnwritableError(to)
    program = Program(source)
    text = source
    for dialect in DIALECTS:
        ways = _ways(dialect.name) if dialect.name != to else None
        if ways is None:
            continue
        if uses(program, ways.sdk):
            text = rewrite_sdk(text, ways.sdk, target.sdk, (ways.wire, target.wire))
        elif speaks(program, ways.wire):
            text = rewrite_raw(text, ways.wire, target.wire)
        else:
            text = mark_retired(text, ways.wire)
    return Rewritten(text=text, marks=_marks(text), changes=_changes(source, text))


class _Ways(Struct, frozen=True):
    """The two ways to speak to a vendor: by a raw socket, by its SDK."""

    wire: Wire
    sdk: Sdk


def _ways(name: str) -> _Ways | None:
    """What a vendor's folder here says, by the name of its dialect; ``None``: it has none."""
    module = f"{__name__}.{name}"
    if importlib.util.find_spec(module) is None:
        return None
    found = importlib.import_module(module)
    return _Ways(found.WIRE, found.SDK)


def _marks(text: str) -> tuple[Mark, ...]:
    marks = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        before, found, said = line.partition(MARK)
        if not found or before.strip():
            continue
        for further in lines[number:]:
            if not re.match(r"\s*#   \S", further):
                break
            said += " " + further.strip().lstrip("# ")
        what, _, why = said.partition("  # ")[0].partition(": ")
        marks.append(Mark(line=number, what=what, why=why))
    return tuple(marks)


def _changes(before: str, after: str) -> int:
    old = set(before.split("\n"))
    return sum(line not in old for line in after.split("\n"))
