"""Words and a transcript writer for tests; everything that is written is checked on the way."""

from typing import Any

import msgspec

from crossfade.dialects.base import DialectSettings
from crossfade.dialects.speechmatics.decoding import decode
from crossfade.dialects.speechmatics.start import plan
from crossfade.dialects.speechmatics.transcripts import TranscriptWriter
from crossfade.model import Final, Partial, Silence, TurnEnded, Word
from speechmatics_schema import SessionRules

RAW = {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16000}
_MARKS = ".,?!"


def word(text: str, start_ms: int = 0, end_ms: int = 100, **more: Any) -> Word:
    return Word(text=text, start_ms=start_ms, end_ms=end_ms, **({"confidence": 0.9} | more))


def said(text: str, *, at_ms: int = 0, **more: Any) -> tuple[Word, ...]:
    """One word each 300 ms, 200 ms long; a mark behind a word is its punctuation."""
    words = []
    for number, written in enumerate(text.split()):
        is_abbreviation = written.lower() in ("a.m.", "p.m.")
        bare = written if is_abbreviation else written.rstrip(_MARKS) or written
        start_ms = at_ms + number * 300
        mark = written[len(bare) :]
        words.append(word(bare, start_ms, start_ms + 200, punctuation=mark, **more))
    return tuple(words)


def final(*words: Word, through_ms: int | None = None, forced: bool = False) -> Final:
    end_ms = words[-1].end_ms if words else 0
    return Final(turn=0, words=words, through_ms=end_ms if through_ms is None else through_ms,
                 forced=forced)  # fmt: skip


def partial(*words: Word, through_ms: int | None = None) -> Partial:
    end_ms = words[-1].end_ms if words else 0
    return Partial(turn=0, words=words, through_ms=end_ms if through_ms is None else through_ms)


class Writer:
    """A transcript writer whose every message is checked, alone and in its order.

    Args:
        language: Of the session.
        config: Other fields of ``transcription_config``.
    """

    def __init__(self, *, language: str = "en", **config: Any) -> None:
        config = {"language": language} | config
        start = {"message": "StartRecognition", "audio_format": RAW, "transcription_config": config}
        message = decode(msgspec.json.encode(start).decode())
        self._plan = plan(message, DialectSettings())  # type: ignore[arg-type]
        self.writer = TranscriptWriter(self._plan)
        self.wire = self._plan.wire
        self._is_spaced = self._plan.language.word_delimiter == " "
        self.rules = SessionRules(partials=bool(config.get("enable_partials")))
        self.rules.start()

    def tell(self, *events: Final | Partial | Silence | TurnEnded) -> list[dict[str, Any]]:
        return self._checked([message for event in events for message in self.writer.tell(event)])

    def finish(self) -> list[dict[str, Any]]:
        return self._checked(self.writer.finish())

    def final(self, *words: Word, **more: Any) -> dict[str, Any]:
        """The one message that a final becomes, partials being off."""
        [message] = self.tell(final(*words, **more))
        return message

    def _checked(self, messages: Any) -> list[dict[str, Any]]:
        frames = [msgspec.json.encode(message).decode() for message in messages]
        if not self._is_spaced:
            return [msgspec.json.decode(frame) for frame in frames]
        return [self.rules.hear(frame) for frame in frames]


def window(message: dict[str, Any]) -> tuple[float, float]:
    return message["metadata"]["start_time"], message["metadata"]["end_time"]


def text(message: dict[str, Any]) -> str:
    return message["metadata"]["transcript"]


def contents(message: dict[str, Any]) -> list[str]:
    return [item["alternatives"][0]["content"] for item in message["results"]]


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["message"] for message in messages]
