"""The retired API, v2, on a bare socket: audio in base64 inside JSON. Its servers are gone.

python raw_realtime_v2.py speech.wav
"""

import asyncio
import base64
import json
import os
import sys
import wave

import websockets

URL = "wss://api.assemblyai.com/v2/realtime/ws?sample_rate=16000&word_boost=%5B%22Crossfade%22%5D"


async def speak(ws, recording):
    while data := recording.readframes(1600):
        await ws.send(json.dumps({"audio_data": base64.b64encode(data).decode("utf-8")}))
        await asyncio.sleep(0.1)
    await ws.send(json.dumps({"terminate_session": True}))


async def main(path):
    with wave.open(path) as recording:
        async with websockets.connect(
            os.environ.get("ASSEMBLYAI_URL", URL),
            additional_headers={"Authorization": os.environ["ASSEMBLYAI_API_KEY"]},
            ping_interval=5,
            ping_timeout=20,
        ) as ws:
            speaking = asyncio.create_task(speak(ws, recording))
            async for frame in ws:
                message = json.loads(frame)
                if message["message_type"] == "FinalTranscript":
                    print(message["text"], flush=True)
                elif message["message_type"] == "SessionTerminated":
                    break
            await speaking


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
