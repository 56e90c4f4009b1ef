"""The official SDK of today, ``assemblyai.streaming.v3``: synchronous.

python sdk_streaming.py speech.wav
"""

import os
import sys
import time
import wave

from assemblyai.streaming.v3 import (
    StreamingClient,
    StreamingClientOptions,
    StreamingError,
    StreamingEvents,
    StreamingParameters,
    TerminationEvent,
    TurnEvent,
)

HOST = os.environ.get("ASSEMBLYAI_HOST", "streaming.assemblyai.com")


def on_turn(client: StreamingClient, event: TurnEvent):
    if event.end_of_turn:
        print(event.transcript, flush=True)


def on_terminated(client: StreamingClient, event: TerminationEvent):
    print(f"{event.audio_duration_seconds} s of audio", file=sys.stderr)


def on_error(client: StreamingClient, error: StreamingError):
    print(f"error: {error}", file=sys.stderr)


def in_real_time(recording):
    while data := recording.readframes(recording.getframerate() // 20):
        yield data
        time.sleep(0.05)


def main(path):
    client = StreamingClient(
        StreamingClientOptions(api_key=os.environ["ASSEMBLYAI_API_KEY"], api_host=HOST)
    )
    client.on(StreamingEvents.Turn, on_turn)
    client.on(StreamingEvents.Termination, on_terminated)
    client.on(StreamingEvents.Error, on_error)
    with wave.open(path) as recording:
        client.connect(
            StreamingParameters(
                sample_rate=recording.getframerate(),
                speech_model="universal-streaming-english",
                format_turns=False,
                keyterms_prompt=["Crossfade"],
            )
        )
        try:
            client.stream(in_real_time(recording))
        finally:
            client.disconnect(terminate=True)


if __name__ == "__main__":
    main(sys.argv[1])
