"""Names that a program has for a vendor: of variables, and of the environment."""

import re

import libcst as cst

from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.wire import Wire

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")


def rewrite_names(program: Program, source: Wire, target: Wire) -> None:
    """Call what was called after the one vendor after the other.

    Not what other files may know by its name: what is imported or called, and variables of a module
    that is no program.
    """
    imported = {
        program.text(alias.asname.name if alias.asname else alias.name).split(".")[0]
        for node in program.nodes()
        if isinstance(node, cst.Import | cst.ImportFrom)
        and not isinstance(node.names, cst.ImportStar)
        for alias in node.names
    }
    taken = {name.value for name in program.all(cst.Name)}
    known = imported | _known_outside(program)
    for name in program.all(cst.Name):
        new = renamed(name.value, source, target)
        is_foreign = name.value in known or program.home(name) is None
        is_foreign = is_foreign or isinstance(program.parent(name), cst.ImportAlias)
        if new != name.value and new not in taken and not is_foreign:
            program.replace(name, new)
    for string in program.all(cst.SimpleString):
        value = string.evaluated_value
        if not isinstance(value, str) or value == source.name.upper():
            continue
        if _VARIABLE.fullmatch(value):
            new = renamed(value, source, target)
            program.replace(string, f"{string.prefix}{string.quote}{new}{string.quote}")


def _known_outside(program: Program) -> set[str]:
    """Names by which callers and other files know something."""
    made = [node for node in program.nodes() if isinstance(node, cst.FunctionDef | cst.ClassDef)]
    known = {node.name.value for node in made}
    known |= {parameter.name.value for parameter in program.all(cst.Param)}
    if "__main__" not in program.source:
        known |= {
            name.value for name in program.all(cst.Name) if program.home(name) is program.module
        }
    return known


def renamed(name: str, source: Wire, target: Wire) -> str:
    """The name with the one vendor in it for the other."""
    for spell in (str.upper, str.lower):
        name = name.replace(spell(source.name), spell(target.name))
    return name.replace(source.title, target.title)
