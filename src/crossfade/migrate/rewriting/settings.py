"""The settings of a session: dicts of one protocol become dicts of another, where they stand."""

from collections.abc import Iterator, Sequence

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.edits import INDENT, indented
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.wire import Element, Facts, Role, Setting, Wire

_LINE = 88


class Found(Struct, frozen=True, kw_only=True):
    """A dict of settings, and what it says."""

    node: cst.Dict
    role: Role
    settings: Sequence[Setting]


def find_settings(program: Program, source: Wire) -> list[Found]:
    """All dicts that hold settings, those that a dict of settings takes in among them."""
    found: list[Found] = []
    for node in _candidates(program, source):
        if source.is_settings(program, node):
            _add(program, source, node, "all", found)
    return found


def _candidates(program: Program, source: Wire) -> list[cst.Dict]:
    """Dicts that are sent, or become a query: others with the same keys are none of ours."""
    if source.starts_with_message:
        return program.all(cst.Dict)
    told = [
        argument.value
        for call in program.all(cst.Call)
        for argument in call.args[:1]
        if program.text(call.func).endswith("urlencode")
    ]
    told += [
        argument.value
        for argument in program.all(cst.Arg)
        if argument.keyword is not None and argument.keyword.value == "params"
    ]
    found = [dict_behind(program, expression) for expression in told]
    return [node for node in found if node is not None]


def _add(program: Program, source: Wire, node: cst.Dict, role: Role, found: list[Found]) -> None:
    if any(other.node is node for other in found):
        return
    settings = source.read_settings(program, node)
    found.append(Found(node=node, role=role, settings=settings))
    for setting in settings:
        part = dict_behind(program, setting.node) if setting.node is not None else None
        if setting.name == "more" and part is not None:
            _add(program, source, part, "part", found)


def dict_behind(program: Program, node: cst.BaseExpression) -> cst.Dict | None:
    """The one dict literal that an expression stands for, by a name or by a function."""
    if isinstance(node, cst.Dict):
        return node
    if isinstance(node, cst.Call):
        name = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
        answers = [
            answer.value
            for function in program.all(cst.FunctionDef)
            if isinstance(name, cst.Name) and function.name.value == name.value
            for answer in program.all(cst.Return, function)
            if answer.value is not None
        ]
        return dict_behind(program, answers[0]) if len(answers) == 1 else None
    values = program.assigned(node)
    return dict_behind(program, values[0]) if len(values) == 1 else None


def gather_facts(program: Program, found: Sequence[Found], facts: Facts) -> None:
    """Note what others need to know of the settings."""
    for setting in (setting for one in found for setting in one.settings):
        if setting.name == "encoding":
            facts.encoding = setting.source
        elif setting.name == "sample_rate":
            facts.sample_rate = setting.source
            facts.sample_rate_hz = setting.value if isinstance(setting.value, int) else None
        elif setting.name == "partials":
            facts.partials = setting.value is not False


def write_dicts(program: Program, found: Sequence[Found], source: Wire, target: Wire) -> None:
    """Rewrite each dict where it stands."""
    for one in found:
        elements = target.write_settings(one.settings, one.role)
        program.replace(one.node, dict_source(program, one.node, elements))
        _rewrite_uses(program, one, source, target)


def dict_source(program: Program, node: cst.Dict, elements: Sequence[Element]) -> str:
    """The dict of these elements, on one line if the old one was and the new one can be."""
    inner = "\n" not in program.text(node) and not any(not element.key for element in elements)
    if inner and len(line := "{" + ", ".join(_inline(elements, ())) + "}") < _LINE:
        return line
    lines = "\n".join(_lines(elements, ()))
    return "{\n" + indented(lines, INDENT + program.indent(node)) + f"\n{program.indent(node)}}}"


def _groups(
    elements: Sequence[Element], path: tuple[str, ...]
) -> Iterator[tuple[Element, tuple[str, ...] | None]]:
    """Elements of the dict at a path; those deeper by the path of their own dict, once each."""
    deeper: set[tuple[str, ...]] = set()
    depth = len(path)
    for element in elements:
        if element.path[:depth] != path:
            continue
        if len(element.path) == depth:
            yield element, None
        elif (group := element.path[: depth + 1]) not in deeper:
            deeper.add(group)
            yield element, group


