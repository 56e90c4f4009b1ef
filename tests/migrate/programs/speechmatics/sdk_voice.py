"""The SDK for voice agents, ``speechmatics-voice``: segments and turns.

python sdk_voice.py speech.wav
"""

import asyncio
import os
import sys
import wave

from speechmatics.voice import (
    AgentServerMessageType,
    EndOfUtteranceMode,
    VoiceAgentClient,
    VoiceAgentConfig,
)


async def main(path):
    config = VoiceAgentConfig(
        language="en",
        end_of_utterance_mode=EndOfUtteranceMode.FIXED,
        end_of_utterance_silence_trigger=0.5,
        max_delay=1.0,
        enable_diarization=True,
        additional_vocab=[],
    )
    client = VoiceAgentClient(
        api_key=os.environ["SPEECHMATICS_API_KEY"],
        url=os.environ.get("SPEECHMATICS_URL", "wss://eu2.rt.speechmatics.com/v2"),
        config=config,
    )

    @client.on(AgentServerMessageType.ADD_SEGMENT)
    def on_segment(message):
        for segment in message["segments"]:
            print(segment["text"], flush=True)

    await client.connect()
    with wave.open(path) as recording:
        while data := recording.readframes(recording.getframerate() // 50):
            await client.send_audio(data)
            await asyncio.sleep(0.02)
    await client.disconnect()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
