"""A program as a tree whose nodes know where they stand, and edits to its text.

Knows Python and no protocol. Nothing is printed from the tree: an edit replaces a span of the
source, so that what is not edited stays as it is, to the byte.
"""

import builtins
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TypeVar

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from crossfade.errors import CrossfadeError
from crossfade.migrate.rewriting.bindings import names_bound_by, pairs, parameter_names
from crossfade.migrate.rewriting.edits import Edit, indented, mark_lines, outermost

Node = TypeVar("Node", bound=cst.CSTNode)
Scope = cst.FunctionDef | cst.Lambda | cst.Module
Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


class UnreadableError(CrossfadeError):
    """This is not a Python program.

    Attributes:
        line: Where reading it stopped, counted from 1.
    """

    def __init__(self, line: int, why: str = "is not Python") -> None:
        super().__init__(f"line {line} {why}")
        self.line = line


class Program:
    """One state of a program, and the edits that lead to the next.

    Edits must not overlap; of two that do, the outer one counts.

    Raises:
        UnreadableError: If the source is not Python.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._bytes = source.encode()
        try:
            wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
            self.module = wrapper.module
            self._spans = wrapper.resolve(ByteSpanPositionProvider)
            self._nodes: list[cst.CSTNode] = []
            self._extents: dict[cst.CSTNode, tuple[int, int]] = {}
            self._parents: dict[cst.CSTNode, cst.CSTNode] = {}
            self._index(self.module)
        except cst.ParserSyntaxError as error:
            raise UnreadableError(error.raw_line) from error
        except RecursionError as error:
            raise UnreadableError(1, "is nested too deeply") from error
        self._edits: list[Edit] = []

    # --- Reading ---

    def all(self, kind: type[Node], within: cst.CSTNode | None = None) -> list[Node]:
        """Nodes of a kind, in the order of the source; ``within`` itself included."""
        return [node for node in self.nodes(within) if isinstance(node, kind)]

    def nodes(self, within: cst.CSTNode | None = None) -> list[cst.CSTNode]:
        """All nodes, or those of a node, in the order of the source; outer before inner."""
        if within is None:
            return self._nodes
        first, last = self._extents[within]
        return self._nodes[first:last]

    def expressions(self, within: cst.CSTNode | None = None) -> list[cst.BaseExpression]:
        """All expressions, or those in a node."""
        return [node for node in self.nodes(within) if isinstance(node, cst.BaseExpression)]

    def _index(self, node: cst.CSTNode) -> None:
        first = len(self._nodes)
        self._nodes.append(node)
        for child in node.children:
            self._parents[child] = node
            self._index(child)
        self._extents[node] = first, len(self._nodes)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """What a node is part of."""
        return self._parents.get(node)

    def parents(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """From the inside outwards."""
        above = self._parents.get(node)
        while above is not None:
            yield above
            above = self._parents.get(above)

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Bytes of the source: from, to. With the parentheses around it."""
        found = self._spans[node]
        return found.start, found.start + found.length

    def text(self, node: cst.CSTNode) -> str:
        """As it stands in the source."""
        start, end = self.span(node)
        return self._bytes[start:end].decode()

    def statement(self, node: cst.CSTNode) -> Statement:
        """The innermost statement, simple or compound, that a node is part of."""
        if isinstance(node, Statement):
            return node
        return next(above for above in self.parents(node) if isinstance(above, Statement))

    def scope(self, node: cst.CSTNode) -> Scope:
        """The innermost function around a node, or the module."""
        kinds = (cst.FunctionDef, cst.Lambda, cst.Module)
        return next(above for above in self.parents(node) if isinstance(above, kinds))

    def scopes(self, node: cst.CSTNode) -> list[Scope]:
        """All functions around a node, innermost first, and the module."""
        kinds = (cst.FunctionDef, cst.Lambda, cst.Module)
        return [above for above in self.parents(node) if isinstance(above, kinds)]

    def indent(self, node: cst.CSTNode) -> str:
        """White space in front of the line on which a node begins."""
        start = self.line_start(self.span(node)[0])
        line = self._bytes[start:].decode()
        return line[: len(line) - len(line.lstrip(" \t"))]

    def remark_after(self, node: cst.CSTNode) -> str:
        """The comment at the end of the line on which a node ends; empty: there is none."""
        end = self.span(node)[1]
        rest = self._bytes[end : self.line_end(end)].decode()
        found = re.match(r"\s*,?\s*(#.*)", rest)
        return found[1].rstrip() if found else ""

    def line_number(self, node: cst.CSTNode) -> int:
        """Counted from 1."""
        return self._bytes.count(b"\n", 0, self.span(node)[0]) + 1

    @cached_property
    def assignments(self) -> dict[str, list[cst.BaseExpression]]:
        """The values that names are assigned, by name."""
        found: dict[str, list[cst.BaseExpression]] = {}
        for node in self._nodes:
            if isinstance(node, cst.Assign):
                for target in node.targets:
                    for name, value in pairs(target.target, node.value):
                        found.setdefault(name, []).append(value)
            elif isinstance(node, cst.AnnAssign) and node.value is not None:
                for name, value in pairs(node.target, node.value):
                    found.setdefault(name, []).append(value)
        return found

    def assigned(self, name: cst.CSTNode) -> list[cst.BaseExpression]:
        """Every value that a name gets where this use of it can see it, nearest function first."""
        if not isinstance(name, cst.Name):
            return []
        for scope in self.scopes(name):
            values = [
                value
                for value in self.assignments.get(name.value, [])
                if self.scope(value) is scope
            ]
            if values:
                return values
            if self._binds(scope, name.value):  # a parameter, say: what is outside it is hidden
                return []
        return []

    def constant(self, node: cst.CSTNode) -> object:
        """The value of a literal, or of a name that is assigned one once; otherwise ``None``."""
        if isinstance(node, cst.Name) and node.value in ("True", "False"):
            return node.value == "True"
        if isinstance(node, cst.SimpleString | cst.Integer | cst.Float):
            return node.evaluated_value
        values = self.assigned(node)
        return self.constant(values[0]) if len(values) == 1 else None

    def is_visible(self, expression: cst.CSTNode, place: cst.CSTNode) -> bool:
        """Every name in an expression means the same, and is there, before a statement."""
        here = self.scopes(place)
        return all(
            hasattr(builtins, name.value) or self._is_known(name, here, place)
            for name in self.all(cst.Name, expression)
            if not isinstance(self.parent(name), cst.Attribute)
            or self.text(self.parent(name) or name).startswith(name.value)
        )

    def _is_known(self, name: cst.Name, here: Sequence[Scope], place: cst.CSTNode) -> bool:
        own = self.home(name)
        if own is None or own not in here:
            return False
        if own is not here[0] or isinstance(own, cst.Lambda):
            return True
        first = self._first_binding(name.value, own)
        return first is None or first < self.span(self.statement(place))[0]

    def home(self, name: cst.Name) -> Scope | None:
        """The function (or the module) that gives a name its value; ``None``: nobody here."""
        for scope in self.scopes(name):
            if self._binds(scope, name.value):
                return scope
        return None

    def _binds(self, scope: Scope, name: str) -> bool:
        return name in self._bound_names(scope)

    def _bound_names(self, scope: Scope) -> dict[str, int | None]:
        """Names bound in a scope, and where first; ``None``: from its beginning."""
        if scope not in self._bindings:
            self._bindings[scope] = self._find_bindings(scope)
        return self._bindings[scope]

    @cached_property
    def _bindings(self) -> dict[Scope, dict[str, int | None]]:
        return {}

    def _first_binding(self, name: str, scope: Scope) -> int | None:
        return self._bound_names(scope).get(name)

    def _find_bindings(self, scope: Scope) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        if not isinstance(scope, cst.Module):
            found |= dict.fromkeys(parameter_names(scope.params))
        for node in self.nodes(scope):
            if node is scope or (node in self._spans and self._scope_of(node) is not scope):
                continue
            for name in names_bound_by(node):
                at = None if isinstance(scope, cst.Module) else self.span(node)[0]
                found.setdefault(name, at)
        return found

    def _scope_of(self, node: cst.CSTNode) -> Scope | None:
        kinds = (cst.FunctionDef, cst.Lambda, cst.Module)
        return next((above for above in self.parents(node) if isinstance(above, kinds)), None)

    # --- Editing ---

    def replace(self, node: cst.CSTNode, text: str) -> None:
        """Write something else where a node stands."""
        if text != self.text(node):
            self._edits.append((*self.span(node), text))

    def replace_span(self, start: int, end: int, text: str) -> None:
        """Write something else over bytes of the source."""
        self._edits.append((start, end, text))

    def insert_before(self, statement: cst.CSTNode, text: str) -> None:
        """Put lines before a statement, as deep as it stands; ``text`` is not indented."""
        at, indent = self.span(statement)[0], self.indent(statement)
        self._edits.append((at, at, f"{indented(text, indent).removeprefix(indent)}\n{indent}"))

    def insert_after(self, statement: cst.CSTNode, text: str) -> None:
        """Put lines after the last line of a statement, as deep as it stands."""
        at = self.line_end(self.span(statement)[1])
        missing = "" if self._bytes[at - 1 : at] == b"\n" else "\n"
        lines = indented(text, self.indent(statement))
        self._edits.append((at, at, f"{missing}{lines}\n"))

    def insert_into(self, body: cst.BaseSuite, text: str) -> None:
        """Put lines at the beginning of a block, after a docstring and ``global`` lines."""
        first = next(statement for statement in body.body if isinstance(statement, Statement))
        leading = [part for part in body.body if isinstance(part, Statement)]
        while leading and _is_preamble(leading[0]):
            first = leading.pop(0)
        if leading:
            self.insert_before(leading[0], text)
        else:
            self.insert_after(first, text)

    def remove(self, statement: Statement) -> None:
        """Take a statement out with its line; its block gets a ``pass`` if it was all of it."""
        block = self.parent(statement)
        rest = [other for other in getattr(block, "body", ()) if not self._is_gone(other)]
        if not isinstance(block, cst.Module) and rest == [statement]:
            self.replace(statement, "pass")
            return
        start, end = self.span(statement)
        if self._bytes[end : self.line_end(end)].strip():  # a comment of the user's stays
            self.replace_span(start, end, "")
        else:
            self.replace_span(self.line_start(start), self.line_end(end), "")

    def _is_gone(self, node: cst.CSTNode) -> bool:
        if node not in self._spans:
            return False
        start, end = self.span(node)
        return any(at <= start and end <= to and not text for at, to, text in self._edits)

    def replace_with_mark(self, statement: Statement, what: str, why: str) -> None:
        """Write what is left to do in the place of a statement."""
        lines = mark_lines(what, why)
        block = self.parent(statement)
        if not isinstance(block, cst.Module) and len(getattr(block, "body", ())) == 1:
            lines += "\npass"
        self.replace(statement, indented(lines, self.indent(statement)).lstrip(" "))

    def mark(self, node: cst.CSTNode, what: str, why: str) -> None:
        """Say above a statement what is left to do there; once, however often it is said."""
        statement = self.statement(node)
        lines = mark_lines(what, why)
        at, indent = self.span(statement)[0], self.indent(statement)
        stands = self._bytes[:at].decode().endswith(f"{indented(lines, indent)}\n{indent}")
        if not stands and lines not in self._marks.setdefault(at, []):
            self._marks[at].append(lines)
            self.insert_before(statement, lines)

    @cached_property
    def _marks(self) -> dict[int, list[str]]:
        return {}

    def insert_above(self, at: int, line: str) -> bool:
        """Put a line before the statement that a byte is in, or the one around it that is edited.

        Returns whether there is such a statement.
        """
        kept = [(start, end) for start, end, _ in outermost(self._edits) if start != end]
        for node in reversed(self._nodes):
            if not isinstance(node, Statement):
                continue
            start, end = self.span(node)
            inside = any(first < start < last for first, last in kept)
            if start <= at < self.line_end(end) and not inside:
                self.insert_before(node, line)
                return True
        return False

    def rendered(self, node: cst.CSTNode) -> str:
        """The text of a node with the edits that were made inside it so far."""
        start, end = self.span(node)
        inner = [
            edit
            for edit in self._edits
            if start <= edit[0] and edit[1] <= end and (edit[0] != edit[1] or start < edit[0] < end)
        ]
        return self._apply(inner, start, end)

    def edited(self) -> str:
        """The source with all edits made."""
        return self._apply(self._edits, 0, len(self._bytes))

    def _apply(self, edits: Sequence[Edit], start: int, end: int) -> str:
        out, at = [], start
        for first, last, text in outermost(edits):
            out += [self._bytes[at:first], text.encode()]
            at = last
        return b"".join([*out, self._bytes[at:end]]).decode()

    @property
    def is_edited(self) -> bool:
        """Something is to be changed."""
        return bool(self._edits)

    def line_start(self, at: int) -> int:
        """Where the line begins in which a byte is."""
        return self._bytes.rfind(b"\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Where the next line begins."""
        end = self._bytes.find(b"\n", at)
        return len(self._bytes) if end < 0 else end + 1


def _is_preamble(statement: cst.CSTNode) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    first = statement.body[0]
    if isinstance(first, cst.Expr):
        return isinstance(first.value, cst.SimpleString)
    return isinstance(first, cst.Global | cst.Nonlocal)
