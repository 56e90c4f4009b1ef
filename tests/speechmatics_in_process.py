"""What the embedded recognizer says to a Speechmatics client's frames without any server."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from msgspec.structs import replace

from crossfade.dialects.base import DialectSettings, Frame
from crossfade.dialects.speechmatics.server import SpeechmaticsServer
from crossfade.model import Audio, Final, Finish, ForceTurn, InChannel, Start
from crossfade.recognizers.base import Recognizer

Words = dict[str, list[str]]
"""Final words in order, by channel; "" where there are none."""


async def words_in_process(recognizer: Recognizer, said: Iterable[Frame]) -> Words:
    """Feed what a client said to plain streams, one a channel, and collect their final words."""
    dialect = SpeechmaticsServer(DialectSettings())
    commands = [command for frame in said for command in dialect.receive(frame)]
    start = next(command for command in commands if isinstance(command, Start))
    of_channel: dict[str, list[Audio | ForceTurn | Finish]] = defaultdict(list)
    for command in commands:
        if isinstance(command, InChannel):
            of_channel[command.channel].append(command.command)
        elif isinstance(command, Audio | ForceTurn):
            of_channel[""].append(command)
    return {
        channel: await _words(recognizer, start, commands)
        for channel, commands in of_channel.items()
    }


async def _words(
    recognizer: Recognizer, start: Start, commands: list[Audio | ForceTurn | Finish]
) -> list[str]:
    stream = recognizer.open(replace(start.config, channels=()))

    async def feed() -> None:
        for command in [*commands, Finish()]:
            await stream.feed(command)

    try:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(feed())
            finals = [event async for event in stream.events() if isinstance(event, Final)]
    finally:
        await stream.aclose()
    return [word.text for final in finals for word in final.words]
