"""What is still the old vendor's in a rewritten program: marked, so that nothing stays unseen."""

import builtins
import re
from collections.abc import Collection, Iterator

import libcst as cst

from crossfade.dialects.programs import Programs
from crossfade.migrate.rewriting.edits import MARK
from crossfade.migrate.rewriting.program import Program

_OF_ALL = frozenset({"Error", "Warning", "Info"})
"""Names of messages that say nothing about whose they are."""

_QUOTED = re.compile(r"[\"'](\w+)\\?[\"']")
_MODULE = frozenset({"__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__"})


def mark_leftovers(
    text: str, before: Program, programs: Programs, title: str, *, told: Collection[str]
) -> str:
    """Mark names and addresses that only this vendor has, and names that nothing gives any more.

    Args:
        text: A rewritten program.
        before: What it was.
        programs: The vendor's tables.
        title: What the vendor is called.
        told: Names that stand there rightly.
    """
    program = before if text == before.source and not before.is_edited else Program(text)
    for node, said in _of_vendor(program, programs, told):
        program.mark(node, said, f"this is still {title}, and was not understood.")
    missing = _unbound(before)
    for name in program.all(cst.Name):
        if (
            name.value not in missing
            and _is_unbound(program, name)
            and not _is_marked(program, name)
        ):
            why = "what gave it this name is gone: write this anew."
            program.mark(name, name.value, why)
    return program.edited()


def _of_vendor(
    program: Program, programs: Programs, told: Collection[str]
) -> Iterator[tuple[cst.CSTNode, str]]:
    """Strings and imports that tell of the vendor, and what it is in them."""
    modules = {module for sdk in programs.sdks for module in sdk.modules}
    for statement in program.all(cst.ImportFrom):
        name = program.text(statement.module) if statement.module is not None else ""
        names = statement.names if not isinstance(statement.names, cst.ImportStar) else ()
        full = {name, *(f"{name}.{program.text(alias.name)}" for alias in names)}
        if full & modules and not _is_marked(program, statement):
            yield statement, name
    strings = [
        (node, said)
        for node in program.nodes()
        if (said := _text(program, node)) and said not in told and not _is_marked(program, node)
    ]
    api = programs.apis[0]
    ordinary = api.messages.keys() - programs.telling - _OF_ALL
    several = len({said for _, said in strings} & ordinary) > 1
    for node, said in strings:
        if said in programs.telling or (several and said in ordinary):
            yield node, said
        elif quoted := programs.telling.intersection(_QUOTED.findall(said)) - set(told):
            yield node, min(quoted)  # a message that is written out
        elif found := _address(said, api.urls):
            yield node, found


def _text(program: Program, node: cst.CSTNode) -> str:
    """The text of a string that runs; of one with values in it, ``{}`` for each."""
    above = program.parent(node)
    if isinstance(above, cst.Expr):  # a docstring
        return ""
    if isinstance(node, cst.SimpleString):
        return node.evaluated_value if isinstance(node.evaluated_value, str) else ""
    if isinstance(node, cst.FormattedString):
        return "".join(
            part.value if isinstance(part, cst.FormattedStringText) else "{}" for part in node.parts
        )
    return ""


def _address(said: str, urls: Collection[str]) -> str:
    """The first address of the vendor's in a text: a host, or what begins with one."""
    found = [match[0] for pattern in urls if (match := re.search(pattern, said)) is not None]
    return next((one for one in found if not one.startswith("/")), "")


def _is_marked(program: Program, node: cst.CSTNode) -> bool:
    """A mark stands above it, or above what it is a part of."""
    lines = program.source.split("\n")
    statement = program.statement(node)
    around = [
        one for one in program.parents(statement) if isinstance(one, cst.BaseCompoundStatement)
    ]
    for one in (statement, *around):
        at = program.line_number(one) - 1
        while at and lines[at - 1].lstrip().startswith("#"):
            at -= 1
            if MARK in lines[at]:
                return True
    return any(MARK in line for line in program.text(statement).split("\n"))


def _unbound(program: Program) -> frozenset[str]:
    return frozenset(name.value for name in program.all(cst.Name) if _is_unbound(program, name))


def _is_unbound(program: Program, name: cst.Name) -> bool:
    """Nothing in the program gives it a value, and it is read."""
    above = program.parent(name)
    match above:
        case cst.Attribute() if above.attr is name:
            return False
        case cst.Arg() if above.keyword is name:
            return False
        case cst.ImportAlias() | cst.ImportFrom() | cst.AsName() | cst.Param() | cst.NameItem():
            return (
                isinstance(above, cst.Param) and above.default is name and _is_free(program, name)
            )
    return _is_free(program, name)


def _is_free(program: Program, name: cst.Name) -> bool:
    known = hasattr(builtins, name.value) or name.value in _MODULE
    in_import = any(isinstance(one, cst.Import | cst.ImportFrom) for one in program.parents(name))
    return not known and not in_import and program.home(name) is None
