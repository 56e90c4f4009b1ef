"""Where a thing goes in a program: through assignments, arguments and dicts of functions.

By names, whatever the order in which lines run. Attributes are known by their last name alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import libcst as cst

from crossfade.migrate.rewriting.program import Program, Scope

Variable = tuple[str, Scope | None]
"""A name and the function that binds it; an attribute with its dot, of nobody's."""


def variable(program: Program, node: cst.CSTNode) -> Variable | None:
    """The variable that an expression is; ``None``: it is none."""
    if isinstance(node, cst.Name):
        return node.value, program.home(node)
    if isinstance(node, cst.Attribute):
        return f".{node.attr.value}", None
    return None


Step = tuple[cst.BaseExpression, Variable]
"""A value, and the variable that gets it."""


def follow(program: Program, made: Iterable[Variable], steps: Sequence[Step]) -> set[Variable]:
    """All variables that may hold what these hold."""
    known = set(made)
    while more := {to for value, to in steps if variable(program, value) in known} - known:
        known |= more
    return known


def assignments(program: Program) -> Iterator[Step]:
    """What is given to names and attributes."""
    for node in program.nodes():
        names: list[cst.CSTNode]
        match node:
            case cst.Assign(targets=targets, value=value):
                names = [target.target for target in targets]
            case cst.AnnAssign(target=target, value=value) if value is not None:
                names = [target]
            case cst.NamedExpr(target=target, value=value):
                names = [target]
            case _:
                continue
        for name in names:
            if (to := variable(program, name)) is not None:
                yield value, to


def passings(program: Program) -> Iterator[Step]:
    """What is given to the program's own functions, and the parameter that takes it.

    By a call of theirs, or of something that is given function and arguments: a thread, an
    executor, a ``partial``.
    """
    functions = own_functions(program)
    for call in program.all(cst.Call):
        given = [argument.value for argument in call.args if argument.keyword is None]
        named = {one.keyword.value: one.value for one in call.args if one.keyword is not None}
        yield from _to(functions, call.func, given, named)
        for at, value in enumerate(given):
            yield from _to(functions, value, given[at + 1 :], {})
        target, arguments = named.get("target"), named.get("args")
        if target is not None and isinstance(arguments, cst.Tuple | cst.List):
            yield from _to(functions, target, [one.value for one in arguments.elements], {})


def queues(program: Program) -> Iterator[Step]:
    """What is put into a queue, and the names of what is taken out of it."""
    taken: dict[Variable, list[Variable]] = {}
    for value, to in assignments(program):
        call = value.expression if isinstance(value, cst.Await) else value
        if isinstance(call, cst.Call) and (queue := _method_of(program, call.func, _TAKES)):
            taken.setdefault(queue, []).append(to)
    for call in program.all(cst.Call):
        given = [argument.value for argument in call.args if argument.keyword is None]
        for at, function in enumerate([call.func, *given]):
            queue = _method_of(program, function, _PUTS)
            for to in taken.get(queue, ()) if queue is not None else ():
                yield from ((value, to) for value in given[at : at + 1])


_TAKES = ("get", "get_nowait")
_PUTS = ("put", "put_nowait")


def _method_of(
    program: Program, function: cst.BaseExpression, names: Sequence[str]
) -> Variable | None:
    if isinstance(function, cst.Attribute) and function.attr.value in names:
        return variable(program, function.value)
    return None


def own_functions(program: Program) -> Mapping[str, cst.FunctionDef]:
    """The program's functions by their names; that of a class is what makes its instances."""
    functions = {one.name.value: one for one in program.all(cst.FunctionDef)}
    for made in program.all(cst.ClassDef):
        for one in made.body.body:
            if isinstance(one, cst.FunctionDef) and one.name.value == "__init__":
                functions[made.name.value] = one
    return functions


def _to(
    functions: Mapping[str, cst.FunctionDef],
    called: cst.BaseExpression,
    given: list[cst.BaseExpression],
    named: Mapping[str, cst.BaseExpression],
) -> Iterator[Step]:
    name = called.attr if isinstance(called, cst.Attribute) else called
    function = functions.get(name.value) if isinstance(name, cst.Name) else None
    if function is None:
        return
    parameters = message_parameters(function)
    for value, parameter in zip(given, parameters, strict=False):
        yield value, (parameter, function)
    every = [one.name.value for one in (*function.params.params, *function.params.kwonly_params)]
    for key, value in named.items():
        if key in every:
            yield value, (key, function)


def message_parameters(function: cst.FunctionDef | cst.Lambda) -> list[str]:
    """The parameters that callers fill by place: without ``self``."""
    names = [one.name.value for one in function.params.params]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names
