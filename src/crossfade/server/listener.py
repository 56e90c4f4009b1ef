"""uvicorn's server with our doors: several ports, TLS or not, one application behind them.

uvicorn itself listens on addresses that all speak TLS or all do not, gives a TLS handshake a
minute, and ends every WebSocket at the first signal. Everything else stays its business.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import cast

import uvicorn
from msgspec import Struct

from crossfade.server.accepting import Accepting
from crossfade.server.doors import Door
from crossfade.server.pieces import InPieces
from crossfade.server.request_wire import RequestProtocol
from crossfade.server.tls import Tls

_TICK_S = 1.0
"""Each wakes a server that has nothing to do: ten a second took 2 ms of CPU time a second."""

_TICKS_PER_RENEWAL = 10

_THEIR_TICKS = 10
"""uvicorn's own in one of ours: it writes a new date on every tenth."""

_LOOK_S = 0.01
"""Between two looks whether everybody has left: uvicorn's sets tell nobody."""


class Entrance(Struct, frozen=True, kw_only=True):
    """A door, and what is spoken there."""

    door: Door
    tls: Tls | None = None
    """``None``: plain."""
    courtesy_s: Callable[[], float] | None = None
    """See ``Accepting``."""


class Listener(uvicorn.Server):
    """Serves what its configuration says, at these entrances, until ``stop``."""

    def __init__(
        self, config: uvicorn.Config, entrances: Sequence[Entrance], *, request_s: float
    ) -> None:
        """Nothing listens yet.

        Args:
            config: What to serve, and how.
            entrances: Where. They are closed when the serving ends.
            request_s: How long a client may take for a request.
        """
        super().__init__(config)
        self._entrances = entrances
        self._request_s = request_s
        self._listens = asyncio.Event()
        self._ends = asyncio.Event()

    def stop(self) -> None:
        """End the serving, now and not with the next tick."""
        self.should_exit = True
        self._ends.set()

    async def run_here(self) -> None:
        """Serve."""
        sockets: list[socket.socket] = [entrance.door for entrance in self._entrances]
        await self.serve(sockets=sockets)

    async def ready(self, serving: asyncio.Task[None]) -> None:
        """Wait until connections are accepted, or raise what stopped ``serving``."""
        listens = asyncio.ensure_future(self._listens.wait())
        await asyncio.wait([listens, serving], return_when=asyncio.FIRST_COMPLETED)
        listens.cancel()
        if serving.done():
            serving.result()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to others: uvicorn would close every WebSocket before it was drained."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen at every entrance."""
        await self.lifespan.startup()
        self.servers = [self._listen(entrance) for entrance in self._entrances]
        self.started = True
        self._listens.set()

    async def main_loop(self) -> None:
        """Tick until told to stop."""
        for counter in count():
            if await self.on_tick(counter):
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self._ends.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in any more, close what is open, and wait until it is; then cut it off.

        uvicorn's own does the same, and waits for a tenth of a second before it looks.
        """
        for server in self.servers:
            server.close()
        state = self.server_state
        for connection in [*state.connections]:
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while state.connections or state.tasks:  # noqa: ASYNC110 (they tell nobody)
                    await asyncio.sleep(_LOOK_S)
        for task in [*state.tasks]:
            task.cancel()

    async def on_tick(self, counter: int) -> bool:
        """Look now and then whether a certificate was renewed."""
        if counter % _TICKS_PER_RENEWAL == 0:
            for entrance in self._entrances:
                if entrance.tls is not None:
                    entrance.tls.renew()
        return await super().on_tick(_THEIR_TICKS * counter)

    def _listen(self, entrance: Entrance) -> asyncio.base_events.Server:
        accepting = Accepting(
            entrance.door, entrance.tls, self._protocol, courtesy_s=entrance.courtesy_s
        )
        accepting.start()
        # uvicorn closes it and waits for that, nothing else.
        return cast("asyncio.base_events.Server", accepting)

    def _protocol(self) -> asyncio.BaseProtocol:
        requests = RequestProtocol(
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
            request_s=self._request_s,
        )
        return InPieces(requests, is_full=lambda: requests.flow.read_paused)
