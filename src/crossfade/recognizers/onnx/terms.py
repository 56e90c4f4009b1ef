"""A session's key terms: how they are made easier to hear, and how they are written when heard."""

from collections.abc import Sequence
from functools import cached_property

from crossfade.model import KeyTerm, Word
from crossfade.recognizers.onnx.keyterms import KeyTermBias
from crossfade.recognizers.onnx.respelling import Respelling
from crossfade.recognizers.onnx.tokens import Tokenizer


class Terms:
    """Both sides of a list of key terms. Immutable."""

    def __init__(self, terms: Sequence[KeyTerm], tokenizer: Tokenizer) -> None:
        """Remember the list; a thousand terms take some 50 ms to prepare."""
        self._terms = tuple(terms)
        self._tokenizer = tokenizer

    @cached_property
    def _prepared(self) -> tuple[KeyTermBias, Respelling]:
        return KeyTermBias(self._terms, self._tokenizer), Respelling(self._terms)

    @property
    def bias(self) -> KeyTermBias:
        """Makes them easier to hear. The first decode, in a worker thread, prepares the list."""
        return self._prepared[0]

    def written(self, words: Sequence[Word]) -> Sequence[Word]:
        """Write terms that were heard by another spelling as they are to be written."""
        return self._prepared[1].respell(words)

    def border(self, words: Sequence[Word], count: int) -> int:
        """Move a border between words so that it cuts no term in two.

        Args:
            words: What was heard.
            count: Words before the border; the result is at most that.
        """
        return self._prepared[1].border(words, count)
