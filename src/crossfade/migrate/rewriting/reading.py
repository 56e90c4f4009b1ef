"""Small readings that the wires of all vendors share."""

from collections.abc import Iterator

import libcst as cst

from crossfade.migrate.rewriting.program import Program

KeyedValue = tuple[str | None, cst.BaseExpression, str]


def elements_of(program: Program, node: cst.Dict) -> Iterator[KeyedValue]:
    """Key, value and the comment on the line of each element; the key of ``**x`` is ``None``."""
    for element in node.elements:
        if isinstance(element, cst.StarredDictElement):
            yield None, element.value, program.remark_after(element)
        elif isinstance(element, cst.DictElement):
            key = program.constant(element.key)
            if isinstance(key, str):
                yield key, element.value, program.remark_after(element)


def in_milliseconds(source: str, value: object) -> str:
    """The expression of whole milliseconds, from that of seconds."""
    if isinstance(value, int | float):
        return str(round(value * 1000))
    return f"round(1000 * ({source}))"


def in_seconds(source: str, value: object, *, at_most: float) -> str:
    """The expression of seconds, from that of milliseconds."""
    if source.isdigit():
        value = int(source)
    if isinstance(value, int | float):
        return str(min(at_most, value / 1000))
    return f"min({at_most}, ({source}) / 1000)"
