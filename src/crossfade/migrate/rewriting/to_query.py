"""Settings that a program sends as its first message become the query of its URL."""

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from crossfade.migrate.rewriting.addresses import with_new_path
from crossfade.migrate.rewriting.expressions import Hole, Part, Text, is_string, parts_of, written
from crossfade.migrate.rewriting.openings import Opening, mark_further, own_openings
from crossfade.migrate.rewriting.program import Program, Statement
from crossfade.migrate.rewriting.settings import Found, dict_behind, moved
from crossfade.migrate.rewriting.whose import address_of
from crossfade.migrate.rewriting.wire import Wire

_LINE = 96
_SENDS = ("send", "send_str", "send_text", "send_json", "send_message")


def move_settings_into_query(
    program: Program, found: Sequence[Found], source: Wire, target: Wire
) -> set[str]:
    """Take the first message out, and put what it said behind the URL. Returns imports."""
    told = _first_message(program, found)
    openings = own_openings(program, source)
    if not openings or told is None:
        for node in (one.node for one in found if one.role == "all"):
            why = "they belong into the query of the address: `urlencode` them there."
            program.mark(node, "settings", why)
        return set()
    sent, expression = told
    opening = openings[0]
    mark_further(program, openings)
    urls = _url_expressions(program, opening)
    place = _place(program, urls, opening)
    settings = _settings_at(program, expression, place)
    if settings is None:
        program.mark(opening.call, "settings", "they are not known here: put them into the query.")
        return set()
    program.remove(program.statement(sent))
    for url in urls:
        _append_query(program, url, settings, source, target)
    return {"from urllib.parse import urlencode"}


def _first_message(
    program: Program, found: Sequence[Found]
) -> tuple[cst.Call, cst.BaseExpression] | None:
    mains = [one.node for one in found if one.role == "all"]
    for call in program.all(cst.Call):
        name = program.text(call.func).rpartition(".")[2]
        if name in _SENDS and call.args:
            message = _undumped(program, call.args[0].value)
            if dict_behind(program, message) in mains:
                return call, message
    return None


def _undumped(program: Program, node: cst.BaseExpression) -> cst.BaseExpression:
    if isinstance(node, cst.Call) and program.text(node.func) == "json.dumps" and node.args:
        return node.args[0].value
    values = program.assigned(node)
    if len(values) == 1 and not isinstance(values[0], cst.Dict):
        return _undumped(program, values[0])
    return node


def _url_expressions(program: Program, opening: Opening) -> list[cst.BaseExpression]:
    """What the URL is made of: strings put together for it, or the argument itself."""
    if not isinstance(opening.url, cst.Name):
        return [opening.url]
    assigned = program.assigned(opening.url)
    scope = program.scope(opening.call)
    is_here = all(program.scope(node) is scope for node in assigned)
    return assigned if is_here and any(map(_is_made, assigned)) else [opening.url]


def _is_made(node: cst.BaseExpression) -> bool:
    return is_string(node) and not isinstance(node, cst.SimpleString)


def _place(program: Program, urls: Sequence[cst.BaseExpression], opening: Opening) -> Statement:
    """The statement before which settings have to be known."""
    block = program.parent(program.statement(opening.call))
    statement = program.statement(urls[0])
    while program.parent(statement) is not block:
        above = program.parent(statement)
        if above is None:
            return program.statement(opening.call)
        statement = program.statement(above)
    return statement


def _settings_at(
    program: Program,
    expression: cst.BaseExpression,
    place: Statement,
) -> str | None:
    """The expression of the settings there; their dict is moved if it has to be."""
    if not isinstance(expression, cst.Dict) and program.is_visible(expression, place):
        return program.rendered(expression)
    node = dict_behind(program, expression)
    if node is None or not _is_movable(program, node, place):
        return None
    name = expression.value if isinstance(expression, cst.Name) else "settings"
    assign = program.parent(node)
    text = moved(program, node)
    if isinstance(expression, cst.Name) and isinstance(assign, cst.Assign):
        program.remove(program.statement(node))
    program.insert_before(place, f"{name} = {text}")
    return name


def _is_movable(program: Program, node: cst.Dict, place: Statement) -> bool:
    return all(program.is_visible(element.value, place) for element in node.elements)


def _append_query(
    program: Program, url: cst.BaseExpression, settings: str, source: Wire, target: Wire
) -> None:
    parts = [*_without_language(program, parts_of(program, url))]
    parts = [*_with_new_token(parts, source, target)]
    text = "".join(part.value for part in parts if isinstance(part, Text))
    separator = "&" if "?" in text else "?"
    text = written([*parts, Text(separator), Hole(f"urlencode({settings})")])
    statement = program.statement(url)
    is_argument = isinstance(program.parent(url), cst.Arg)
    longer = max(len(line) for line in program.rendered(statement).split("\n")[:1])
    if (
        is_argument
        and longer + len(program.indent(statement)) + len(text) - len(program.text(url)) > _LINE
    ):
        program.insert_before(statement, f"url = {text}")
        text = "url"
    program.replace(url, text)


def _without_language(program: Program, parts: Sequence[Part]) -> Iterator[Part]:
    """Base and ``/en``, or base and ``/`` and a name: the language is a setting there."""
    rest = list(parts)
    while rest:
        part = rest.pop(0)
        if isinstance(part, Hole) and _is_folder(program, part):
            rest = rest[1:] if rest and isinstance(rest[0], Hole) else rest
            yield part
        elif isinstance(part, Text) and part.value == "/" and rest and isinstance(rest[0], Hole):
            rest.pop(0)
        elif isinstance(part, Text) and re.fullmatch(r"/[a-z]{2,3}", part.value):
            continue
        else:
            yield part


def _is_folder(program: Program, part: Hole) -> bool:
    """An address that something is to be put behind."""
    return part.node is not None and address_of(program, part.node).endswith("/")


def _with_new_token(parts: Sequence[Part], source: Wire, target: Wire) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, Text):
            text = with_new_path(part.value, source, target)
            yield Text(text.replace(f"{source.token_key}=", f"{target.token_key}="))
        else:
            yield part
