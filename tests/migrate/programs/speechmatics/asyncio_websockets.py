"""Stream a 16-bit mono WAV file at the speed of speech: asyncio and ``websockets``.

python asyncio_websockets.py speech.wav
"""

import asyncio
import json
import os
import sys
import wave

import websockets

URL = os.environ.get("SPEECHMATICS_URL", "wss://eu2.rt.speechmatics.com/v2")
API_KEY = os.environ["SPEECHMATICS_API_KEY"]

CHUNK_S = 0.1


async def send_audio(ws, recording, started):
    """Send the file, 100 ms at a time."""
    await started.wait()
    sent = 0
    while data := recording.readframes(int(recording.getframerate() * CHUNK_S)):
        await ws.send(data)
        sent += 1
        await asyncio.sleep(CHUNK_S)
    await ws.send(json.dumps({"message": "EndOfStream", "last_seq_no": sent}))


async def main(path):
    """Print final words as they come."""
    with wave.open(path) as recording:
        config = {
            "message": "StartRecognition",
            "audio_format": {
                "type": "raw",
                "encoding": "pcm_s16le",
                "sample_rate": recording.getframerate(),
            },
            "transcription_config": {
                "language": "en",
                "operating_point": "enhanced",
                "enable_partials": False,
                "max_delay": 1.5,
                "conversation_config": {"end_of_utterance_silence_trigger": 0.7},
            },
        }
        started = asyncio.Event()
        async with websockets.connect(
            URL, additional_headers={"Authorization": f"Bearer {API_KEY}"}
        ) as ws:
            await ws.send(json.dumps(config))
            sender = asyncio.create_task(send_audio(ws, recording, started))
            async for frame in ws:
                message = json.loads(frame)
                if message["message"] == "RecognitionStarted":
                    started.set()
                elif message["message"] == "AddTranscript":
                    print(message["metadata"]["transcript"], end="", flush=True)
                elif message["message"] == "EndOfUtterance":
                    print(flush=True)
                elif message["message"] == "EndOfTranscript":
                    break
                elif message["message"] == "Error":
                    sys.exit(f"{message['type']}: {message['reason']}")
            await sender


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
