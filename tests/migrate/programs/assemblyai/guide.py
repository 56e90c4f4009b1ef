"""Live captions of the microphone, by AssemblyAI over a bare WebSocket; ends with Ctrl-C.

pip install pyaudio websocket-client requests
"""

import json
import os
import sys
import threading
import time
import wave
from datetime import datetime
from urllib.parse import urlencode

import pyaudio
import requests
import websocket

# --- Configuration ---

API_KEY = os.environ.get("ASSEMBLYAI_API_KEY", "YOUR_ASSEMBLYAI_KEY")
API_ENDPOINT_BASE_URL = os.environ.get("ASSEMBLYAI_URL", "wss://streaming.assemblyai.com/v3/ws")
TOKEN_URL = os.environ.get("ASSEMBLYAI_TOKEN_URL", "https://streaming.assemblyai.com/v3/token")
USE_TEMPORARY_TOKEN = "--token" in sys.argv

CONNECTION_PARAMS = {
    "sample_rate": 16000,
    "speech_model": "u3-rt-pro",
}
API_ENDPOINT = f"{API_ENDPOINT_BASE_URL}?{urlencode(CONNECTION_PARAMS)}"

# --- Audio ---

FRAMES_PER_BUFFER = 800  # 50 ms at 16 kHz
SAMPLE_RATE = CONNECTION_PARAMS["sample_rate"]
CHANNELS = 1
FORMAT = pyaudio.paInt16

# --- What the threads share ---

audio = None
stream = None
ws_app = None
audio_thread = None
stop_event = threading.Event()  # set: no more audio

recorded_frames = []
recording_lock = threading.Lock()


def get_temporary_token(expires_in_seconds=60):
    """Ask for a token that opens a session within so many seconds."""
    response = requests.get(
        f"{TOKEN_URL}?{urlencode({'expires_in_seconds': expires_in_seconds})}",
        headers={"Authorization": API_KEY},
        timeout=10,
    )
    return response.json()["token"]


# --- WebSocket handlers ---


def on_open(ws):
    """Send what the microphone hears, in a thread of its own."""
    global audio_thread
    print("Connected. Speak!", file=sys.stderr)

    def stream_audio():
        while not stop_event.is_set():
            try:
                data = stream.read(FRAMES_PER_BUFFER, exception_on_overflow=False)
                with recording_lock:
                    recorded_frames.append(data)
                ws.send(data, websocket.ABNF.OPCODE_BINARY)
            except Exception as error:
                print(f"Streaming stopped: {error}", file=sys.stderr)
                break

    audio_thread = threading.Thread(target=stream_audio, daemon=True)
    audio_thread.start()


def on_message(ws, message):
    """Print a turn over itself while it grows, and below once it has ended."""
    data = json.loads(message)
    kind = data.get("type")

    if kind == "Begin":
        expires_at = datetime.fromtimestamp(data["expires_at"])
        print(f"Session {data['id']}, until {expires_at}.", file=sys.stderr)
    elif kind == "Turn":
        transcript = data.get("transcript", "")
        if data.get("end_of_turn"):
            print(transcript, flush=True)
        else:
            print(f"\r{transcript}", end="", file=sys.stderr)
    elif kind == "Termination":
        print(
            f"\n{data['audio_duration_seconds']} s of audio, "
            f"{data['session_duration_seconds']} s in all.",
            file=sys.stderr,
        )
    elif kind == "Error":
        print(f"\nError: {data['error']}", file=sys.stderr)
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


def save_wav_file():
    """Keep what was heard, if a name was given."""
    filename = os.environ.get("SAVE_AS")
    if not filename or not recorded_frames:
        return
    with recording_lock, wave.open(filename, "wb") as recording:
        recording.setnchannels(CHANNELS)
        recording.setsampwidth(2)  # 16 bits
        recording.setframerate(SAMPLE_RATE)
        recording.writeframes(b"".join(recorded_frames))
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
        url = f"{API_ENDPOINT}&token={get_temporary_token()}"
        header = None
    else:
        url = API_ENDPOINT
        header = {"Authorization": API_KEY}

    ws_app = websocket.WebSocketApp(
        url,
        header=header,
        on_open=on_open,
        on_message=on_message,
        on_error=on_error,
        on_close=on_close,
    )
    ws_thread = threading.Thread(target=ws_app.run_forever, daemon=True)
    ws_thread.start()

    try:
        while ws_thread.is_alive():
            time.sleep(0.1)
    except KeyboardInterrupt:
        print("\nCtrl-C: finishing.", file=sys.stderr)
        stop_event.set()
        if ws_app.sock and ws_app.sock.connected:
            try:
                ws_app.send(json.dumps({"type": "Terminate"}))
                time.sleep(5)  # the last words are still on their way
            except Exception as error:
                print(f"Could not say goodbye: {error}", file=sys.stderr)
        ws_app.close()
        ws_thread.join(timeout=2.0)
    finally:
        save_wav_file()


if __name__ == "__main__":
    main()
