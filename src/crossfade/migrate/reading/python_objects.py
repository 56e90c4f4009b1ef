"""Objects in Python programs: dictionaries and what stands for them."""

from collections.abc import Iterable, Iterator

import libcst as cst

from crossfade.migrate.reading.objects import Entry, Object
from crossfade.migrate.reading.source import HOLE, Expression, Source, last_name, text_of

_MAX_DEPTH = 12
"""A name may be bound to itself; nobody nests a configuration deeper."""

_WRAPPERS = frozenset({"dumps", "urlencode", "dict", "copy", "deepcopy", "encode"})
"""Functions and methods around an object that leave it what it is."""


class Objects:
    """Reads objects out of expressions; names are followed to what they are bound to."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.read: set[cst.CSTNode] = set()
        """Dictionaries that were read as a part of something else, or by themselves."""

    def of(self, node: Expression, depth: int = 0) -> Iterator[Object]:
        """All objects that an expression may be."""
        if depth > _MAX_DEPTH:
            return
        match node:
            case cst.Dict():
                self.read.add(node)
                yield Object(entries=tuple(self._elements(node, depth)))
            case cst.List() | cst.Tuple():
                yield from self._listed(node, depth)
            case cst.Call():
                yield from self._called(node, depth)
            case cst.Name() | cst.Attribute():
                yield from self._named(node, depth)
            case cst.BinaryOperation(left=left, operator=cst.BitOr(), right=right):
                yield from (*self.of(left, depth + 1), *self.of(right, depth + 1))
            case cst.IfExp(body=body, orelse=orelse):
                yield from (*self.of(body, depth + 1), *self.of(orelse, depth + 1))
            case cst.Await(expression=inner):
                yield from self.of(inner, depth + 1)

    def entry(self, name: str, where: cst.CSTNode, value: Expression, depth: int = 0) -> Entry:
        """What is written of a name."""
        return Entry(
            name=name,
            line=self._source.line(where),
            value=self.literal(value),
            objects=tuple(self.of(value, depth + 1)),
        )

    def literal(self, node: Expression, depth: int = 0) -> str | None:
        """The literal that an expression is, or is bound to once and for all."""
        match node:
            case cst.Integer(value=value) | cst.Float(value=value):
                return value
            case cst.Name(value="True" | "False" as value):
                return value.lower()
            case cst.Name() if depth < _MAX_DEPTH:
                bound = self._source.bound(node)
                return self.literal(bound[0], depth + 1) if len(bound) == 1 else None
            case cst.Attribute(attr=cst.Name(value=member)):
                return member.lower()  # a member of an enumeration, as a rule
            case _:
                text = text_of(node)
                return None if text is None or HOLE in text else text

    def _elements(self, node: cst.Dict, depth: int) -> Iterator[Entry]:
        for element in node.elements:
            if isinstance(element, cst.StarredDictElement):
                yield from _entries(self.of(element.value, depth + 1))
            elif isinstance(element, cst.DictElement) and (key := text_of(element.key)) is not None:
                yield self.entry(key, element, element.value, depth)

    def _listed(self, node: cst.List | cst.Tuple, depth: int) -> Iterator[Object]:
        pairs = []
        for element in node.elements:
            match element.value:
                case cst.Tuple(elements=[cst.Element(value=key), cst.Element(value=value)]) if (
                    name := text_of(key)
                ) is not None:
                    pairs.append(self.entry(name, element, value, depth))
                case inner:
                    yield from self.of(inner, depth + 1)
        if pairs:
            yield Object(entries=tuple(pairs))

    def _called(self, node: cst.Call, depth: int) -> Iterator[Object]:
        name = last_name(node.func)
        if name in _WRAPPERS:
            keywords = tuple(self.keywords(node, depth))
            if keywords:
                yield Object(entries=keywords)
            for argument in node.args[:1]:
                if argument.keyword is None:
                    yield from self.of(argument.value, depth + 1)
            if isinstance(node.func, cst.Attribute) and not node.args:
                yield from self.of(node.func.value, depth + 1)
        elif not any("." in full for full in self._source.qualified(node.func)):
            yield from self._named(node.func, depth)

    def keywords(self, node: cst.Call, depth: int = 0) -> Iterator[Entry]:
        """The arguments of a call that have names."""
        for argument in node.args:
            if argument.keyword is not None:
                yield self.entry(argument.keyword.value, argument, argument.value, depth)
            elif argument.star == "**":
                yield from _entries(self.of(argument.value, depth + 1))

    def _named(self, node: Expression, depth: int) -> Iterator[Object]:
        found = [item for bound in self._source.bound(node) for item in self.of(bound, depth + 1)]
        name = last_name(node)
        updates = self._source.updates.get(name, ()) if name else ()
        if updates and (found or depth == 0):
            later = [self.entry(key, where, value, depth) for where, key, value in updates]
            found.append(Object(entries=tuple(later)))
        yield from found


def _entries(objects: Iterable[Object]) -> Iterator[Entry]:
    for item in objects:
        yield from item.entries
