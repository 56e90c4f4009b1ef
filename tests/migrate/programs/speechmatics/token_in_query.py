"""A client without the long-lived key: a temporary one in the query; ``websocket-client``, threads.

python token_in_query.py speech.wav
"""

import json
import os
import sys
import threading
import time
import urllib.request
import wave

import websocket

RT_URL = os.environ.get("SPEECHMATICS_URL", "wss://eu2.rt.speechmatics.com/v2")
MP_URL = os.environ.get("SPEECHMATICS_TOKEN_URL", "https://mp.speechmatics.com/v1/api_keys")


def temporary_key(api_key):
    """Exchange the key for one that is good for an hour."""
    request = urllib.request.Request(
        MP_URL + "?type=rt",
        data=json.dumps({"ttl": 3600}).encode(),
        headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)["key_value"]


def send(ws, recording, started):
    started.wait(10)
    n_chunks = 0
    while chunk := recording.readframes(1600):
        ws.send_binary(chunk)
        n_chunks += 1
        time.sleep(1600 / recording.getframerate())
    ws.send(json.dumps({"message": "EndOfStream", "last_seq_no": n_chunks}))


def main():
    jwt = temporary_key(os.environ["SPEECHMATICS_API_KEY"])
    started = threading.Event()
    with wave.open(sys.argv[1]) as recording:
        ws = websocket.create_connection(f"{RT_URL}?jwt={jwt}", timeout=20)
        ws.send(
            json.dumps(
                {
                    "message": "StartRecognition",
                    "audio_format": {
                        "type": "raw",
                        "encoding": "pcm_s16le",
                        "sample_rate": recording.getframerate(),
                    },
                    "transcription_config": {
                        "language": "en",
                        "transcript_filtering_config": {"remove_disfluencies": True},
                    },
                }
            )
        )
        threading.Thread(target=send, args=(ws, recording, started), daemon=True).start()
        while True:
            message = json.loads(ws.recv())
            if message["message"] == "RecognitionStarted":
                started.set()
            if message["message"] == "AddTranscript":
                print(message["metadata"]["transcript"], end="", flush=True)
            if message["message"] in ("EndOfTranscript", "Error"):
                break
        ws.close()
    print()


if __name__ == "__main__":
    main()
