"""From ``results`` back to words, for the client's end: the reverse of ``transcripts.py``."""

from collections.abc import Iterable

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
    for item in results:
        content = item.alternatives[0].content
        if item.attaches_to == "next":
            prefix += content
        elif item.attaches_to in ("previous", "both") and words:
            words[-1] = _followed_by(words[-1], content)
        else:
            words.append(_word(item, prefix + content))
            prefix = ""
    return tuple(words)


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
    )


def _followed_by(word: Word, mark: str) -> Word:
    return Word(
        text=word.text,
        start_ms=word.start_ms,
        end_ms=word.end_ms,
        confidence=word.confidence,
        punctuation=word.punctuation + mark,
        speaker=word.speaker,
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
