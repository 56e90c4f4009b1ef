"""The SDK of yesterday, ``speechmatics-python``: synchronous, with event handlers.

python sdk_legacy.py speech.wav
"""

import os
import sys

import speechmatics
from speechmatics.models import (
    AudioSettings,
    ConnectionSettings,
    ServerMessageType,
    TranscriptionConfig,
)

settings = ConnectionSettings(
    url=os.environ.get("SPEECHMATICS_URL", "wss://eu2.rt.speechmatics.com/v2"),
    auth_token=os.environ["SPEECHMATICS_API_KEY"],
    ssl_context=None,
)
client = speechmatics.client.WebsocketClient(settings)


def print_transcript(message):
    print(message["metadata"]["transcript"], end="", flush=True)


client.add_event_handler(event_name=ServerMessageType.AddTranscript, event_handler=print_transcript)
client.add_event_handler(ServerMessageType.EndOfTranscript, lambda message: print(flush=True))

config = TranscriptionConfig(
    language="en",
    enable_partials=False,
    max_delay=2,
    diarization="speaker",
)

with open(sys.argv[1], "rb") as audio:
    client.run_synchronously(audio, config, AudioSettings(), timeout=60)
