"""The SDK of the retired API, v2: ``assemblyai.RealtimeTranscriber``. Its servers are gone.

python sdk_realtime_v2.py speech.wav
"""

import os
import sys
import time
import wave

import assemblyai as aai

aai.settings.api_key = os.environ["ASSEMBLYAI_API_KEY"]


def on_data(transcript: aai.RealtimeTranscript):
    if isinstance(transcript, aai.RealtimeFinalTranscript):
        print(transcript.text, flush=True)


def on_error(error: aai.RealtimeError):
    print(f"error: {error}", file=sys.stderr)


def in_real_time(recording):
    while data := recording.readframes(recording.getframerate() // 10):
        yield data
        time.sleep(0.1)


def main(path):
    with wave.open(path) as recording:
        transcriber = aai.RealtimeTranscriber(
            sample_rate=recording.getframerate(),
            encoding=aai.AudioEncoding.pcm_s16le,
            word_boost=["Crossfade"],
            end_utterance_silence_threshold=700,
            disable_partial_transcripts=True,
            on_data=on_data,
            on_error=on_error,
        )
        transcriber.connect()
        transcriber.stream(in_real_time(recording))
        transcriber.close()


if __name__ == "__main__":
    main(sys.argv[1])
