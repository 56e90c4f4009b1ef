"""Dicts that hold, by the name of a message, what is to be done with it."""

from collections.abc import Iterator, Sequence

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.following import (
    Step,
    Variable,
    message_parameters,
    own_functions,
    variable,
)
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.wire import Facts, Wire

_OF_ALL = {"warning", "error"}
"""Kinds whose names other programs use as well."""


class Table(Struct, frozen=True, kw_only=True):
    """One such dict."""

    node: cst.Dict
    names: tuple[str, ...]
    values: tuple[cst.BaseExpression, ...]
    variable: Variable | None


class Lookup(Struct, frozen=True, kw_only=True):
    """Where a table is asked."""

    node: cst.BaseExpression
    """``TABLE[name]`` or ``TABLE.get(name)``."""
    asked: cst.BaseExpression
    """The name."""
    table: Table


def find_tables(program: Program, source: Wire) -> list[Table]:
    """All dicts whose keys are names of the server's messages."""
    return [
        table
        for node in program.all(cst.Dict)
        if (table := _table(program, node, source)) is not None
    ]


def _table(program: Program, node: cst.Dict, source: Wire) -> Table | None:
    names, values = [], []
    for element in node.elements:
        name = program.constant(element.key) if isinstance(element, cst.DictElement) else None
        if not isinstance(name, str):
            return None
        names.append(name)
        values.append(element.value)
    known = [name for name in names if name in source.kinds]
    if len(known) < 2 or all(set(source.kinds[name]) <= _OF_ALL for name in known):
        return None
    above = program.parent(node)
    held = above.targets[0].target if isinstance(above, cst.Assign) else None
    held = above.target if isinstance(above, cst.AnnAssign) else held
    return Table(
        node=node,
        names=tuple(names),
        values=tuple(values),
        variable=None if held is None else variable(program, held),
    )


def find_lookups(program: Program, tables: Sequence[Table]) -> Iterator[Lookup]:
    """Where they are asked."""
    for node in program.expressions():
        match node:
            case cst.Subscript(
                value=held, slice=[cst.SubscriptElement(slice=cst.Index(value=asked))]
            ):
                pass
            case cst.Call(
                func=cst.Attribute(value=held, attr=cst.Name(value="get")),
                args=[cst.Arg(value=asked), *_],
            ):
                pass
            case _:
                continue
        for table in tables:
            if held is table.node or _holds(program, held, table):
                yield Lookup(node=node, asked=asked, table=table)


def _holds(program: Program, held: cst.BaseExpression, table: Table) -> bool:
    return table.variable is not None and variable(program, held) == table.variable


def table_passings(program: Program, tables: Sequence[Table]) -> Iterator[Step]:
    """What is given to the functions in them, and the parameters that take it."""
    functions = own_functions(program)
    for lookup in find_lookups(program, tables):
        for call in _calls(program, lookup.node):
            given = [argument.value for argument in call.args if argument.keyword is None]
            for value in lookup.table.values:
                named = value.attr if isinstance(value, cst.Attribute) else value
                function = functions.get(named.value) if isinstance(named, cst.Name) else None
                made = value if isinstance(value, cst.Lambda) else function
                if made is not None:
                    for one, parameter in zip(given, message_parameters(made), strict=False):
                        yield one, (parameter, made)


def _calls(program: Program, found: cst.BaseExpression) -> Iterator[cst.Call]:
    """The calls of what was found: at once, or by the name that it is given."""
    above = program.parent(found)
    if isinstance(above, cst.Call) and above.func is found:
        yield above
    name: cst.CSTNode | None = None
    if isinstance(above, cst.Assign):
        name = above.targets[0].target
    elif isinstance(above, cst.NamedExpr | cst.AnnAssign):
        name = above.target
    if isinstance(name, cst.Name):
        held = variable(program, name)
        for call in program.all(cst.Call):
            if isinstance(call.func, cst.Name) and variable(program, call.func) == held:
                yield call


def name_of(table_names: Sequence[str], source: Wire, target: Wire, facts: Facts) -> str:
    """The function that tells the name by which a program knows a message of the target's."""
    lines = [
        "def name_of(message):",
        '    """What this program calls a message."""',
        f'    kind = message["{target.kind_key}"]',
    ]
    tests: dict[str, str] = {}
    for name in dict.fromkeys(table_names):
        if kinds := frozenset(source.kinds.get(name, ())):
            tests.setdefault(target.test(kinds, "kind", "message", facts), name)
    for test, name in tests.items():
        lines += [f"    if {test}:", f'        return "{name}"']
    return "\n" + "\n".join([*lines, "    return kind"]) + "\n"
