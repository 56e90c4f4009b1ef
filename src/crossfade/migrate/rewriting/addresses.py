"""Where a program connects to, and the key that it shows there."""

import re
from collections.abc import Iterator

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.expressions import Text, is_string, parts_of, written
from crossfade.migrate.rewriting.openings import find_openings
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.whose import Whose, calls_with, url_argument, whose, whose_address
from crossfade.migrate.rewriting.wire import Wire


class _Header(Struct, frozen=True):
    """A place where a key is shown: its value, or the whole line with its name."""

    node: cst.BaseExpression
    is_line: bool


def rewrite_headers(program: Program, source: Wire, target: Wire) -> None:
    """Rewrite every ``Authorization`` that this vendor sees, however a library takes it."""
    found = {header: _who_sees(program, header.node, source) for header in _headers(program)}
    for header, who in found.items():
        if who == "foreign":
            continue
        if who == "unknown" and "ours" in found.values():
            why = f"if {source.title} sees this, write it as {target.title} wants it."
            program.mark(header.node, "a key that is shown", why)
        elif header.is_line:
            _rewrite_header_line(program, header.node, source, target)
        else:
            _rewrite_header(program, header.node, source, target)


def _headers(program: Program) -> Iterator[_Header]:
    for node in program.all(cst.DictElement):
        if _is_authorization(program, node.key):
            yield _Header(node.value, is_line=False)
    for pair in program.all(cst.Tuple):
        if len(pair.elements) == 2 and _is_authorization(program, pair.elements[0].value):
            yield _Header(pair.elements[1].value, is_line=False)
    for assign in program.all(cst.Assign):
        match assign.targets[0].target:
            case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=name))]):
                if _is_authorization(program, name):
                    yield _Header(assign.value, is_line=False)
    for line in program.expressions():
        if is_string(line) and not is_string(program.parent(line) or line.with_changes()):
            match parts_of(program, line):
                case [Text(value=first), *_] if first.lower().startswith("authorization:"):
                    yield _Header(line, is_line=True)


def _who_sees(program: Program, node: cst.BaseExpression, source: Wire) -> Whose:
    seen = {_called(program, call, source) for call in calls_with(program, node)}
    if "ours" in seen:
        return "ours"
    return "foreign" if seen == {"foreign"} else "unknown"


def _called(program: Program, call: cst.Call, source: Wire) -> Whose:
    url = url_argument(call)
    who = "unknown" if url is None else whose(program, url, source)
    if who == "unknown" and any(one.call is call for one in find_openings(program)):
        return "ours"
    return who


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
    region = region_of(program, source)
    for node in program.all(cst.SimpleString):
        value = node.evaluated_value
        if not isinstance(value, str):
            continue
        if new := new_address(value, source, target, region=region):
            program.replace(node, f"{node.prefix}{node.quote}{new}{node.quote}")
        elif re.match(r"wss?://", value) and whose_address(value, source) == "unknown":
            why = f"if {source.title} is served there, its path is {target.path} now."
            program.mark(node, value.partition("?")[0], why)


def new_address(value: str, source: Wire, target: Wire, *, region: str = "") -> str | None:
    """The counterpart of a URL; ``None``: it is no URL of the source's.

    ``region``: Where the program is served, for addresses that do not say it.
    """
    address, question, query = value.partition("?")
    own = source.region_of(address)
    if own is not None:
        new = target.url if address.startswith("ws") else target.token_url
        return new(own or region) + question + query
    if re.match(r"wss?://", address) and whose_address(address, source) == "ours":
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
