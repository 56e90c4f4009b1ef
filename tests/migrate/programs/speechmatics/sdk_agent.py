"""The newest SDK, ``speechmatics-agent-stt``, which speaks a protocol of its own.

python sdk_agent.py speech.wav
"""

import asyncio
import os
import sys
import wave

from speechmatics.agent_stt import (
    AgentSttAsyncClient,
    AudioFormat,
    ServerMessageType,
    TranscriptionConfig,
    TurnConfig,
    TurnDetectionMode,
)


async def main(path):
    with wave.open(path) as recording:
        client = AgentSttAsyncClient(
            api_key=os.environ["SPEECHMATICS_API_KEY"],
            url=os.environ.get("SPEECHMATICS_URL", "wss://eu2.rt.speechmatics.com/v2/agent"),
            transcription_config=TranscriptionConfig(language="en", enable_partials=True),
            turn_config=TurnConfig(turn_detection_mode=TurnDetectionMode.VAD),
            audio_format=AudioFormat(sample_rate=recording.getframerate()),
        )

        @client.on(ServerMessageType.ADD_SEGMENT)
        def on_segment(message):
            print(message["segment"]["transcript"], flush=True)

        await client.connect()
        while data := recording.readframes(recording.getframerate() // 25):
            await client.send_audio(data)
            await asyncio.sleep(0.04)
        await client.disconnect()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
