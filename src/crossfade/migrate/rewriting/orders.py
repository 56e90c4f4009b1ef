"""What a program tells the server beside audio: that it is over, and what changes on the way."""

import json
from collections.abc import Iterator, Sequence

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.reading import elements_of
from crossfade.migrate.rewriting.settings import dict_behind, dict_source
from crossfade.migrate.rewriting.wire import Element, Order, Wire

PATIENCE_S = 5
"""How long a program waits that sleeps after the end, where the server may take so long."""


class Sent(Struct, frozen=True, kw_only=True):
    """A message of the client's that stands in the program."""

    node: cst.BaseExpression
    order: Order | None
    name: str


def find_orders(program: Program, source: Wire) -> list[Sent]:
    """Dicts, and strings of JSON, whose name is one of the source's orders."""
    found = []
    for node in program.all(cst.Dict):
        name = next(
            (program.constant(v) for k, v, _ in elements_of(program, node) if k == source.kind_key),
            None,
        )
        if isinstance(name, str) and name in source.orders:
            found.append(Sent(node=node, order=source.orders[name], name=name))
    for string in program.all(cst.SimpleString):
        name = _name_in_json(string.evaluated_value, source)
        if name in source.orders:
            found.append(Sent(node=string, order=source.orders[name], name=name))
    return found


def _name_in_json(value: str | bytes, source: Wire) -> str:
    try:
        message = json.loads(value)
    except ValueError:
        return ""
    return str(message.get(source.kind_key)) if isinstance(message, dict) else ""


def rewrite_orders(program: Program, orders: Sequence[Sent], source: Wire, target: Wire) -> None:
    """Rewrite each where it stands."""
    for sent in orders:
        written = target.write_order(sent.order) if sent.order else None
        if written is None:
            _take_out(program, sent, target)
        else:
            elements = [Element(key=key, value=value) for key, value in written]
            elements += _values(program, sent, source, target)
            _write(program, sent, elements)
            if sent.order == "end" and target.paced:
                _be_patient(program, sent)


def _take_out(program: Program, sent: Sent, target: Wire) -> None:
    statement = program.statement(sent.node)
    why = f"{target.title} has no such message."
    if isinstance(program.parent(sent.node), cst.Assign) or sent.order == "channel":
        program.mark(statement, f"{sent.name} is to be taken out", why)
    else:
        program.replace_with_mark(statement, f"{sent.name} is dropped", why)


def _values(program: Program, sent: Sent, source: Wire, target: Wire) -> Iterator[Element]:
    """The settings that an update holds, if it is one."""
    if sent.order != "update" or not isinstance(sent.node, cst.Dict):
        return
    where = () if target.order_values is None else (target.order_values,)
    for key, value, _ in elements_of(program, sent.node):
        if key == source.order_values and source.order_values is not None:
            inner = dict_behind(program, value)
            if inner is not None and inner is not value:
                _rewrite_inner(program, inner, source, target)
                yield Element(path=where, key="**", value=program.rendered(value))
                return
    for element in target.write_settings(source.read_settings(program, sent.node), "update"):
        yield Element(
            path=(*where, *element.path),
            key=element.key,
            value=element.value,
            remark=element.remark,
        )


def _rewrite_inner(program: Program, node: cst.Dict, source: Wire, target: Wire) -> None:
    elements = target.write_settings(source.read_settings(program, node), "update")
    marks = [element for element in elements if not element.key]
    program.replace(node, dict_source(program, node, [e for e in elements if e.key]))
    for mark in marks:
        program.insert_before(program.statement(node), mark.value)


def _write(program: Program, sent: Sent, elements: Sequence[Element]) -> None:
    if isinstance(sent.node, cst.Dict):
        program.replace(sent.node, dict_source(program, sent.node, elements))
        return
    one = ", ".join(f'"{element.key}": {element.value}' for element in elements)
    program.replace(sent.node, f"json.dumps({{{one}}})")


def _be_patient(program: Program, sent: Sent) -> None:
    """The last words may take some seconds: a program that sleeps after its end sleeps longer."""
    for call in program.all(cst.Call):
        if not program.text(call.func).endswith("sleep") or not call.args:
            continue
        after = program.scope(call) is program.scope(sent.node) and (
            program.span(call)[0] > program.span(sent.node)[1]
        )
        value = program.constant(call.args[0].value)
        if after and isinstance(value, int | float) and 1 <= value < PATIENCE_S:
            program.replace(call.args[0].value, str(PATIENCE_S))
