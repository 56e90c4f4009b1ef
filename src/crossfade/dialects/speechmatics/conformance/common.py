"""What is asked of servers of this protocol and of the vendor's newer one alike.

``wire`` is how the protocol is spoken that a server is asked in.
"""

from collections.abc import Mapping, Sequence

from crossfade.dialects.cases import Endpoint, TurnedAwayError, UnmetError, expect
from crossfade.dialects.speechmatics.conformance.session import SECOND, Message, Wire, end_message

CLOSE_LIMIT_S = 15.0
"""Section 5: the server waits about 5 s for the client's close."""


async def opens(
    wire: type[Wire],
    endpoint: Endpoint,
    what: str,
    *,
    path: str | None = None,
    query: str = "",
    headers: Mapping[str, str] | None = None,
) -> None:
    """A session opens and ends; ``what`` is how it was asked for."""
    try:
        async with wire.dial(endpoint, path=path, query=query, headers=headers) as opened:
            await opened.start()
            await opened.finish()
    except TurnedAwayError as error:
        raise UnmetError(f"a session for {what}", str(error)) from None
    except UnmetError as error:
        raise UnmetError(f"{error.expected} for {what}", error.came) from None


async def is_elsewhere(wire: type[Wire], paths: Sequence[str], endpoint: Endpoint) -> None:
    """There is nothing at these paths."""
    for path in paths:
        try:
            async with wire.dial(endpoint, path=path):
                raise UnmetError(f"HTTP 404 at {path}", "a socket")
        except TurnedAwayError as error:
            expect(error.status == 404, f"HTTP 404 at {path}", str(error))


async def refused(
    wire: type[Wire], endpoint: Endpoint, start: Message, kind: str, code: int
) -> None:
    """Nothing can be started so."""
    async with wire.dial(endpoint) as opened:
        await opened.say(start)
        await opened.fails(kind, code)


async def hears_nothing_before_the_start(
    wire: type[Wire], messages: Sequence[Message | bytes], endpoint: Endpoint
) -> None:
    """None of these messages can be the first."""
    for first in messages:
        async with wire.dial(endpoint) as opened:
            await opened.say(first)
            await opened.fails("protocol_error", 1003)


async def takes_no_nonsense(
    wire: type[Wire], messages: Sequence[Message | str], endpoint: Endpoint
) -> None:
    """These are no messages, in a session."""
    for message in messages:
        async with wire.dial(endpoint) as opened:
            await opened.start()
            await opened.say(message)
            await opened.fails("invalid_message", 1003)


async def drops_late_audio(wire: type[Wire], endpoint: Endpoint) -> None:
    """Audio behind the end of the stream."""
    async with wire.dial(endpoint) as opened:
        await opened.start()
        await opened.say(SECOND, end_message(), SECOND, SECOND)
        await opened.hear("EndOfTranscript")
        n_added = len(opened.of("AudioAdded"))
        expect(n_added == 1, "no AudioAdded for late audio", f"{n_added - 1}")
        warnings = [message.get("type") for message in opened.of("Warning")]
        claim = warnings in ([], ["add_audio_after_eos"])
        expect(claim, "one Warning add_audio_after_eos at most", f"{len(warnings)} of them")


async def closes(wire: type[Wire], endpoint: Endpoint) -> None:
    """A client that does not close after the last message."""
    async with wire.dial(endpoint) as opened:
        await opened.start()
        await opened.finish()
        before = len(opened.heard)
        closed = await opened.hear_all(within_s=CLOSE_LIMIT_S)
        expect(len(opened.heard) == before, "nothing after EndOfTranscript", opened.told())
        expect(closed.code == 1000, "close 1000", str(closed))


def count(wire: Wire, n_messages: int) -> None:
    """Each message with audio was acknowledged, once and in order."""
    numbers = [message["seq_no"] for message in wire.of("AudioAdded")]
    wanted = list(range(1, n_messages + 1))
    came = f"{len(numbers)}, {'' if numbers == sorted(set(numbers)) else 'not '}rising"
    expect(numbers == wanted, f"AudioAdded 1 to {n_messages}", came)
