"""From segments back to words, for the client's end: the reverse of ``segments.py``.

A segment tells where it begins and ends, and nothing of its words: each is given a share of that
time by its letters. Nor does it tell how sure the server is.
"""

import re
from collections.abc import Iterator, Sequence

from crossfade.dialects.agent_stt.messages import (
    AddPartialSegment,
    AddSegment,
    EndOfTurn,
    StartOfTurn,
)
from crossfade.model import Event, Final, Partial, SpeechStarted, TurnEnded, Word

_CONFIDENCE = 1.0

_WORD = re.compile(r"(?P<text>.*?)(?P<mark>[.,!?;:…。，、？！।؟]*)", re.DOTALL)  # noqa: RUF001
"""What a word is, and the marks that follow it; full-width ones are meant."""


class SegmentReader:
    """Reads segments as events, and counts turns, which the protocol does not."""

    def __init__(self) -> None:
        self.delimiter = " "
        """What stands between words, as the server says."""
        self.through_ms = 0
        """How far the segments have come."""
        self._turn = 0

    def read(
        self, message: AddSegment | AddPartialSegment | StartOfTurn | EndOfTurn
    ) -> Sequence[Event]:
        """Read one message."""
        match message:
            case StartOfTurn():
                at_ms = _ms(message.metadata.start_time)
                return [SpeechStarted(turn=self._turn, at_ms=at_ms, confidence=_CONFIDENCE)]
            case AddPartialSegment():
                return [self._partial(self._words(message), message)]
            case AddSegment():
                words = self._words(message)
                self.through_ms = max(self.through_ms, _ms(message.metadata.end_time))
                final = Final(turn=self._turn, words=words, through_ms=self.through_ms)
                return [final, self._partial((), message)]
            case EndOfTurn():
                at_ms = max(self.through_ms, _ms(message.metadata.end_time))
                ended = TurnEnded(turn=self._turn, at_ms=at_ms, confidence=_CONFIDENCE)
                self._turn += 1
                return [ended]

    def _partial(self, words: tuple[Word, ...], message: AddSegment | AddPartialSegment) -> Partial:
        through_ms = max(self.through_ms, _ms(message.metadata.end_time))
        return Partial(turn=self._turn, words=words, through_ms=through_ms)

    def _words(self, message: AddSegment | AddPartialSegment) -> tuple[Word, ...]:
        transcript = message.segment.transcript
        texts = transcript.split(self.delimiter) if self.delimiter else list(transcript)
        start_ms, end_ms = _ms(message.metadata.start_time), _ms(message.metadata.end_time)
        parted = _parted(texts)
        spans = _shares([len(text) for text, _ in parted], start_ms, end_ms)
        return tuple(
            Word(
                text=text,
                punctuation=mark,
                start_ms=begin_ms,
                end_ms=max(stop_ms, begin_ms + 1),
                confidence=_CONFIDENCE,
                speaker=message.segment.speaker or None,
            )
            for (text, mark), (begin_ms, stop_ms) in zip(parted, spans, strict=True)
        )


def _parted(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Part words from the marks behind them; a mark that stands alone goes to the word before."""
    parted: list[tuple[str, str]] = []
    for each in texts:
        match = _WORD.fullmatch(each)
        assert match is not None  # the expression matches any text
        if match["text"]:
            parted.append((match["text"], match["mark"]))
        elif parted:
            text, mark = parted[-1]
            parted[-1] = text, mark + match["mark"]
    return parted


def _shares(lengths: Sequence[int], start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """Share a stretch of time out, by these lengths."""
    total, done = sum(lengths), 0
    for length in lengths:
        begin_ms = start_ms + (end_ms - start_ms) * done // total
        done += length
        yield begin_ms, start_ms + (end_ms - start_ms) * done // total


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
