"""When audio may leave: arithmetic only, the clock is the caller's."""

HEAD_START_S = 0.25
"""For live audio: longer than the chunks in which it usually comes."""

CATCH_UP_S = 1.0
"""A sender that fell behind may run ahead of real time by this much, to catch up."""


class Pacer:
    """Holds audio back so that it leaves no faster than it would be spoken."""

    def __init__(
        self, *, late_s: float = 0.0, catch_up: float = 1.0, head_start_s: float = 0.0
    ) -> None:
        """Begin.

        Args:
            head_start_s: So much may leave at once: a chunk that comes from a microphone was spoken
                before, so its pieces need not wait for each other.
            late_s: How far behind real time the audio is, after an outage.
            catch_up: How many times real time it may leave until that is made good.
        """
        self._due_s: float | None = None
        self._head_start_s = head_start_s
        self._late_s = late_s if catch_up > 1 else 0.0
        self._catch_up = catch_up

    def wait_s(self, audio_s: float, *, now_s: float) -> float:
        """Return how long to wait before a chunk may leave; counts the chunk as sent.

        Args:
            audio_s: Length of the chunk.
            now_s: A clock that never goes back.
        """
        if self._due_s is None:
            self._due_s = now_s - self._head_start_s
        due_s = max(self._due_s, now_s - CATCH_UP_S)
        takes_s = audio_s if self._late_s <= 0 else audio_s / self._catch_up
        self._late_s -= audio_s - takes_s
        self._due_s = due_s + takes_s
        return max(0.0, due_s - now_s)
