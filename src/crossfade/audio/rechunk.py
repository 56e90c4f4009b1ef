"""Pieces of one size out of chunks of any size."""


class Rechunker:
    """Cuts a stream of bytes anew, into pieces of exactly ``chunk_bytes``."""

    def __init__(self, chunk_bytes: int) -> None:
        if chunk_bytes < 1:
            raise ValueError("chunk_bytes must be at least 1")
        self._chunk_bytes = chunk_bytes
        self._rest = b""

    def push(self, data: bytes) -> list[bytes]:
        """Return the pieces that are complete with these bytes, in order."""
        data = self._rest + data
        n_whole = len(data) - len(data) % self._chunk_bytes
        self._rest = data[n_whole:]
        return [data[i : i + self._chunk_bytes] for i in range(0, n_whole, self._chunk_bytes)]

    def flush(self) -> bytes:
        """Return what is left, shorter than a piece and perhaps nothing, and start anew."""
        rest, self._rest = self._rest, b""
        return rest
