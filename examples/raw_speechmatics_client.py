"""A Speechmatics real-time client on bare `websocket-client`, without any SDK.

It follows the flow of the programs that people carry over in a migration: open a socket, say
StartRecognition, send audio once the server has said RecognitionStarted, print partials over each
other and finals below, say EndOfStream, wait for EndOfTranscript. A media file stands in for the
microphone and is read at real time; its end stands in for Ctrl-C.

    python examples/raw_speechmatics_client.py speech.flac --key KEY

Needs `pip install websocket-client av`.
"""

import argparse
import json
import sys
import threading
import time
import urllib.request

import av
import websocket

SAMPLE_RATE = 16000
CHUNK_SECONDS = 0.05

arguments = argparse.Namespace()
stop = threading.Event()
ended = threading.Event()
chunks_sent = 0
failed = False


def microphone(path):
    """Yield 32-bit float samples as a sound card would: a chunk when its time has passed."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    chunk_bytes = int(SAMPLE_RATE * CHUNK_SECONDS) * 4
    waiting = b""
    due = time.monotonic()
    with av.open(path) as container:
        for frame in (*container.decode(audio=0), None):
            waiting += b"".join(part.to_ndarray().tobytes() for part in resampler.resample(frame))
            while len(waiting) >= chunk_bytes or (frame is None and waiting):
                due += CHUNK_SECONDS
                time.sleep(max(0.0, due - time.monotonic()))
                yield waiting[:chunk_bytes]
                waiting = waiting[chunk_bytes:]


def temporary_key(server, key):
    """Ask for a key that is good for a minute; browsers and other strangers get such a one."""
    request = urllib.request.Request(
        f"{server}/v1/api_keys?type=rt",
        data=json.dumps({"ttl": 60}).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["key_value"]


def on_open(ws):
    start = {
        "message": "StartRecognition",
        "audio_format": {"type": "raw", "encoding": "pcm_f32le", "sample_rate": SAMPLE_RATE},
        "transcription_config": {"language": "en", "enable_partials": True, "max_delay": 2.0},
    }
    ws.send(json.dumps(start))


def send_audio(ws):
    global chunks_sent
    for chunk in microphone(arguments.file):
        if stop.is_set():
            return
        ws.send(chunk, websocket.ABNF.OPCODE_BINARY)
        chunks_sent += 1
    finish(ws)


def finish(ws):
    ws.send(json.dumps({"message": "EndOfStream", "last_seq_no": chunks_sent}))
    if not ended.wait(timeout=5):
        ws.close()


def show(text, *, final):
    # Partials are written over each other; they hold only what is not final yet.
    print("\r\033[K" + text, end="", file=sys.stderr, flush=True)
    if final:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
        print(text, flush=True)


def on_message(ws, data):
    message = json.loads(data)
    match message["message"]:
        case "RecognitionStarted":
            print(f"session {message['id']}", file=sys.stderr)
            threading.Thread(target=send_audio, args=(ws,), daemon=True).start()
        case "AddPartialTranscript" | "AddTranscript" as kind:
            if text := message["metadata"]["transcript"]:
                show(text, final=kind == "AddTranscript")
        case "EndOfTranscript":
            ended.set()
            ws.close()  # here: from another thread it would be noticed ten seconds later
        case "Error":
            on_error(ws, f"{message['type']}: {message['reason']}")


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
    parser.add_argument("--temporary", action="store_true", help="connect by a temporary key")
    parser.parse_args(namespace=arguments)

    if arguments.temporary:
        token = temporary_key(f"http://{arguments.server}", arguments.key)
        url, header = f"ws://{arguments.server}/v2?jwt={token}", None
    else:
        url = f"ws://{arguments.server}/v2/en"
        header = {"Authorization": f"Bearer {arguments.key}"}
    app = websocket.WebSocketApp(
        url,
        header=header,
        on_open=on_open,
        on_message=on_message,
        on_error=on_error,
        on_close=on_close,
    )
    app.run_forever(ping_interval=30, ping_timeout=10)
    return 1 if failed or not ended.is_set() else 0


if __name__ == "__main__":
    sys.exit(main())
