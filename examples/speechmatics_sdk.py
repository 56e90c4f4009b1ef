"""Stream a recording with Speechmatics' own client: pip install speechmatics-rt."""

import asyncio

from speechmatics.rt import AsyncClient, ServerMessageType, TranscriptionConfig

FILE = "speech.wav"


async def main(audio):
    async with AsyncClient(api_key="YOUR_KEY", url="ws://127.0.0.1:8765/v2") as client:

        @client.on(ServerMessageType.ADD_TRANSCRIPT)
        def on_words(message):
            print(message["metadata"]["transcript"], end="", flush=True)

        config = TranscriptionConfig(language="en", max_delay=2)
        await client.transcribe(audio, transcription_config=config)


with open(FILE, "rb") as audio:
    asyncio.run(main(audio))
