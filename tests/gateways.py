"""Gateways in tests: a server of ours in front, and one that speaks a vendor's dialect behind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import structs

from crossfade.client import Reconnect
from crossfade.dialects import DIALECTS
from crossfade.dialects.base import Dialect
from crossfade.gateway import Backend, UpstreamRecognizer
from crossfade.recognizers.base import Recognizer
from crossfade.server.keys import Keyring
from crossfade.server.run import Server, running_server

BY_NAME = {dialect.name: dialect for dialect in DIALECTS}
PAIRS = [(front, behind) for front in BY_NAME for behind in BY_NAME]
PAIR_IDS = [f"{front}-over-{behind}" for front, behind in PAIRS]


class Unpaced:
    """A dialect's client end that sends as fast as it can: a test has no time."""

    def __init__(self, end):
        self._end = end

    def __getattr__(self, name):
        return getattr(self._end, name)

    def audio_rules(self):
        return structs.replace(self._end.audio_rules(), paced=False)


def unpaced(dialect: Dialect) -> Dialect:
    return structs.replace(dialect, client=lambda: Unpaced(dialect.client()))


def backend(name: str, url: str, *, key: str | None = None, **more) -> Backend:
    return Backend(name="far", dialect=unpaced(BY_NAME[name]), url=url, key=key, **more)


@asynccontextmanager
async def gateway(
    far: Recognizer,
    behind: str,
    tmp_path,
    *,
    keyring: Keyring | None = None,
    key: str | None = None,
    reconnect: Reconnect | None = None,
    **more,
) -> AsyncIterator[tuple[Server, Server]]:
    """The server in front, and the one behind it that has the recognizer."""
    async with running_server(far, data_dir=tmp_path / "far", keyring=keyring) as behind_server:
        reached = backend(behind, behind_server.url, key=key, **more)
        options = {} if reconnect is None else {"reconnect": reconnect}
        recognizer = UpstreamRecognizer(reached, **options)
        async with running_server(recognizer, data_dir=tmp_path / "near") as front:
            yield front, behind_server
