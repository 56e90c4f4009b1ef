"""From words to ``results``: items, windows and text, sections 11 and 12.4 of the reference.

Times are rounded to hundredths of a second, once, here (``_cs``). The windows of the finals tile
the audio, and no item starts before the last window ended.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from crossfade.dialects.speechmatics.languages import Language
from crossfade.dialects.speechmatics.messages import (
    FORMAT,
    AddPartialTranscript,
    AddTranscript,
    Alternative,
    EndOfUtterance,
    Item,
    Moment,
    TranscriptMetadata,
)
from crossfade.model import Final, Partial, Silence, TurnEnded, Word

MAX_WORDS = 500
"""Words in one message. Some clients drop the connection above 1 MiB; this is about 150 KiB."""

_WRITTEN_AS: Mapping[str, str] = {
    ";": ",",
    ":": ",",
    "…": ".",  # one character on the left: an ellipsis
}

Transcript = AddTranscript | AddPartialTranscript


def transcript_text(results: Iterable[Item], *, delimiter: str, final: bool) -> str:
    """Join items to the ``transcript`` of a message; a final ends with the delimiter."""
    text = ""
    glue = True  # no delimiter before the first item
    for item in results:
        if not glue and item.attaches_to not in ("previous", "both"):
            text += delimiter
        text += item.alternatives[0].content
        glue = item.attaches_to in ("next", "both")
    return text + delimiter if final and text and not glue else text


class TranscriptWriter:
    """Writes events as messages, and knows how far the finals have come.

    Args:
        language: Of the session.
        permitted_marks: Marks that the client wants; ``all`` stands for every one.
        speakers_wanted: Every item says who spoke, ``UU`` where nobody knows.
    """

    def __init__(
        self, *, language: Language, permitted_marks: Sequence[str], speakers_wanted: bool
    ) -> None:
        self._language = language
        self._marks = language.marks
        if "all" not in permitted_marks:
            self._marks &= set(permitted_marks)
        self._speakers_wanted = speakers_wanted
        self._settled_cs = 0
        self._forced = False  # the last final was; the partial that belongs to it is to say so too

    def final(self, event: Final, *, partials_wanted: bool) -> list[Transcript]:
        """Write words that will not change; a very long final becomes several.

        Each but the last has its own partial, since a client may wait for one after every final.
        The partial after the last is an event of its own.
        """
        said: list[Transcript] = []
        self._forced = event.forced
        rest = event.words
        while len(rest) > MAX_WORDS:
            batch, rest = rest[:MAX_WORDS], rest[MAX_WORDS:]
            said.append(self._final(batch, through_ms=0))
            if partials_wanted:
                said.append(self._partial(rest, through_ms=0))
        said.append(self._final(rest, through_ms=event.through_ms))
        return said

    def partial(self, event: Partial) -> AddPartialTranscript:
        """Write what is not final yet."""
        message = self._partial(event.words, through_ms=event.through_ms)
        self._forced = False
        return message

    def silence(self, event: Silence, *, partials_wanted: bool) -> list[Transcript]:
        """Move the clients' clocks forward by a window without words."""
        said: list[Transcript] = [self._final((), through_ms=event.end_ms)]
        if partials_wanted:
            said.append(self._partial((), through_ms=event.end_ms))
        return said

    def end_of_utterance(self, event: TurnEnded) -> EndOfUtterance:
        """Write that a turn is over."""
        at_s = max(_cs(event.at_ms), self._settled_cs) / 100
        return EndOfUtterance(
            format=FORMAT, metadata=Moment(start_time=at_s, end_time=at_s), forced=event.forced
        )

    def _final(self, words: Sequence[Word], *, through_ms: int) -> AddTranscript:
        start_cs = self._settled_cs
        results = tuple(self._items(words))
        self._settled_cs = max(_end_cs(results, start_cs), _cs(through_ms))
        return AddTranscript(
            format=FORMAT,
            results=results,
            metadata=TranscriptMetadata(
                start_time=start_cs / 100,
                end_time=self._settled_cs / 100,
                transcript=self._text(results, final=True),
            ),
            forced=self._forced,
        )

    def _partial(self, words: Sequence[Word], *, through_ms: int) -> AddPartialTranscript:
        results = tuple(self._items(words[:MAX_WORDS]))
        position_cs = max(_cs(through_ms), self._settled_cs)
        start_cs = self._settled_cs if results else position_cs
        return AddPartialTranscript(
            format=FORMAT,
            results=results,
            metadata=TranscriptMetadata(
                start_time=start_cs / 100,
                end_time=_end_cs(results, start_cs) / 100,
                transcript=self._text(results, final=False),
            ),
            forced=self._forced,
        )

    def _text(self, results: Iterable[Item], *, final: bool) -> str:
        return transcript_text(results, delimiter=self._language.word_delimiter, final=final)

    def _items(self, words: Iterable[Word]) -> Iterator[Item]:
        at_cs = self._settled_cs
        for word in words:
            if not word.text:
                continue
            start_cs = max(_cs(word.start_ms), at_cs)
            at_cs = max(_cs(word.end_ms), start_cs + 1)  # clients divide by the length of a word
            yield Item(
                type="word",
                start_time=start_cs / 100,
                end_time=at_cs / 100,
                alternatives=(self._alternative(word, word.text, word.confidence),),
            )
            if mark := self._mark(word.punctuation):
                yield Item(
                    type="punctuation",
                    start_time=at_cs / 100,
                    end_time=at_cs / 100,
                    attaches_to="previous",
                    is_eos=mark in self._language.sentence_marks,
                    alternatives=(self._alternative(word, mark, 1.0),),
                )

    def _alternative(self, word: Word, content: str, confidence: float) -> Alternative:
        return Alternative(
            content=content,
            confidence=round(min(max(confidence, 0.0), 1.0), 2),
            language=self._language.code,
            speaker=(word.speaker or "UU") if self._speakers_wanted else None,
        )

    def _mark(self, punctuation: str) -> str | None:
        """The one mark that the language has a sign for; one that ends a sentence comes first."""
        written = [_WRITTEN_AS.get(mark, mark) for mark in punctuation]
        written.sort(key=lambda mark: mark not in self._language.sentence_marks)
        mark = next((mark for mark in written if mark in self._language.marks), None)
        return mark if mark in self._marks else None


def _cs(ms: int) -> int:
    return round(ms / 10)


def _end_cs(results: Sequence[Item], start_cs: int) -> int:
    return round(results[-1].end_time * 100) if results else start_cs
