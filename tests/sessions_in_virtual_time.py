"""A whole session of the server, without a network, on a clock that jumps."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl, urlsplit

from crossfade.dialects.base import DialectSettings, Handshake
from crossfade.recognizers.scripted import ScriptedRecognizer
from crossfade.server.keys import Keyring
from crossfade.server.run import Server, ServerConfig
from crossfade.server.session import Session
from fake_socket import FakeSocket


@asynccontextmanager
async def session(dialect, *, url="/", script=(), settings=None, recognizer=None, **config):
    """Run a session; gives its socket and its server. It has to be over in the end."""
    parts = urlsplit(url)
    with TemporaryDirectory() as folder:
        data_dir = Path(folder)
        server = Server(
            ServerConfig(data_dir=data_dir, no_auth=True, **config),
            recognizer or ScriptedRecognizer(script),
            Keyring(data_dir / "keys.json"),
        )
        server.service.slots.total = 9
        socket = FakeSocket()
        running = asyncio.ensure_future(
            Session(
                socket,
                dialect.server(settings or DialectSettings()),
                dialect_name=dialect.name,
                handshake=Handshake(
                    path=parts.path, query=tuple(parse_qsl(parts.query, keep_blank_values=True))
                ),
                service=server.service,
            ).run()
        )
        yield socket, server
        await running
        assert server.service.slots.taken == 0
        assert server.service.sessions.open == {}
