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
        self._ahead = b""

    def peek(self, n_bytes: int) -> bytes:
        """Return the next ``n_bytes`` without reading them, fewer only at the end.

        Raises:
            ValueError: If ``n_bytes`` is more than ``PEEK_LIMIT_BYTES``.
        """
        if n_bytes > PEEK_LIMIT_BYTES:
            raise ValueError(f"{n_bytes} bytes are too many to look ahead")
        while len(self._ahead) < n_bytes:
            data = self._source.read(n_bytes - len(self._ahead))
            if not data:
                break
            self._ahead += data
        return self._ahead[:n_bytes]

    def read(self, n_bytes: int) -> bytes:
        """Return at most ``n_bytes``, at least one unless the end has come; may block."""
        if not self._ahead:
            return self._source.read(n_bytes)
        data, self._ahead = self._ahead[:n_bytes], self._ahead[n_bytes:]
        return data
