"""What ``crossfade demo`` shows."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from importlib.resources.abc import Traversable
from string import Template
from urllib.parse import urlencode, urlsplit

import msgspec
from rich.console import Console

from crossfade.cli.keys import keyring
from crossfade.cli.live import Captions, LiveView
from crossfade.cli.serving import PortTakenError, page_url, running, websocket_urls
from crossfade.client import connect, sources
from crossfade.dialects.base import Dialect
from crossfade.model import SessionConfig, SilenceEndpointing
from crossfade.server.keys import Keyring
from crossfade.server.run import Server
from crossfade.settings import Settings

PORTS_TRIED = 20

_LINK_S = 3600
"""How long the link to the page is good, where a dialect's tokens can last that long."""

_CONFIG = SessionConfig(
    language="en",
    audio=sources.MEDIA_AUDIO,
    endpointing=SilenceEndpointing(silence_ms=800),
    max_delay_ms=2000,
)


async def show(settings: Settings, *, once: bool) -> bool:
    """Run the demonstration; ``False`` if the dialects did not give the same words.

    Raises:
        CrossfadeError: If the server cannot start or a session fails.
    """
    # What a protocol cannot carry of a session's wishes is not for the first minute.
    logging.getLogger("crossfade.client").setLevel(logging.ERROR)
    console, notes = Console(), Console(stderr=True)
    key = secrets.token_urlsafe(18)
    # Whatever a crossfade.toml here says of a certificate: our own client would not trust it.
    settings = msgspec.structs.replace(
        settings, cert=None, key_file=None, tls=False, also_plain=None
    )
    async with _on_free_port(settings, keyring(settings, (key,))) as server:
        urls = list(websocket_urls(server))
        slots = server.service.slots
        slots.total = max(slots.total, len(urls))  # a slow machine may have room for fewer
        notes.print(
            f"A server listens at {server.url}. One recording, in real time, in each dialect:",
            soft_wrap=True,
        )
        heard = await _caption(console, urls, key)
        same = _all_same(heard)
        notes.print("The same words in each." if same else "The words differ.", highlight=False)
        if not once:
            _tell(console, urls, key)
            # Where a terminal knows links, it brings tokens; elsewhere the page asks for the key.
            link = f"[link={_page_link(server, key)}]{page_url(server)}[/link]"
            console.print(f"The live page: {link}", highlight=False)
            console.print("Serving until Ctrl-C.")
            await server.wait()
    return same


@asynccontextmanager
async def _on_free_port(settings: Settings, ring: Keyring) -> AsyncIterator[Server]:
    """Take the wanted port or, of those behind it, the first free one."""
    last = settings.port + PORTS_TRIED if settings.port else 0
    while True:
        try:
            async with running(settings, ring) as server:
                yield server
                return
        except PortTakenError:
            if settings.port == last:
                raise
            settings = msgspec.structs.replace(settings, port=settings.port + 1)


async def _caption(
    console: Console, urls: Sequence[tuple[Dialect, str]], key: str
) -> list[Captions]:
    heard = [Captions(dialect.title) for dialect, _ in urls]
    with LiveView(console, heard) as view:
        async with asyncio.TaskGroup() as tasks:
            for (dialect, url), captions in zip(urls, heard, strict=True):
                tasks.create_task(_stream(dialect, url, key, captions, view))
    return heard


async def _stream(dialect: Dialect, url: str, key: str, captions: Captions, view: LiveView) -> None:
    with resources.as_file(_recording()) as path:
        audio = sources.in_real_time(sources.media(path), sources.MEDIA_AUDIO)
        async with connect(url, key=key, dialect=dialect, config=_CONFIG) as session:
            session.send_all(audio)
            async for event in session:
                view.show(captions, event, sent_ms=session.sent_ms)


def _recording() -> Traversable:
    return resources.files("crossfade.cli") / "demo" / "speech.flac"


def _all_same(heard: Sequence[Captions]) -> bool:
    """Compare words as they sound; dialects differ in how they write them."""
    texts = [[word.text.casefold() for word in captions.words] for captions in heard]
    return bool(texts[0]) and all(text == texts[0] for text in texts)


def _tell(console: Console, urls: Sequence[tuple[Dialect, str]], key: str) -> None:
    for dialect, url in urls:
        console.rule(f"{dialect.title}   {url}")
        console.print(_snippet(dialect, url, key), highlight=False, markup=False, soft_wrap=True)
    console.rule()
    console.print(f"The key of this run: {key}", highlight=False)


def _page_link(server: Server, key: str) -> str:
    """Return the page's address with tokens behind the #, which browsers keep to themselves."""
    tokens = {
        dialect.name: server.service.authority.mint(
            key, scope=dialect.token_scope, ttl_s=min(_LINK_S, dialect.token_ttl_s[1])
        )
        for dialect, _ in websocket_urls(server)
    }
    return f"{page_url(server)}#{urlencode(tokens)}"


def _snippet(dialect: Dialect, url: str, key: str) -> str:
    """Return a program for this vendor's own client, as its folder has it."""
    text = resources.files("crossfade.dialects") / dialect.folder / "snippet.txt"
    server = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    return Template(text.read_text()).substitute(url=url, server=server, key=key)
