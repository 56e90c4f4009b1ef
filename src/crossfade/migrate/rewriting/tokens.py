"""The request for a temporary token: who is asked, how, and where the token is in the answer."""

from collections.abc import Collection, Iterator

import libcst as cst

from crossfade.migrate.rewriting.addresses import new_address, region_of, with_new_path
from crossfade.migrate.rewriting.expressions import Hole, Part, Text, is_string, parts_of, written
from crossfade.migrate.rewriting.program import Program, Scope
from crossfade.migrate.rewriting.whose import url_argument, whose
from crossfade.migrate.rewriting.wire import Wire

_CALLS = ("get", "post", "request", "Request", "urlopen")
_OWN = ("params", "json", "data", "method", "content")


def rewrite_token_requests(program: Program, source: Wire, target: Wire) -> set[str]:
    """Rewrite requests for tokens and the reading of their answers. Returns imports."""
    imports: set[str] = set()
    requests = list(_requests(program, source))
    for call, ttl in requests:
        imports |= _rewrite(program, call, ttl, source, target)
    _rewrite_answers(program, {program.scope(call) for call, _ in requests}, source, target)
    return imports


_Ttl = tuple[str, object]
"""The expression of the time that a token is to be good, and its value where it is known."""


def _requests(program: Program, source: Wire) -> Iterator[tuple[cst.Call, _Ttl]]:
    for call in program.all(cst.Call):
        name = program.text(call.func).rpartition(".")[2]
        url = url_argument(call) if name in _CALLS else None
        if url is None or whose(program, url, source) == "foreign":
            continue
        if (ttl := _ttl(program, call, source)) is not None:
            yield call, ttl


def _ttl(program: Program, call: cst.Call, source: Wire) -> _Ttl | None:
    for element in program.all(cst.DictElement, call):
        if program.constant(element.key) == source.token_ttl:
            return program.rendered(element.value), program.constant(element.value)
    for string in program.expressions(call):
        if is_string(string) and (found := _in_query(program, string, source)):
            return found
    return None


def _in_query(program: Program, string: cst.BaseExpression, source: Wire) -> _Ttl | None:
    parts = parts_of(program, string)
    for part, following in zip(parts, [*parts[1:], Text("")], strict=True):
        if not isinstance(part, Text) or f"{source.token_ttl}=" not in part.value:
            continue
        value = part.value.partition(f"{source.token_ttl}=")[2].partition("&")[0]
        if value.isdigit():
            return value, int(value)
        if isinstance(following, Hole):
            return following.source, None
    return None


def _rewrite(program: Program, call: cst.Call, ttl: _Ttl, source: Wire, target: Wire) -> set[str]:
    seconds = _clamped(program, call, ttl, target)
    address = [*_address(program, call.args[0].value, source, target)]
    rest = [
        program.rendered(argument).rstrip().rstrip(",")
        for argument in call.args[1:]
        if argument.keyword is None or argument.keyword.value not in _OWN
    ]
    function = program.rendered(call.func)
    if function.endswith(("Request", "urlopen")):
        arguments, imports = _for_urllib(address, seconds, target)
    else:
        function = f"{function.rpartition('.')[0]}.{'post' if target.token_is_posted else 'get'}"
        arguments, imports = _for_requests(address, seconds, target)
    _write_call(program, call, function, [*arguments, *rest])
    return imports


def _clamped(program: Program, call: cst.Call, ttl: _Ttl, target: Wire) -> str:
    source, value = ttl
    shortest, longest = target.token_ttl_s
    if isinstance(value, int) and source.isdigit():
        if value > longest:
            what = f"a token that is good for {value} s"
            program.mark(call, what, f"{target.title} gives {longest} s at most.")
        return str(min(longest, max(shortest, value)))
    return f"min({source}, {longest})" if longest < 3600 else f"max({shortest}, {source})"


def _address(
    program: Program, node: cst.BaseExpression, source: Wire, target: Wire
) -> Iterator[Part]:
    """The URL without its query."""
    region = region_of(program, source)
    for part in parts_of(program, node):
        if isinstance(part, Hole):
            yield part
            continue
        address, question, _ = part.value.partition("?")
        new = new_address(address, source, target, region=region)
        yield Text(new or with_new_path(address, source, target))
        if question:
            return


def _for_requests(address: list[Part], ttl: str, target: Wire) -> tuple[list[str], set[str]]:
    pairs = [f'"{key}": "{value}"' for key, value in target.token_query.items()]
    if target.token_is_posted:
        body = [f'json={{"{target.token_ttl}": {ttl}}}']
    else:
        pairs.append(f'"{target.token_ttl}": {ttl}')
        body = []
    return [written(address), f"params={{{', '.join(pairs)}}}", *body], set()


def _for_urllib(address: list[Part], ttl: str, target: Wire) -> tuple[list[str], set[str]]:
    query = "&".join(f"{key}={value}" for key, value in target.token_query.items())
    if target.token_is_posted:
        data = f'data=json.dumps({{"{target.token_ttl}": {ttl}}}).encode()'
        return [written([*address, Text(f"?{query}")]), data], {"import json"}
    end: Part = Text(ttl) if ttl.isdigit() else Hole(ttl)
    return [written([*address, Text(f"?{target.token_ttl}="), end])], set()


def _write_call(program: Program, call: cst.Call, function: str, arguments: list[str]) -> None:
    if "\n" not in program.text(call):
        program.replace(call, f"{function}({', '.join(arguments)})")
        return
    indent = program.indent(call)
    lines = "".join(f"{indent}    {argument},\n" for argument in arguments)
    program.replace(call, f"{function}(\n{lines}{indent})")


def _rewrite_answers(
    program: Program, asking: Collection[Scope], source: Wire, target: Wire
) -> None:
    """Where a function that asks reads the answer."""
    for node in program.all(cst.Subscript):
        if program.scope(node) not in asking:
            continue
        index = node.slice[0].slice
        if not isinstance(index, cst.Index) or program.constant(index.value) != source.token_answer:
            continue
        value = program.text(node.value)
        assigned = [program.text(one) for one in program.assigned(node.value)]
        if any(text.endswith(".json()") or "json.load" in text for text in [value, *assigned]):
            assert isinstance(index.value, cst.SimpleString)
            quote = index.value.quote
            program.replace(index.value, f"{quote}{target.token_answer}{quote}")
