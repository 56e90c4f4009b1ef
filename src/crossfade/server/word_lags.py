"""How late words are, from the socket's side: positions and times only, no sockets, no words.

A word's lag begins when the audio that holds its end came in, and ends when the word is about to
go out. So a client that sends ahead of time, or reads late, does not make the server look slow.
"""

from collections import deque

from crossfade.model import Final, Partial

MOST_CHUNKS = 1024
"""Chunks whose arrival is remembered: 20 s of the shortest that are usual, in about 100 KB. The lag
of words that lie before them is at least that of the oldest, and counted so."""


class WordLags:
    """One channel of one session."""

    def __init__(self, bytes_per_s: int) -> None:
        """Start with no audio; ``bytes_per_s``: of raw audio, whose positions can be counted."""
        self._bytes_per_s = bytes_per_s
        self._n_bytes = 0
        self._arrivals: deque[tuple[int, float]] = deque(maxlen=MOST_CHUNKS)
        self._shown_ms = 0

    def heard(self, n_bytes: int, *, now_s: float) -> None:
        """Note a chunk that came in."""
        self._n_bytes += n_bytes
        self._arrivals.append((self._n_bytes * 1000 // self._bytes_per_s, now_s))

    def shown(self, partial: Partial, *, now_s: float) -> list[float]:
        """Lags, in seconds, of the words that nobody has seen before."""
        lags = []
        for word in partial.words:
            # By its middle: a hypothesis moves the borders of words that it has shown before.
            if word.start_ms + word.end_ms > 2 * self._shown_ms:
                lags.append(self._lag_s(word.end_ms, now_s))
                self._shown_ms = word.end_ms
        return lags

    def settled(self, final: Final, *, now_s: float) -> list[float]:
        """Lags, in seconds, of words that are final now."""
        lags = [self._lag_s(word.end_ms, now_s) for word in final.words]
        if final.words:
            self._forget(final.words[-1].end_ms)
        return lags

    def _lag_s(self, at_ms: int, now_s: float) -> float:
        came_s = now_s
        for end_ms, arrived_s in reversed(self._arrivals):
            if end_ms < at_ms:
                break
            came_s = arrived_s
        return now_s - came_s

    def _forget(self, until_ms: int) -> None:
        """Drop the arrivals that no later word can ask for."""
        self._shown_ms = max(self._shown_ms, until_ms)
        while self._arrivals and self._arrivals[0][0] < until_ms:
            self._arrivals.popleft()
