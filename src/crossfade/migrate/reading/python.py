"""Python programs: bare sockets of several client libraries, and the vendors' own SDKs."""

from collections.abc import Iterator

import libcst as cst

from crossfade.dialects.programs import Programs, Sdk, Term
from crossfade.migrate.findings import Sighting
from crossfade.migrate.reading.evidence import Clue, Use, apis_of, apis_used
from crossfade.migrate.reading.objects import Object, message, place, settings
from crossfade.migrate.reading.python_calls import Libraries
from crossfade.migrate.reading.python_objects import Objects
from crossfade.migrate.reading.source import Expression, Source, last_name, text_of
from crossfade.migrate.reading.strings import in_strings
from crossfade.migrate.reading.vocabulary import Vocabulary

_QUERIES = {"ws_connect": "params", "get": "params", "connect": "params"}
"""Calls that put an argument of this name into the query of an address."""


def read(source: Source, programs: Programs) -> tuple[list[Use], list[Sighting]]:
    """Tell what a program uses of one vendor; nothing if it does not use it at all."""
    libraries = Libraries(source, programs)
    clues = [Clue(line=source.line(node), text=text) for node, text in source.strings]
    uses = [*apis_used(programs, clues), *libraries.used()]
    if not uses:
        return [], []
    apis = apis_of(programs, uses)
    sdks = [use.what for use in uses if isinstance(use.what, Sdk)]
    vocabulary = Vocabulary(programs, apis, sdks)
    return uses, list(_Reader(source, vocabulary, libraries).sightings())


class _Reader:
    def __init__(self, source: Source, vocabulary: Vocabulary, libraries: Libraries) -> None:
        self._source = source
        self._vocabulary = vocabulary
        self._libraries = libraries
        self._objects = Objects(source)

    def sightings(self) -> Iterator[Sighting]:
        for node, text in self._source.strings:
            yield from in_strings(self._source.line(node), text, self._vocabulary)
        yield from self._kinds()
        yield from self._fields()
        yield from self._libraries.sightings(self._vocabulary, self._objects)
        yield from self._configurations()

    def _configurations(self) -> Iterator[Sighting]:
        """Those that a message or an address holds come first: where they stand is certain."""
        for node in self._queries():
            yield from self._read(node, certain=True)
        whole = [node for node in self._source.dicts if self._is_message(node)]
        for node in whole:
            yield from self._read(node)
        for node in self._source.dicts:
            if node not in self._objects.read:
                yield from self._read(node)
        for call in self._source.calls:
            if last_name(call.func) in {"dict", "update"}:
                entries = tuple(self._objects.keywords(call))
                yield from self._placed(Object(entries=entries))
        for name in self._source.updates:
            for written in self._objects.of(cst.Name(name)):
                yield from self._placed(written)

    def _read(self, node: Expression, *, certain: bool = False) -> Iterator[Sighting]:
        for written in self._objects.of(node):
            yield from message(written, self._vocabulary)
            yield from self._placed(written, certain=certain)

    def _placed(self, written: Object, *, certain: bool = False) -> Iterator[Sighting]:
        names = {self._vocabulary.plain(name) for name in written.names}
        path = place(written, self._vocabulary)
        if path is None and certain and names & self._vocabulary.objects[""]:
            path = ""
        if path is not None:
            yield from settings(written, path, self._vocabulary)

    def _is_message(self, node: cst.Dict) -> bool:
        for element in node.elements:
            if isinstance(element, cst.DictElement):
                key, value = text_of(element.key), text_of(element.value)
                if key in self._vocabulary.kind_fields and value in self._vocabulary.messages:
                    return True
        return False

    def _queries(self) -> Iterator[Expression]:
        if not self._vocabulary.is_flat:
            return
        for call in self._source.calls:
            name = last_name(call.func)
            if name == "urlencode" and call.args:
                yield call.args[0].value
            for argument in call.args:
                keyword = argument.keyword and argument.keyword.value
                if keyword is not None and _QUERIES.get(name or "") == keyword:
                    yield argument.value

    def _kinds(self) -> Iterator[Sighting]:
        """Kinds of messages that are compared with, or stand for what is to be done."""
        for node in self._source.compared:
            yield from self._kind(node, anywhere=True)
        for table in self._source.dicts:
            keys = [
                element.key for element in table.elements if isinstance(element, cst.DictElement)
            ]
            tells = any(text_of(key) in self._vocabulary.programs.telling for key in keys)
            for key in keys if tells else ():
                yield from self._kind(key, anywhere=True)
        for call in self._source.calls:
            for argument in call.args:
                yield from self._kind(argument.value, anywhere=False)

    def _kind(self, node: Expression, *, anywhere: bool) -> Iterator[Sighting]:
        text = text_of(node)
        if text is None or text not in self._vocabulary.messages:
            return
        if anywhere or text in self._vocabulary.programs.telling:
            term = self._vocabulary.messages[text]
            yield Sighting(line=self._source.line(node), kind="message", name=text, term=term)

    def _fields(self) -> Iterator[Sighting]:
        """Fields of messages that are read, by ``[...]``, ``.get(...)`` or as attributes."""
        for subscript, key in self._source.subscripts:
            yield from self._field(subscript, key)
        for call in self._source.calls:
            if last_name(call.func) == "get" and call.args:
                yield from self._field(call, text_of(call.args[0].value))
        for table in self._source.dicts:
            for element in table.elements:
                if isinstance(element, cst.DictElement):
                    yield from self._field(element, text_of(element.key))
        if self._vocabulary.sdks:
            for attribute in self._source.attributes:
                if "_" in attribute.attr.value:
                    yield from self._field(attribute, attribute.attr.value)

    def _field(self, node: cst.CSTNode, name: str | None) -> Iterator[Sighting]:
        term: Term | None = self._vocabulary.fields.get(name or "")
        if name is not None and term is not None:
            yield Sighting(line=self._source.line(node), kind="field", name=name, term=term)
