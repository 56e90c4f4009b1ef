"""Names of messages where they are asked for otherwise than by a test: tables, and what is left."""

from collections.abc import Sequence

import libcst as cst

from crossfade.migrate.rewriting.messages import Messages
from crossfade.migrate.rewriting.tables import Lookup, Table, find_lookups, name_of
from crossfade.migrate.rewriting.wire import Kind

_LOOSE = "names of messages are others here; this asks for one in a way that is not understood."


class NameRewriting(Messages):
    """Rewrites lookups in tables of handlers; marks what it is not sure of."""

    def rewrite_lookups(self) -> dict[str, str]:
        """Let tables be asked for the names that they hold.

        Returns the function that tells these, by its name.
        """
        asked = [
            one for one in find_lookups(self._program, self.tables) if self._is_kind(one.asked)
        ]
        tables = list({id(one.table): one.table for one in asked}.values())
        for lookup in asked:
            self._rewrite_lookup(lookup)
        for table in tables:
            self._mark_table(table)
        names = [name for table in tables for name in table.names]
        self.told = frozenset(names)
        helper = name_of(names, self._source, self._target, self._facts)
        return {"name_of": helper} if asked else {}

    told: frozenset[str] = frozenset()
    """Names of the source's that stay in the program: its tables hold them."""

    def _rewrite_lookup(self, lookup: Lookup) -> None:
        reading = self._reading(lookup.asked)
        assert reading is not None
        self._program.replace(lookup.asked, f"name_of({reading.message})")
        if isinstance(lookup.node, cst.Subscript):
            why = f"{self._target.title} sends messages that are not in it: ask with `.get`."
            self._program.mark(lookup.node, "a table of handlers", why)

    def _mark_table(self, table: Table) -> None:
        known: dict[str, str] = {}
        for name in table.names:
            kinds: frozenset[Kind] = frozenset(self._source.kinds.get(name, ()))
            if not kinds:
                self._mark_unknown(table.node, [name])
                continue
            test = self._target.test(kinds, "kind", "message", self._facts)
            if test in known:
                why = f"{self._target.title} tells it with what {known[test]} is; do it there."
                self._program.mark(table.node, name, why)
            known.setdefault(test, name)

    def _mark_unknown(self, node: cst.CSTNode, names: Sequence[str]) -> None:
        told = ", ".join(names)
        why = f"{self._target.title} sends no such message; what is done here is never done."
        self._program.mark(node, told, why)

    def mark_loose_names(self) -> None:
        """Mark where a name is asked for in a way that is not understood."""
        asked = {one.asked for one in find_lookups(self._program, self.tables)}
        for node in self._program.expressions():
            if self._is_kind(node) and node not in asked and self._is_loose(node):
                self._program.mark(node, self._program.text(node), _LOOSE)
        self._mark_field_tests()

    def _is_loose(self, node: cst.BaseExpression) -> bool:
        match self._program.parent(node):
            case cst.Attribute(value=value, attr=cst.Name(value=name)):
                return value is node and name != "get"
            case cst.Index():
                return True
            case cst.Comparison() as test:
                return test.left is node and self._names_in(test) is None
            case cst.Arg() as argument:
                call = self._program.parent(argument)
                return isinstance(call, cst.Call) and self._program.text(call.func) == "getattr"
        return False

    def _mark_field_tests(self) -> None:
        """``"metadata" in message``: a field that messages do not have there."""
        heads = {path[0] for path in self._source.fields} | {self._source.kind_key}
        for test in self._program.all(cst.Comparison):
            for part in test.comparisons:
                reading = self._reading(part.comparator)
                is_member = isinstance(part.operator, cst.In | cst.NotIn)
                name = self._program.constant(test.left)
                if is_member and reading and not reading.path and name in heads:
                    why = f"messages of {self._target.title} have other fields."
                    self._program.mark(test, f"{name} in a message", why)
