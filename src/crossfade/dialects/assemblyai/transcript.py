"""Words on the wire: formatted, as they were recognized, or raw, as the vendor shows them early."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from string import ascii_uppercase

from msgspec import UNSET

from crossfade.dialects.assemblyai import messages
from crossfade.model import Word

Style = Callable[[Word], str]
"""How a word is written."""

_EDGE_MARKS = ".,;:!?…\"'“”‘’«»()[]{}<>-–—¿¡。、，；：！？؟।"  # noqa: RUF001 (marks of many scripts)

_LETTERS = ascii_uppercase
_UNKNOWN = ("UNKNOWN", "PENDING")

_PRECISION = 6
"""Decimals, as the vendor rounds."""


def formatted(word: Word) -> str:
    """Write a word with its capitals and its mark."""
    return word.text + word.punctuation


def raw(word: Word) -> str:
    """Write a word in lower case and without marks at its edges.

    Marks inside stay, since they are part of the word: ``don't``, ``3.5``, ``twenty-nine``.
    """
    return word.text.strip(_EDGE_MARKS).lower() or word.text.lower()


def wire_words(
    words: Sequence[Word], texts: Sequence[str], *, final: bool, speakers: bool = False
) -> tuple[messages.Word, ...]:
    """Write words as items of a ``Turn``.

    Args:
        words: The words themselves, for their times.
        texts: How each is written.
        final: They will not change any more.
        speakers: Name those that are known.
    """
    return tuple(
        messages.Word(
            text=text,
            start=word.start_ms,
            end=word.end_ms,
            confidence=round_number(word.confidence),
            word_is_final=final,
            speaker=speaker_letter(word.speaker) if speakers and word.speaker else UNSET,
        )
        for word, text in zip(words, texts, strict=True)
    )


def speaker_letter(speaker: str) -> str:
    """Write our ``S1``, ``S2``, ... as the vendor's ``A``, ``B``, ...; other names as they are."""
    number = speaker.removeprefix("S")
    if number == speaker or not number.isdecimal():
        return speaker
    place = int(number) - 1
    return _LETTERS[place] if place < len(_LETTERS) else speaker


def speaker_label(letter: str) -> str | None:
    """Read ``A``, ``B``, ... as our ``S1``, ``S2``, ...; ``None`` where nobody is known yet."""
    if letter in _UNKNOWN:
        return None
    return f"S{_LETTERS.index(letter) + 1}" if letter in tuple(_LETTERS) else letter


def turn_speaker(words: Iterable[Word]) -> str:
    """Name who spoke longest; ``UNKNOWN`` if nobody is known, as LiveKit expects it."""
    spoken_ms: Counter[str] = Counter()
    for word in words:
        if word.speaker:
            spoken_ms[word.speaker] += word.end_ms - word.start_ms
    return speaker_letter(spoken_ms.most_common(1)[0][0]) if spoken_ms else "UNKNOWN"


def round_number(number: float) -> float:
    """Round a confidence or a factor as the vendor does."""
    return round(number, _PRECISION)
