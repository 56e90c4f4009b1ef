"""The official SDK of today, ``speechmatics-rt``: asyncio.

python sdk_rt.py speech.wav
"""

import asyncio
import os
import sys
import wave

from speechmatics.rt import (
    AsyncClient,
    AudioEncoding,
    AudioFormat,
    ConversationConfig,
    ServerMessageType,
    TranscriptionConfig,
    TranscriptResult,
)

URL = os.environ.get("SPEECHMATICS_URL", "wss://eu2.rt.speechmatics.com/v2")


async def main(path):
    async with AsyncClient(api_key=os.environ["SPEECHMATICS_API_KEY"], url=URL) as client:

        @client.on(ServerMessageType.ADD_PARTIAL_TRANSCRIPT)
        def on_partial(message):
            print(
                "...", TranscriptResult.from_message(message).metadata.transcript, file=sys.stderr
            )

        @client.on(ServerMessageType.ADD_TRANSCRIPT)
        def on_final(message):
            print(message["metadata"]["transcript"], end="", flush=True)

        @client.on(ServerMessageType.END_OF_UTTERANCE)
        def on_end_of_utterance(message):
            print(flush=True)

        with wave.open(path) as recording:
            rate = recording.getframerate()
            await client.start_session(
                transcription_config=TranscriptionConfig(
                    language="en",
                    enable_partials=True,
                    max_delay=1.2,
                    conversation_config=ConversationConfig(end_of_utterance_silence_trigger=0.6),
                ),
                audio_format=AudioFormat(encoding=AudioEncoding.PCM_S16LE, sample_rate=rate),
            )
            while data := recording.readframes(rate // 20):
                await client.send_audio(data)
                await asyncio.sleep(0.05)
        await client.stop_session()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
