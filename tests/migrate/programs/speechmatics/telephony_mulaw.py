"""A telephone call, 8 kHz mu-law as a carrier gives it: threads, ``websockets.sync``.

python telephony_mulaw.py call.ulaw
"""

import json
import os
import sys
import threading
import time

from websockets.sync.client import connect

FRAME_BYTES = 160  # 20 ms, as in RTP
FRAME_S = 0.02


class Call:
    """One call, from its first frame to its last word."""

    def __init__(self, path):
        self.path = path
        self.seq_no = 0
        self.ready = threading.Event()

    def settings(self):
        return {
            "message": "StartRecognition",
            "audio_format": {"type": "raw", "encoding": "mulaw", "sample_rate": 8000},
            "transcription_config": {
                "language": "en",
                "domain": "finance",
                "max_delay": 2,
                "max_delay_mode": "flexible",
                "enable_partials": True,
                "additional_vocab": [
                    {"content": "Crossfade", "sounds_like": ["cross fade"]},
                    "IBAN",
                ],
            },
        }

    def speak(self, ws):
        self.ready.wait(10)
        with open(self.path, "rb") as call:
            for frame in iter(lambda: call.read(FRAME_BYTES), b""):
                ws.send(frame)
                self.seq_no += 1
                time.sleep(FRAME_S)
        ws.send(json.dumps({"message": "EndOfStream", "last_seq_no": self.seq_no}))

    def listen(self, ws):
        for frame in ws:
            message = json.loads(frame)
            name = message["message"]
            if name == "RecognitionStarted":
                self.ready.set()
            elif name == "AddPartialTranscript":
                print("...", message["metadata"]["transcript"], file=sys.stderr)
            elif name == "AddTranscript":
                yield message["metadata"]["transcript"]
            elif name == "Error":
                raise RuntimeError(message["reason"])
            elif name == "EndOfTranscript":
                return


def main():
    call = Call(sys.argv[1])
    url = os.environ.get("SPEECHMATICS_URL", "wss://us.rt.speechmatics.com/v2")
    key = os.environ["SPEECHMATICS_API_KEY"]
    with connect(url, additional_headers={"Authorization": f"Bearer {key}"}) as ws:
        ws.send(json.dumps(call.settings()))
        speaker = threading.Thread(target=call.speak, args=(ws,))
        speaker.start()
        for text in call.listen(ws):
            print(text, end="", flush=True)
        speaker.join()
    print()


if __name__ == "__main__":
    main()
