"""Live captions of the microphone, by Speechmatics over a bare WebSocket; ends with Ctrl-C.

pip install pyaudio websocket-client requests numpy
"""

import json
import os
import sys
import threading
import time
import wave

import numpy as np
import pyaudio
import requests
import websocket

# --- Configuration ---

API_KEY = os.environ.get("SPEECHMATICS_API_KEY", "YOUR_SPEECHMATICS_KEY")
URL = os.environ.get("SPEECHMATICS_URL", "wss://eu2.rt.speechmatics.com/v2")
TOKEN_URL = os.environ.get("SPEECHMATICS_TOKEN_URL", "https://mp.speechmatics.com/v1/api_keys")
LANGUAGE = "en"
USE_TEMPORARY_TOKEN = "--token" in sys.argv

CONFIG = {
    "language": LANGUAGE,
    "enable_partials": True,
    "max_delay": 2.0,  # seconds until a word is final
}

# --- Audio ---

SAMPLE_RATE = 16000
FRAMES_PER_BUFFER = 1024
CHANNELS = 1
FORMAT = pyaudio.paFloat32

# --- What the threads share ---

audio = None
stream = None
ws_app = None
audio_thread = None
stop_event = threading.Event()  # set: no more audio
audio_seq_no = 0  # chunks sent so far

recorded_frames = []
recording_lock = threading.Lock()


def get_temporary_token(ttl=60):
    """Ask for a key that is good for `ttl` seconds."""
    response = requests.post(
        f"{TOKEN_URL}?type=rt",
        headers={"Authorization": f"Bearer {API_KEY}"},
        json={"ttl": ttl},
        timeout=10,
    )
    return response.json()["key_value"]


# --- WebSocket handlers ---


def on_open(ws):
    """Say what is wanted; audio has to wait until the server is ready."""
    print("Connected.", file=sys.stderr)
    start = {
        "message": "StartRecognition",
        "audio_format": {
            "type": "raw",
            "encoding": "pcm_f32le",
            "sample_rate": SAMPLE_RATE,
        },
        "transcription_config": CONFIG,
    }
    ws.send(json.dumps(start))


def stream_audio(ws):
    """Send what the microphone hears, until told to stop. A thread of its own."""
    global audio_seq_no
    while not stop_event.is_set():
        try:
            data = stream.read(FRAMES_PER_BUFFER, exception_on_overflow=False)
            with recording_lock:
                recorded_frames.append(data)
            ws.send(data, websocket.ABNF.OPCODE_BINARY)
            audio_seq_no += 1
        except Exception as error:
            print(f"Streaming stopped: {error}", file=sys.stderr)
            break


def on_message(ws, message):
    """Print partials over each other, finals below."""
    global audio_thread
    data = json.loads(message)
    kind = data["message"]

    if kind == "RecognitionStarted":
        print(f"Session {data['id']}. Speak!", file=sys.stderr)
        audio_thread = threading.Thread(target=stream_audio, args=(ws,), daemon=True)
        audio_thread.start()
    elif kind == "AddPartialTranscript":
        text = data["metadata"]["transcript"]
        if text:
            print(f"\r{text}", end="", file=sys.stderr)
    elif kind == "AddTranscript":
        text = data["metadata"]["transcript"]
        if text:
            print(text, end="", flush=True)
    elif kind == "EndOfTranscript":
        print("\nThat was all.", file=sys.stderr)
    elif kind == "Error":
        print(f"\nError {data['type']}: {data['reason']}", file=sys.stderr)
        stop_event.set()


def on_error(ws, error):
    """The socket failed."""
    print(f"\nWebSocket error: {error}", file=sys.stderr)
    stop_event.set()


def on_close(ws, status, reason):
    """Give the microphone back."""
    global stream, audio
    print(f"\nDisconnected: {status} {reason}", file=sys.stderr)
    stop_event.set()
    if audio_thread and audio_thread.is_alive():
        audio_thread.join(timeout=1.0)
    if stream:
        stream.stop_stream()
        stream.close()
        stream = None
    if audio:
        audio.terminate()
        audio = None


# --- The recording ---


def to_int16(data):
    """WAV files of this program hold 16-bit samples."""
    samples = np.frombuffer(data, dtype=np.float32)
    return (np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16).tobytes()


def save_wav_file():
    """Keep what was heard, if a name was given."""
    filename = os.environ.get("SAVE_AS")
    if not filename or not recorded_frames:
        return
    with recording_lock, wave.open(filename, "wb") as recording:
        recording.setnchannels(CHANNELS)
        recording.setsampwidth(2)
        recording.setframerate(SAMPLE_RATE)
        recording.writeframes(to_int16(b"".join(recorded_frames)))
    print(f"Saved as {filename}.", file=sys.stderr)


def main():
    """Run until Ctrl-C."""
    global audio, stream, ws_app

    audio = pyaudio.PyAudio()
    stream = audio.open(
        input=True,
        frames_per_buffer=FRAMES_PER_BUFFER,
        channels=CHANNELS,
        format=FORMAT,
        rate=SAMPLE_RATE,
    )

    if USE_TEMPORARY_TOKEN:
        url = f"{URL}?jwt={get_temporary_token()}"
        header = None
    else:
        url = f"{URL}/{LANGUAGE}"
        header = {"Authorization": f"Bearer {API_KEY}"}

    ws_app = websocket.WebSocketApp(
        url,
        header=header,
        on_open=on_open,
        on_message=on_message,
        on_error=on_error,
        on_close=on_close,
    )
    ws_thread = threading.Thread(
        target=ws_app.run_forever, kwargs={"ping_interval": 30, "ping_timeout": 10}, daemon=True
    )
    ws_thread.start()

    try:
        while ws_thread.is_alive():
            time.sleep(0.1)
    except KeyboardInterrupt:
        print("\nCtrl-C: finishing.", file=sys.stderr)
        stop_event.set()
        if ws_app.sock and ws_app.sock.connected:
            try:
                end = {"message": "EndOfStream", "last_seq_no": audio_seq_no}
                ws_app.send(json.dumps(end))
                time.sleep(1)  # the last words are still on their way
            except Exception as error:
                print(f"Could not say goodbye: {error}", file=sys.stderr)
        ws_app.close()
        ws_thread.join(timeout=2.0)
    finally:
        save_wav_file()
        print()


if __name__ == "__main__":
    main()
