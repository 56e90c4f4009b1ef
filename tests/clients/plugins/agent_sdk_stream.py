"""Stream raw audio from stdin through ``speechmatics-agent-stt``, whichever version is there.

    python agent_sdk_stream.py URL KEY MODE

Prints the version and the transcript as JSON. The audio is 16-bit, 16 kHz, and sent as it comes.
"""

import asyncio
import json
import sys
from importlib.metadata import version

from speechmatics.agent_stt import (
    AgentSttAsyncClient,
    ServerMessageType,
    TurnConfig,
    TurnDetectionMode,
)

FRAME_BYTES = 3200


async def main(url: str, key: str, mode: str) -> tuple[str, str]:
    audio = sys.stdin.buffer.read()
    turn_config = TurnConfig(turn_detection_mode=TurnDetectionMode(mode))
    client = AgentSttAsyncClient(api_key=key, url=url, turn_config=turn_config)
    ended = asyncio.Event()
    client.on(ServerMessageType.END_OF_TURN, lambda _: ended.set())
    await client.connect()
    for at in range(0, len(audio), FRAME_BYTES):
        await client.send_audio(audio[at : at + FRAME_BYTES])
    if mode == "external":
        client.finalize()
        await ended.wait()
    await client.disconnect()
    return version("speechmatics-agent-stt"), client.transcript


if __name__ == "__main__":
    json.dump(asyncio.run(main(*sys.argv[1:])), sys.stdout)
