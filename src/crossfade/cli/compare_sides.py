"""From what was typed to sides that can be played to."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import msgspec

from crossfade.bench.in_process import InProcess
from crossfade.bench.playing import Pacing
from crossfade.bench.sockets import OverSockets
from crossfade.bench.target import Target
from crossfade.cli.backends import open_recognizer, upstream, vendor_of
from crossfade.compare.prices import Price
from crossfade.compare.sides import (
    Side,
    SideFacts,
    Specification,
    config_of,
    letters,
    notes_of,
    without_secrets,
)
from crossfade.dialects import DIALECTS
from crossfade.dialects.base import Dialect
from crossfade.errors import ConfigError
from crossfade.settings import BUILT_IN, Settings


@asynccontextmanager
async def open_sides(
    wanted: Sequence[Specification], settings: Settings, key: str | None
) -> AsyncIterator[list[Side]]:
    """Open everybody; a recognizer of this process is loaded once for all sides that it is.

    Raises:
        ConfigError: If a side is not known, or its protocol cannot carry what is asked for.
        ModelError: If the model's files cannot be had.
    """
    async with AsyncExitStack() as stack:
        loaded: dict[str, Target] = {}
        sides = []
        for letter, one in zip(letters(wanted), wanted, strict=True):
            server = _server(one, settings, key)
            if server is not None:
                sides.append(_side(letter, one, server, settings))
                continue
            name = one.backend or ""
            if name not in loaded:
                loaded[name] = await stack.enter_async_context(_in_process(name, settings))
            sides.append(_side(letter, one, loaded[name], settings))
        yield sides


def is_remote(one: Specification, settings: Settings) -> bool:
    """Whether it is a server, and not a recognizer of this process.

    Raises:
        ConfigError: If there is no such backend, or dialect.
    """
    if one.backend is None:
        _dialect(one)
        return True
    return vendor_of(one.backend, settings) not in BUILT_IN


def _server(one: Specification, settings: Settings, key: str | None) -> OverSockets | None:
    chunk_ms = Pacing().chunk_ms
    if one.url is not None:
        spoken = _dialect(one)
        return OverSockets(url=one.url, spoken=spoken, key=key, chunk_ms=chunk_ms)
    name = one.backend or ""
    if not is_remote(one, settings):
        return None
    reached = upstream(name, vendor_of(name, settings), settings.backends[name])
    return OverSockets(
        url=reached.url,
        spoken=reached.dialect,
        key=reached.key,
        chunk_ms=chunk_ms,
        token_ttl_s=reached.token_ttl_s,
    )


@asynccontextmanager
async def _in_process(name: str, settings: Settings) -> AsyncIterator[Target]:
    recognizer = await open_recognizer(msgspec.structs.replace(settings, backend=(name,)))
    try:
        await recognizer.start()
        yield InProcess(recognizer)
    finally:
        await recognizer.aclose()


def _side(letter: str, one: Specification, target: Target, settings: Settings) -> Side:
    config = config_of(one.rules)
    notes: tuple[str, ...] = ()
    if isinstance(target, OverSockets):
        notes = notes_of(target.spoken, target.url, config)
    facts = SideFacts(
        letter=letter,
        name=one.text,
        target=without_secrets(target.name),
        dialect=target.dialect,
        rules=one.rules,
        notes=notes,
        price=_price(one, target, settings),
    )
    return Side(facts, target, config)


def _price(one: Specification, target: Target, settings: Settings) -> Price | None:
    """The operator's price of this very side, or of its vendor, or the vendor's own."""
    if (mine := settings.prices.get(one.backend or f"{one.dialect}={one.url}")) is not None:
        return Price(**msgspec.structs.asdict(mine))
    if not isinstance(target, OverSockets) or not _is_vendors_own(target):
        return None
    if (mine := settings.prices.get(target.spoken.name)) is not None:
        return Price(**msgspec.structs.asdict(mine))
    vendor = target.spoken.vendor
    listed = vendor.list_price if vendor is not None else None
    return None if listed is None else Price(**msgspec.structs.asdict(listed))


def _is_vendors_own(target: OverSockets) -> bool:
    """A vendor takes nothing for what somebody else runs."""
    vendor = target.spoken.vendor
    hosts = {urlsplit(url).hostname for url in vendor.urls.values()} if vendor else set()
    return urlsplit(target.url).hostname in hosts


def _dialect(one: Specification) -> Dialect:
    for dialect in DIALECTS:
        if dialect.name == one.dialect:
            return dialect
    known = ", ".join(dialect.name for dialect in DIALECTS)
    raise ConfigError(
        f"{one.text}: there is no dialect {one.dialect!r}, only {known}", field="side"
    )
