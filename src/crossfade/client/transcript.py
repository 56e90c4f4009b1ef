"""What was said, whole: collected from events, written in the formats that people ask for."""

from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec import Struct

from crossfade.client.captions import srt, vtt, written
from crossfade.model import Word

Format = Literal["text", "json", "srt", "vtt", "ctm"]

SUFFIXES: dict[Format, str] = {
    "text": ".txt",
    "json": ".json",
    "srt": ".srt",
    "vtt": ".vtt",
    "ctm": ".ctm",
}
"""The ending of a file in each format."""


class Transcript(Struct, frozen=True, kw_only=True):
    """All words of one recording, in order."""

    name: str
    """What the recording is called, mostly its file name."""
    audio_ms: int
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words as running text."""
        return written(self.words)


def render(transcript: Transcript, wanted: Format) -> str:
    """Write a transcript; the result ends with a line end."""
    return _RENDERERS[wanted](transcript)


def _text(transcript: Transcript) -> str:
    return transcript.text + "\n"


def _json(transcript: Transcript) -> str:
    document = {
        "file": transcript.name,
        "audio_ms": transcript.audio_ms,
        "text": transcript.text,
        "words": [_word(word) for word in transcript.words],
    }
    return msgspec.json.encode(document).decode() + "\n"


def _word(word: Word) -> dict[str, object]:
    fields: dict[str, object] = msgspec.structs.asdict(word)
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _ctm(transcript: Transcript) -> str:
    """One line a word: recording, channel, start, duration, word, confidence (NIST's CTM)."""
    name = "_".join(transcript.name.split()) or "-"
    return "".join(
        f"{name} 1 {word.start_ms / 1000:.3f} {(word.end_ms - word.start_ms) / 1000:.3f} "
        f"{'_'.join(word.text.split())} {word.confidence:.3f}\n"
        for word in transcript.words
    )


_RENDERERS: dict[Format, Callable[[Transcript], str]] = {
    "text": _text,
    "json": _json,
    "srt": lambda transcript: srt(transcript.words),
    "vtt": lambda transcript: vtt(transcript.words),
    "ctm": _ctm,
}
