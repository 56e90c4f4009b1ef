"""What a program makes of the server's messages: tests of their names, and what is read of them."""

from collections.abc import Iterator, Sequence
from typing import cast

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.program import Program, Scope
from crossfade.migrate.rewriting.wire import Facts, Kind, Read, Wire

_LOADS = ("json.loads", "orjson.loads", "ujson.loads", "msgspec.json.decode")
_READERS = (".json", ".receive_json")

Variable = tuple[str, Scope | None]


class Reading(Struct, frozen=True, kw_only=True):
    """Part of a message that an expression reads: the message, and the keys that lead there."""

    message: str
    path: tuple[str, ...]


class Messages:
    """The messages in one program: their variables, and where they are read."""

    def __init__(self, program: Program, source: Wire, target: Wire, facts: Facts) -> None:
        self._program = program
        self._source = source
        self._target = target
        self._facts = facts
        self.variables = self._find_variables()
        self._aliases = self._find_aliases()
        self.reads: list[Read] = []
        self.began: list[cst.BaseSuite] = []
        """Blocks that run when the session has begun."""

    def _find_variables(self) -> set[Variable]:
        found: set[Variable] = set()
        for target, value in _bindings(self._program):
            if self._is_decoding(value):
                found.add((target.value, self._program.home(target)))
        while more := set(self._passed_on(found)) - found:
            found |= more
        return found

    def _is_decoding(self, value: cst.BaseExpression) -> bool:
        if isinstance(value, cst.Await):
            value = value.expression
        if not isinstance(value, cst.Call):
            return False
        name = self._program.text(value.func)
        return name in _LOADS or name.endswith(_READERS)

    def _passed_on(self, known: set[Variable]) -> Iterator[Variable]:
        functions = {
            function.name.value: function for function in self._program.all(cst.FunctionDef)
        }
        for call in self._program.all(cst.Call):
            name = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
            function = functions.get(name.value) if isinstance(name, cst.Name) else None
            if function is None:
                continue
            parameters = [one.name for one in function.params.params]
            if parameters and parameters[0].value == "self":
                parameters = parameters[1:]
            for argument, parameter in zip(call.args, parameters, strict=False):
                if self._variable(argument.value) in known:
                    yield parameter.value, function

    def _variable(self, node: cst.CSTNode) -> Variable | None:
        return (node.value, self._program.home(node)) if isinstance(node, cst.Name) else None

    def _find_aliases(self) -> dict[Variable, Reading]:
        """Names of what was read from a message, where it is a name or a dict of it."""
        found: dict[Variable, Reading] = {}
        heads = {path[:-1] for path in self._source.fields if len(path) > 1}
        kind = (self._source.kind_key,)
        for target, value in _bindings(self._program):
            reading = self._reading(value, found)
            if reading and (reading.path == kind or reading.path in heads):
                found[target.value, self._program.home(target)] = reading
        for case in self._program.all(cst.MatchCase):
            above = self._program.parent(case)
            if isinstance(above, cst.Match) and isinstance(case.pattern, cst.MatchAs):
                reading, name = self._reading(above.subject, found), case.pattern.name
                if name is not None and reading and reading.path == kind:
                    found[name.value, self._program.home(name)] = reading
        return found

    def _reading(
        self, node: cst.CSTNode, aliases: dict[Variable, Reading] | None = None
    ) -> Reading | None:
        known = self._aliases if aliases is None else aliases
        variable = self._variable(node)
        if variable in self.variables:
            return Reading(message=cast("cst.Name", node).value, path=())
        if variable is not None:
            return known.get(variable)
        inner, key = _step(self._program, node)
        base = self._reading(inner, aliases) if inner is not None else None
        if base is None or key is None:
            return None
        return Reading(message=base.message, path=(*base.path, key))

    def _is_dead(self, node: cst.CSTNode) -> bool:
        """It stands where only messages come that the target does not send."""
        inner: cst.CSTNode = node
        for above in self._program.parents(node):
            if isinstance(above, cst.If) and inner is above.body:
                names = self._names_in(above.test)
                if names and not self._kinds_of(above.test):
                    return True
            inner = above
        return False

    def decoded_in(self) -> list[cst.Assign]:
        """Where messages are decoded, one by one."""
        return [
            assign
            for assign in self._program.all(cst.Assign)
            if isinstance(assign.targets[0].target, cst.Name)
            and self._is_decoding(assign.value)
            and self._is_of_server(assign.targets[0].target)
        ]

    def _is_of_server(self, name: cst.Name) -> bool:
        return any(
            reading.message == name.value and reading.path[:1] == (self._source.kind_key,)
            for node in self._program.expressions(self._program.scope(name))
            if isinstance(node, cst.Subscript | cst.Call)
            and (reading := self._reading(node)) is not None
        )

    def _names_in(self, node: cst.BaseExpression) -> tuple[str, ...] | None:
        """Names that a comparison tests a message for."""
        if not isinstance(node, cst.Comparison) or len(node.comparisons) != 1:
            return None
        reading = self._reading(node.left)
        if reading is None or reading.path != (self._source.kind_key,):
            return None
        return _strings(self._program, node.comparisons[0].comparator)

    def _kinds_of(self, test: cst.CSTNode) -> frozenset[Kind]:
        if isinstance(test, cst.MatchCase):
            names: Sequence[str] = pattern_names(self._program, test.pattern)
        else:
            names = self._names_in(cast("cst.BaseExpression", test)) or ()
        return frozenset(kind for name in names for kind in self._source.kinds.get(name, ()))

    def blocks_of(self, kind: Kind) -> list[cst.BaseSuite]:
        """What runs at a message of a kind alone."""
        found: list[cst.BaseSuite] = [
            branch.body
            for branch in self._program.all(cst.If)
            if self._kinds_of(branch.test) == {kind}
        ]
        for match in self._program.all(cst.Match):
            reading = self._reading(match.subject)
            if reading and reading.path == (self._source.kind_key,):
                found += [case.body for case in match.cases if self._kinds_of(case) == {kind}]
        return found

    def _is_of_partial(self, node: cst.BaseExpression) -> bool:
        """It stands where only partials come."""
        return self._stands_in(node, "partial")

    def _stands_in(self, node: cst.CSTNode, kind: Kind) -> bool:
        """It stands in a branch for messages of this kind alone."""
        inner: cst.CSTNode = node
        for above in self._program.parents(node):
            if isinstance(above, cst.If):
                if inner is above.body and self._kinds_of(above.test) == {kind}:
                    return True
                inner = above
                continue
            if isinstance(above, cst.MatchCase) and self._kinds_of(above) == {kind}:
                return True
            inner = above
        return False


