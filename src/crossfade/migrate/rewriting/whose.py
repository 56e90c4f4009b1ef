"""Whose an address is: programs talk to others too, and what is said to them stays as it is."""

import re
from collections.abc import Iterator
from typing import Literal

import libcst as cst

from crossfade.migrate.rewriting.expressions import Hole, Text, parts_of
from crossfade.migrate.rewriting.following import variable
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.wire import Wire

Whose = Literal["ours", "foreign", "unknown"]
"""Of the vendor that is left, of somebody else, or that cannot be seen."""

UNKNOWN = "{}"
"""Stands in an address for what is only known when the program runs."""

_HOST = re.compile(r"(?:wss?|https?)://([^/?#]*)")
_NEAR = re.compile(r"localhost|[^.]*|[\d.]+|\[[\da-f:]+\]")
_DEPTH = 8


def whose(program: Program, node: cst.BaseExpression, wire: Wire) -> Whose:
    """Whose the address is that an expression gives."""
    return whose_address(address_of(program, node), wire)


def whose_address(address: str, wire: Wire) -> Whose:
    """Whose an address is, by its host; where that is not known or near, by its path."""
    found = _HOST.match(address)
    host = found[1].rpartition("@")[2].replace(UNKNOWN, "").strip(".:0123456789") if found else ""
    if wire.name in host:
        return "ours"
    path = address.partition("?")[0]
    if re.search(wire.path_pattern, path) or re.search(wire.token_path_pattern, path):
        return "ours" if _NEAR.fullmatch(host) else "unknown"
    return "unknown" if not host or _NEAR.fullmatch(host) else "foreign"


def address_of(program: Program, node: cst.BaseExpression, depth: int = 0) -> str:
    """The text of an address, as far as it is written in the program."""
    if depth > _DEPTH:
        return UNKNOWN
    return "".join(
        part.value if isinstance(part, Text) else _behind(program, part, depth + 1)
        for part in parts_of(program, node)
    )


def _behind(program: Program, hole: Hole, depth: int) -> str:
    """What a name holds, or a variable of the environment that nobody has set."""
    node = hole.node
    if isinstance(node, cst.Call):
        is_variable = program.text(node.func).endswith(("environ.get", "getenv"))
        if is_variable and len(node.args) > 1:
            return address_of(program, node.args[1].value, depth)
        return UNKNOWN
    values = program.assigned(node) if node is not None else []
    return address_of(program, values[0], depth) if len(values) == 1 else UNKNOWN


def calls_with(program: Program, node: cst.CSTNode) -> Iterator[cst.Call]:
    """The calls that are given what a node is a part of: by itself, or by a name or a function."""
    for above in program.parents(node):
        match above:
            case cst.Call() if program.text(above.func) != "dict":
                yield above
                return
            case cst.Assign(targets=[cst.AssignTarget(target=name)]) | cst.AnnAssign(target=name):
                held = name.value if isinstance(name, cst.Subscript) else name
                yield from _calls_that_name(program, held)
                return
            case cst.Return():
                function = program.scope(above)
                if isinstance(function, cst.FunctionDef):
                    yield from _calls_that_name(program, function.name)
                return


def _calls_that_name(program: Program, name: cst.CSTNode) -> Iterator[cst.Call]:
    held = variable(program, name)
    last = name.attr if isinstance(name, cst.Attribute) else name
    for call in program.all(cst.Call):
        for argument in call.args:
            nodes = program.nodes(argument.value)
            names = [one for one in nodes if isinstance(one, cst.Name | cst.Attribute)]
            is_method = any(
                isinstance(one, cst.Attribute) and one.attr.value == getattr(last, "value", None)
                for one in names
            )
            if held is not None and (is_method or any(variable(program, n) == held for n in names)):
                yield call
                break


def url_argument(call: cst.Call) -> cst.BaseExpression | None:
    """What a call is given as its address."""
    named = {one.keyword.value: one.value for one in call.args if one.keyword}
    first = [one.value for one in call.args if one.keyword is None]
    return named.get("url") or named.get("uri") or (first[0] if first else None)
