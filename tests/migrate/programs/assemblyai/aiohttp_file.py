"""A file as if it were a microphone: ``aiohttp``, one socket, two coroutines.

python aiohttp_file.py speech.wav
"""

import asyncio
import os
import sys
import wave

import aiohttp

URL = os.environ.get("ASSEMBLYAI_URL", "wss://streaming.eu.assemblyai.com/v3/ws")
HEADERS = {"Authorization": os.environ["ASSEMBLYAI_API_KEY"]}


async def speak(ws, recording):
    rate = recording.getframerate()
    while block := recording.readframes(rate // 20):
        await ws.send_bytes(block)
        await asyncio.sleep(0.05)
    await ws.send_json({"type": "Terminate"})


async def main(path):
    with wave.open(path) as recording:
        params = {
            "sample_rate": str(recording.getframerate()),
            "encoding": "pcm_s16le",
            "speech_model": "universal-3-5-pro",
            "mode": "max_accuracy",
            "include_partial_turns": "false",
            "filter_profanity": "true",
        }
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(URL, params=params, headers=HEADERS) as ws,
        ):
            speaking = asyncio.create_task(speak(ws, recording))
            async for frame in ws:
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    break
                message = frame.json()
                match message["type"]:
                    case "Begin":
                        print(f"session {message['id']}", file=sys.stderr)
                    case "Turn" if message["end_of_turn"]:
                        print(message["transcript"], flush=True)
                    case "Error":
                        raise SystemExit(message["error"])
                    case "Termination":
                        break
            await speaking


asyncio.run(main(sys.argv[1]))
