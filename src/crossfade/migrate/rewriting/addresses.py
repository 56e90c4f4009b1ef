"""Where a program connects to, and the key that it shows there."""

import re

import libcst as cst

from crossfade.migrate.rewriting.expressions import Text, is_string, parts_of, written
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.wire import Wire


def rewrite_headers(program: Program, source: Wire, target: Wire) -> None:
    """Rewrite every ``Authorization``, in whatever form a library takes it."""
    for node in program.all(cst.DictElement):
        if _is_authorization(program, node.key):
            _rewrite_header(program, node.value, source, target)
    for pair in program.all(cst.Tuple):
        if len(pair.elements) == 2 and _is_authorization(program, pair.elements[0].value):
            _rewrite_header(program, pair.elements[1].value, source, target)
    for line in program.expressions():
        if is_string(line) and not is_string(program.parent(line) or line.with_changes()):
            _rewrite_header_line(program, line, source, target)


def _is_authorization(program: Program, node: cst.BaseExpression) -> bool:
    return str(program.constant(node)).lower() == "authorization"


def _rewrite_header(program: Program, node: cst.BaseExpression, source: Wire, target: Wire) -> None:
    key = source.key_of(program, node)
    if key is not None:
        program.replace(node, target.header(key))


def _rewrite_header_line(
    program: Program, node: cst.BaseExpression, source: Wire, target: Wire
) -> None:
    """``"Authorization: ..."`` as `websocket-client` takes it, in a list."""
    match parts_of(program, node):
        case [Text(value=first), *rest] if first.lower().startswith("authorization:"):
            inner = Program(written([Text(first.partition(":")[2].lstrip()), *rest]))
            expression = inner.all(cst.Expr)[0].value
            key = source.key_of(inner, expression)
            if key is not None:
                told = Program(target.header(key))
                value = parts_of(told, told.all(cst.Expr)[0].value)
                program.replace(node, written([Text("Authorization: "), *value]))


def rewrite_addresses(program: Program, source: Wire, target: Wire) -> None:
    """Rewrite every URL of the vendor's that stands in a literal, query left alone."""
    for node in program.all(cst.SimpleString):
        value = node.evaluated_value
        if isinstance(value, str) and (new := new_address(value, source, target)):
            program.replace(node, f"{node.prefix}{node.quote}{new}{node.quote}")


def new_address(value: str, source: Wire, target: Wire) -> str | None:
    """The counterpart of a URL; ``None``: it is no URL of the source's."""
    address, question, query = value.partition("?")
    region = source.region_of(address)
    if region is not None:
        new = target.url if address.startswith("ws") else target.token_url
        return new(region) + question + query
    if re.match(r"wss?://", address) and re.search(source.path_pattern, address):
        return re.sub(source.path_pattern, target.path, address) + question + query
    return None


def with_new_path(value: str, source: Wire, target: Wire) -> str:
    """The end of an address, put together by the program, with the path of the target."""
    address, question, query = value.partition("?")
    address = re.sub(source.path_pattern, target.path, address)
    address = re.sub(source.token_path_pattern, target.token_path, address)
    return address + question + query


def region_of(program: Program, source: Wire) -> str:
    """Where the program wants to be served."""
    for node in program.all(cst.SimpleString):
        value = node.evaluated_value
        if isinstance(value, str) and value.startswith("ws") and source.region_of(value):
            return source.region_of(value) or ""
    return ""
