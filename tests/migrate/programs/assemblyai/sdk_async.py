"""The official SDK of today, ``assemblyai.streaming.v3``: asyncio, by its newest names.

python sdk_async.py speech.wav
"""

import asyncio
import os
import sys
import wave

import assemblyai.streaming.v3 as aai


async def on_turn(client, turn):
    if turn.end_of_turn:
        print(turn.transcript, flush=True)


async def main(path):
    client = aai.AsyncRealTimeTranscriber(
        aai.RealTimeTranscriberOptions(
            api_key=os.environ["ASSEMBLYAI_API_KEY"],
            api_host=os.environ.get("ASSEMBLYAI_HOST", "streaming.assemblyai.com"),
        )
    )
    client.on(aai.RealTimeEvents.Turn, on_turn)
    with wave.open(path) as recording:
        rate = recording.getframerate()
        await client.connect(
            aai.RealTimeParameters(
                sample_rate=rate,
                encoding=aai.Encoding.pcm_s16le,
                speech_model="u3-rt-pro",
                min_turn_silence=200,
                max_turn_silence=900,
            )
        )
        while data := recording.readframes(rate // 20):
            await client.stream(data)
            await asyncio.sleep(0.05)
    await client.force_endpoint()
    await client.disconnect(terminate=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
