"""The calls that open a socket, in the libraries that programs use."""

from collections.abc import Sequence

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.program import Program, Statement

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
        _imports_connect(program) if not library else library.startswith(_LIBRARIES)
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
    if isinstance(above, cst.Assign):
        return program.statement(above), program.text(above.targets[0].target)
    return None
