"""How the words of a session are written: in a style, and with some of them covered."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from crossfade.dialects.assemblyai.transcript import Style, formatted
from crossfade.model import Word
from crossfade.text.pii import Redaction
from crossfade.text.profanity import is_profane, masked


class Filters(Struct, frozen=True, kw_only=True):
    """What is covered; without arguments, nothing. Times and confidences are never touched."""

    profanity: bool = False
    """Profane words become ``***``, wherever they are shown."""
    redaction: Redaction | None = None
    """Personal information is covered in ends of turns: in a part of it nobody can recognize it."""

    def write(self, words: Sequence[Word], style: Style, *, at_end: bool = False) -> list[str]:
        """Write each word of a turn.

        What a word is, is found in its formatted form, so that every style covers the same words.
        """
        if self.profanity:
            words = [_decent(word) for word in words]
        texts = [style(word) for word in words]
        if self.redaction is None or not at_end:
            return texts
        entities = self.redaction.entities([formatted(word) for word in words])
        return [
            text if entity is None else self.redaction.cover(text, entity)
            for text, entity in zip(texts, entities, strict=True)
        ]


def _decent(word: Word) -> Word:
    return replace(word, text=masked(word.text)) if is_profane(word.text) else word