def _bindings(program: Program) -> Iterator[tuple[cst.Name, cst.BaseExpression]]:
    for node in program.nodes():
        if isinstance(node, cst.Assign) and isinstance(node.targets[0].target, cst.Name):
            yield node.targets[0].target, node.value
        elif (
            isinstance(node, cst.AnnAssign | cst.NamedExpr)
            and isinstance(node.target, cst.Name)
            and node.value is not None
        ):
            yield node.target, node.value


def _step(program: Program, node: cst.CSTNode) -> tuple[cst.BaseExpression | None, str | None]:
    """``x["key"]`` and ``x.get("key", ...)`` as x and key."""
    if isinstance(node, cst.Subscript) and isinstance(node.slice[0].slice, cst.Index):
        key = program.constant(node.slice[0].slice.value)
        return node.value, key if isinstance(key, str) else None
    if (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value == "get"
        and node.args
    ):
        key = program.constant(node.args[0].value)
        return node.func.value, key if isinstance(key, str) else None
    return None, None


def _strings(program: Program, node: cst.BaseExpression) -> tuple[str, ...] | None:
    if isinstance(node, cst.Tuple | cst.List | cst.Set):
        values = [program.constant(element.value) for element in node.elements]
    else:
        values = [program.constant(node)]
    known = tuple(value for value in values if isinstance(value, str))
    return known if len(known) == len(values) else None


def pattern_names(program: Program, pattern: cst.MatchPattern) -> tuple[str, ...]:
    """Names that a pattern stands for; none, if it stands for others too."""
    return tuple(
        value
        for node in program.all(cst.MatchValue, pattern)
        if isinstance(value := program.constant(node.value), str)
    )
