"""Sessions that a gateway serves and records, with scripted backends."""

import asyncio

from crossfade.gateway.failover import FailoverRecognizer
from crossfade.gateway.shadow_files import ShadowFiles
from crossfade.gateway.shadowing import Shadows
from crossfade.model import (
    Audio,
    Encoding,
    Finish,
    RawAudio,
    SessionConfig,
    SilenceEndpointing,
)
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken

SCRIPT = spoken("Good morning, everybody.")
OTHER = spoken("Good mourning every body.")
SAMPLES = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
CONFIG = SessionConfig(
    language="en", audio=SAMPLES, endpointing=SilenceEndpointing(silence_ms=800), max_delay_ms=1500
)
CHUNK_BYTES = 3200
SILENCE = bytes(40 * CHUNK_BYTES)
"""Four seconds."""


async def record(folder, *, second=None, pcm=SILENCE, names=("first", "second"), **more):
    """Let a gateway serve one session, with a shadow; give the file of it."""
    before = set(folder.glob("*.jsonl"))
    shadowing = Shadows(
        names[1],
        second or ScriptedRecognizer(OTHER),
        ShadowFiles(folder, most_bytes=10**7),
        percent=100.0,
        **more,
    )
    gateway = FailoverRecognizer([(names[0], ScriptedRecognizer(SCRIPT))], shadows=shadowing)
    async with asyncio.timeout(10):
        await hear(gateway, pcm)
        while shadowing._alive:
            await asyncio.wait(list(shadowing._alive))
            await asyncio.sleep(0)
    [path] = set(folder.glob("*.jsonl")) - before
    return path


async def hear(gateway, pcm):
    stream = gateway.open(CONFIG)
    try:
        async with asyncio.TaskGroup() as group:

            async def feed():
                for start in range(0, len(pcm), CHUNK_BYTES):
                    await stream.feed(Audio(data=pcm[start : start + CHUNK_BYTES]))
                await stream.feed(Finish())

            group.create_task(feed())
            async for _ in stream.events():
                pass
    finally:
        await stream.aclose()
