"""The model's vocabulary: which bytes a token stands for, and what kind of token it is."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from crossfade.errors import ModelError

BOS = 1
"""Begins every sequence."""
EOS = 2
"""Ends every sequence."""

_VOCABULARY = 32768
_FIRST_PLACEHOLDER = 32000
"""From here on the table holds names like ``<<ST_0>>`` that never stand for text."""
_WORD_START = "\u2581".encode()
_FIRST_BYTE = 3
"""The token of byte 0; those of the other bytes follow."""
_NOTE = tuple(_FIRST_BYTE + byte for byte in "♪".encode())
"""How the model writes music; the character has no token of its own."""

STOPS = ".,!?;:…"
"""Marks that follow a word and are shown."""
DASHES = "-\u2013\u2014"
OPENING = '"“„«\u2018([{¿¡'
CLOSING = '"”»)]}'
_ALL_MARKS = STOPS + DASHES + OPENING + CLOSING + " "


class Tokenizer:
    """Maps token ids to text. Immutable; shared by all threads.

    Attributes:
        pieces: The bytes of each token; a word start is a leading space. One character may be
            spread over several tokens (ids 3 to 258 are single bytes): join first, decode after.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = tuple(
            b"" if token <= EOS or token >= _FIRST_PLACEHOLDER else piece.replace(_WORD_START, b" ")
            for token, piece in enumerate(pieces)
        )
        self._starts_word = tuple(piece.startswith(b" ") for piece in self.pieces)
        self._is_punctuation = tuple(map(_only_marks, self.pieces))

    @classmethod
    def from_file(cls, path: Path) -> "Tokenizer":
        """Read ``tokenizer.bin``: byte strings one after another, each behind its length.

        A length byte below 128 is the length; otherwise the length is ``next * 128 + byte - 128``.

        Raises:
            ModelError: If the file is missing, cut short, or holds another vocabulary.
        """
        try:
            data = path.read_bytes()
        except OSError as exc:
            raise ModelError(f"the model's vocabulary cannot be read: {exc}") from exc
        pieces: list[bytes] = []
        position = 0
        while position < len(data):
            length = data[position]
            position += 1
            if length >= 128 and position < len(data):
                length += data[position] * 128 - 128
                position += 1
            pieces.append(data[position : position + length])
            position += length
        if position != len(data) or len(pieces) != _VOCABULARY:
            raise ModelError(f"{path.name} is damaged: {len(pieces)} tokens where 32768 should be")
        return cls(pieces)

    def text(self, tokens: Iterable[int]) -> str:
        """Write tokens as text. Characters that are not complete yet are left out."""
        return b"".join(self.pieces[token] for token in tokens).decode(errors="ignore").strip()

    def starts_word(self, token: int) -> bool:
        """Whether a word begins with this token."""
        return self._starts_word[token]

    def is_punctuation(self, token: int) -> bool:
        """Whether this token is nothing but marks, with or without a space before them."""
        return self._is_punctuation[token]

    def ids(self, piece: str) -> tuple[int, ...]:
        """All tokens that stand for exactly this text."""
        wanted = piece.encode()
        return tuple(token for token, found in enumerate(self.pieces) if found == wanted)

    def notes(self, tokens: Sequence[int]) -> frozenset[int]:
        """Places of the tokens that spell "♪", with the space before it."""
        found: set[int] = set()
        for start in range(len(tokens) - len(_NOTE) + 1):
            if tuple(tokens[start : start + len(_NOTE)]) == _NOTE:
                bare_space = start > 0 and self.pieces[tokens[start - 1]] == b" "
                found.update(range(start - bare_space, start + len(_NOTE)))
        return frozenset(found)


def split_marks(text: str) -> tuple[str, str]:
    """Split a word from the marks around it.

    Returns:
        The word without marks at either end, and the stops and dashes that follow it. Quotes
        and brackets are dropped. A text of nothing but marks is all punctuation.
    """
    word = text.strip(_ALL_MARKS)
    after = text[text.index(word) + len(word) :] if word else text
    return word, "".join(mark for mark in after if mark in STOPS + DASHES)


def _only_marks(piece: bytes) -> bool:
    text = piece.decode(errors="ignore").strip()
    return bool(text) and not text.strip(_ALL_MARKS)
