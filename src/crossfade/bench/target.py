"""Who can be measured: anything that hears streams of audio and gives events.

The seam of this room. The embedded recognizer and any server behind a socket stand behind it, and
so can other engines, to be put under the same load on the same machine.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from crossfade.model import Event, SessionConfig


class Conversation(Protocol):
    """One stream. ``events`` belongs to one task, everything else to another."""

    async def send(self, chunk: bytes) -> None:
        """Take audio in the format of the session's configuration.

        Raises:
            CrossfadeError: If the session is over.
        """

    async def force_turn(self) -> None:
        """Take the wish that the open turn ends here, behind the audio sent so far."""

    async def finish(self) -> None:
        """Take the end of the audio."""

    def events(self) -> AsyncIterator[Event]:
        """Yield what is heard, as soon as it is known, until the last word.

        Raises:
            CrossfadeError: If the session failed.
        """


class Target(Protocol):
    """What is being measured."""

    @property
    def name(self) -> str:
        """As a table names it."""

    @property
    def dialect(self) -> str | None:
        """The protocol in between; ``None``: none, it runs in this process."""

    def session(self, config: SessionConfig) -> AbstractAsyncContextManager[Conversation]:
        """Open a stream.

        Raises:
            CrossfadeError: If there is no room for it, or it cannot be as it is wanted.
        """

    def cpu_s(self) -> float | None:
        """CPU time that the engine has used so far; ``None``: that cannot be seen from here."""

    async def model_cpu_s(self) -> float | None:
        """What of it went into its networks; ``None``: it does not tell."""
