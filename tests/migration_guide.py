"""The sample client of the vendors' migration guide, as section 17.7 of the reference tells it.

Its own loop on ``websocket-client``, with its habits: audio only after RecognitionStarted, no look
at acknowledgements, one second of patience at the end.
"""

import json
import threading
import time

import httpx
import websocket

from crossfade.audio import Samples, encode
from crossfade.model import Encoding

RATE_HZ = 44_100
CHUNK_BYTES = 4096  # 1024 samples
PATIENCE_S = 1.0


def streams_like_the_migration_guide(
    url: str, management_url: str, key: str, samples: Samples, *, temporary: bool
) -> str:
    """Stream samples at the speed of speech; return the text it shows. For a thread of its own."""
    shown: list[str] = []
    ready = threading.Event()
    over = threading.Event()

    def on_open(app: websocket.WebSocketApp) -> None:
        config = {"language": "en", "enable_partials": True, "max_delay": 2.0}
        audio = {"type": "raw", "encoding": "pcm_f32le", "sample_rate": RATE_HZ}
        start = {
            "message": "StartRecognition",
            "audio_format": audio,
            "transcription_config": config,
        }
        app.send(json.dumps(start))

    def on_message(app: websocket.WebSocketApp, frame: str) -> None:
        message = json.loads(frame)
        match message["message"]:
            case "RecognitionStarted":
                assert message["id"]
                ready.set()
            case "AddTranscript":
                shown.append(message["metadata"]["transcript"])
            case "EndOfTranscript":
                over.set()
                app.close()
            case "Error":
                shown.append(f"{message['type']}: {message['reason']}")
                over.set()
                app.close()

    app = websocket.WebSocketApp(
        f"{url}/v2?jwt={_temporary_key(management_url, key)}" if temporary else f"{url}/v2/en",
        header={} if temporary else {"Authorization": f"Bearer {key}"},
        on_open=on_open,
        on_message=on_message,
    )
    running = threading.Thread(
        target=app.run_forever, kwargs={"ping_interval": 30, "ping_timeout": 10}
    )
    running.start()
    try:
        assert ready.wait(10)
        n_chunks = _speak(app, encode(samples, Encoding.PCM_F32LE))
        app.send(json.dumps({"message": "EndOfStream", "last_seq_no": n_chunks}))
        over.wait(PATIENCE_S)
    finally:
        app.close()
        running.join(10)
    return "".join(shown)


def _speak(app: websocket.WebSocketApp, data: bytes) -> int:
    start = time.monotonic()
    n_chunks = 0
    for at in range(0, len(data), CHUNK_BYTES):
        time.sleep(max(0.0, start + at / 4 / RATE_HZ - time.monotonic()))
        app.send_bytes(data[at : at + CHUNK_BYTES])
        n_chunks += 1
    return n_chunks


def _temporary_key(management_url: str, key: str) -> str:
    answer = httpx.post(
        f"{management_url}/v1/api_keys?type=rt",
        headers={"Authorization": f"Bearer {key}"},
        json={"ttl": 60},
    )
    return answer.json()["key_value"]
