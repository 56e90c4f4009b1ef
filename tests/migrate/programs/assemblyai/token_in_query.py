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

WS_URL = os.environ.get("ASSEMBLYAI_URL", "wss://streaming.assemblyai.com/v3/ws")
TOKEN_URL = os.environ.get("ASSEMBLYAI_TOKEN_URL", "https://streaming.assemblyai.com/v3/token")


def temporary_token(api_key):
    """Exchange the key for a token that is good for ten minutes."""
    request = urllib.request.Request(
        TOKEN_URL + "?expires_in_seconds=600&max_session_duration_seconds=3600",
        headers={"Authorization": api_key},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)["token"]


def send(ws, recording):
    while chunk := recording.readframes(1600):
        ws.send_binary(chunk)
        time.sleep(1600 / recording.getframerate())
    ws.send(json.dumps({"type": "Terminate"}))


def main():
    token = temporary_token(os.environ["ASSEMBLYAI_API_KEY"])
    with wave.open(sys.argv[1]) as recording:
        ws = websocket.create_connection(
            f"{WS_URL}?sample_rate={recording.getframerate()}&speech_model=u3-rt-pro&token={token}",
            timeout=20,
        )
        threading.Thread(target=send, args=(ws, recording), daemon=True).start()
        while True:
            message = json.loads(ws.recv())
            if message["type"] == "Turn" and message["end_of_turn"]:
                print(message["transcript"], flush=True)
            if message["type"] in ("Termination", "Error"):
                break
        ws.close()


if __name__ == "__main__":
    main()
