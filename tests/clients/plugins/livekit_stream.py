"""Stream raw audio from stdin through LiveKit's AssemblyAI plugin; print its finals as JSON.

    python livekit_stream.py URL KEY MODEL BYTES_PER_S

BYTES_PER_S: 0 is as fast as it goes. The audio is 16-bit, 16 kHz.
"""

import asyncio
import json
import sys
import time

import aiohttp
from livekit import rtc
from livekit.agents import stt
from livekit.plugins import assemblyai

FRAME_BYTES = 1600


async def main(url: str, key: str, model: str, bytes_per_s: int) -> list[str]:
    audio = sys.stdin.buffer.read()
    async with (
        aiohttp.ClientSession() as http,
        assemblyai.STT(api_key=key, base_url=url, model=model, http_session=http) as plugin,
        plugin.stream() as stream,
    ):

        async def speak() -> None:
            start = time.monotonic()
            for at in range(0, len(audio), FRAME_BYTES):
                data = audio[at : at + FRAME_BYTES]
                if bytes_per_s:
                    due = start + (at + len(data)) / bytes_per_s
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                stream.push_frame(rtc.AudioFrame(data, 16_000, 1, len(data) // 2))
            stream.end_input()

        speaking = asyncio.create_task(speak())
        finals = [
            event.alternatives[0].text
            async for event in stream
            if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT
        ]
        await speaking
    return finals


if __name__ == "__main__":
    url, key, model, bytes_per_s = sys.argv[1:]
    json.dump(asyncio.run(main(url, key, model, int(bytes_per_s))), sys.stdout)
