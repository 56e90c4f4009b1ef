"""Configurations as nested objects, whatever language they were written in, and their settings."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from crossfade.migrate.findings import Sighting
from crossfade.migrate.reading.evidence import addresses
from crossfade.migrate.reading.vocabulary import Vocabulary, join

CONFIGURING = frozenset({"connection.handshake", "messages.reconfigure"})
"""Messages about these topics hold settings."""


class Object(Struct, frozen=True, kw_only=True):
    """Names and what they are set to."""

    entries: tuple["Entry", ...]

    @property
    def names(self) -> frozenset[str]:
        """The names in it."""
        return frozenset(entry.name for entry in self.entries)

    def value(self, name: str) -> str | None:
        """What is written beside a name."""
        return next((entry.value for entry in self.entries if entry.name == name), None)


class Entry(Struct, frozen=True, kw_only=True):
    """One name of an object."""

    name: str
    line: int
    value: str | None = None
    """Where it is a literal: text without quotes, numbers as written, ``true`` and ``false``."""
    objects: tuple[Object, ...] = ()
    """Where it is an object, a list of them, or may be several."""


def settings(written: Object, path: str, vocabulary: Vocabulary) -> Iterator[Sighting]:
    """Tell every setting of the object at ``path``; a name that no table has is told as well."""
    for entry in written.entries:
        yield from _setting(entry, path, vocabulary)


def _setting(entry: Entry, path: str, vocabulary: Vocabulary) -> Iterator[Sighting]:
    name = vocabulary.plain(entry.name)
    if not path and (name in vocabulary.kind_fields or name in vocabulary.fields):
        return
    if any(addresses(api, entry.value or "") for api in vocabulary.apis):
        return  # what stands there is told as an address
    full = join(path, name)
    term = vocabulary.settings.get(full)
    if term is None and entry.name in vocabulary.arguments:
        term, full = vocabulary.arguments[entry.name], entry.name
    if term is not None or not vocabulary.is_object(full):
        yield Sighting(line=entry.line, kind="setting", name=full, term=term, value=entry.value)
    for inner in entry.objects:
        if vocabulary.is_object(full):
            yield from settings(inner, full, vocabulary)


def place(written: Object, vocabulary: Vocabulary) -> str | None:
    """Find out which of the vendor's objects this is, by its names; ``None``: none of them."""
    if _configures(written, vocabulary):
        return ""
    names = {vocabulary.plain(name) for name in written.names} - vocabulary.kind_fields
    best, most = None, 0
    for path, known in vocabulary.objects.items():
        n_known = len(names & known)
        if n_known > most and any(vocabulary.tells(path, name) for name in names):
            best, most = path, n_known
    return best


def everywhere(written: Object, vocabulary: Vocabulary) -> Iterator[Sighting]:
    """Tell the message and the settings of an object, or of the objects in it."""
    yield from message(written, vocabulary)
    path = place(written, vocabulary)
    if path is not None:
        yield from settings(written, path, vocabulary)
        return
    for entry in written.entries:
        for inner in entry.objects:
            yield from everywhere(inner, vocabulary)


def message(written: Object, vocabulary: Vocabulary) -> Iterator[Sighting]:
    """Tell the kind of a message that is written as an object, if it is one."""
    for entry in written.entries:
        if entry.name in vocabulary.kind_fields and entry.value in vocabulary.messages:
            term = vocabulary.messages[entry.value]
            yield Sighting(line=entry.line, kind="message", name=entry.value, term=term)


def _configures(written: Object, vocabulary: Vocabulary) -> bool:
    if not written.names & vocabulary.objects[""]:
        return False
    kinds = {written.value(name) for name in vocabulary.kind_fields}
    terms = [vocabulary.messages[kind] for kind in kinds if kind in vocabulary.messages]
    return any(term.topic in CONFIGURING for term in terms)


def of_json(decoded: Mapping[str, object]) -> Object:
    """An object out of decoded JSON; without lines."""
    return Object(
        entries=tuple(
            Entry(name=name, line=0, value=literal(value), objects=_objects(value))
            for name, value in decoded.items()
        )
    )


def literal(value: object) -> str | None:
    """A literal as tables have it."""
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case _:
            return None


def _objects(value: object) -> tuple[Object, ...]:
    match value:
        case dict():
            return (of_json(value),)
        case list():
            return tuple(of_json(item) for item in value if isinstance(item, dict))
        case _:
            return ()
