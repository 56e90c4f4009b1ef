"""What a rewritten program needs at its top: imports and functions; and what it needs no more."""

import re
from collections.abc import Iterable, Mapping

import libcst as cst

from crossfade.migrate.rewriting.bindings import names_bound_by
from crossfade.migrate.rewriting.program import Program


def add_helpers(source: str, helpers: Mapping[str, str]) -> str:
    """Put functions before the first of the program's own, those that it has not yet."""
    program = Program(source)
    named = {node.name.value for node in program.all(cst.FunctionDef)}
    named |= {node.name.value for node in program.all(cst.ClassDef)} | set(program.assignments)
    for name, helper in helpers.items():
        if name in named and helper.strip("\n") not in source:
            _mark_own(program, name)
    source = program.edited()
    missing = [helper.strip("\n") for name, helper in helpers.items() if name not in named]
    if not missing:
        return source
    program, lines = Program(source), source.split("\n")
    at = _first_definition(program, lines)
    # What is one line long stands with the variables, the rest between the functions.
    text = "\n\n\n".join(sorted(missing, key=lambda one: one.count("\n"))).split("\n")
    space = ["", ""] if at and lines[at - 1].strip() else []
    return "\n".join([*lines[:at], *space, *text, "", "", *lines[at:]])


def _mark_own(program: Program, name: str) -> None:
    """The program has something of this name that is something else."""
    why = "rewriting needs a function of this name: call yours otherwise, and do it again."
    for node in program.nodes():
        if name in names_bound_by(node) and program.scope(node) is program.module:
            program.mark(node, name, why)


def _first_definition(program: Program, lines: list[str]) -> int:
    at = _after_docstring(program)
    for statement in program.module.body:
        if isinstance(statement, cst.FunctionDef | cst.ClassDef):
            first = [statement, *statement.decorators]
            at = min(program.line_number(node) for node in first) - 1
            while at and lines[at - 1].startswith(("#", "@")):
                at -= 1
            return at
    for statement in program.module.body:
        if is_import(statement):
            at = program.line_number(statement) + program.text(statement).count("\n")
        elif at and not re.match(r"[rbuRBU]*[\"']", program.text(statement)):
            break
    return at


def add_imports(source: str, wanted: Iterable[str]) -> str:
    """Add import statements that are not there, each where an alphabet of imports has it."""
    for statement in sorted(wanted):
        program = Program(source)
        if not _is_there(program, statement):
            source = _with_import(program, statement)
    return source


def _is_there(program: Program, statement: str) -> bool:
    name = statement.rpartition(" ")[2]
    return any(
        name in (program.text(alias.name), program.text(alias.asname.name) if alias.asname else "")
        for node in program.nodes()
        if isinstance(node, cst.Import | cst.ImportFrom)
        and not isinstance(node.names, cst.ImportStar)
        for alias in node.names
    )


def _with_import(program: Program, statement: str) -> str:
    lines = program.source.split("\n")
    first_block = _first_block(program, lines)
    if not first_block:
        at = _after_docstring(program)
        return "\n".join([*lines[:at], statement, *([""] if at < len(lines) else []), *lines[at:]])
    at = first_block[-1] + 1
    for number in first_block:
        line = lines[number]
        if line.startswith(("import ", "from ")) and _order(statement) < _order(line):
            at = number
            break
    return "\n".join([*lines[:at], statement, *lines[at:]])


def _order(line: str) -> tuple[bool, str]:
    return line.startswith("from "), line.split()[1].lower()


def _first_block(program: Program, lines: list[str]) -> list[int]:
    """Numbers of the lines of the first imports, up to an empty line."""
    block: list[int] = []
    for statement in program.module.body:
        if not is_import(statement) or "__future__" in program.text(statement):
            if block:
                break
            continue
        number = program.line_number(statement) - 1
        if block and any(not line.strip() for line in lines[block[-1] : number]):
            break
        block += range(number, number + program.text(statement).count("\n") + 1)
    return block


def _after_docstring(program: Program) -> int:
    for statement in program.module.body:
        if re.match(r"[rbuRBU]*[\"']", program.text(statement)):
            return program.line_number(statement) + program.text(statement).count("\n")
        break
    return 0


def drop_unused_imports(before: Program, source: str) -> str:
    """Take out imports that the program used before, and uses no more."""
    while (shorter := _drop_one(before, source)) != source:
        source = shorter
    return source


def _drop_one(before: Program, source: str) -> str:
    program = Program(source)
    for statement in program.module.body:
        if not is_import(statement):
            continue
        assert isinstance(statement, cst.SimpleStatementLine)
        node = statement.body[0]
        assert isinstance(node, cst.Import | cst.ImportFrom)
        if isinstance(node.names, cst.ImportStar):
            continue
        for alias in node.names:
            name = program.text(alias.asname.name if alias.asname else alias.name).split(".")[0]
            if _uses(program, name) or not _uses(before, name):
                continue
            if len(node.names) == 1:
                program.remove(statement)
            else:
                _remove_alias(program, node, alias)
            return program.edited()
    return source


def _remove_alias(
    program: Program, node: cst.Import | cst.ImportFrom, alias: cst.ImportAlias
) -> None:
    assert not isinstance(node.names, cst.ImportStar)
    at = list(node.names).index(alias)
    start, end = program.span(alias)
    line = program.source.encode()[program.line_start(start) : program.line_end(end)].decode()
    if line.strip(" \t\n,") == program.text(alias):
        program.replace_span(program.line_start(start), program.line_end(end), "")
    elif at + 1 < len(node.names):
        program.replace_span(start, program.span(node.names[at + 1])[0], "")
    else:
        program.replace_span(program.span(node.names[at - 1].name)[1], end, "")


def _uses(program: Program, name: str) -> bool:
    return any(
        node.value == name
        and not any(
            isinstance(above, cst.Import | cst.ImportFrom) for above in program.parents(node)
        )
        for node in program.all(cst.Name)
    )


def is_import(statement: cst.CSTNode) -> bool:
    """It imports, and does nothing else."""
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(
        statement.body[0], cst.Import | cst.ImportFrom
    )
