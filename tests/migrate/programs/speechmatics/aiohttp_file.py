"""Send a whole media file, as it is, as fast as the server takes it: ``aiohttp``.

python aiohttp_file.py speech.wav
"""

import asyncio
import os
import sys

import aiohttp

URL = os.environ.get("SPEECHMATICS_URL", "wss://eu.rt.speechmatics.com/v2")
API_KEY = os.environ["SPEECHMATICS_API_KEY"]
BLOCK_BYTES = 8192

START = {
    "message": "StartRecognition",
    "audio_format": {"type": "file"},
    "transcription_config": {
        "language": "en",
        "enable_entities": True,
        "punctuation_overrides": {"permitted_marks": [".", ",", "?"]},
    },
}


async def send_file(ws, path):
    n_blocks = 0
    with open(path, "rb") as file:
        while block := file.read(BLOCK_BYTES):
            await ws.send_bytes(block)
            n_blocks += 1
    await ws.send_json({"message": "EndOfStream", "last_seq_no": n_blocks})


async def main(path):
    headers = {"Authorization": "Bearer " + API_KEY}
    async with aiohttp.ClientSession() as session, session.ws_connect(URL, headers=headers) as ws:
        await ws.send_json(START)
        sending = None
        async for frame in ws:
            message = frame.json()
            match message["message"]:
                case "RecognitionStarted":
                    sending = asyncio.create_task(send_file(ws, path))
                case "AddTranscript":
                    print(message["metadata"]["transcript"], end="", flush=True)
                case "Warning":
                    print(f"warning: {message['reason']}", file=sys.stderr)
                case "Error":
                    raise SystemExit(f"{message['type']}: {message['reason']}")
                case "EndOfTranscript":
                    break
        if sending:
            await sending
    print()


asyncio.run(main(sys.argv[1]))
