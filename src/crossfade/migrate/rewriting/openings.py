"""The calls that open a socket, in the libraries that programs use."""

from collections.abc import Collection, Iterator, Sequence

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.following import (
    Variable,
    assignments,
    follow,
    message_parameters,
    own_functions,
    passings,
    variable,
)
from crossfade.migrate.rewriting.program import Program, Statement
from crossfade.migrate.rewriting.whose import whose
from crossfade.migrate.rewriting.wire import Wire

_CONNECTS = ("WebSocketApp", "create_connection", "ws_connect", "connect")
_LIBRARIES = ("websocket", "websockets")


class Opening(Struct, frozen=True, kw_only=True):
    """A call that opens a socket."""

    call: cst.Call
    url: cst.BaseExpression
    is_awaited: bool
    on_open: cst.BaseExpression | None
    sends_json: bool
    """The socket takes objects: ``send_json``."""


def own_openings(program: Program, wire: Wire, *, certain: bool = False) -> list[Opening]:
    """Those that open a socket to a vendor, or may: not where one is certain."""
    found = [(one, whose(program, one.url, wire)) for one in find_openings(program)]
    own = [one for one, who in found if who == "ours"]
    return own if own or certain else [one for one, who in found if who == "unknown"]


def mark_further(program: Program, openings: Sequence[Opening]) -> None:
    """Settings are put where the first session is opened; the others are left to people."""
    for opening in openings[1:]:
        why = "the first one has the settings now: give them to this one too."
        program.mark(opening.call, "another session is opened", why)


def find_openings(program: Program) -> list[Opening]:
    """All calls that open a socket, of the libraries that programs use."""
    return [
        opening
        for call in program.all(cst.Call)
        if (opening := _opening(program, call)) is not None
    ]


def _opening(program: Program, call: cst.Call) -> Opening | None:
    text = program.text(call.func)
    library, _, name = text.rpartition(".")
    if name not in _CONNECTS or not call.args:
        return None
    if name == "connect" and not (
        _imports_connect(program)
        if not library
        else library.startswith(_LIBRARIES) or _is_socket(program, call.func)
    ):
        return None
    named = {one.keyword.value: one.value for one in call.args if one.keyword}
    url = named.get("url") or named.get("uri") or call.args[0].value
    return Opening(
        call=call,
        url=url,
        is_awaited=_is_awaited(program, call),
        on_open=named.get("on_open"),
        sends_json=name == "ws_connect",
    )


def _is_socket(program: Program, function: cst.BaseExpression) -> bool:
    """It is a method of a ``WebSocket()`` that was made before."""
    assert isinstance(function, cst.Attribute)
    held = variable(program, function.value)
    return any(
        to == held
        and isinstance(value, cst.Call)
        and program.text(value.func).endswith("WebSocket")
        for value, to in assignments(program)
    )


def _imports_connect(program: Program) -> bool:
    return any(
        isinstance(names := node.names, Sequence)
        and node.module is not None
        and program.text(node.module).startswith(_LIBRARIES)
        and any(program.text(alias.name) == "connect" for alias in names)
        for node in program.all(cst.ImportFrom)
    )


def _is_awaited(program: Program, call: cst.Call) -> bool:
    above = program.parent(call)
    if isinstance(above, cst.For):
        return above.asynchronous is not None
    if isinstance(above, cst.WithItem):
        statement = program.parent(above)
        return isinstance(statement, cst.With) and statement.asynchronous is not None
    return isinstance(above, cst.Await)


def where_it_opens(
    program: Program, opening: Opening
) -> tuple[cst.BaseSuite | Statement, str] | None:
    """The block, or the statement after which, and the name of the socket there."""
    if opening.on_open is not None:
        name = program.text(opening.on_open).rpartition(".")[2]
        for function in program.all(cst.FunctionDef):
            parameters = [
                one.name.value for one in function.params.params if one.name.value != "self"
            ]
            if function.name.value == name and parameters:
                return function.body, parameters[0]
        return None
    above = program.parent(opening.call)
    if isinstance(above, cst.Await):
        above = program.parent(above)
    if isinstance(above, cst.WithItem) and above.asname:
        statement = program.parent(above)
        assert isinstance(statement, cst.With)
        return statement.body, program.text(above.asname.name)
    if isinstance(above, cst.For) and above.iter is opening.call:
        return above.body, program.text(above.target)
    if isinstance(above, cst.Assign):
        return program.statement(above), program.text(above.targets[0].target)
    if isinstance(above, cst.Expr) and isinstance(opening.call.func, cst.Attribute):
        return program.statement(above), program.text(opening.call.func.value)
    return None


def sockets(program: Program, openings: Sequence[Opening]) -> set[Variable]:
    """All variables that hold one of these sockets."""
    made: set[Variable] = set()
    for opening in openings:
        for node in _names_of_socket(program, opening):
            if (held := variable(program, node)) is not None:
                made.add(held)
        made |= set(_parameters_of_handlers(program, opening))
    return follow(program, made, [*assignments(program), *passings(program)])


def _names_of_socket(program: Program, opening: Opening) -> Iterator[cst.CSTNode]:
    above = program.parent(opening.call)
    if isinstance(above, cst.Await):
        above = program.parent(above)
    match above:
        case cst.WithItem(asname=cst.AsName(name=name)) | cst.For(target=name):
            yield name
        case cst.Assign(targets=targets):
            yield from (target.target for target in targets)
        case cst.AnnAssign(target=name) | cst.NamedExpr(target=name):
            yield name
        case cst.Expr() if isinstance(opening.call.func, cst.Attribute):
            yield opening.call.func.value


def _parameters_of_handlers(
    program: Program, opening: Opening, place: int = 0
) -> Iterator[Variable]:
    """``on_open`` and the like are given the socket first, then perhaps a frame."""
    functions = own_functions(program)
    for argument in opening.call.args:
        if argument.keyword is None or not argument.keyword.value.startswith("on_"):
            continue
        name = argument.value.attr if isinstance(argument.value, cst.Attribute) else argument.value
        function = functions.get(name.value) if isinstance(name, cst.Name) else None
        made = argument.value if isinstance(argument.value, cst.Lambda) else function
        for parameter in message_parameters(made)[place : place + 1] if made is not None else ():
            yield parameter, made


def frames(
    program: Program, openings: Sequence[Opening], held: Collection[Variable]
) -> set[Variable]:
    """All variables that hold a frame that came through one of these sockets."""
    made: set[Variable] = set()
    for opening in openings:
        made |= set(_parameters_of_handlers(program, opening, 1))
    for loop in program.all(cst.For):
        to = variable(program, loop.target)
        if to is not None and variable(program, loop.iter) in held:
            made.add(to)
    made |= {to for value, to in assignments(program) if is_received(program, value, held)}
    return follow(program, made, [*assignments(program), *passings(program)])


def is_received(program: Program, value: cst.CSTNode, held: Collection[Variable]) -> bool:
    """It is a call that waits for the next frame of one of these sockets."""
    call = value.expression if isinstance(value, cst.Await) else value
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return False
    name = call.func.attr.value
    return name.startswith(("recv", "receive")) and variable(program, call.func.value) in held
