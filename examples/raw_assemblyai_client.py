"""An AssemblyAI streaming client on bare `websocket-client`, without any SDK.

It follows the flow of the programs that people carry over in a migration: the configuration goes
into the query, audio is sent as soon as the socket is open, each Turn replaces what is on the
line until its `end_of_turn`, Terminate ends the session and Termination sums it up. A media file
stands in for the microphone and is read at real time; its end stands in for Ctrl-C.

    python examples/raw_assemblyai_client.py speech.flac --key KEY

Needs `pip install websocket-client av`.
"""

import argparse
import json
import sys
import threading
import time
import urllib.parse
import urllib.request
from datetime import datetime

import av
import websocket

SAMPLE_RATE = 16000
FRAMES_PER_BUFFER = 800  # 50 ms, the shortest frame that the vendor takes

arguments = argparse.Namespace()
stop = threading.Event()
terminated = threading.Event()
failed = False


def microphone(path):
    """Yield 16-bit samples as a sound card would: a buffer when its time has passed."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    waiting = b""
    due = time.monotonic()
    with av.open(path) as container:
        for frame in (*container.decode(audio=0), None):
            waiting += b"".join(part.to_ndarray().tobytes() for part in resampler.resample(frame))
            if frame is None:
                waiting += bytes(-len(waiting) % (FRAMES_PER_BUFFER * 2))  # silence fills the last
            while len(waiting) >= FRAMES_PER_BUFFER * 2:
                due += FRAMES_PER_BUFFER / SAMPLE_RATE
                time.sleep(max(0.0, due - time.monotonic()))
                yield waiting[: FRAMES_PER_BUFFER * 2]
                waiting = waiting[FRAMES_PER_BUFFER * 2 :]


def temporary_token(server, key):
    """Ask for a token that is good for a minute; browsers and other strangers get such a one."""
    request = urllib.request.Request(
        f"{server}/v3/token?expires_in_seconds=60", headers={"Authorization": key}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["token"]


def on_open(ws):
    threading.Thread(target=send_audio, args=(ws,), daemon=True).start()


def send_audio(ws):
    for buffer in microphone(arguments.file):
        if stop.is_set():
            return
        ws.send(buffer, websocket.ABNF.OPCODE_BINARY)
    finish(ws)


def finish(ws):
    ws.send(json.dumps({"type": "Terminate"}))
    if not terminated.wait(timeout=5):
        ws.close()


def show(text, *, final):
    # A turn comes whole each time, so it is written over itself until it has ended.
    print("\r\033[K" + text, end="", file=sys.stderr, flush=True)
    if final:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
        print(text, flush=True)


def on_message(ws, data):
    message = json.loads(data)
    match message.get("type"):
        case "Begin":
            expires = datetime.fromtimestamp(message["expires_at"])
            print(f"session {message['id']}, until {expires}", file=sys.stderr)
        case "Turn":
            if message["transcript"]:
                show(message["transcript"], final=message["end_of_turn"])
        case "Termination":
            audio_s = message["audio_duration_seconds"]
            session_s = message["session_duration_seconds"]
            print(f"\n{audio_s} s of audio in {session_s} s", file=sys.stderr)
            terminated.set()
            ws.close()  # here: from another thread it would be noticed ten seconds later
        case "Error":
            on_error(ws, message["error"])


def on_error(ws, error):
    global failed
    failed = True
    print(f"error: {error}", file=sys.stderr)
    stop.set()


def on_close(ws, code, reason):
    stop.set()
    print(f"closed: {code} {reason}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description="Stream a media file as if it were a microphone.")
    parser.add_argument("file")
    parser.add_argument("--server", default="127.0.0.1:8765", help="host:port")
    parser.add_argument("--key", required=True)
    parser.add_argument("--temporary", action="store_true", help="connect by a temporary token")
    parser.parse_args(namespace=arguments)

    parameters = {"sample_rate": SAMPLE_RATE, "speech_model": "u3-rt-pro"}
    url = f"ws://{arguments.server}/v3/ws?{urllib.parse.urlencode(parameters)}"
    header = {"Authorization": arguments.key}
    if arguments.temporary:
        token = temporary_token(f"http://{arguments.server}", arguments.key)
        url, header = f"{url}&token={token}", None
    app = websocket.WebSocketApp(
        url,
        header=header,
        on_open=on_open,
        on_message=on_message,
        on_error=on_error,
        on_close=on_close,
    )
    app.run_forever()
    return 1 if failed or not terminated.is_set() else 0


if __name__ == "__main__":
    sys.exit(main())
