"""Stream a recording, 16-bit mono, through LiveKit's AssemblyAI plugin, and print turns.

pip install livekit-plugins-assemblyai
python livekit_captions.py speech.wav ws://127.0.0.1:8765 YOUR_KEY

An agent takes the same plugin: AgentSession(stt=assemblyai.STT(base_url=..., api_key=...)).
"""

import asyncio
import sys
import wave

import aiohttp
from livekit import rtc
from livekit.agents import stt
from livekit.plugins import assemblyai


async def speak(recording, stream):
    rate = recording.getframerate()
    while data := recording.readframes(rate // 20):
        stream.push_frame(rtc.AudioFrame(data, rate, 1, len(data) // 2))
        await asyncio.sleep(0.05)
    stream.end_input()


async def main(recording, url, key):
    async with (
        aiohttp.ClientSession() as http,
        assemblyai.STT(api_key=key, base_url=url, http_session=http) as plugin,
        plugin.stream() as stream,
    ):
        speaking = asyncio.create_task(speak(recording, stream))
        async for event in stream:
            if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT:
                print(event.alternatives[0].text)
        await speaking


file, url, key = sys.argv[1:]
with wave.open(file) as recording:
    asyncio.run(main(recording, url, key))
