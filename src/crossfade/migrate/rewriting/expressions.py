"""Strings that a program puts together: taken apart into text and expressions, and written anew."""

import re
from collections.abc import Iterator, Sequence

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.program import Program


class Text(Struct, frozen=True):
    """What is written out."""

    value: str


class Hole(Struct, frozen=True):
    """What is computed."""

    source: str
    node: cst.BaseExpression | None = None


Part = Text | Hole


def parts_of(program: Program, node: cst.BaseExpression) -> list[Part]:
    """The parts of a string; one hole for what is no literal."""
    if isinstance(node, cst.SimpleString) and isinstance(node.evaluated_value, str):
        return [Text(node.evaluated_value)]
    if isinstance(node, cst.FormattedString):
        return [_formatted(program, part) for part in node.parts]
    if isinstance(node, cst.ConcatenatedString):
        return [*parts_of(program, node.left), *parts_of(program, node.right)]
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        return [*parts_of(program, node.left), *parts_of(program, node.right)]
    return [Hole(program.rendered(node), node)]


def _formatted(program: Program, part: cst.BaseFormattedStringContent) -> Part:
    if isinstance(part, cst.FormattedStringText):
        return Text(part.value.replace("{{", "{").replace("}}", "}"))
    assert isinstance(part, cst.FormattedStringExpression)
    if part.conversion or part.format_spec:
        return Hole(program.rendered(part)[1:-1])
    return Hole(program.rendered(part.expression), part.expression)


def is_string(node: cst.CSTNode) -> bool:
    """It is made of literals, at least in part."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        return is_string(node.left) or is_string(node.right)
    return isinstance(node, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString)


def written(parts: Sequence[Part]) -> str:
    """The expression of a string: a literal, an f-string, or a sum where quotes forbid one."""
    merged = list(_merged(parts))
    match merged:
        case []:
            return '""'
        case [Hole(source=source)]:
            return source
        case [Text(value=value)]:
            return quoted(value)
    if any(isinstance(part, Hole) and re.search(r"[\"\\\n{}]", part.source) for part in merged):
        return " + ".join(quoted(p.value) if isinstance(p, Text) else p.source for p in merged)
    inner = "".join(_in_f_string(part) for part in merged)
    return f'f"{inner}"'


def _merged(parts: Sequence[Part]) -> Iterator[Part]:
    """Texts that follow each other as one; empty ones left out."""
    text = ""
    for part in parts:
        if isinstance(part, Text):
            text += part.value
            continue
        if text:
            yield Text(text)
            text = ""
        yield part
    if text:
        yield Text(text)


def quoted(value: str) -> str:
    """A literal in the quotes that formatters like."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _in_f_string(part: Part) -> str:
    if isinstance(part, Hole):
        return f"{{{part.source}}}"
    return quoted(part.value)[1:-1].replace("{", "{{").replace("}", "}}")