def _inline(elements: Sequence[Element], path: tuple[str, ...]) -> Iterator[str]:
    for element, group in _groups(elements, path):
        if group is not None:
            yield f'"{group[-1]}": {{{", ".join(_inline(elements, group))}}}'
        else:
            yield _pair(element)


def _lines(elements: Sequence[Element], path: tuple[str, ...]) -> Iterator[str]:
    for element, group in _groups(elements, path):
        if group is not None:
            yield f'"{group[-1]}": {{'
            for line in _lines(elements, group):
                yield indented(line, INDENT)
            yield "},"
        elif not element.key:
            yield f"{element.value}{element.remark and '  ' + element.remark}"
        else:
            yield f"{_pair(element)},{element.remark and '  ' + element.remark}"


def _pair(element: Element) -> str:
    return f"**{element.value}" if element.key == "**" else f'"{element.key}": {element.value}'


def _rewrite_uses(program: Program, one: Found, source: Wire, target: Wire) -> None:
    """What a program reads from its settings, or adds to them later."""
    assign = program.parent(one.node)
    if not isinstance(assign, cst.Assign | cst.AnnAssign):
        return
    names = (
        [assign.target]
        if isinstance(assign, cst.AnnAssign)
        else [target.target for target in assign.targets]
    )
    for name in names:
        for use in program.all(cst.Subscript):
            if (
                isinstance(name, cst.Name)
                and isinstance(use.value, cst.Name)
                and use.value.value == name.value
                and program.home(use.value) is program.home(name)
            ):
                _rewrite_use(program, use, one, source, target)


def _rewrite_use(
    program: Program, use: cst.Subscript, one: Found, source: Wire, target: Wire
) -> None:
    name = program.text(use.value)
    whole, path = _whole_path(program, use)
    statement = program.parent(program.parent(whole) or whole)
    if isinstance(statement, cst.Assign) and statement.targets[0].target is whole:
        _rewrite_assignment(program, statement, name, path, source, target)
    elif tuple(path) == source.rate_path:
        program.replace(whole, name + "".join(f'["{key}"]' for key in target.rate_path))
    else:
        said = [setting for setting in one.settings if setting.what == path[-1]]
        if said:
            program.replace(whole, said[0].source)


def _whole_path(program: Program, use: cst.Subscript) -> tuple[cst.Subscript, list[str]]:
    path: list[str] = []
    node: cst.CSTNode | None = use
    whole = use
    while isinstance(node, cst.Subscript):
        index = node.slice[0].slice
        key = program.constant(index.value) if isinstance(index, cst.Index) else None
        path.append(str(key))
        whole, node = node, program.parent(node)
    return whole, path


def _rewrite_assignment(
    program: Program, statement: cst.Assign, name: str, path: list[str], source: Wire, target: Wire
) -> None:
    value = program.rendered(statement.value)
    text = f'{{"{path[-1]}": {value}}}'
    part = Program(text)
    settings = source.read_settings(part, part.all(cst.Dict)[0])
    settings = [_with_value(setting, program.constant(statement.value)) for setting in settings]
    elements = target.write_settings(settings, "part")
    lines = []
    for element, group in _groups(elements, ()):
        if group is not None:
            lines += [
                f'{name}["{group[0]}"]["{key}"] = {inner}' for key, inner in _pairs(elements, group)
            ]
        elif element.key:
            lines.append(f'{name}["{element.key}"] = {element.value}')
        else:
            lines.append(element.value)
    if not any(line.startswith(name) for line in lines):
        lines.append("pass") if isinstance(
            program.parent(program.statement(statement)), cst.IndentedBlock
        ) else None
    line = program.statement(statement)
    program.replace(line, indented("\n".join(lines), program.indent(line)).lstrip())


def _pairs(elements: Sequence[Element], path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for element, group in _groups(elements, path):
        if group is not None:
            yield group[-1], "{" + ", ".join(_inline(elements, group)) + "}"
        elif element.key:
            yield element.key, element.value


def _with_value(setting: Setting, value: object) -> Setting:
    known = setting.value if setting.value is not None else value
    return Setting(
        **{**{f: getattr(setting, f) for f in setting.__struct_fields__}, "value": known}
    )


def moved(program: Program, node: cst.Dict) -> str:
    """The dict as it is to be, without the indentation that it stands at."""
    lines = program.rendered(node).split("\n")
    old = program.indent(node)
    return "\n".join(line.removeprefix(old) for line in lines)
