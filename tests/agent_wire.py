"""A plain Agent STT client for tests: raw messages over a real socket, every answer checked.

What both of the vendor's protocols have is that of ``speechmatics_wire``; whatever this server
sends has to be valid, and in its place, under ``agent_schema``.
"""

from collections.abc import Iterable
from typing import Any

from agent_schema import SessionRules
from speechmatics_wire import RAW, SECOND, Message, Wire, cut, kinds, of, pcm

__all__ = ["RAW", "SECOND", "AgentWire", "Message", "cut", "kinds", "of", "pcm"]

Mode = str | None
"""``None``: the client says nothing about turns."""


def start_message(audio_format: Message = RAW, mode: Mode = "vad", **config: Any) -> Message:
    message = {
        "message": "StartRecognition",
        "audio_format": audio_format,
        "transcription_config": {"language": "en", "model": "linden-1"} | config,
    }
    return message if mode is None else message | {"turn_config": {"turn_detection_mode": mode}}


def force(at_s: float) -> Message:
    return {"message": "ForceEndOfUtterance", "timestamp": at_s}


class AgentWire(Wire):
    """One connection. ``heard`` is everything that the server said, ``heard_at`` when."""

    def __init__(self, socket: Any) -> None:
        super().__init__(socket)
        self._rules = SessionRules()

    async def start(
        self, audio_format: Message = RAW, mode: Mode = "vad", **config: Any
    ) -> Message:
        """Start recognition and wait until it has started."""
        await self.say(start_message(audio_format, mode, **config))
        self._rules.mode = "external" if mode == "external" else "vad"
        self._rules.partials = config.get("enable_partials", False)
        return await self.hear("RecognitionStarted")

    def switch_partials(self) -> Message:
        """The message that asks for partials; they may come from here on."""
        self._rules.partials = None
        config = {"enable_partials": True}
        return {"message": "SetRecognitionConfig", "transcription_config": config}


dial = AgentWire.dial
converse = AgentWire.converse


# What was said, read off the messages.


def story(messages: Iterable[Message], *left_out: str) -> list[str]:
    """What happened, acknowledgements, information and ``left_out`` aside: kinds, and what was
    said."""
    hidden = {"RecognitionStarted", "AudioAdded", "Info", *left_out}
    return [
        f"{message['message']}: {message['segment']['transcript']}"
        if "segment" in message
        else message["message"]
        for message in messages
        if message["message"] not in hidden
    ]


def text(messages: Iterable[Message]) -> str:
    """What a client shows: the segments, with spaces between."""
    return " ".join(m["segment"]["transcript"] for m in of(messages, "AddSegment"))
