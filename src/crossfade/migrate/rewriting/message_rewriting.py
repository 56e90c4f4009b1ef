"""What a program makes of the server's messages, written for another server."""

from collections.abc import Iterator, Sequence

import libcst as cst
from msgspec import structs

from crossfade.migrate.rewriting.messages import pattern_names
from crossfade.migrate.rewriting.name_rewriting import NameRewriting
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.wire import Field, Kind


class MessageRewriting(NameRewriting):
    """Rewrites fields, tests of names, and the branches of ends of turns."""

    def rewrite(self) -> None:
        """Rewrite all fields, then the tests that hold them, then branches."""
        for node in self._program.expressions():
            self._rewrite_field(node)
        for test in self._tests():
            self._rewrite_test(test)
        for case in self._program.all(cst.MatchCase):
            self._rewrite_case(case)

    def _rewrite_field(self, node: cst.BaseExpression) -> None:
        reading = None if isinstance(node, cst.Name) else self._reading(node)
        if reading is None or self._is_part_of_longer(node):
            return
        if reading.path != (self._source.kind_key,) and self._is_dead(node):
            return
        if reading.path == (self._source.kind_key,):
            self._rewrite_key(node, self._target.kind_key)
        elif len(reading.path) == 1 and reading.path[0] in self._source.final_keys:
            kinds: frozenset[Kind] = frozenset({"final"})
            name = self._kind_expression(node, reading.message)
            above = self._program.parent(node)
            is_test = isinstance(above, cst.If | cst.BooleanOperation)
            facts = structs.replace(self._facts, skips_empty=self._facts.skips_empty and is_test)
            text = self._target.test(kinds, name, reading.message, facts)
            self._program.replace(node, self._bracketed(node, text))
        elif field := self._source.fields.get(reading.path):
            self._write_field(node, field, reading.message)

    def _is_part_of_longer(self, node: cst.BaseExpression) -> bool:
        above = self._program.parent(node)
        if isinstance(above, cst.Attribute):  # message.get
            above = self._program.parent(above)
        return isinstance(above, cst.Subscript | cst.Call) and self._reading(above) is not None

    def _rewrite_key(self, node: cst.BaseExpression, key: str) -> None:
        strings = [
            string
            for string in self._program.all(cst.SimpleString, node)
            if string.evaluated_value == self._source.kind_key
        ]
        if strings:
            self._program.replace(strings[-1], f"{strings[-1].quote}{key}{strings[-1].quote}")

    def _kind_expression(self, node: cst.CSTNode, message: str) -> str:
        """The variable that holds the name of a message, or the reading of it."""
        scopes = self._program.scopes(node)
        for (name, home), reading in self._aliases.items():
            if (
                home in scopes
                and reading.message == message
                and (reading.path == (self._source.kind_key,))
            ):
                return name
        return f'{message}["{self._target.kind_key}"]'

    def _write_field(self, node: cst.BaseExpression, field: Field, message: str) -> None:
        facts = self._facts
        if self._is_of_partial(node):
            facts = structs.replace(facts, joins_text=False)
        if field == "error_text":
            around = self._kinds_around(node)
            field = "warning_text" if around == {"warning"} else field
            if around >= {"warning", "error"} and not self._same_field(
                "error_text", "warning_text"
            ):
                why = f"warnings of {self._target.title} have it in another field."
                self._program.mark(node, self._program.text(node), why)
        read = self._target.read(field, message, facts)
        if read is None:
            self._program.mark(
                node, self._program.text(node), f"{self._target.title} does not tell this."
            )
            return
        self.reads.append(read)
        if read.why:
            self._program.mark(node, self._program.text(node), read.why)
        text = read.source
        if field == "words":
            text = f"{self._source.items}({text})"
        self._program.replace(node, self._bracketed(node, self._quoted_like(node, text)))

    def _same_field(self, one: Field, other: Field) -> bool:
        told = [self._target.read(field, "message", self._facts) for field in (one, other)]
        return told[0] == told[1]

    def _quoted_like(self, node: cst.BaseExpression, text: str) -> str:
        """In an f-string, the quotes that it is not made of."""
        for above in self._program.parents(node):
            if isinstance(above, cst.FormattedString):
                return text if "'" in above.start else text.replace('"', "'")
        return text

    def _bracketed(self, node: cst.BaseExpression, text: str) -> str:
        """In parentheses, where an expression of several parts might be read otherwise."""
        above = self._program.parent(node)
        loose = isinstance(above, cst.UnaryOperation | cst.BinaryOperation | cst.Comparison)
        loose = loose or isinstance(above, cst.BooleanOperation | cst.Attribute | cst.Subscript)
        return f"({text})" if loose and " " in text and not text.endswith(")") else text

    def _tests(self) -> list[cst.BaseExpression]:
        """Chains of ``and``, and comparisons outside of them; inner before outer."""
        found = []
        for node in reversed(self._program.expressions()):
            above = self._program.parent(node)
            if (_is_and(node) or isinstance(node, cst.Comparison)) and not _is_and(above):
                found.append(node)
        return found

    def _rewrite_test(self, test: cst.BaseExpression) -> None:
        parts = list(_operands(test))
        named = [(part, names) for part in parts if (names := self._names_in(part))]
        if not named:
            self._join_finality(test, parts)
        if len(named) != 1:
            for part, _ in named:
                self._write_test(part, [part])
            return
        self._write_test(named[0][0], parts)

    def _join_finality(self, test: cst.BaseExpression, parts: Sequence[cst.BaseExpression]) -> None:
        """Of several fields that say the same, ask once."""
        asked = [part for part in parts if self._asks_for_final(part)]
        if len(asked) > 1:
            kept = [part for part in parts if part not in asked[1:]]
            written = [self._program.rendered(part) for part in kept]
            alone = len(written) == 1 and written[0].startswith("(")
            self._program.replace(test, written[0][1:-1] if alone else " and ".join(written))

    def _asks_for_final(self, node: cst.BaseExpression) -> bool:
        reading = self._reading(node)
        return reading is not None and self._finality(node, reading.message) is True

    def _write_test(self, test: cst.BaseExpression, chain: Sequence[cst.BaseExpression]) -> None:
        assert isinstance(test, cst.Comparison)
        names = self._names_in(test) or ()
        reading = self._reading(test.left)
        assert reading is not None
        kinds = frozenset(kind for name in names for kind in self._source.kinds.get(name, ()))
        rest = [part for part in chain if part is not test]
        finality = [part for part in rest if self._finality(part, reading.message) is not None]
        for part in finality:
            kinds &= {"final" if self._finality(part, reading.message) else "partial"}
        if not kinds:
            self._mark_unknown(test, names)
            return
        if unknown := [name for name in names if name not in self._source.kinds]:
            why = f"{self._target.title} sends no such message."
            self._program.mark(test, ", ".join(unknown), why)
        if not self._facts.partials and kinds > {"partial"}:
            kinds -= {"partial"}
        name = self._program.rendered(test.left)
        text = self._target.test(kinds, name, reading.message, self._facts)
        if isinstance(test.comparisons[0].operator, cst.NotEqual | cst.NotIn):
            text = f"not ({text})"
        others = [self._program.rendered(part) for part in rest if part not in finality]
        outer = (
            next(
                (
                    above
                    for above in self._program.parents(test)
                    if _is_outermost_and(self._program, above)
                ),
                test,
            )
            if len(chain) > 1
            else test
        )
        self._program.replace(outer, " and ".join([text, *others]))

    def _finality(self, node: cst.BaseExpression, message: str) -> bool | None:
        """``True``, ``False``: it asks for what is final, or not; ``None``: for something else."""
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
            inner = self._finality(node.expression, message)
            return None if inner is None else not inner
        reading = self._reading(node)
        if reading and reading.message == message and len(reading.path) == 1:
            return True if reading.path[0] in self._source.final_keys else None
        return None

    def _rewrite_case(self, case: cst.MatchCase) -> None:
        above = self._program.parent(case)
        assert isinstance(above, cst.Match)
        reading = self._reading(above.subject)
        if reading is None or reading.path != (self._source.kind_key,):
            return
        names = pattern_names(self._program, case.pattern)
        kinds = frozenset(kind for name in names for kind in self._source.kinds.get(name, ()))
        guards = list(_operands(case.guard)) if case.guard else []
        finality = [part for part in guards if self._finality(part, reading.message) is not None]
        for part in finality:
            kinds &= {"final" if self._finality(part, reading.message) else "partial"}
        if not names:
            return
        if not kinds:
            self._mark_case(case, names)
            return
        if not self._facts.partials and kinds > {"partial"}:
            kinds -= {"partial"}
        pattern = self._target.case(kinds, reading.message, self._facts)
        others = [self._program.rendered(part) for part in guards if part not in finality]
        pattern, _, guard = pattern.partition(" if ")
        guard = " and ".join([*([guard] if guard else []), *others])
        start, end = self._program.span(case.pattern)
        if isinstance(case.pattern, cst.MatchAs) and case.pattern.name is not None:
            pattern += f" as {case.pattern.name.value}"
        if case.guard:
            end = self._program.span(case.guard)[1]
        self._program.replace_span(start, end, pattern + (f" if {guard}" if guard else ""))

    def _mark_case(self, case: cst.MatchCase, names: Sequence[str]) -> None:
        first = case.body.body[0]
        if isinstance(first, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            self._mark_unknown(first, names)

    def join_turn_ends(self) -> None:
        """Where an end of turn is a final here, do what was done at it after the final's own."""
        for outer in self._program.all(cst.If):
            if isinstance(self._program.parent(outer), cst.If):
                continue
            branches = list(_branches(outer))
            self._join([(branch.test, branch.body, branch) for branch in branches])
        for match in self._program.all(cst.Match):
            self._join([(case, case.body, case) for case in match.cases])

    def _join(
        self, branches: Sequence[tuple[cst.CSTNode, cst.BaseSuite, cst.If | cst.MatchCase]]
    ) -> None:
        finals = [branch for branch in branches if self._kinds_of(branch[0]) == {"final"}]
        ends = [branch for branch in branches if self._kinds_of(branch[0]) == {"turn_end"}]
        if not finals or not ends:
            return
        final, end = finals[0][1], ends[0]
        body = self._program.rendered(end[1])
        if remark := self._program.remark_after(end[1]):
            body += f"  {remark}"
        self._program.insert_after(final.body[-1], dedented(body, self._program, end[1]))
        self._remove_branch(end[2])

    def _remove_branch(self, branch: cst.If | cst.MatchCase) -> None:
        program = self._program
        start = program.line_start(program.span(branch)[0])
        if isinstance(branch, cst.If) and branch.orelse is not None:
            end = program.line_start(program.span(branch.orelse)[0])
            if not isinstance(program.parent(branch), cst.If):
                first = program.span(branch)[0]
                follower = branch.orelse
                assert follower is not None
                word = "if" if isinstance(follower, cst.If) else "if True"
                program.replace_span(first, program.span(follower)[0] + 4, word)
                return
        else:
            end = program.line_end(program.span(branch)[1])
        program.replace_span(start, end, "")


def _is_and(node: cst.CSTNode | None) -> bool:
    return isinstance(node, cst.BooleanOperation) and isinstance(node.operator, cst.And)


def _is_outermost_and(program: Program, node: cst.CSTNode) -> bool:
    return _is_and(node) and not _is_and(program.parent(node))


def _operands(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(node, cst.BooleanOperation) and isinstance(node.operator, cst.And):
        yield from _operands(node.left)
        yield from _operands(node.right)
    else:
        yield node


def _branches(outer: cst.If) -> Iterator[cst.If]:
    node: cst.If | cst.Else | None = outer
    while isinstance(node, cst.If):
        yield node
        node = node.orelse


def dedented(text: str, program: Program, block: cst.BaseSuite) -> str:
    """The lines of a block as if it stood at the margin."""
    indent = program.indent(block.body[0])
    return "\n".join(line.removeprefix(indent) for line in text.split("\n"))
