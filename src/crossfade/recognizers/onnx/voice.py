"""Where a voice begins and where it stops, from speech probabilities alone: no words, no turns."""

from crossfade.model import VoiceStarted, VoiceStopped

HANGOVER_MS = 100
"""Quiet for so long is the end of a voice; the gaps between syllables are shorter."""


class VoiceEdges:
    """Hears window after window. What it tells is where an edge is, not when it was sure of it."""

    def __init__(self, *, on: float, off: float, onset_windows: int) -> None:
        """Start in silence.

        Args:
            on: A voice begins with windows above this probability ...
            off: ... and goes on with those above this one, which is lower.
            onset_windows: How many in a row make a beginning.
        """
        self.on, self.off = on, off
        self._onset_windows = onset_windows
        self._is_on = False
        self._n_above = 0
        self._onset_ms = 0
        self._last_ms = 0

    def hear(self, speech: float, start_ms: int, end_ms: int) -> VoiceStarted | VoiceStopped | None:
        """Take the probability of speech in one window; returns the edge that it reveals."""
        if self._is_on:
            return self._go_on(speech, end_ms)
        if speech <= self.on:
            self._n_above = 0
            return None
        if not self._n_above:
            self._onset_ms = start_ms
        self._n_above += 1
        if self._n_above < self._onset_windows:
            return None
        self._is_on = True
        self._last_ms = end_ms
        return VoiceStarted(at_ms=self._onset_ms)

    def finish(self) -> VoiceStopped | None:
        """The audio is over, and with it the voice, if one was heard."""
        if not self._is_on:
            return None
        self._is_on = False
        self._n_above = 0
        return VoiceStopped(at_ms=self._last_ms)

    def _go_on(self, speech: float, end_ms: int) -> VoiceStopped | None:
        if speech > self.off:
            self._last_ms = end_ms
        return self.finish() if end_ms - self._last_ms >= HANGOVER_MS else None
