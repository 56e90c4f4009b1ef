"""What an engine has to be, to be put under our load."""

from typing import Protocol

from crossfade.audio import Samples
from crossfade.bench.peers.wire import HeardWord
from crossfade.errors import CrossfadeError


class MissingEngineError(CrossfadeError):
    """The engine's package or its model is not here; the sentence says what to do."""


class EngineStream(Protocol):
    """One stream. Belongs to one thread at a time."""

    def hear(
        self, samples: Samples, *, last: bool
    ) -> tuple[tuple[HeardWord, ...], tuple[HeardWord, ...]]:
        """Take audio and give the words that are new and settled, and those that are open.

        Args:
            samples: Mono float32, shape (n_samples,), 16 kHz: all that came since the last call.
            last: No more audio follows.
        """

    def close(self) -> None:
        """Let go of everything."""


class Engine(Protocol):
    """Loaded once a process; its streams are used by several threads at once."""

    @property
    def version(self) -> str:
        """Of its package."""

    @property
    def model(self) -> str:
        """Which model it uses, as a table names it."""

    @property
    def interval_s(self) -> float:
        """Audio between two updates of a stream, where the machine keeps up."""

    def open(self) -> EngineStream:
        """Begin a stream."""
