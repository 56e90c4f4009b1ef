"""Rewriting programs from one vendor to another: text in, text out.

What is not of the vendor that is left stays to the byte. What could not be rewritten is marked
where it stands, with a comment that says what and why.
"""

import importlib
import importlib.util
import re
import warnings
from difflib import SequenceMatcher

from msgspec import Struct, structs

from crossfade.dialects import DIALECTS
from crossfade.dialects.programs import Programs
from crossfade.errors import CrossfadeError
from crossfade.migrate.reading.evidence import may_use
from crossfade.migrate.rewriting.edits import MARK
from crossfade.migrate.rewriting.leftovers import mark_leftovers
from crossfade.migrate.rewriting.program import Program, UnreadableError
from crossfade.migrate.rewriting.raw import hears, mark_retired, rewrite_raw, speaks
from crossfade.migrate.rewriting.sdk import Sdk
from crossfade.migrate.rewriting.sdk_rewriting import marked_only, rewrite_sdk, uses
from crossfade.migrate.rewriting.wire import Wire

__all__ = ["Mark", "Rewritten", "UnreadableError", "UnwritableError", "rewrite", "writable"]


_BYTE_ORDER_MARK = "\ufeff"


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
    if source.startswith(_BYTE_ORDER_MARK):
        done = rewrite(source.removeprefix(_BYTE_ORDER_MARK), to=to)
        return structs.replace(done, text=_BYTE_ORDER_MARK + done.text)
    if "\r\n" in source:
        plain = source.replace("\r\n", "\n")
        done = rewrite(plain, to=to)
        text = source if done.text == plain else _with_ends(done.text, source)
        return structs.replace(done, text=text)
    target = _ways(to)
    if target is None:
        raise UnwritableError(to)
    program, text = Program(source), source
    for dialect in DIALECTS:
        ways = _ways(dialect.name) if dialect.name != to else None
        programs = dialect.programs() if dialect.programs is not None else None
        if ways is not None and programs is not None and may_use(programs, text):
            now = program if text == source else Program(text)
            text = _rewritten(now, ways, target, programs)
    return Rewritten(text=text, marks=_marks(text), changes=_changes(source, text))


def _rewritten(program: Program, ways: "_Ways", target: "_Ways", programs: Programs) -> str:
    """A program without one vendor; one that would be no program any more is only marked."""
    text, told = program.source, frozenset[str]()
    if statement := uses(program, ways.sdk):
        written = rewrite_sdk(program, ways.sdk, target.sdk, (ways.wire, target.wire))
        if written is None:
            return marked_only(program, statement, target.sdk.module)
        text = written
    elif speaks(program, ways.wire):
        text, told = rewrite_raw(program, ways.wire, target.wire)
    elif (retired := mark_retired(program, ways.wire)) is not None:
        return retired
    elif hears(program, ways.wire):
        text, told = rewrite_raw(program, ways.wire, target.wire)
    if text != program.source and _runs(program.source) and not _runs(text):
        text, told = program.source, frozenset()
    return mark_leftovers(text, program, programs, ways.wire.title, told=told)


def _runs(text: str) -> bool:
    """Whether this Python takes it for a program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "program", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError):
            return False
    return True


def _with_ends(text: str, source: str) -> str:
    """Lines of the source end as they did, new ones as most of its lines do."""
    before = re.findall(r"[^\n]*\n|[^\n]+", source)
    after = text.split("\n")
    plain = [line.rstrip("\r\n") for line in before]
    if all(line.endswith("\r\n") for line in before[:-1]):
        return "\r\n".join(after)
    matcher = SequenceMatcher(None, plain, after, autojunk=False)
    ends = ["\r\n"] * (len(after) - 1) + [""]
    for old, new, size in matcher.get_matching_blocks():
        for n in range(size):
            if old + n < len(before) and new + n < len(after) - 1:
                ends[new + n] = before[old + n][len(plain[old + n]) :] or "\r\n"
    return "".join(line + end for line, end in zip(after, ends, strict=True))


def writable() -> list[str]:
    """Names of the dialects that programs can be rewritten to."""
    return [dialect.name for dialect in DIALECTS if _ways(dialect.name) is not None]


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
