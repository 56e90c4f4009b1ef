"""A telephone call, 8 kHz mu-law as a carrier gives it: threads, ``websockets.sync``.

python telephony_mulaw.py call.ulaw
"""

import json
import os
import sys
import threading
import time
from urllib.parse import urlencode

from websockets.sync.client import connect

FRAME_BYTES = 160  # 20 ms, as in RTP
FRAME_S = 0.02
FRAMES_A_MESSAGE = 3  # messages shorter than 50 ms are refused


class Call:
    """One call, from its first frame to its last word."""

    def __init__(self, path):
        self.path = path

    def url(self):
        base = os.environ.get("ASSEMBLYAI_URL", "wss://streaming.us.assemblyai.com/v3/ws")
        settings = {
            "sample_rate": 8000,
            "encoding": "pcm_mulaw",
            "speech_model": "u3-rt-pro",
            "keyterms_prompt": json.dumps(["Crossfade", "IBAN"]),
            "vad_threshold": 0.4,
            "inactivity_timeout": 60,
        }
        return f"{base}?{urlencode(settings)}"

    def speak(self, ws):
        with open(self.path, "rb") as call:
            for message in iter(lambda: call.read(FRAME_BYTES * FRAMES_A_MESSAGE), b""):
                ws.send(message)
                time.sleep(FRAME_S * FRAMES_A_MESSAGE)
        ws.send(json.dumps({"type": "Terminate"}))

    def listen(self, ws):
        for frame in ws:
            message = json.loads(frame)
            kind = message["type"]
            if kind == "SpeechStarted":
                print("...", file=sys.stderr)
            elif kind == "Turn" and message["end_of_turn"]:
                yield message["transcript"]
            elif kind == "Error":
                raise RuntimeError(message["error"])
            elif kind == "Termination":
                return


def main():
    call = Call(sys.argv[1])
    key = os.environ["ASSEMBLYAI_API_KEY"]
    with connect(call.url(), additional_headers={"Authorization": key}) as ws:
        speaker = threading.Thread(target=call.speak, args=(ws,))
        speaker.start()
        for text in call.listen(ws):
            print(text, flush=True)
        speaker.join()


if __name__ == "__main__":
    main()
