"""Frames over ASGI, where the listener misbehaves in the ways that listeners do."""

import pytest

from crossfade.server.socket import ClientGone, Socket


class ScriptedListener:
    """Gives the messages that it is told to; keeps what it is given, or raises."""

    takes = "websocket.accept"
    """What does not fail."""

    def __init__(self, *messages, fails_with: Exception | None = None, extensions=()):
        self.messages = [{"type": "websocket.connect"}, *messages]
        self.fails_with = fails_with
        self.given = []
        self.scope = {"type": "websocket", "headers": [], "extensions": dict.fromkeys(extensions)}

    async def receive(self):
        return self.messages.pop(0)

    async def send(self, message):
        if self.fails_with is not None and message["type"] != self.takes:
            raise self.fails_with
        self.given.append(message)

    def socket(self) -> Socket:
        return Socket(self.scope, self.receive, self.send)


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(BrokenPipeError(), id="connection-lost"),
        pytest.param(RuntimeError("after sending 'websocket.close'"), id="closed-by-the-listener"),
    ],
)
async def test_a_frame_that_nobody_takes_means_that_the_client_is_gone(failure):
    socket = ScriptedListener(fails_with=failure).socket()
    await socket.accept({})
    with pytest.raises(ClientGone):
        await socket.send("hello")
    with pytest.raises(ClientGone):
        await socket.close(1000, "")


async def test_who_does_not_wait_for_the_handshake_is_gone():
    listener = ScriptedListener(fails_with=BrokenPipeError())
    listener.takes = None
    with pytest.raises(ClientGone):
        await listener.socket().accept({})


@pytest.mark.parametrize(("code", "said"), [(1001, 1001), (None, 1005), (1005, 1005)])
async def test_the_end_of_frames_carries_the_clients_close_code(code, said):
    socket = ScriptedListener({"type": "websocket.disconnect", "code": code}).socket()
    await socket.accept({})
    for expected in (said, 1006):  # asking again is no bug
        with pytest.raises(ClientGone) as gone:
            await socket.receive()
        assert gone.value.code == expected


async def test_frames_keep_their_kind_also_when_empty():
    listener = ScriptedListener(
        {"type": "websocket.receive", "text": ""},
        {"type": "websocket.receive", "bytes": b""},
        {"type": "websocket.receive", "text": None, "bytes": b"x"},
        {"type": "websocket.receive", "text": "x", "bytes": None},
    )
    socket = listener.socket()
    await socket.accept({"request-id": "7"})
    assert [await socket.receive() for _ in range(4)] == ["", b"", b"x", "x"]
    await socket.send("text")
    await socket.send(b"data")
    assert listener.given[0]["headers"] == [(b"request-id", b"7")]
    assert (listener.given[1]["text"], listener.given[2]["bytes"]) == ("text", b"data")


@pytest.mark.parametrize(
    ("extensions", "kind"),
    [
        (["websocket.http.response"], "websocket.http.response.start"),
        ([], "websocket.close"),
    ],
)
async def test_a_handshake_is_rejected_as_well_as_the_listener_can(extensions, kind):
    listener = ScriptedListener(extensions=extensions)
    await listener.socket().reject(401, "{}")
    assert listener.given[0]["type"] == kind
