"""Stream raw audio from stdin through the ``assemblyai`` SDK; print what it heard as JSON.

Runs in a process of its own, with the SDK's version that is to be tested first on its path.

    python assemblyai_stream.py HOST SOCKET_HOST KEY BYTES_PER_S

HOST: where the temporary token is made. SOCKET_HOST: where the socket is. BYTES_PER_S: 0 is as
fast as it goes. The audio is 16-bit, 16 kHz, cut into 50 ms.
"""

import json
import sys
import time

from assemblyai import __version__
from assemblyai.streaming.v3 import (
    StreamingClient,
    StreamingClientOptions,
    StreamingEvents,
    StreamingParameters,
)

FRAME_BYTES = 1600


def frames(bytes_per_s: int):
    start, sent = time.monotonic(), 0
    while data := sys.stdin.buffer.read(FRAME_BYTES):
        sent += len(data)
        if bytes_per_s:
            time.sleep(max(0.0, start + sent / bytes_per_s - time.monotonic()))
        yield data


def main(host: str, socket_host: str, key: str, bytes_per_s: str) -> None:
    heard = {"version": __version__, "begun": [], "turns": [], "ended": [], "errors": []}
    token = StreamingClient(
        StreamingClientOptions(api_host=host, api_key=key)
    ).create_temporary_token(expires_in_seconds=60)
    client = StreamingClient(StreamingClientOptions(api_host=socket_host, token=token))
    client.on(StreamingEvents.Begin, lambda _, m: heard["begun"].append(m.id))
    client.on(StreamingEvents.Turn, lambda _, m: heard["turns"].append(m.model_dump()))
    client.on(
        StreamingEvents.Termination, lambda _, m: heard["ended"].append(m.audio_duration_seconds)
    )
    client.on(StreamingEvents.Error, lambda _, m: heard["errors"].append(str(m)))
    client.connect(StreamingParameters(sample_rate=16_000, format_turns=True))
    client.stream(frames(int(bytes_per_s)))
    client.disconnect(terminate=True)  # waits for the end without a limit
    json.dump(heard, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
