"""What a conformance case is: one claim of a protocol's reference, as seen from outside.

A vendor's folder holds its cases in ``conformance/`` and names them in its line of the register.
They speak raw frames to any endpoint, ours or a foreign one, through the ``Endpoint`` that
``crossfade.testing`` gives them; sockets and HTTP are its business. A case reads generously (more
fields than it knows are nobody's business) and checks exactly.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

if TYPE_CHECKING:  # the register is read where nobody should wait for numpy: ``--help``
    from crossfade.audio import Samples

Need = Literal["key", "wrong-key", "token", "sessions", "ears", "our-choice"]
"""What a foreign endpoint may not allow:

==============  ====================================================================================
``key``         a key is shown; without one the case is left out
``wrong-key``   wrong credentials are shown on purpose
``token``       temporary credentials are asked for, over HTTP
``sessions``    several sessions are open at once
``ears``        audio is decoded, which a backend with a script does not do
``our-choice``  the reference does not know what the vendor does, and says what we do
==============  ====================================================================================
"""

KEYED: frozenset[Need] = frozenset({"key", "wrong-key", "token"})
"""Cases that need one of these cannot be run without a key."""


class UnmetError(AssertionError):
    """The endpoint does something else. Neither text holds audio, words or keys.

    Attributes:
        expected: What the reference asks for.
        came: What was there instead.
    """

    def __init__(self, expected: str, came: str) -> None:
        super().__init__(f"expected {expected}; came {came}")
        self.expected = expected
        self.came = came


class UntestableError(Exception):
    """This endpoint gives a case nothing to judge; ``str`` says why. The case is skipped."""


class HungUpError(Exception):
    """The socket is closed."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"close {code}")
        self.code = code
        self.reason = reason


class TurnedAwayError(Exception):
    """The handshake was answered with an HTTP status instead of a socket."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class Socket(Protocol):
    """A WebSocket."""

    async def send(self, frame: str | bytes | Sequence[bytes]) -> None:
        """Send one message; a sequence is one binary message in fragments.

        Does nothing once the socket is closed: what the server said before is to be read.
        """

    async def receive(self) -> str | bytes:
        """Wait for the next message.

        Raises:
            HungUpError: If there is none.
        """

    async def ping(self) -> None:
        """Send a ping and wait for its pong.

        Raises:
            HungUpError: If the socket is closed before it comes.
        """


class Answer(Struct, frozen=True, kw_only=True):
    """What came back for an HTTP request."""

    status: int
    body: object
    """Decoded from JSON; ``None`` if it is none."""


class Endpoint(Protocol):
    """A server that is looked at, and what to look at it with."""

    @property
    def url(self) -> str:
        """Where sessions are opened, as the user typed it: scheme, host, perhaps a path."""

    @property
    def key(self) -> str | None:
        """A key that is good there."""

    @property
    def paced(self) -> bool:
        """Audio is to be sent at the speed of speech, also where no case asks for it."""

    @property
    def patience_s(self) -> float:
        """How long to wait for what should come at once."""

    @property
    def speech(self) -> "Samples":
        """Real speech in English, 16 kHz: a sentence from 0.6 to 6.1 s, one from 7.5 to 10.5 s."""

    def dial(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Socket]:
        """Open a socket; it is closed when the context is left.

        Raises:
            TurnedAwayError: If the endpoint refuses the handshake.
            UpstreamError: If it cannot be reached.
        """

    async def fetch(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """Make an HTTP request.

        Raises:
            UpstreamError: If the endpoint cannot be reached.
        """


class Case(Struct, frozen=True, kw_only=True):
    """One claim, and how to look whether it holds."""

    key: str
    """A topic and a name: ``start.second-start``. Unlike any other's of its protocol."""
    title: str
    """The claim, as one reads it in a table."""
    clause: str
    """The section of the protocol's reference that makes it: ``14.5``."""
    line: str | None = None
    """The line of the reference's checklist, where it has one: ``21.6``."""
    run: Callable[[Endpoint], Awaitable[None]]
    """Return if the claim holds.

    Raises:
        UnmetError: If it does not. ``HungUpError``, ``TurnedAwayError``, ``UpstreamError`` and
            ``TimeoutError`` mean the same.
        UntestableError: If that cannot be known here.
    """
    audio_s: float = 0.0
    """The most audio that it sends, or the time for which it holds a session open if that is
    longer: what a vendor may put on the bill."""
    needs: frozenset[Need] = frozenset()


def expect(claim: bool, expected: str, came: str) -> None:
    """Hold one claim.

    Args:
        claim: Whether it holds.
        expected: What the reference asks for.
        came: What was there, without audio, words or keys.

    Raises:
        UnmetError: If it does not hold.
    """
    if not claim:
        raise UnmetError(expected, came)
