"""A meeting with all that there is to set: ``websockets``, one coroutine that sends and receives.

python every_setting.py meeting.wav
"""

import asyncio
import json
import os
import sys
import wave
from urllib.parse import urlencode

import websockets

settings = {
    "speech_model": "universal-3-6-pro",
    "mode": "balanced",
    "language_codes": json.dumps(["en", "de"]),
    "language_detection": "true",
    "keyterms_prompt": json.dumps(["Crossfade"]),
    "prompt": "A meeting about a speech server.",
    "agent_context": "How can I help?",
    "previous_context_n_turns": 3,
    "speaker_labels": "true",
    "max_speakers": 4,
    "redact_pii": "true",
    "redact_pii_policies": json.dumps(["person_name", "phone_number"]),
    "redact_pii_sub": "entity_name",
    "domain": "medical-v1",
    "voice_focus": "near-field",
    "session_heartbeat": "true",
    "webhook_url": "https://example.org/over",
    "min_end_of_turn_silence_when_confident": 300,  # as old programs spell it
}
settings["max_turn_silence"] = 1500


async def main(path):
    base = os.environ.get("ASSEMBLYAI_URL", "wss://streaming.assemblyai.com/v3/ws")
    with wave.open(path) as meeting:
        settings["sample_rate"] = meeting.getframerate()
        url = base + "?" + urlencode(settings)
        headers = [("Authorization", os.getenv("ASSEMBLYAI_API_KEY"))]
        async with websockets.connect(url, additional_headers=headers) as ws:
            speaking = asyncio.get_running_loop().create_task(speak(ws, meeting))
            async for frame in ws:
                message = json.loads(frame)
                kind = message["type"]
                if kind == "Turn" and message["end_of_turn"]:
                    words = " ".join(word["text"] for word in message["words"])
                    print(message.get("speaker_label", "?"), words, flush=True)
                elif kind == "SpeakerRevision":
                    print(message["revisions"], file=sys.stderr)
                elif kind == "Heartbeat":
                    print(message["realtime_factor"], file=sys.stderr)
                elif kind == "Termination":
                    break
                elif kind == "Error":
                    raise SystemExit(message["error"])
            await speaking


async def speak(ws, meeting):
    n = 0
    while data := meeting.readframes(meeting.getframerate() // 10):
        await ws.send(data)
        n += 1
        await asyncio.sleep(0.1)
        if n == 10:
            change = {"type": "UpdateConfiguration", "max_turn_silence": 1000, "prompt": "Numbers."}
            await ws.send(json.dumps(change))
    await ws.send(json.dumps({"type": "KeepAlive"}))
    await ws.send(json.dumps({"type": "ForceEndpoint"}))
    await ws.send(json.dumps({"type": "Terminate"}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
