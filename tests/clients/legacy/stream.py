"""Stream a file through the legacy SDK ``speechmatics-python``; print what it heard as JSON.

Runs in a process of its own, with that SDK on its path: it would shadow ``speechmatics.rt``.

    python stream.py URL KEY FILE [--raw BYTES_PER_S] [--temporary] [--channels A,B]
"""

import argparse
import json
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # it says that it is deprecated

import speechmatics  # noqa: E402


class Microphone:
    """A file that gives its bytes no faster than they are spoken."""

    def __init__(self, path: str, bytes_per_s: int) -> None:
        self._file = open(path, "rb")  # noqa: SIM115 (as long as this process)
        self._bytes_per_s = bytes_per_s
        self._start = time.monotonic()
        self._given = 0

    def read(self, n_bytes: int) -> bytes:
        data = self._file.read(n_bytes)
        self._given += len(data)
        time.sleep(max(0.0, self._start + self._given / self._bytes_per_s - time.monotonic()))
        return data


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("file")
    parser.add_argument("--raw", type=int)
    parser.add_argument("--temporary", action="store_true")
    parser.add_argument("--channels")
    args = parser.parse_args()

    heard = []
    settings = speechmatics.models.ConnectionSettings(
        url=args.url, auth_token=args.key, generate_temp_token=args.temporary, ssl_context=None
    )
    client = speechmatics.client.WebsocketClient(settings)
    client.add_event_handler("all", heard.append)
    config = speechmatics.models.TranscriptionConfig(language="en")
    audio = speechmatics.models.AudioSettings()
    stream = open(args.file, "rb")  # noqa: SIM115 (as long as this process)
    if args.raw:
        config.enable_partials = True
        config.max_delay = 2
        audio = speechmatics.models.AudioSettings(
            encoding="pcm_s16le", sample_rate=16_000, chunk_size=1600
        )
        stream = Microphone(args.file, args.raw)
    if args.channels:
        config.diarization = "channel"
        config.channel_diarization_labels = args.channels.split(",")
        stream = dict.fromkeys(config.channel_diarization_labels, args.file)
    client.run_synchronously(stream, config, audio, timeout=60)
    print(json.dumps(heard))  # noqa: T201 (it is what the test reads)


if __name__ == "__main__":
    main()
