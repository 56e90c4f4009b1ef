"""One client for each dialect, with the same verbs, for tests that hold for both.

What it hears is checked against the dialect's schema, message by message.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import assemblyai_wire
import speechmatics_wire

SECOND = bytes(32_000)
"""One second of silence, which is all that a script needs to hear."""

CHUNK_BYTES = 3200

Message = dict[str, Any]


class SpeechmaticsVoice:
    name = "speechmatics"
    failed = ("job_error", (4013, "job_error"))
    """What a session hears whose recognizer has failed, and its close frame."""
    full = ("quota_exceeded", (4005, "quota_exceeded"))
    drained = ("job_error", (4013, "job_error"))
    """The last message of a session that the server finished: its client goes on elsewhere."""
    finished = "EndOfTranscript"

    @asynccontextmanager
    async def dial(self, url: str, *, key: str | None = None, **config: Any) -> AsyncIterator[Any]:
        async with speechmatics_wire.dial(f"{url}/v2", key=key) as wire:
            await wire.say(speechmatics_wire.start_message(enable_partials=True, **config))
            yield wire

    async def started(self, wire: Any) -> Message:
        return await wire.hear("RecognitionStarted")

    async def hear_word(self, wire: Any) -> Message:
        """Something that was said."""
        while not (message := await wire.hear("AddPartialTranscript"))["metadata"]["transcript"]:
            pass
        return message

    async def force(self, wire: Any) -> Message:
        """End the utterance; gives the answer."""
        await wire.say({"message": "ForceEndOfUtterance"})
        return await wire.hear("EndOfUtterance")

    async def ask_for_end(self, wire: Any) -> None:
        await wire.say({"message": "EndOfStream", "last_seq_no": 0})

    async def finish(self, wire: Any) -> list[Message]:
        return await wire.finish()

    def text(self, heard: list[Message]) -> str:
        """All final words."""
        said = (m["metadata"]["transcript"] for m in heard if m["message"] == "AddTranscript")
        return " ".join("".join(said).split())

    def word_starts_s(self, heard: list[Message]) -> list[float]:
        return [
            result["start_time"]
            for message in heard
            if message["message"] == "AddTranscript"
            for result in message["results"]
            if result["type"] == "word"
        ]

    def verdict(self, heard: list[Message]) -> str:
        """What the last message is: the type of an error, else of the message."""
        last = heard[-1]
        return last["type"] if last["message"] == "Error" else last["message"]


class AssemblyAIVoice:
    name = "assemblyai"
    failed = (3005, (3005, None))
    full = (3009, (3009, None))
    drained = ("Termination", (1001, "Server Shutdown"))
    finished = "Termination"

    @asynccontextmanager
    async def dial(self, url: str, *, key: str | None = None, **config: Any) -> AsyncIterator[Any]:
        asked = {"sample_rate": 16_000, "speech_model": assemblyai_wire.US} | config
        async with assemblyai_wire.dial(url, key=key, **asked) as wire:
            yield wire

    async def started(self, wire: Any) -> Message:
        return await wire.hear("Begin")

    async def hear_word(self, wire: Any) -> Message:
        while not (turn := await wire.hear("Turn"))["words"]:
            pass
        return turn

    async def force(self, wire: Any) -> Message:
        await wire.say(assemblyai_wire.FORCE)
        return await wire.hear_end_of_turn()

    async def ask_for_end(self, wire: Any) -> None:
        await wire.say(assemblyai_wire.TERMINATE)

    async def finish(self, wire: Any) -> list[Message]:
        return await wire.terminate()

    def text(self, heard: list[Message]) -> str:
        return assemblyai_wire.text(heard)

    def word_starts_s(self, heard: list[Message]) -> list[float]:
        last = {turn["turn_order"]: turn for turn in assemblyai_wire.ends(heard)}
        return [word["start"] / 1000 for turn in last.values() for word in turn["words"]]

    def verdict(self, heard: list[Message]) -> str | int:
        last = heard[-1]
        return last["error_code"] if last["type"] == "Error" else last["type"]


Voice = SpeechmaticsVoice | AssemblyAIVoice
VOICES: tuple[Voice, ...] = (SpeechmaticsVoice(), AssemblyAIVoice())


def chunks(data: bytes) -> list[bytes]:
    """100 ms each, which every dialect takes."""
    return [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]


def letters(text: str) -> str:
    """Words without case and marks: dialects write the same words differently."""
    kept = "".join(c for c in text.lower() if c.isalnum() or c in " '")
    return " ".join(kept.split())


def is_closed_as(wire: Any, expected: tuple[int, str | None]) -> bool:
    """Compare code and reason; ``None``: any reason."""
    code, reason = expected
    return wire.closed[0] == code and reason in (None, wire.closed[1])
