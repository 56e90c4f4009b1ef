"""Reads a connection in small pieces: a client that floods us takes its own turn, not everybody's.

An event loop reads up to 256 KiB at once. As frames of nothing, pings, or chunks of a body that is
43,000 of them, and nobody else is heard until all of them are taken apart. What is not read yet
waits in the system's buffers, and slows its sender down.
"""

import asyncio
from collections.abc import Callable
from typing import cast

PIECE_BYTES = 4096 + 64
"""Some milliseconds of work at most; a usual chunk of live audio fits in, with its frame's head."""


class InPieces(asyncio.BufferedProtocol):
    """Gives a protocol what comes, one piece in each turn of the event loop."""

    def __init__(
        self,
        protocol: asyncio.Protocol,
        *,
        is_full: Callable[[], bool],
        transport: asyncio.Transport | None = None,
    ) -> None:
        """Stand before a protocol.

        Args:
            protocol: Takes the pieces.
            is_full: Whether it wants no more at the moment, and has paused its transport.
            transport: Where it has been connected already.
        """
        self._protocol = protocol
        self._is_full = is_full
        self._transport = transport
        self._piece = memoryview(bytearray(PIECE_BYTES))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.BaseProtocol``; so all the others."""
        self._transport = cast("asyncio.Transport", transport)
        self._protocol.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on."""
        self._protocol.connection_lost(exc)

    def eof_received(self) -> bool | None:
        """Pass on."""
        return self._protocol.eof_received()

    def pause_writing(self) -> None:
        """Pass on."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Pass on."""
        self._protocol.resume_writing()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Say where to read to."""
        return self._piece

    def buffer_updated(self, nbytes: int) -> None:
        """Pass a piece on; where more waits behind it, let others go first.

        libuv would read on, up to 32 times.
        """
        self._protocol.data_received(bytes(self._piece[:nbytes]))
        if nbytes == PIECE_BYTES and self._may_read:
            self._connected.pause_reading()
            asyncio.get_running_loop().call_soon(self._read_on)

    def _read_on(self) -> None:
        if self._may_read:
            self._connected.resume_reading()

    @property
    def _may_read(self) -> bool:
        return not (self._connected.is_closing() or self._is_full())

    @property
    def _connected(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport
