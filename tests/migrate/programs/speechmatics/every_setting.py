"""A meeting with all that there is to set: ``websockets``, one coroutine that sends and receives.

python every_setting.py meeting.wav
"""

import asyncio
import json
import os
import sys
import wave

import websockets

transcription = {
    "language": "en",
    "model": "enhanced",
    "output_locale": "en-GB",
    "diarization": "speaker",
    "speaker_diarization_config": {
        "max_speakers": 4,
        "speaker_sensitivity": 0.6,
        "prefer_current_speaker": True,
        "get_speakers": True,
    },
    "max_delay": 3.5,
    "max_delay_mode": "fixed",
    "enable_partials": True,
    "audio_filtering_config": {"volume_threshold": 1.5},
    "transcript_filtering_config": {
        "remove_disfluencies": True,
        "replacements": [{"from": "colour", "to": "color"}],
    },
}
transcription["conversation_config"] = {"end_of_utterance_silence_trigger": 0.8}

translation = {"target_languages": ["de"], "enable_partials": False}
events = {"types": ["applause", "laughter"]}


def start_message(rate):
    return {
        "message": "StartRecognition",
        "audio_format": {"type": "raw", "encoding": "pcm_s16le", "sample_rate": rate},
        "transcription_config": transcription,
        "translation_config": translation,
        "audio_events_config": events,
    }


async def main(path):
    url = os.environ.get("SPEECHMATICS_URL", "wss://neu.rt.speechmatics.com/v2/en")
    key = os.getenv("SPEECHMATICS_API_KEY")
    with wave.open(path) as meeting:
        async with websockets.connect(
            url, additional_headers=[("Authorization", f"Bearer {key}")]
        ) as ws:
            await ws.send(json.dumps(start_message(meeting.getframerate())))
            async for frame in ws:
                message = json.loads(frame)
                kind = message["message"]
                if kind == "RecognitionStarted":
                    asyncio.get_running_loop().create_task(speak(ws, meeting))
                elif kind == "AddTranscript":
                    for result in message["results"]:
                        best = result["alternatives"][0]
                        space = "" if result["type"] == "punctuation" else " "
                        print(space + best["content"], end="", flush=True)
                elif kind == "AddTranslation":
                    print(message["results"], file=sys.stderr)
                elif kind == "AudioEventStarted":
                    print(message["event"], file=sys.stderr)
                elif kind == "SpeakersResult":
                    print(message["speakers"], file=sys.stderr)
                elif kind == "EndOfTranscript":
                    return
                elif kind == "Error":
                    raise SystemExit(message["reason"])


async def speak(ws, meeting):
    n = 0
    while data := meeting.readframes(meeting.getframerate() // 10):
        await ws.send(data)
        n += 1
        await asyncio.sleep(0.1)
        if n == 10:
            change = {"language": "en", "max_delay": 2.0}
            await ws.send(
                json.dumps({"message": "SetRecognitionConfig", "transcription_config": change})
            )
    await ws.send(json.dumps({"message": "ForceEndOfUtterance"}))
    await ws.send(json.dumps({"message": "GetSpeakers", "final": True}))
    await ws.send(json.dumps({"message": "EndOfStream", "last_seq_no": n}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
    print()
