"""What a program makes of the server's messages: tests of their names, and what is read of them."""

from collections.abc import Collection, Iterator, Sequence
from typing import cast

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.following import Variable, follow, passings, queues, variable
from crossfade.migrate.rewriting.openings import (
    Opening,
    frames,
    is_received,
    own_openings,
    sockets,
)
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.tables import find_lookups, find_tables, table_passings
from crossfade.migrate.rewriting.wire import Facts, Kind, Read, Wire

_LOADS = ("json.loads", "orjson.loads", "ujson.loads", "msgspec.json.decode")
_READERS = (".json", ".receive_json")


class Reading(Struct, frozen=True, kw_only=True):
    """Part of a message that an expression reads: the message, and the keys that lead there."""

    message: str
    path: tuple[str, ...]


class Messages:
    """The messages in one program: their variables, and where they are read."""

    def __init__(
        self, program: Program, source: Wire, target: Wire, facts: Facts, *, speaks: bool = True
    ) -> None:
        """Look for them.

        Args:
            program: The one program.
            source: Whose messages they are.
            target: Whose they will be.
            facts: What the settings say.
            speaks: It certainly is a client of the source's, so that sockets whose address cannot
                be seen are the source's too.
        """
        self._program = program
        self._source = source
        self._target = target
        self._facts = facts
        self.tables = find_tables(program, source)
        self.variables: set[Variable] = set()
        self._aliases: dict[Variable, Reading] = {}
        self._find_variables(own_openings(program, source, certain=not speaks))
        self.reads: list[Read] = []

    def _find_variables(self, openings: Sequence[Opening]) -> None:
        """Those that hold messages of the server's: others' JSON is decoded in the same way."""
        program = self._program
        self._decoders: set[str] = set()
        self._decoders |= set(self._find_decoders())
        steps = [*passings(program), *table_passings(program, self.tables), *queues(program)]
        self._steps = steps
        given = [(value, to) for value, to in steps if self._is_decoding(value)]
        given += [
            (value, (target.value, program.home(target)))
            for target, value in _bindings(program)
            if self._is_decoding(value)
        ]
        held = sockets(program, openings)
        came = frames(program, openings, held)
        found: set[Variable] = set()
        for value, root in given:
            self.variables = follow(program, [root], steps)
            self._aliases = self._find_aliases()
            if self._came(value, held, came) or self._are_of_server():
                found |= self.variables
        self.variables = found
        self._aliases = self._find_aliases()

    def _find_decoders(self) -> Iterator[str]:
        """Functions of the program that give what they decoded."""
        for function in self._program.all(cst.FunctionDef):
            given = [
                node.value
                for node in self._program.nodes(function)
                if isinstance(node, cst.Return | cst.Yield)
                and self._program.scope(node) is function
            ]
            for value in given:
                held = self._program.assigned(value) if value is not None else []
                if any(self._is_decoding(one) for one in (value, *held) if one is not None):
                    yield function.name.value

    def _is_decoding(self, value: cst.CSTNode) -> bool:
        if isinstance(value, cst.Await):
            value = value.expression
        if not isinstance(value, cst.Call):
            return False
        name = self._program.text(value.func)
        own = name.rpartition(".")[2] in self._decoders and name.partition(".")[0] in ("self", name)
        return own or name in _LOADS or name.endswith(_READERS)

    def _came(
        self, value: cst.BaseExpression, held: Collection[Variable], came: Collection[Variable]
    ) -> bool:
        """What is decoded came through one of the vendor's sockets."""
        return any(
            is_received(self._program, node, held) or variable(self._program, node) in came
            for node in self._program.expressions(value)
        )

    def _are_of_server(self) -> bool:
        """They are asked for a name, or for a field, that such messages have."""
        for node in self._program.nodes():
            if isinstance(node, cst.Comparison):
                if self._source.kinds.keys() & set(self._names_in(node) or ()):
                    return True
            elif isinstance(node, cst.MatchCase):
                above = self._program.parent(node)
                assert isinstance(above, cst.Match)
                names = set(pattern_names(self._program, node.pattern))
                if self._is_kind(above.subject) and self._source.kinds.keys() & names:
                    return True
            elif isinstance(node, cst.Subscript | cst.Call):
                reading = self._reading(node)
                if reading is not None and self._tells(reading):
                    return True
        return any(self._is_kind(one.asked) for one in find_lookups(self._program, self.tables))

    def _tells(self, reading: "Reading") -> bool:
        field = self._source.fields.get(reading.path)
        return field == "text" or reading.path[-1:] in {(key,) for key in self._source.final_keys}

    def _is_kind(self, node: cst.BaseExpression) -> bool:
        """It is the name of a message."""
        reading = self._reading(node)
        return reading is not None and reading.path == (self._source.kind_key,)

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
        for value, to in self._steps:
            reading = self._reading(value, found)
            message = next((name for name, home in self.variables if home is to[1]), None)
            if reading and reading.path == kind and message is not None:
                found[to] = Reading(message=message, path=kind)
        return found

    def _reading(
        self, node: cst.CSTNode, aliases: dict[Variable, Reading] | None = None
    ) -> Reading | None:
        known = self._aliases if aliases is None else aliases
        if isinstance(node, cst.Name):
            held = variable(self._program, node)
            if held in self.variables:
                return Reading(message=node.value, path=())
            return None if held is None else known.get(held)
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
        return self._kinds_around(node) == {kind}

    def _kinds_around(self, node: cst.CSTNode) -> frozenset[Kind]:
        """What messages come to where it stands; none, if that is not known."""
        inner: cst.CSTNode = node
        for above in self._program.parents(node):
            asked: cst.CSTNode | None = above if isinstance(above, cst.MatchCase) else None
            if isinstance(above, cst.If) and inner is above.body:
                asked = above.test
            if asked is not None and (kinds := self._kinds_of(asked)):
                return kinds
            inner = above
        return frozenset()


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
        elif isinstance(node, cst.For) and isinstance(node.target, cst.Name):
            yield node.target, node.iter


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
