"""An agent and a caller on channels of their own: asyncio and ``websockets``.

python multichannel.py agent.wav caller.wav
"""

import asyncio
import base64
import json
import os
import sys
import wave

from websockets.asyncio.client import connect

LABELS = ["agent", "caller"]


async def speak(ws, label, path):
    """Send one channel, 50 ms at a time."""
    sent = 0
    with wave.open(path) as recording:
        while data := recording.readframes(recording.getframerate() // 20):
            message = {
                "message": "AddChannelAudio",
                "channel": label,
                "data": base64.b64encode(data).decode(),
            }
            await ws.send(json.dumps(message))
            sent += 1
            await asyncio.sleep(0.05)
    await ws.send(json.dumps({"message": "EndOfChannel", "channel": label, "last_seq_no": sent}))


async def main(paths):
    url = os.environ.get("SPEECHMATICS_URL", "wss://eu2.rt.speechmatics.com/v2")
    headers = {"Authorization": f"Bearer {os.environ['SPEECHMATICS_API_KEY']}"}
    async with connect(url, additional_headers=headers) as ws, asyncio.TaskGroup() as tasks:
        start = {
            "message": "StartRecognition",
            "audio_format": {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16000},
            "transcription_config": {
                "language": "en",
                "diarization": "channel",
                "channel_diarization_labels": LABELS,
            },
        }
        await ws.send(json.dumps(start))
        async for frame in ws:
            message = json.loads(frame)
            if message["message"] == "RecognitionStarted":
                for label, path in zip(LABELS, paths, strict=True):
                    tasks.create_task(speak(ws, label, path))
            elif message["message"] == "AddTranscript":
                text = message["metadata"]["transcript"].strip()
                if text:
                    print(f"{message['channel']}: {text}", flush=True)
            elif message["message"] == "Error":
                raise RuntimeError(message["reason"])
            elif message["message"] == "EndOfTranscript":
                break


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:3]))
