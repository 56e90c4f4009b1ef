"""When audio may leave: arithmetic only, the clock is the caller's."""

CATCH_UP_S = 1.0
"""A sender that fell behind may run ahead of real time by this much, to catch up."""


class Pacer:
    """Holds audio back so that it leaves no faster than it would be spoken."""

    def __init__(self) -> None:
        self._due_s: float | None = None

    def wait_s(self, audio_s: float, *, now_s: float) -> float:
        """Return how long to wait before a chunk may leave; counts the chunk as sent.

        Args:
            audio_s: Length of the chunk.
            now_s: A clock that never goes back.
        """
        due_s = now_s if self._due_s is None else max(self._due_s, now_s - CATCH_UP_S)
        self._due_s = due_s + audio_s
        return max(0.0, due_s - now_s)
