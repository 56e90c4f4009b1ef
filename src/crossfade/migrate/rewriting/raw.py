"""Raw programs, those that hold a WebSocket and read messages: from one wire to another."""

import re
from collections.abc import Mapping

import libcst as cst

from crossfade.migrate.rewriting.addresses import region_of, rewrite_addresses, rewrite_headers
from crossfade.migrate.rewriting.audio import find_audio, mark_doubtful
from crossfade.migrate.rewriting.comments import edited
from crossfade.migrate.rewriting.counting import count_audio, wait_for_start
from crossfade.migrate.rewriting.edits import mark_lines
from crossfade.migrate.rewriting.finishing import (
    add_helpers,
    add_imports,
    drop_unused_imports,
    is_import,
)
from crossfade.migrate.rewriting.fitting import fit_audio
from crossfade.migrate.rewriting.message_rewriting import MessageRewriting
from crossfade.migrate.rewriting.messages import Messages
from crossfade.migrate.rewriting.names import rewrite_names
from crossfade.migrate.rewriting.openings import own_openings, sockets
from crossfade.migrate.rewriting.orders import find_orders, rewrite_orders
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.settings import find_settings, gather_facts, write_dicts
from crossfade.migrate.rewriting.to_message import move_query_into_message
from crossfade.migrate.rewriting.to_query import move_settings_into_query
from crossfade.migrate.rewriting.tokens import rewrite_token_requests
from crossfade.migrate.rewriting.wire import Facts, Wire

_OF_ONE = ("AudioSent", "recognition_started")
"""Helpers that hold what is about one session."""
_SERVERS = frozenset(
    {
        *("fastapi", "starlette", "flask", "quart", "django", "channels", "sanic", "tornado"),
        *("litestar", "falcon"),
    }
)
_WEB = re.compile(r"aiohttp\.web|aiohttp import .*\bweb\b")
_JOINS = re.compile(r"end=(\"\"|'')(?!.*stderr)|(?<!b)(\"\"|'')\.join\(|stdout\.write\(")


def speaks(program: Program, wire: Wire) -> bool:
    """The program is a raw client of this wire."""
    found = find_settings(program, wire)
    if any(one.role == "all" for one in found):
        return True
    addresses = [
        string.evaluated_value
        for string in program.all(cst.SimpleString)
        if isinstance(string.evaluated_value, str)
    ]
    return any(wire.region_of(address.partition("?")[0]) is not None for address in addresses)


def hears(program: Program, wire: Wire) -> bool:
    """It reads messages of this wire, wherever its session is opened."""
    return bool(Messages(program, wire, wire, Facts(), speaks=False).variables)


def mark_retired(program: Program, wire: Wire) -> str | None:
    """Mark addresses of protocols of the vendor's that nobody serves any more; ``None``: none."""
    found = [
        (string, value)
        for string in program.all(cst.SimpleString)
        if isinstance(value := string.evaluated_value, str) and re.match(wire.retired, value)
    ]
    for string, value in found:
        why = f"{wire.title} has retired this protocol; nothing was rewritten."
        program.mark(string, value.partition("?")[0], why)
    return program.edited() if found else None


def rewrite_raw(program: Program, wire: Wire, target: Wire) -> tuple[str, frozenset[str]]:
    """Rewrite everything that is of the one wire; what is not stays to the byte.

    Returns the text, and the names of the one wire that stand there rightly.
    """
    found = find_settings(program, wire)
    facts = Facts(region=region_of(program, wire), joins_text=bool(_JOINS.search(program.source)))
    facts.skips_empty = target.sends_empty and not wire.sends_empty
    gather_facts(program, found, facts)
    facts.ends_twice = (
        not wire.paced
        and any(setting.name == "language" for one in found for setting in one.settings)
        and not any(
            setting.name == "model" and setting.source != "standard"
            for one in found
            for setting in one.settings
        )
    )
    orders = find_orders(program, wire)
    openings = own_openings(program, wire)
    sites = find_audio(program, sockets(program, openings))
    messages = MessageRewriting(program, wire, target, facts)

    rewrite_names(program, wire, target)
    rewrite_addresses(program, wire, target)
    rewrite_headers(program, wire, target)
    imports = rewrite_token_requests(program, wire, target)
    messages.rewrite()
    helpers = messages.rewrite_lookups()
    messages.mark_loose_names()
    mark_doubtful(program, sites, target)
    if not target.starts_with_message:
        messages.join_turn_ends()
    rewrite_orders(program, orders, wire, target)
    write_dicts(program, found, wire, target)
    if target.starts_with_message:
        imports |= move_query_into_message(program, found, wire, target)
    else:
        imports |= move_settings_into_query(program, found, wire, target)

    fittings = []
    if target.pieces:
        fittings.append(fit_audio(program, sites, orders, facts, target))
    if target.starts_with_message and (sites or any(sent.order == "end" for sent in orders)):
        timed = any(read.helper == "AudioSent" for read in messages.reads)
        fittings.append(count_audio(program, sites, facts, with_seconds=timed))
        began = messages.blocks_of("started")
        decoded = messages.decoded_in()
        fittings.append(wait_for_start(program, sites, began, decoded, openings, target))
    for fitting in fittings:
        helpers |= fitting.helpers
        imports |= fitting.imports
    if _serves(program):
        helpers |= {name: _marked(helpers[name]) for name in _OF_ONE if name in helpers}
    for read in messages.reads:
        imports |= {f"import {name}" for name in read.imports}
        helpers |= _templates(read.helper, wire, target)
    told = messages.told | _told(helpers)
    text = edited(program)
    imports |= {f"import {name}" for name in ("json", "asyncio") if f"{name}." in text}
    text = add_imports(add_helpers(text, helpers), imports)
    return drop_unused_imports(program, text), told


def _told(helpers: Mapping[str, str]) -> frozenset[str]:
    """Names that stand in what was put there."""
    return frozenset(re.findall(r'"(\w+)"', "".join(helpers.values())))


def _serves(program: Program) -> bool:
    """It has clients of its own, so that several sessions may run at once."""
    imports = [program.text(one) for one in program.module.body if is_import(one)]
    return any(one.split()[1].split(".")[0] in _SERVERS or _WEB.search(one) for one in imports)


def _marked(helper: str) -> str:
    why = "all sessions of this process share it: give each its own."
    return "\n" + mark_lines("one session", why) + helper


def _templates(name: str | None, wire: Wire, target: Wire) -> dict[str, str]:
    if name in (None, "AudioSent"):
        return {}
    assert name is not None
    texts = {"words_of": target.helpers["words_of"]}
    if name == "words_of":
        return texts | {wire.items: wire.helpers[wire.items]}
    return texts | {name: target.helpers[name]}
