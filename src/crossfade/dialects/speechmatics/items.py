"""From words to the items of ``results``: section 11 of the protocol reference.

Times are rounded to hundredths of a second, once, here (``_cs``): no item starts before the one in
front of it ended, and none is shorter than a hundredth, because clients divide by its length.
"""

from collections.abc import Iterator, Mapping, Sequence

from crossfade.dialects.speechmatics.configuration import TranscriptionConfig
from crossfade.dialects.speechmatics.languages import Language
from crossfade.dialects.speechmatics.messages import Alternative, Display, Item
from crossfade.model import Word
from crossfade.text.disfluencies import is_disfluency
from crossfade.text.entities import Entity, grouped
from crossfade.text.profanity import is_profane

_WRITTEN_AS: Mapping[str, str] = {
    ";": ",",
    ":": ",",
    "…": ".",  # one character on the left: an ellipsis
}


class ItemWriter:
    """Writes words as items, the same way throughout a session."""

    def __init__(self, wire: TranscriptionConfig, language: Language) -> None:
        self.has_volume = False
        """Words tell how loud they were."""
        self.has_entities = wire.enable_entities and language.has_english
        self._language = language
        permitted = wire.punctuation_overrides.permitted_marks
        self._marks = language.marks
        if "all" not in permitted:
            self._marks &= set(permitted)
        self._has_speakers = wire.has_speakers
        self._has_tags = language.has_english
        is_rtl = language.writing_direction == "right-to-left"
        self._display = Display(direction="rtl") if is_rtl else None

    def items(self, words: Sequence[Word], *, from_cs: int) -> Iterator[Item]:
        """Write words, of which none begins before ``from_cs``."""
        at_cs, before = from_cs, ""
        for part in grouped(words) if self.has_entities else words:
            last = part if isinstance(part, Word) else part.words[-1]
            if isinstance(part, Word):
                tags = self._tags(part.text, before)
                item = self._word(part, self._span(part, at_cs), part.text, tags)
            else:
                item = self._entity(part, at_cs)
            at_cs, before = round(item.end_time * 100), last.text
            yield item
            if last.punctuation and (mark := self._mark(last.punctuation)):
                yield self._punctuation(last, mark, at_cs)

    def _word(
        self, word: Word, span: tuple[int, int], content: str, tags: tuple[str, ...] = ()
    ) -> Item:
        return Item(
            type="word",
            start_time=span[0] / 100,
            end_time=span[1] / 100,
            volume=self._volume(word),
            alternatives=(self._alternative(word, content, word.confidence, tags),),
        )

    def _punctuation(self, word: Word, mark: str, at_cs: int) -> Item:
        return Item(
            type="punctuation",
            start_time=at_cs / 100,
            end_time=at_cs / 100,
            attaches_to="previous",
            is_eos=mark in self._language.sentence_marks,
            alternatives=(self._alternative(word, mark, 1.0),),
        )

    def _entity(self, entity: Entity, at_cs: int) -> Item:
        written = tuple(self._written_form(entity, at_cs))
        span = round(written[0].start_time * 100), round(written[-1].end_time * 100)
        content = self._language.word_delimiter.join(
            item.alternatives[0].content for item in written
        )
        confidence = min(word.confidence for word in entity.words)
        return Item(
            type="entity",
            entity_class=entity.kind,
            start_time=span[0] / 100,
            end_time=span[1] / 100,
            volume=self._volume(*entity.words),
            spoken_form=tuple(self._spoken_form(entity, span, confidence)),
            written_form=written,
            alternatives=(self._alternative(entity.words[0], content, confidence),),
        )

    def _written_form(self, entity: Entity, at_cs: int) -> Iterator[Item]:
        """The words as written; a mark inside, ``May 5, 2020``, is part of its word."""
        for number, word in enumerate(entity.words, start=1):
            span = self._span(word, at_cs)
            at_cs = span[1]
            mark = self._mark(word.punctuation) if number < len(entity.words) else None
            yield self._word(word, span, word.text + (mark or ""))

    def _spoken_form(
        self, entity: Entity, span: tuple[int, int], confidence: float
    ) -> Iterator[Item]:
        """Words that share the entity's time out; when each was said, nobody knows."""
        for text, (start_cs, end_cs) in zip(
            entity.spoken, _shares(entity.spoken, span), strict=True
        ):
            yield Item(
                type="word",
                start_time=start_cs / 100,
                end_time=end_cs / 100,
                alternatives=(self._alternative(entity.words[0], text, confidence),),
            )

    def _alternative(
        self, word: Word, content: str, confidence: float, tags: tuple[str, ...] = ()
    ) -> Alternative:
        return Alternative(
            content=content,
            confidence=round(min(max(confidence, 0.0), 1.0), 2),
            language=self._language.code,
            speaker=(word.speaker or "UU") if self._has_speakers else None,
            tags=tags,
            display=self._display,
        )

    def _tags(self, text: str, before: str) -> tuple[str, ...]:
        if not self._has_tags:
            return ()
        disfluency = ("disfluency",) if is_disfluency(text, after=before) else ()
        return (*disfluency, "profanity") if is_profane(text) else disfluency

    def _volume(self, *words: Word) -> float | None:
        """The loudness of words, by their length; ``None`` where nobody asked or measured."""
        if not self.has_volume:
            return None
        heard = [(w.volume, w.end_ms - w.start_ms) for w in words if w.volume is not None]
        if not heard:
            return None
        loudness = sum(volume * ms for volume, ms in heard) / sum(ms for _, ms in heard)
        return round(min(max(loudness, 0.0), 100.0), 2)

    def _mark(self, punctuation: str) -> str | None:
        """The one mark that the language has a sign for; one that ends a sentence comes first."""
        written = [_WRITTEN_AS.get(mark, mark) for mark in punctuation]
        written.sort(key=lambda mark: mark not in self._language.sentence_marks)
        mark = next((mark for mark in written if mark in self._language.marks), None)
        return mark if mark in self._marks else None

    def _span(self, word: Word, at_cs: int) -> tuple[int, int]:
        start_cs = max(to_cs(word.start_ms), at_cs)
        return start_cs, max(to_cs(word.end_ms), start_cs + 1)


def to_cs(ms: int) -> int:
    """Round to hundredths of a second."""
    return round(ms / 10)


def _shares(texts: Sequence[str], span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Share a stretch of time out among words, by their letters; each gets some."""
    start_cs, end_cs = span
    letters_left = sum(map(len, texts))
    for n_left, text in zip(range(len(texts), 0, -1), texts, strict=True):
        share_cs = round((end_cs - start_cs) * len(text) / letters_left)
        share_cs = max(min(share_cs, end_cs - start_cs - (n_left - 1)), min(1, end_cs - start_cs))
        yield start_cs, start_cs + share_cs
        start_cs += share_cs
        letters_left -= len(text)
