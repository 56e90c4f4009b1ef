"""Stream a 16-bit mono WAV file at the speed of speech: asyncio and ``websockets``.

python asyncio_websockets.py speech.wav
"""

import asyncio
import json
import os
import sys
import wave
from urllib.parse import urlencode

import websockets

BASE_URL = os.environ.get("ASSEMBLYAI_URL", "wss://streaming.assemblyai.com/v3/ws")
API_KEY = os.environ["ASSEMBLYAI_API_KEY"]

CHUNK_S = 0.1


async def send_audio(ws, recording):
    """Send the file, 100 ms at a time."""
    while data := recording.readframes(int(recording.getframerate() * CHUNK_S)):
        await ws.send(data)
        await asyncio.sleep(CHUNK_S)
    await ws.send(json.dumps({"type": "Terminate"}))


async def main(path):
    """Print turns as they end."""
    with wave.open(path) as recording:
        params = {
            "sample_rate": recording.getframerate(),
            "speech_model": "universal-streaming-english",
            "format_turns": "true",
            "end_of_turn_confidence_threshold": 0.7,
            "min_turn_silence": 160,
            "max_turn_silence": 2400,
        }
        async with websockets.connect(
            f"{BASE_URL}?{urlencode(params)}", additional_headers={"Authorization": API_KEY}
        ) as ws:
            sender = asyncio.create_task(send_audio(ws, recording))
            async for frame in ws:
                message = json.loads(frame)
                if message["type"] == "Turn":
                    if message["end_of_turn"] and message["turn_is_formatted"]:
                        print(message["transcript"], flush=True)
                elif message["type"] == "Termination":
                    break
                elif message["type"] == "Error":
                    sys.exit(message["error"])
            await sender


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
