"""Stream a recording, 16-bit mono, with AssemblyAI's own client: pip install assemblyai."""

import time
import wave

from assemblyai.streaming.v3 import (
    StreamingClient,
    StreamingClientOptions,
    StreamingEvents,
    StreamingParameters,
)

FILE = "speech.wav"


def in_real_time(recording):
    while data := recording.readframes(recording.getframerate() // 20):
        yield data
        time.sleep(0.05)


def on_turn(client, turn):
    if turn.end_of_turn:
        print(turn.transcript)


client = StreamingClient(StreamingClientOptions(api_key="YOUR_KEY", api_host="ws://127.0.0.1:8765"))
client.on(StreamingEvents.Turn, on_turn)
with wave.open(FILE) as recording:
    client.connect(StreamingParameters(sample_rate=recording.getframerate()))
    client.stream(in_real_time(recording))
client.disconnect(terminate=True)
