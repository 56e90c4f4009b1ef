"""How late a side of a shadowed session is: positions and times only."""

from collections import deque

from crossfade.model import AudioFormat, Final, Partial, RawAudio

MOST_CHUNKS = 4096
"""Chunks whose arrival is remembered; words that lie before them have no lag."""


class Arrivals:
    """When audio came in; one for both sides."""

    def __init__(self, audio: AudioFormat) -> None:
        self._bytes_per_s: int | None = None
        if isinstance(audio, RawAudio):
            self._bytes_per_s = audio.sample_rate_hz * audio.encoding.sample_bytes
        self._n_bytes = 0
        self._marks: deque[tuple[int, float]] = deque(maxlen=MOST_CHUNKS)

    @property
    def audio_ms(self) -> int:
        """Audio so far; 0 where that cannot be known."""
        return 0 if self._bytes_per_s is None else self._n_bytes * 1000 // self._bytes_per_s

    def heard(self, n_bytes: int, *, now_s: float) -> None:
        """Note a chunk."""
        self._n_bytes += n_bytes
        if self._bytes_per_s is not None:
            self._marks.append((self.audio_ms, now_s))

    def lag_ms(self, at_ms: int, *, now_s: float) -> int | None:
        """Return the time since the audio at a position came in; ``None``: that is not known."""
        came_s = None
        for end_ms, arrived_s in reversed(self._marks):
            if end_ms < at_ms:
                break
            came_s = arrived_s
        return None if came_s is None else max(0, round(1000 * (now_s - came_s)))


class FirstSights:
    """When the words of one side were seen first, as lags."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._seen: dict[str, list[tuple[int, int | None]]] = {}  # by letters: place, lag

    def shown(self, partial: Partial, *, now_s: float) -> None:
        """Note what a hypothesis shows."""
        for word in partial.words:
            places = self._seen.setdefault(_letters(word.text), [])
            if not any(_is_same(word.start_ms, word.end_ms, at_ms) for at_ms, _ in places):
                lag_ms = self._arrivals.lag_ms(word.end_ms, now_s=now_s)
                places.append(((word.start_ms + word.end_ms) // 2, lag_ms))

    def settled(self, final: Final, *, now_s: float) -> list[int | None]:
        """Return the lag of the first sight of each word, and forget what lies behind."""
        lags = [
            next(
                (
                    lag_ms
                    for at_ms, lag_ms in self._seen.get(_letters(word.text), ())
                    if _is_same(word.start_ms, word.end_ms, at_ms)
                ),
                self._arrivals.lag_ms(word.end_ms, now_s=now_s),
            )
            for word in final.words
        ]
        self._forget(final.through_ms)
        return lags

    def _forget(self, until_ms: int) -> None:
        ahead = {
            letters: kept
            for letters, places in self._seen.items()
            if (kept := [place for place in places if place[0] > until_ms])
        }
        self._seen = ahead


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _is_same(start_ms: int, end_ms: int, at_ms: int) -> bool:
    """Whether the middle of a word that was seen is near enough to be this one's."""
    return start_ms - _DRIFT_MS <= at_ms <= end_ms + _DRIFT_MS


_DRIFT_MS = 150
"""A hypothesis may place a word this far from where the final has it."""
