"""What is done to words before they are sent: section 13.6 of the protocol reference."""

from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from crossfade.dialects.speechmatics.configuration import TranscriptionConfig
from crossfade.dialects.speechmatics.languages import Language
from crossfade.model import Word
from crossfade.text.disfluencies import is_disfluency
from crossfade.text.removal import Mended, without
from crossfade.text.replacements import Replacements


class Editor:
    """Replaces words, then leaves hesitations out, as the client asked.

    A word that is replaced by nothing is left out too. Finals are remembered as far as the next
    words depend on them; a partial changes nothing.
    """

    def __init__(
        self, wire: TranscriptionConfig, language: Language, replacements: Replacements
    ) -> None:
        self._replacements = replacements
        self._sentence_marks = language.sentence_marks
        self._removes = (
            wire.transcript_filtering_config.remove_disfluencies and language.has_english
        )
        self._owes_capital = False

    def final(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Edit words that come once, in order."""
        edited = self._edited(words)
        self._owes_capital = edited.owes_capital
        return edited.words

    def partial(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Edit words that will come again."""
        return self._edited(words).words

    def _edited(self, words: Sequence[Word]) -> Mended:
        if not (self._replacements or self._removes):
            return Mended(words=tuple(word for word in words if word.text))
        texts = [self._replacements.apply(word.text) for word in words]
        return without(
            [
                replace(word, text=text) if text else word
                for word, text in zip(words, texts, strict=True)
            ],
            [self._is_unwanted(text, before) for before, text in pairwise(["", *texts])],
            sentence_marks=self._sentence_marks,
            owes_capital=self._owes_capital,
        )

    def _is_unwanted(self, text: str, before: str) -> bool:
        return not text or (self._removes and is_disfluency(text, after=before))
