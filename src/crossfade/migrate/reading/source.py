"""A Python program, taken apart: its strings, objects, calls, and what its names are bound to.

Knows Python and no vendor. Bindings are looked up by name alone, whatever their scope: programs of
this kind are short, and a binding too many costs a line in a report.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import libcst as cst
from libcst import helpers
from libcst.metadata import MetadataWrapper, PositionProvider, QualifiedNameProvider

from crossfade.errors import CrossfadeError

Expression = cst.BaseExpression
HOLE = "{}"
"""Stands in the text of a string for what is put into it when the program runs."""


class UnreadableError(CrossfadeError):
    """The text is not Python, or of a version of it that cannot be read."""


class Source:
    """One module.

    Raises:
        UnreadableError: If it cannot be parsed.
    """

    def __init__(self, text: str) -> None:
        try:
            wrapper = MetadataWrapper(cst.parse_module(text))
        except (cst.ParserSyntaxError, RecursionError) as error:
            raise UnreadableError("not Python that can be parsed") from error
        self._positions = wrapper.resolve(PositionProvider)
        self._qualified = wrapper.resolve(QualifiedNameProvider)
        self.strings: list[tuple[Expression, str]] = []
        """Every string but docstrings, with what is known of its text."""
        self.dicts: list[cst.Dict] = []
        self.calls: list[cst.Call] = []
        self.attributes: list[cst.Attribute] = []
        self.subscripts: list[tuple[cst.Subscript, str]] = []
        self.compared: list[Expression] = []
        """What stands in a comparison or in a case."""
        self.imported: list[tuple[cst.CSTNode, str]] = []
        """``from module import name`` as ``module.name``."""
        self.bindings: dict[str, list[Expression]] = defaultdict(list)
        """What a name, or an attribute of any object by its last name, is set to or returns."""
        self.annotations: dict[str, list[Expression]] = defaultdict(list)
        self.updates: dict[str, list[tuple[Expression, str, Expression]]] = defaultdict(list)
        """``name["key"] = value``: where, the key, the value."""
        wrapper.module.visit(_Collector(self))

    def line(self, node: cst.CSTNode) -> int:
        """The line on which a node begins."""
        return self._positions[node].start.line

    def qualified(self, node: cst.CSTNode) -> Iterator[str]:
        """What an expression may refer to, by the module that it was imported from."""
        names = self._qualified.get(node, ())
        # libcst resolves them when they are asked for, which its types do not say.
        for name in names() if callable(names) else names:
            yield name.name

    def bound(self, node: Expression) -> Sequence[Expression]:
        """What the name that an expression is may be bound to."""
        name = last_name(node)
        return () if name is None else self.bindings.get(name, ())


def last_name(node: cst.CSTNode) -> str | None:
    """``x`` of ``x`` and of ``self.x``."""
    match node:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return name
        case _:
            return None


def text_of(node: Expression) -> str | None:
    """The text of a string, with a hole for each part that is not written there."""
    match node:
        case cst.SimpleString():
            value = node.evaluated_value
            return value if isinstance(value, str) else None
        case cst.FormattedString():
            return "".join(
                part.value if isinstance(part, cst.FormattedStringText) else HOLE
                for part in node.parts
            )
        case cst.ConcatenatedString():
            left, right = text_of(node.left), text_of(node.right)
            return None if left is None or right is None else left + right
        case _:
            return None


class _Collector(cst.CSTVisitor):
    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._inside_concatenation = 0
        self._functions: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        match node:
            case cst.Expr(value=value) if text_of(value) is not None:
                return False  # a docstring says nothing about what runs
            case cst.SimpleString() | cst.FormattedString() | cst.ConcatenatedString():
                self._string(node)
            case cst.FunctionDef(name=cst.Name(value=name)):
                self._functions.append(name)
            case cst.Return(value=value) if value is not None and self._functions:
                self._source.bindings[self._functions[-1]].append(value)
            case _:
                self._keep(node)
                self._names(node)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.ConcatenatedString):
            self._inside_concatenation -= 1
        elif isinstance(original_node, cst.FunctionDef):
            self._functions.pop()

    def _string(self, node: Expression) -> None:
        text = text_of(node)
        if text is not None and not self._inside_concatenation:
            self._source.strings.append((node, text))
        self._inside_concatenation += isinstance(node, cst.ConcatenatedString)

    def _keep(self, node: cst.CSTNode) -> None:
        source = self._source
        match node:
            case cst.Dict():
                source.dicts.append(node)
            case cst.Call():
                source.calls.append(node)
            case cst.Attribute():
                source.attributes.append(node)
            case cst.Subscript() if (key := _key(node)) is not None:
                source.subscripts.append((node, key))
            case cst.Comparison(left=left, comparisons=comparisons):
                source.compared.append(left)
                source.compared += [p for c in comparisons for p in _parts(c.comparator)]
            case cst.MatchValue(value=value):
                source.compared.append(value)
            case cst.ImportFrom(module=module, names=names) if module and not node.relative:
                source.imported += _imported(module, names)

    def _names(self, node: cst.CSTNode) -> None:
        match node:
            case cst.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target.target, value)
            case cst.AnnAssign(target=name, annotation=annotation, value=value):
                self._bind(name, value)
                self._annotate(name, annotation)
            case cst.NamedExpr(target=name, value=value):
                self._bind(name, value)
            case cst.WithItem(item=value, asname=cst.AsName(name=name)):
                self._bind(name, value)
            case cst.Param(name=name, annotation=annotation, default=value):
                self._bind(name, value)
                self._annotate(name, annotation)

    def _bind(self, target: cst.CSTNode, value: Expression | None) -> None:
        if value is None:
            return
        name = last_name(target)
        if name is not None:
            self._source.bindings[name].append(value)
        elif isinstance(target, cst.Subscript) and (key := _key(target)) is not None:
            owner = last_name(target.value)
            if owner is not None:
                self._source.updates[owner].append((target, key, value))

    def _annotate(self, target: cst.CSTNode, annotation: cst.Annotation | None) -> None:
        name = last_name(target)
        if name is not None and annotation is not None:
            self._source.annotations[name].append(annotation.annotation)


def _imported(
    module: cst.Attribute | cst.Name, names: Sequence[cst.ImportAlias] | cst.ImportStar
) -> list[tuple[cst.CSTNode, str]]:
    if isinstance(names, cst.ImportStar):
        return []
    full = helpers.get_full_name_for_node_or_raise(module)
    return [(alias, f"{full}.{alias.evaluated_name}") for alias in names]


def _key(node: cst.Subscript) -> str | None:
    match node.slice:
        case [cst.SubscriptElement(slice=cst.Index(value=value))]:
            return text_of(value)
        case _:
            return None


def _parts(node: Expression) -> list[Expression]:
    if isinstance(node, cst.Tuple | cst.List | cst.Set):
        return [element.value for element in node.elements]
    return [node]
