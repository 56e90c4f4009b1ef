"""From ``results`` back to words, for the client's end: the reverse of ``transcripts.py``."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from crossfade.dialects.speechmatics.messages import (
    AddPartialTranscript,
    AddTranscript,
    EndOfUtterance,
    Item,
)
from crossfade.model import Final, Partial, Silence, TurnEnded, Word


class TranscriptReader:
    """Reads transcripts as events, and counts turns, which the protocol does not."""

    def __init__(self) -> None:
        self.through_ms = 0
        """How far the transcripts have come."""
        self._turn = 0
        self._turn_has_words = False

    def read(
        self, message: AddTranscript | AddPartialTranscript | EndOfUtterance
    ) -> Final | Silence | Partial | TurnEnded:
        """Read a message of one channel."""
        match message:
            case AddTranscript():
                return self.final(message)
            case AddPartialTranscript():
                return self.partial(message)
            case EndOfUtterance():
                return self.turn_ended(message)

    def final(self, message: AddTranscript) -> Final | Silence:
        """Read a final; one without words, between turns, is a stretch of silence."""
        words = _words(message.results)
        start_ms, end_ms = _ms(message.metadata.start_time), _ms(message.metadata.end_time)
        self.through_ms = max(self.through_ms, end_ms)
        self._turn_has_words |= bool(words)
        if not (self._turn_has_words or message.forced) and end_ms > start_ms:
            return Silence(start_ms=start_ms, end_ms=end_ms)
        return Final(turn=self._turn, words=words, through_ms=end_ms, forced=message.forced)

    def partial(self, message: AddPartialTranscript) -> Partial:
        """Read a partial."""
        through_ms = _ms(message.metadata.end_time)
        return Partial(turn=self._turn, words=_words(message.results), through_ms=through_ms)

    def turn_ended(self, message: EndOfUtterance) -> TurnEnded:
        """Read the end of a turn, about which the server has no doubt to tell."""
        turn, self._turn = self._turn, self._turn + 1
        self._turn_has_words = False
        at_ms = _ms(message.metadata.end_time)
        return TurnEnded(turn=turn, at_ms=at_ms, confidence=1.0, forced=message.forced)


def _words(results: Iterable[Item]) -> tuple[Word, ...]:
    words: list[Word] = []
    prefix = ""  # a mark that belongs to the word after it
    for item in _flat(results):
        content = item.alternatives[0].content
        if item.attaches_to == "next":
            prefix += content
        elif item.attaches_to in ("previous", "both") and words:
            words[-1] = replace(words[-1], punctuation=words[-1].punctuation + content)
        else:
            text, mark = _split(content)
            words.append(replace(_word(item, prefix + text), punctuation=mark))
            prefix = ""
    return tuple(words)


def _flat(results: Iterable[Item]) -> Iterator[Item]:
    """Take entities apart into the words that they were written with."""
    for item in results:
        if item.type == "entity" and item.written_form:
            yield from item.written_form
        else:
            yield item


def _split(content: str) -> tuple[str, str]:
    """Part a word of an entity from the comma that is inside the entity: ``May 5, 2020``."""
    text = content.removesuffix(",")
    return (text, ",") if text and text != content else (content, "")


def _word(item: Item, text: str) -> Word:
    """One word; also a mark whose word was in an earlier final, which cannot change any more."""
    start_ms = _ms(item.start_time)
    best = item.alternatives[0]
    return Word(
        text=text,
        start_ms=start_ms,
        end_ms=max(_ms(item.end_time), start_ms + 1),
        confidence=best.confidence,
        speaker=None if best.speaker == "UU" else best.speaker,
        volume=item.volume,
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
