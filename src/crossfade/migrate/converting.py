"""One captured configuration in another vendor's words, through the two ends of the dialects.

The server end of the vendor that it was written for reads it, the client end of the other writes
what it asks for: what a gateway between the two would do, without a session.
"""

import json
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from crossfade.dialects.base import Dialect, DialectSettings, Handshake
from crossfade.errors import ConfigError, CrossfadeError
from crossfade.gateway.fitting import fitted
from crossfade.migrate.checking import readable
from crossfade.migrate.findings import Finding, Judge
from crossfade.migrate.reading.objects import Entry, Object, literal, of_json, settings
from crossfade.migrate.reading.vocabulary import Vocabulary
from crossfade.model import SessionConfig, Start


class NoConfigurationError(CrossfadeError):
    """No dialect can read what was captured, or none but the one that it is to become."""


class Converted(Struct, frozen=True, kw_only=True):
    """A configuration in another protocol."""

    dialect: str
    """What it was written in."""
    to: str
    url: str
    """Where the session is opened, with the configuration in it if that is where it stands."""
    message: object | None
    """The first message, decoded, of protocols that configure by one."""
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    """What both ends remark, one line each."""


def convert(captured: str, dialects: Sequence[Dialect], *, to: Dialect | None = None) -> Converted:
    """Read a configuration and write it for another vendor.

    Args:
        captured: The first message of a session as JSON, or the address or query of one.
        dialects: Those that it may be in, or become.
        to: What it is to become; ``None``: the first one that it is not in.

    Raises:
        NoConfigurationError: If nobody can read it.
        ConfigError: If the other vendor cannot be asked for this at all: a language, say.
    """
    known = readable(dialects)
    front, started, notes = _read(captured.strip(), known, to)
    behind = to or next(dialect for dialect in known if dialect is not front)
    url, message, remarks = _written(started.config, behind)
    findings = tuple(_judged(captured.strip(), front, behind))
    return Converted(
        dialect=front.name,
        to=behind.name,
        url=url,
        message=message,
        findings=findings,
        notes=(*notes, *remarks),
    )


def _read(
    captured: str, dialects: Sequence[Dialect], to: Dialect | None
) -> tuple[Dialect, Start, tuple[str, ...]]:
    """Let every server end try; what it does not like about the text says the last one."""
    complaint = "it is neither a first message nor the query of an address"
    for dialect in dialects:
        if dialect is to or not (_is_message(captured) or _is_query(captured, dialect)):
            continue
        end = dialect.server(DialectSettings())
        try:
            commands = end.open(_handshake(captured, dialect))
            if _is_message(captured):
                if commands:
                    continue  # it is configured by its address, and this is a message
                commands = end.receive(captured)
        except CrossfadeError as error:
            complaint = f"{dialect.title}: {error}"
            continue
        for command in commands:
            if isinstance(command, Start):
                return dialect, command, end.notes
    raise NoConfigurationError(f"this is no configuration that can be read: {complaint}")


def _handshake(captured: str, dialect: Dialect) -> Handshake:
    query = () if _is_message(captured) else tuple(_parameters(captured))
    return Handshake(path=dialect.paths[0], query=query)


def _is_message(captured: str) -> bool:
    return captured.startswith("{")


def _is_query(captured: str, dialect: Dialect) -> bool:
    """Whether one of its parameters is a setting of this dialect."""
    if dialect.programs is None:
        return False
    known = dialect.programs().apis[0].settings
    return any(name in known for name, _ in _parameters(captured))


def _parameters(captured: str) -> list[tuple[str, str]]:
    query = urlsplit(captured).query if "?" in captured else captured
    return parse_qsl(query.lstrip("?"), keep_blank_values=True)


def _written(wanted: SessionConfig, behind: Dialect) -> tuple[str, object | None, tuple[str, ...]]:
    if behind.vendor is None:
        raise ConfigError(f"nobody serves {behind.title}", field="dialect")
    fits = fitted(wanted, behind.vendor)
    end = behind.client()
    config = end.audio_format(fits.config)
    request = end.request(next(iter(behind.vendor.urls.values())), key=None, config=config)
    frames = [json.loads(frame) for frame in end.open() if isinstance(frame, str)]
    return request.url, frames[0] if frames else None, (*fits.notes, *end.notes)


def _judged(captured: str, front: Dialect, behind: Dialect) -> Iterator[Finding]:
    if front.programs is None:
        return
    programs = front.programs()
    vocabulary = Vocabulary(programs, programs.apis[:1], [])
    judge = Judge(front, behind)
    for sighting in settings(_object(captured), "", vocabulary):
        yield judge.finding("", sighting)


def _object(captured: str) -> Object:
    if _is_message(captured):
        return of_json(json.loads(captured))
    entries = (
        Entry(name=name, line=0, value=literal(value)) for name, value in _parameters(captured)
    )
    return Object(entries=tuple(entries))
