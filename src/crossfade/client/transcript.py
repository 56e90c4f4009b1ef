"""What was said, in the formats that people ask for, written while it is being heard."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from crossfade.client.captions import Caption, Captioner
from crossfade.client.lines import written
from crossfade.model import Word

Format = Literal["text", "json", "srt", "vtt", "ctm"]

SUFFIXES: Mapping[Format, str] = {
    "text": ".txt",
    "json": ".json",
    "srt": ".srt",
    "vtt": ".vtt",
    "ctm": ".ctm",
}
"""The ending of a file in each format."""

PARAGRAPH_MS = 2000
"""A silence this long begins a new line of text."""


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


class Writer(Protocol):
    """Writes one recording. What it returns, one after the other, is the file."""

    def push(self, words: Sequence[Word]) -> str:
        """Take final words; return what can be written with them."""

    def end(self, *, audio_ms: int) -> str:
        """Return the rest; the file then ends with a line end."""


def writer(wanted: Format, name: str) -> Writer:
    """Begin a file about a recording of this name."""
    match wanted:
        case "text":
            return _Text()
        case "json":
            return _Json(name)
        case "srt":
            return _Srt()
        case "vtt":
            return _Vtt()
        case "ctm":
            return _Ctm(name)


def render(transcript: Transcript, wanted: Format) -> str:
    """Write a transcript whole."""
    pen = writer(wanted, transcript.name)
    return pen.push(transcript.words) + pen.end(audio_ms=transcript.audio_ms)


class _Text:
    """The words only, a line for each passage between long silences."""

    def __init__(self) -> None:
        self._last: Word | None = None

    def push(self, words: Sequence[Word]) -> str:
        return "".join(self._space_before(word) + written([word]) for word in words)

    def end(self, *, audio_ms: int) -> str:
        return "\n"

    def _space_before(self, word: Word) -> str:
        last, self._last = self._last, word
        if last is None:
            return ""
        is_paragraph = word.start_ms - last.end_ms >= PARAGRAPH_MS or word.speaker != last.speaker
        return "\n" if is_paragraph else " "


class _Json:
    """One object in one line. The text comes last: it is known last."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._texts: list[str] = []

    def push(self, words: Sequence[Word]) -> str:
        parts = []
        for word in words:
            parts.append("," if self._texts else self._head())
            parts.append(_encoded(_fields(word)))
            self._texts.append(written([word]))
        return "".join(parts)

    def end(self, *, audio_ms: int) -> str:
        head = "" if self._texts else self._head()
        text = _encoded(" ".join(self._texts))
        return f'{head}],"audio_ms":{audio_ms},"text":{text}}}\n'

    def _head(self) -> str:
        return f'{{"file":{_encoded(self._name)},"words":['


class _Ctm:
    """A line for each word: recording, channel, start, duration, word, confidence (NIST's CTM)."""

    def __init__(self, name: str) -> None:
        self._name = "_".join(name.split()) or "-"

    def push(self, words: Sequence[Word]) -> str:
        return "".join(
            f"{self._name} 1 {word.start_ms / 1000:.3f} {(word.end_ms - word.start_ms) / 1000:.3f} "
            f"{'_'.join(word.text.split())} {word.confidence:.3f}\n"
            for word in words
        )

    def end(self, *, audio_ms: int) -> str:
        return ""


class _Srt:
    """SubRip."""

    def __init__(self) -> None:
        self._captioner = Captioner()
        self._n_written = 0

    def push(self, words: Sequence[Word]) -> str:
        return self._blocks(self._captioner.push(words))

    def end(self, *, audio_ms: int) -> str:
        return self._blocks(self._captioner.flush())

    def _blocks(self, captions: Iterable[Caption]) -> str:
        return "".join(map(self._block, captions))

    def _block(self, caption: Caption) -> str:
        self._n_written += 1
        gap = "\n" if self._n_written > 1 else ""
        times = f"{_clock(caption.start_ms, ',')} --> {_clock(caption.end_ms, ',')}"
        return f"{gap}{self._n_written}\n{times}\n" + "\n".join(caption.lines) + "\n"


class _Vtt:
    """WebVTT (https://www.w3.org/TR/webvtt1/)."""

    def __init__(self) -> None:
        self._captioner = Captioner()
        self._is_begun = False

    def push(self, words: Sequence[Word]) -> str:
        return self._head() + "".join(map(_cue, self._captioner.push(words)))

    def end(self, *, audio_ms: int) -> str:
        return self._head() + "".join(map(_cue, self._captioner.flush()))

    def _head(self) -> str:
        head, self._is_begun = "" if self._is_begun else "WEBVTT\n", True
        return head


def _cue(caption: Caption) -> str:
    text = "\n".join(caption.lines)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"\n{_clock(caption.start_ms, '.')} --> {_clock(caption.end_ms, '.')}\n{text}\n"


def _clock(ms: int, mark: str) -> str:
    minutes, rest_ms = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest_ms // 1000:02}{mark}{rest_ms % 1000:03}"


def _fields(word: Word) -> dict[str, object]:
    fields: dict[str, object] = msgspec.structs.asdict(word)
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()
