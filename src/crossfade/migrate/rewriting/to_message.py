"""Settings that a program has in the query of its URL become the first message that it sends."""

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from crossfade.migrate.rewriting.addresses import new_address, with_new_path
from crossfade.migrate.rewriting.edits import INDENT
from crossfade.migrate.rewriting.expressions import Hole, Part, Text, is_string, parts_of, written
from crossfade.migrate.rewriting.openings import Opening, mark_further, own_openings, where_it_opens
from crossfade.migrate.rewriting.program import Program, Statement
from crossfade.migrate.rewriting.settings import Found, dict_behind, dict_source, moved
from crossfade.migrate.rewriting.wire import Wire


def move_query_into_message(
    program: Program, found: Sequence[Found], source: Wire, target: Wire
) -> set[str]:
    """Take settings out of URLs, and send them as soon as the socket is open. Returns imports."""
    openings = own_openings(program, source)
    if not openings:
        for node in (one.node for one in found if one.role == "all"):
            program.mark(node, "settings", "send them as the first message of a session.")
        return set()
    opening = openings[0]
    mark_further(program, openings)
    expression = _settings_expression(program, found, opening)
    literal = _rewrite_queries(program, found, source, target)
    place = where_it_opens(program, opening)
    if place is None:
        why = "send the first message once the socket is open."
        program.mark(opening.call, target.title, why)
        return set()
    block, socket = place
    prelude, settings = _sent_settings(program, expression, literal, block, source, target)
    await_ = "await " if opening.is_awaited else ""
    send = f"send_json({settings})" if opening.sends_json else f"send(json.dumps({settings}))"
    text = f"{prelude}{await_}{socket}.{send}"
    if isinstance(block, cst.BaseSuite):
        program.insert_into(block, text)
    else:
        program.insert_after(block, text)
    return set() if opening.sends_json else {"import json"}


def _settings_expression(
    program: Program, found: Sequence[Found], opening: Opening
) -> cst.BaseExpression | None:
    mains = [one.node for one in found if one.role == "all"]
    for argument in opening.call.args:
        if argument.keyword and argument.keyword.value == "params":
            _remove_argument(program, opening.call, argument)
            return argument.value
    for call in program.all(cst.Call):
        is_query = program.text(call.func).endswith("urlencode") and call.args
        if is_query and dict_behind(program, call.args[0].value) in mains:
            return call.args[0].value
    return None


def _remove_argument(program: Program, call: cst.Call, argument: cst.Arg) -> None:
    at = call.args.index(argument)
    start = program.span(argument)[0]
    if at + 1 < len(call.args):
        program.replace_span(start, program.span(call.args[at + 1])[0], "")
    else:
        before = program.span(call.args[at - 1])[1]
        program.replace_span(before, program.span(argument)[1], "")


def _rewrite_queries(
    program: Program, found: Sequence[Found], source: Wire, target: Wire
) -> list[tuple[str, str]]:
    """Cut queries off; return the settings that stood in literal ones, as keys and expressions."""
    mains = [one.node for one in found if one.role == "all"]
    told: list[tuple[str, str]] = []
    for node in program.expressions():
        above = program.parent(node)
        if not is_string(node) or (above is not None and is_string(above)):
            continue
        if isinstance(above, cst.FormattedStringExpression | cst.ConcatenatedString):
            continue
        parts = parts_of(program, node)
        query = _query_of(program, parts, mains, source)
        if query is None:
            continue
        base, pairs = query
        token = [value for key, value in pairs if key == source.token_key]
        told += [(key, value) for key, value in pairs if key not in (source.token_key, "")]
        end: list[Part] = [Text(f"?{target.token_key}="), Hole(token[0])] if token else []
        program.replace(node, written([*_new_base(base, source, target), *end]))
    return told


def _new_base(parts: Sequence[Part], source: Wire, target: Wire) -> list[Part]:
    return [
        Text(new_address(part.value, source, target) or with_new_path(part.value, source, target))
        if isinstance(part, Text)
        else part
        for part in parts
    ]


def _query_of(
    program: Program, parts: Sequence[Part], mains: Sequence[cst.Dict], source: Wire
) -> tuple[list[Part], list[tuple[str, str]]] | None:
    """What is before the query, and its pairs; ``None``: this is no URL of a session."""
    tokens: list[Part] = []
    base: list[Part] = []
    in_query = False
    for part in parts:
        if isinstance(part, Text) and not in_query and (found := re.search(r"[?&]", part.value)):
            base.append(Text(part.value[: found.start()]))
            tokens.append(Text(part.value[found.start() :]))
            in_query = True
        else:
            (tokens if in_query else base).append(part)
    pairs = list(_pairs(program, tokens, mains))
    known = {key for key, _ in pairs}
    is_ours = "" in known or known & {source.token_key, *source.rate_path, "speech_model"}
    return (base, pairs) if in_query and is_ours else None


def _pairs(
    program: Program, parts: Sequence[Part], mains: Sequence[cst.Dict]
) -> Iterator[tuple[str, str]]:
    key = ""
    for part in parts:
        if isinstance(part, Hole):
            if key:
                yield key, part.source
            elif isinstance(part.node, cst.Call) and (
                part.node.args and dict_behind(program, part.node.args[0].value) in mains
            ):
                yield "", part.source
            key = ""
            continue
        for pair in re.split(r"[?&]", part.value):
            key, equals, value = pair.partition("=")
            if equals and value:
                yield key, f'"{value}"'
                key = ""


def _sent_settings(
    program: Program,
    expression: cst.BaseExpression | None,
    literal: Sequence[tuple[str, str]],
    block: cst.BaseSuite | Statement,
    source: Wire,
    target: Wire,
) -> tuple[str, str]:
    """Lines to put before, and the expression of the settings there."""
    place = block.body[0] if isinstance(block, cst.BaseSuite) else block
    if expression is None:
        pairs = ", ".join(f'"{key}": {value}' for key, value in literal)
        told = Program(f"settings = {{\n{INDENT}{pairs}\n}}\n")
        node = told.all(cst.Dict)[0]
        elements = target.write_settings(source.read_settings(told, node), "all")
        return f"settings = {dict_source(told, node, elements)}\n", "settings"
    if not isinstance(expression, cst.Dict) and program.is_visible(expression, place):
        return "", program.rendered(expression)
    behind = dict_behind(program, expression)
    if behind is None:
        return "", program.rendered(expression)
    name = expression.value if isinstance(expression, cst.Name) else "settings"
    text = moved(program, behind)
    if isinstance(expression, cst.Name) and isinstance(program.parent(behind), cst.Assign):
        program.remove(program.statement(behind))
    return f"{name} = {text}\n", name
