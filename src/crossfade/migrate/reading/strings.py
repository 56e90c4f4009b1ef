"""What stands inside single strings, in any language: addresses, queries, headers, variables."""

import json
import re
from collections.abc import Iterator, Sequence

from msgspec import structs

from crossfade.dialects.programs import Api, Term
from crossfade.migrate.findings import Kind, Sighting
from crossfade.migrate.reading.evidence import addresses
from crossfade.migrate.reading.objects import everywhere, of_json
from crossfade.migrate.reading.source import HOLE
from crossfade.migrate.reading.vocabulary import Vocabulary

_PARAMETER = re.compile(r"(?:^|[?&])([A-Za-z_][\w-]*)=([^&\s\"'`]*)")
_HEADER = re.compile(r"([A-Za-z][A-Za-z-]*)\s*(?::|$)")


def in_strings(line: int, text: str, vocabulary: Vocabulary) -> Iterator[Sighting]:
    """Tell what a string holds. Of addresses only host and path, of variables only the name."""
    yield from in_json(line, text, vocabulary)
    yield from in_addresses(line, text, vocabulary.apis)
    yield from in_queries(line, text, vocabulary)
    header = _HEADER.match(text)
    if header is not None and header[1].lower() in vocabulary.programs.headers:
        term = vocabulary.programs.headers[header[1].lower()]
        yield Sighting(line=line, kind="credential", name=header[1], term=term)
    yield from variables(line, text, vocabulary)


def in_json(line: int, text: str, vocabulary: Vocabulary) -> Iterator[Sighting]:
    """Tell a message that is written out as text, and the settings in it."""
    if not text.lstrip().startswith("{"):
        return
    try:
        decoded = json.loads(text.replace('\\"', '"'))
    except ValueError:
        return
    if isinstance(decoded, dict):
        for sighting in everywhere(of_json(decoded), vocabulary):
            yield structs.replace(sighting, line=line)


def in_addresses(line: int, text: str, apis: Sequence[Api]) -> Iterator[Sighting]:
    """Tell hosts and paths."""
    for api in apis:
        for found, topic in addresses(api, text).items():
            yield Sighting(line=line, kind="address", name=found, term=Term(topic=topic))


def in_queries(line: int, text: str, vocabulary: Vocabulary) -> Iterator[Sighting]:
    """Tell the parameters of an address, where the vendor's settings stand there.

    One that no table has is told only where the rest is certainly the vendor's.
    """
    parameters = _PARAMETER.findall(text)
    known = vocabulary.objects[""] if vocabulary.is_flat else frozenset()
    certain = any(addresses(api, text) for api in vocabulary.apis)
    certain = certain or any(vocabulary.tells("", name) for name, _ in parameters)
    for name, value in parameters:
        if name in vocabulary.programs.query:
            term = vocabulary.programs.query[name]
            yield Sighting(line=line, kind="credential", name=f"?{name}=", term=term)
        elif vocabulary.is_flat and (certain or name in known):
            written = None if HOLE in value else value
            yield Sighting(
                line=line,
                kind="setting",
                name=name,
                term=vocabulary.settings.get(name),
                value=written,
            )


def variables(line: int, text: str, vocabulary: Vocabulary) -> Iterator[Sighting]:
    """Tell environment variables by their usual names."""
    told: set[str] = set()
    for pattern, term in vocabulary.programs.variables.items():
        for found in re.finditer(rf"(?<![A-Za-z0-9_]){pattern}", text):
            if found[0] not in told:
                told.add(found[0])
                kind: Kind = "address" if term.topic == "connection.url" else "credential"
                yield Sighting(line=line, kind=kind, name=found[0], term=term)
