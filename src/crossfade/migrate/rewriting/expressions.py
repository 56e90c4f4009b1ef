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
    is_text: bool = True
    """It is certainly a string."""
    is_formatted: bool = False
    """It says how it is to be written, and can stand in an f-string only."""


Part = Text | Hole


def parts_of(program: Program, node: cst.BaseExpression) -> list[Part]:
    """The parts of a string; one hole for what is no literal."""
    if isinstance(node, cst.SimpleString) and isinstance(node.evaluated_value, str):
        return [Text(node.evaluated_value)]
    if isinstance(node, cst.FormattedString):
        is_raw = "r" in node.start.lower()
        return [_formatted(program, part, is_raw=is_raw) for part in node.parts]
    if isinstance(node, cst.ConcatenatedString):
        return [*parts_of(program, node.left), *parts_of(program, node.right)]
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        return [*parts_of(program, node.left), *parts_of(program, node.right)]
    return [Hole(program.rendered(node), node)]


def _formatted(program: Program, part: cst.BaseFormattedStringContent, *, is_raw: bool) -> Part:
    if isinstance(part, cst.FormattedStringText):
        text = part.value if is_raw else _meant(part.value)
        return Text(text.replace("{{", "{").replace("}}", "}"))
    assert isinstance(part, cst.FormattedStringExpression)
    if part.conversion or part.format_spec or part.equal:
        return Hole(program.rendered(part)[1:-1], is_formatted=True)
    return Hole(program.rendered(part.expression), part.expression, is_text=False)


def _meant(value: str) -> str:
    """Text of an f-string with its escapes undone."""
    if "\\" not in value:
        return value
    literal = cst.SimpleString(f'"""{value}"""')
    return str(literal.evaluated_value)


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
        case [Hole(source=source, is_formatted=False)]:
            return source
        case [Text(value=value)]:
            return quoted(value)
    held = [part for part in merged if isinstance(part, Hole)]
    holes = "".join(part.source for part in held)
    both = '"' in holes and ("'" in holes or all(part.is_text for part in held))
    if both or re.search(r"[\\\n{}]", holes):
        return " + ".join(map(_in_sum, merged))
    quote = "'" if '"' in holes else '"'
    return f"f{quote}{''.join(_in_f_string(part, quote) for part in merged)}{quote}"


def _in_sum(part: Part) -> str:
    if isinstance(part, Text):
        return quoted(part.value)
    if not part.is_formatted:
        return part.source if part.is_text else f"str({part.source})"
    quote = "'" if '"' in part.source else '"'
    return f"f{quote}{{{part.source}}}{quote}"


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


def _in_f_string(part: Part, quote: str) -> str:
    if isinstance(part, Hole):
        return f"{{{part.source}}}"
    text = quoted(part.value)[1:-1].replace("{", "{{").replace("}", "}}")
    return text if quote == '"' else text.replace('\\"', '"').replace("'", "\\'")
