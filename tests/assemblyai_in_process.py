"""What a recognizer says to an AssemblyAI client's frames without any server."""

import asyncio
import json
import time
import uuid
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from assemblyai_schema import check
from assemblyai_wire import Message
from crossfade.dialects.assemblyai import DIALECT
from crossfade.dialects.base import DialectSettings, Frame, Handshake
from crossfade.model import (
    Audio,
    Event,
    Finish,
    ForceTurn,
    Reconfigure,
    SessionEnded,
    SessionStarted,
    Start,
)
from crossfade.recognizers.base import Recognizer

FeedCommand = Audio | ForceTurn | Reconfigure | Finish


async def said_in_process(
    recognizer: Recognizer, path: str, said: Iterable[Frame]
) -> list[Message]:
    """Feed what a client said to a plain stream, and put what is heard into messages.

    Args:
        recognizer: One that has been started.
        path: Where the client connected, with its query.
        said: Its frames; the end of the audio comes after them by itself.
    """
    dialect = DIALECT.server(DialectSettings())
    parts = urlsplit(path)
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    [start] = dialect.open(Handshake(path=parts.path, query=query))
    assert isinstance(start, Start)
    commands = [command for frame in said for command in dialect.receive(frame)]
    messages: list[Message] = []

    def hear(event: Event) -> None:
        for frame in dialect.send(event):
            if isinstance(frame, str):
                check(frame)
                messages.append(json.loads(frame))

    started_at = int(time.time())
    hear(SessionStarted(session_id=str(uuid.uuid4()), language="en", started_at=started_at))
    stream = recognizer.open(start.config)

    async def feed() -> None:
        for command in (*commands, Finish()):
            if isinstance(command, FeedCommand):
                await stream.feed(command)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(feed())
            async for event in stream.events():
                hear(event)
        hear(SessionEnded(audio_ms=stream.audio_ms, session_ms=0))
    finally:
        await stream.aclose()
    return messages
