"""A look at the first bytes of a stream that can be read only once."""

from typing import Final, Protocol

PEEK_LIMIT_BYTES: Final = 2**20
"""How far ahead anybody may look."""


class Readable(Protocol):
    """Anything with ``read``: an open file, a pipe, standard input."""

    def read(self, n_bytes: int, /) -> bytes:
        """Return at most ``n_bytes``, at least one unless the end has come; may block."""


class PeekingReader:
    """Reads a stream, and lets the bytes that come next be seen before they are read."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._ahead = bytearray()

    def peek(self, n_bytes: int, *, at: int = 0) -> bytes:
        """Return ``n_bytes`` from position ``at`` on without reading them, fewer only at the end.

        What it costs does not grow with ``at``: a megabyte of headers is looked at in little steps.

        Raises:
            ValueError: If that reaches further than ``PEEK_LIMIT_BYTES``.
        """
        end = at + n_bytes
        if end > PEEK_LIMIT_BYTES:
            raise ValueError(f"{end} bytes are too many to look ahead")
        while len(self._ahead) < end:
            data = self._source.read(end - len(self._ahead))
            if not data:
                break
            self._ahead += data
        return bytes(self._ahead[at:end])

    def read(self, n_bytes: int) -> bytes:
        """Return at most ``n_bytes``, at least one unless the end has come; may block."""
        if not self._ahead:
            return self._source.read(n_bytes)
        data = bytes(self._ahead[:n_bytes])
        del self._ahead[:n_bytes]
        return data
