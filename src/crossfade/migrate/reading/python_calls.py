"""Calls in Python programs: of the vendors' libraries, and of those for bare sockets."""

from collections.abc import Iterator, Sequence

import libcst as cst
from msgspec import Struct

from crossfade.dialects.programs import Programs, Sdk, Term
from crossfade.migrate.findings import Sighting
from crossfade.migrate.reading.evidence import Use
from crossfade.migrate.reading.objects import Object, settings
from crossfade.migrate.reading.python_objects import Objects
from crossfade.migrate.reading.source import Expression, Source, last_name
from crossfade.migrate.reading.vocabulary import Vocabulary, join, pascal_case

_SOCKETS = frozenset(
    {
        "websocket.WebSocketApp",
        "websocket.WebSocket",
        "websocket.create_connection",
        "websockets.connect",
        "websockets.client.connect",
        "websockets.asyncio.client.connect",
        "websockets.legacy.client.connect",
        "websockets.sync.client.connect",
    }
)
"""What opens a bare socket: ``websocket-client``, ``websockets``. ``aiohttp`` has a method."""

_SOCKET_METHODS = frozenset({"ws_connect"})
_BINARY_METHODS = frozenset({"send_bytes", "send_binary"})
_BINARY = "OPCODE_BINARY"
_PINGS = frozenset({"ping_interval", "ping_timeout", "heartbeat"})

_OPENING = Term(topic="connection.handshake")
_AUDIO = Term(topic="audio.chunks")
_PING = Term(topic="connection.ping")


class _Name(Struct, frozen=True):
    sdk: Sdk
    name: str
    """As its table has it: without the module."""


class Libraries:
    """The vendor's libraries that a program imports."""

    def __init__(self, source: Source, programs: Programs) -> None:
        self._source = source
        python = [sdk for sdk in programs.sdks if sdk.language == "python"]
        modules = [(module, sdk) for sdk in python for module in sdk.modules]
        self._modules = sorted(modules, key=lambda item: len(item[0]), reverse=True)
        self._instances = dict(self._bound())

    def used(self) -> Iterator[Use]:
        """Tell each library once, where it shows first.

        A package that has more than streaming in it counts only where a name of the table is used.
        """
        first: dict[str, Use] = {}
        nodes: list[tuple[cst.CSTNode, str]] = list(self._source.imported)
        nodes += [(a, full) for a in self._source.attributes for full in self._source.qualified(a)]
        for node, full in nodes:
            found = self._find(full)
            if found is not None and (found.name in found.sdk.names or _is_own(found.sdk, full)):
                use = Use(line=self._source.line(node), what=found.sdk)
                first.setdefault(found.sdk.title, use)
                if use.line < first[found.sdk.title].line:
                    first[found.sdk.title] = use
        yield from first.values()

    def sightings(self, vocabulary: Vocabulary, objects: Objects) -> Iterator[Sighting]:
        """Tell every call, argument and kind of message; and imports that no table has."""
        for node, full in self._source.imported:
            found = self._find(full)
            if found is not None and _is_own(found.sdk, full) and not _has(found.sdk, found.name):
                yield self._sighting(node, found.name, None)
        for attribute in self._source.attributes:
            yield from self._attribute(attribute, vocabulary)
        for call in self._source.calls:
            yield from self._call(call, vocabulary, objects)

    def _call(self, call: cst.Call, vocabulary: Vocabulary, objects: Objects) -> Iterator[Sighting]:
        found = self._class(call.func)
        if found is not None:
            yield from self._constructed(call, found, vocabulary, objects)
        elif (method := self._method(call.func)) is not None:
            yield self._sighting(call, f".{method.name}", method.sdk.methods.get(method.name))
            yield from self._arguments(call, method.sdk, objects)
        else:
            yield from self._bare(call)

    def _constructed(
        self, call: cst.Call, found: _Name, vocabulary: Vocabulary, objects: Objects
    ) -> Iterator[Sighting]:
        yield self._sighting(call, found.name, found.sdk.names.get(found.name))
        path = found.sdk.configs.get(found.name)
        if path is None:
            yield from self._arguments(call, found.sdk, objects)
            return
        for entry in objects.keywords(call):
            if (
                entry.name not in found.sdk.plumbing
                or join(path, entry.name) in vocabulary.settings
            ):
                yield from settings(Object(entries=(entry,)), path, vocabulary)

    def _arguments(self, call: cst.Call, sdk: Sdk, objects: Objects) -> Iterator[Sighting]:
        for entry in objects.keywords(call):
            if entry.name not in sdk.plumbing:
                term = sdk.arguments.get(entry.name)
                yield Sighting(
                    line=entry.line, kind="setting", name=entry.name, term=term, value=entry.value
                )

    def _attribute(self, node: cst.Attribute, vocabulary: Vocabulary) -> Iterator[Sighting]:
        for full in self._source.qualified(node):
            found = self._find(full)
            if found is None:
                continue
            owner, _, member = found.name.rpartition(".")
            if owner in found.sdk.kinds:
                name = pascal_case(member)
                term = vocabulary.messages.get(name)
                yield Sighting(line=self._source.line(node), kind="message", name=name, term=term)
            elif owner and found.name in found.sdk.names:
                yield self._sighting(node, found.name, found.sdk.names[found.name])

    def _bare(self, call: cst.Call) -> Iterator[Sighting]:
        """A bare socket's calls; which vendor's it is, the rest of the file says."""
        name = last_name(call.func)
        full = next((f for f in self._source.qualified(call.func) if f in _SOCKETS), None)
        if full is not None or name in _SOCKET_METHODS:
            yield self._sighting(call, full or f".{name}", _OPENING)
        if name in _BINARY_METHODS or any(last_name(a.value) == _BINARY for a in call.args):
            yield self._sighting(call, f".{name}", _AUDIO)
        for argument in call.args:
            if argument.keyword is not None and argument.keyword.value in _PINGS:
                yield self._sighting(argument, argument.keyword.value, _PING)

    def _sighting(self, node: cst.CSTNode, name: str, term: Term | None) -> Sighting:
        return Sighting(line=self._source.line(node), kind="call", name=name, term=term)

    def _bound(self) -> Iterator[tuple[str, _Name]]:
        """Names that hold a client: set to a new one, or annotated as one."""
        for names in (self._source.bindings, self._source.annotations):
            for name, values in names.items():
                for value in values:
                    made = value.func if isinstance(value, cst.Call) else value
                    found = self._class(made)
                    if found is not None and found.name in found.sdk.clients:
                        yield name, found

    def _method(self, function: Expression) -> _Name | None:
        if not isinstance(function, cst.Attribute):
            return None
        owner = self._instances.get(last_name(function.value) or "")
        method = function.attr.value
        if owner is None or method in owner.sdk.plumbing:
            return None
        return _Name(owner.sdk, method)

    def _class(self, node: cst.CSTNode) -> _Name | None:
        """The class or function of a library that an expression is."""
        for full in self._source.qualified(node):
            found = self._find(full)
            if found is not None and found.name in found.sdk.names:
                return found
        return None

    def _find(self, full: str) -> _Name | None:
        for module, sdk in self._modules:
            if full == module or full.startswith(f"{module}."):
                return _Name(sdk, full[len(module) + 1 :])
        return None


def _is_own(sdk: Sdk, full: str) -> bool:
    """Whether it comes from a module of this library's alone, not from a whole vendor's package."""
    own: Sequence[str] = [module for module in sdk.modules if "." in module]
    return any(full.startswith(f"{module}.") for module in own)


def _has(sdk: Sdk, name: str) -> bool:
    first = name.partition(".")[0]
    return not name or first in sdk.names or any(key.startswith(f"{first}.") for key in sdk.names)
