"""A client of the server end that speaks in messages and checks every word it hears."""

from typing import Any

import msgspec
import pytest

from crossfade.dialects.base import DialectSettings, Goodbye, Handshake, Refusal
from crossfade.dialects.speechmatics.server import SpeechmaticsServer
from crossfade.errors import CrossfadeError
from crossfade.model import Command, Event, SessionStarted
from speechmatics_schema import SessionRules, checked

RAW = {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16000}
STARTED = SessionStarted(
    session_id="0c3b8a52-5b0e-4b6b-9a39-8f1f6c5b7d11", language="en", started_at=1_785_570_600
)


class Connection:
    """One connection to a server end."""

    def __init__(self, settings: DialectSettings | None = None) -> None:
        self.server = SpeechmaticsServer(settings or DialectSettings())
        self.goodbye: Goodbye | None = None
        self.rules = SessionRules()

    def open(self, path: str = "/v2", **headers: str) -> list[Command]:
        return self.server.open(Handshake(path=path, headers=headers))

    def say(self, message: object) -> list[Command]:
        return self.server.receive(msgspec.json.encode(message).decode())

    def start(self, audio_format: object = RAW, **config: object) -> list[Command]:
        config = {"language": "en"} | config
        return self.say(
            {
                "message": "StartRecognition",
                "audio_format": audio_format,
                "transcription_config": config,
            }
        )

    def hear(self, *events: Event) -> list[dict[str, Any]]:
        said = []
        for event in events:
            for frame in self.server.send(event):
                assert self.goodbye is None, "nothing comes after the goodbye"
                if isinstance(frame, Goodbye):
                    self.goodbye = frame
                else:
                    said.append(self.rules.hear(frame))
        return said

    def refusal(self, message: object) -> Refusal:
        """What the server answers to a message that it must refuse."""
        with pytest.raises(CrossfadeError) as caught:
            self.say(message) if not isinstance(message, bytes) else self.server.receive(message)
        return self.server.refuse(caught.value)

    def refused_as(self, message: object) -> tuple[str, int, str, str]:
        """Type, close code, close reason and reason of the refusal."""
        refusal = self.refusal(message)
        assert len(refusal.frames) == 1
        error = checked(refusal.frames[0])
        assert refusal.http_status is None
        return error["type"], refusal.goodbye.code, refusal.goodbye.reason, error["reason"]


@pytest.fixture
def connection() -> Connection:
    return Connection()


@pytest.fixture
def connect():
    """Make a connection whose session has started, with this transcription_config."""

    def started(audio_format: object = RAW, **config: object) -> Connection:
        connection = Connection()
        connection.start(audio_format, **config)
        connection.hear(STARTED)
        return connection

    return started


@pytest.fixture
def strict_connection() -> Connection:
    return Connection(DialectSettings(strict_parameters=True))


@pytest.fixture
def started() -> SessionStarted:
    return STARTED
