"""Clients by hand, frame by frame: what an emulator says to them, byte for byte."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from crossfade.emulator.serving import KEY

SILENCE = [bytes(3200)] * 40  # 4 s in 100 ms: 16 kHz, 16 bits

START = {
    "message": "StartRecognition",
    "audio_format": {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000},
    "transcription_config": {
        "language": "en",
        "enable_partials": True,
        "conversation_config": {"end_of_utterance_silence_trigger": 0.5},
    },
}
QUERY = "sample_rate=16000&speech_model=universal-streaming-english"


_LAST = ('{"message":"EndOfTranscript"', '{"type":"Termination"')


@dataclass
class Told:
    """Everything that one client was told."""

    frames: list[str] = field(default_factory=list)
    code: int | None = None
    reason: str = ""

    @property
    def messages(self) -> list[dict]:
        return [json.loads(frame) for frame in self.frames]

    def of(self, kind: str) -> list[dict]:
        return [m for m in self.messages if kind in (m.get("message"), m.get("type"))]

    @property
    def words(self) -> list[str]:
        """Final words, in the protocol whose messages have a ``message``."""
        return [
            item["alternatives"][0]["content"]
            for message in self.of("AddTranscript")
            for item in message["results"]
            if item["type"] == "word"
        ]

    @property
    def turns(self) -> list[str]:
        """Ends of turn, in the protocol whose messages have a ``type``."""
        return [turn["transcript"] for turn in self.of("Turn") if turn["end_of_turn"]]


async def speechmatics_told(
    url: str, chunks: Sequence[bytes] = SILENCE, *, start=START, patient=False
) -> Told:
    """Send it all, then hear it all."""
    end = {"message": "EndOfStream", "last_seq_no": len(chunks)}
    headers = {"Authorization": f"Bearer {KEY}"}
    frames = [json.dumps(start), *chunks, json.dumps(end)]
    return await converse(f"{url}/v2", headers, frames, patient=patient)


async def assemblyai_told(
    url: str, chunks: Sequence[bytes] = SILENCE, *, query=QUERY, patient=False
) -> Told:
    """The same in the other protocol."""
    end = json.dumps({"type": "Terminate"})
    headers = {"Authorization": KEY}
    return await converse(f"{url}/v3/ws?{query}", headers, [*chunks, end], patient=patient)


async def converse(
    url: str, headers: dict[str, str], frames: Sequence[str | bytes], *, patient: bool = False
) -> Told:
    """Say everything at once, hear everything; ``patient``: let the server close, which takes it
    a moment.
    """
    told = Told()
    async with connect(url, additional_headers=headers, max_queue=None) as socket:
        with suppress(ConnectionClosed):
            for frame in frames:
                await socket.send(frame)
        with suppress(ConnectionClosed):
            while patient or not (told.frames and told.frames[-1].startswith(_LAST)):
                told.frames.append(await socket.recv())
    told.code, told.reason = socket.close_code, socket.close_reason or ""
    return told
