"""Stream raw audio from stdin through LiveKit's Speechmatics plugin; print what it told as JSON.

    python livekit_agent_stream.py URL KEY MODE TURNS

TURNS: the program ends after so many ends of speech. In the mode ``external`` the plugin's own
detector (Silero) ends them. The audio is 16-bit, 16 kHz, sent at the speed of speech, and followed
by silence.
"""

import asyncio
import json
import sys
import time
from typing import Any

from livekit import rtc
from livekit.agents import stt
from livekit.plugins import speechmatics
from livekit.plugins.speechmatics import TurnDetectionMode

FRAME_BYTES = 1600
BYTES_PER_S = 32_000


async def main(url: str, key: str, mode: str, n_turns: int) -> dict[str, Any]:
    audio = sys.stdin.buffer.read()
    plugin = speechmatics.STT(
        api_key=key, base_url=url, turn_detection_mode=TurnDetectionMode(mode)
    )
    events: list[str] = []
    finals: list[str] = []
    async with plugin.stream() as stream:

        async def speak() -> None:
            start = time.monotonic()
            at = 0
            while True:
                data = audio[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
                at += FRAME_BYTES
                await asyncio.sleep(max(0.0, start + at / BYTES_PER_S - time.monotonic()))
                stream.push_frame(rtc.AudioFrame(data, 16_000, 1, len(data) // 2))

        speaking = asyncio.create_task(speak())
        async for event in stream:
            events.append(event.type.value)
            if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT:
                finals.append(event.alternatives[0].text)
            if events.count("end_of_speech") == n_turns:
                break
        speakers = await plugin.get_speaker_ids()
        speaking.cancel()
    return {"finals": finals, "events": events, "speakers": len(speakers)}


if __name__ == "__main__":
    url, key, mode, turns = sys.argv[1:]
    json.dump(asyncio.run(main(url, key, mode, int(turns))), sys.stdout)
