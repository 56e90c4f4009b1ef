"""Key terms: words that a session expects are made easier for the decoder to write.

A term is spelt in tokens as the model was trained to spell it. Where a word may begin, the first
token of every term gains a little; once the end of the hypothesis is the beginning of a term, the
token that continues it gains much. Knows tokens only: how a term is shown when it was heard by
another spelling is the matter of `crossfade.recognizers.onnx.respelling`.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice, pairwise

import numpy as np

from crossfade.model import KeyTerm
from crossfade.recognizers.endpointing import FUNCTION_WORDS
from crossfade.recognizers.onnx.model import Floats
from crossfade.recognizers.onnx.tokens import Tokenizer

# How many logits a token gains. The first token of a term is a blind bet: what follows it was not
# heard yet, and a lost bet ("Is" for Isadora where "Iceland" was said) cannot be taken back. So the
# bet grows with how much of the term the token spells. Measured on 170 clips of up to 16 s, greedy
# over whole clips, with 100 terms of which 52 are spoken, 81 times; in brackets with 100 names of
# which none is. `test_key_terms.py` measures the chosen row; for another one, change these.
#
#   first token           next | names found | false |  WER, with names | WER, other speech
#   no key terms               |    75.3 %   |   1   |    4.7           |   11.7
#   1                       5  |    84.0 %   | 1 (2) |    4.0 (4.9)     |   12.0 (12.1)
#   2                       5  |    85.2 %   | 2 (2) |    4.0 (5.1)     |   12.1 (12.4)
#   1 a letter, up to 2     5  |    88.9 %   | 3 (4) |    3.8 (5.0)     |   11.6 (12.0)
#   0.5 a letter, up to 2   4  |    84.0 %   | 1     |    4.0           |   11.5
#   0.5 a letter, up to 2   5  |    86.4 %   | 1 (1) |    3.8 (5.0)     |   11.5 (11.6)
#   0.5 a letter, up to 2   7  |    86.4 %   | 1     |    3.8           |   11.5
#   0.5 a letter, up to 3   5  |    87.7 %   | 1 (1) |    3.7 (5.0)     |   11.5 (11.6)
#
# The lower-case form of each term besides: 87.7 %, but then "liddy" may be written. The spelling
# matters as much: on 129 of the clips (without key terms 73.9 % and 9.8), first token 2, next 5,
# the model's own spelling found 84.1 % at 10.4, the three with the fewest tokens 79.7 % at 10.4.
START_BOOST_PER_LETTER = 0.5
START_BOOST_MAX = 2.0
CONTINUE_BOOST = 5.0

MAX_SPELLINGS = 2000
"""Terms and their other spellings together; those beyond are left out."""
MAX_SPELLING_CHARS = 60
"""A longer one is left out: it would cost memory and is no word that anyone says."""

_Spelling = tuple[int, ...]
_Followers = dict[_Spelling, dict[int, None]]
"""The inner dictionaries are ordered sets."""


class KeyTermBias:
    """Moves the scores of the next token towards a session's key terms.

    Immutable and without state between calls, so it fits any hypothesis of any thread: a
    `crossfade.recognizers.onnx.model.Bias`. A call costs 3 to 5 µs, whatever the list.

    Attributes:
        unusable: Texts of the terms that change nothing: those without a letter or digit, too
            long, beyond the limit, or nothing but a word that is in every other sentence.
    """

    def __init__(self, terms: Iterable[KeyTerm], tokenizer: Tokenizer) -> None:
        """Spell all terms: 20 µs to 50 µs a term, for 1000 names 13 to 50 ms.

        A list at the limits of length takes 0.4 s and 12 MB: not on the event loop.
        """
        followers, self.unusable = _follow(terms, _vocabulary(tokenizer))
        starts = followers.pop(())
        self._first = frozenset(starts)
        self._starts = np.array(list(starts), np.intp)
        self._start_boosts = np.array(
            [_start_boost(tokenizer.text((token,))) for token in starts], np.float32
        )
        self._followers = {begun: tuple(tokens) for begun, tokens in followers.items()}
        self._longest = max(map(len, followers), default=0)

    def __call__(self, row: Floats, tokens: Sequence[int], /) -> Floats:
        """See ``Bias``."""
        boosted = row.copy()
        boosted[self._starts] += self._start_boosts
        for token in self._continuing(tokens):
            # Not added: a token that continues two terms, or also begins one, gains once.
            boosted[token] = row[token] + CONTINUE_BOOST
        return boosted

    def _continuing(self, tokens: Sequence[int]) -> Iterator[int]:
        """Tokens that continue a term whose beginning is the end of the hypothesis."""
        for start in range(max(0, len(tokens) - self._longest), len(tokens)):
            if tokens[start] in self._first:
                yield from self._followers.get(tuple(tokens[start:]), ())


def spell(text: str, ids: Mapping[bytes, int]) -> _Spelling:
    """Write text in tokens as the model's training texts were: byte pair encoding.

    The vocabulary is in the order in which its pairs were merged, so the pair with the lowest
    id is merged first. Of 328 words of several tokens that the model wrote by itself, it spelt
    325 just so. A character that has no token of its own is written in bytes.

    Args:
        text: Words with single spaces between them.
        ids: The token of each piece; a leading space in a piece marks a word's start.
    """
    return tuple(chain.from_iterable(_spell_word(f" {word}", ids) for word in text.split()))


def _spell_word(word: str, ids: Mapping[bytes, int]) -> Iterator[int]:
    parts = [character.encode(errors="surrogatepass") for character in word]
    while len(parts) > 1:
        merged = [ids.get(left + right) for left, right in pairwise(parts)]
        possible = [token for token in merged if token is not None]
        if not possible:
            break
        place = merged.index(min(possible))
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    for part in parts:
        yield from (ids[part],) if part in ids else (ids[bytes([byte])] for byte in part)


def _spoken(text: str) -> str:
    """What of a term is worth expecting; ``""`` if nothing is.

    The function words before it are left out: "the Hague" would be a bet on every "the", lost
    nearly always. A list of 25 phrases, half of them like this, raised the word error rate of
    other speech by 1.4 points with those words and by 0.4 without.
    """
    words = unicodedata.normalize("NFC", text).split()
    while len(words) > 1 and words[0].lower() in FUNCTION_WORDS:
        del words[0]
    spoken = " ".join(words)
    useful = any(map(str.isalnum, spoken)) and spoken not in FUNCTION_WORDS
    return spoken if useful and len(spoken) <= MAX_SPELLING_CHARS else ""


def _forms(text: str) -> set[str]:
    """As it was given and as it stands at the beginning of a sentence."""
    return {text, text[0].upper() + text[1:]}


def _follow(
    terms: Iterable[KeyTerm], ids: Mapping[bytes, int]
) -> tuple[_Followers, tuple[str, ...]]:
    """Map each beginning of a term, the empty one too, to the tokens that continue it.

    Returns:
        The map, and the texts of the terms that are not in it.
    """
    followers: _Followers = {(): {}}
    unusable: list[str] = []
    room = MAX_SPELLINGS
    for term in terms:
        texts = list(islice(filter(None, map(_spoken, (term.text, *term.sounds_like))), room))
        room -= len(texts)
        if not texts:
            unusable.append(term.text)
        for form in chain.from_iterable(map(_forms, texts)):
            spelling = spell(form, ids)
            for place, token in enumerate(spelling):
                followers.setdefault(spelling[:place], {})[token] = None
    # A space of its own stands before every number: it is not the beginning of "4K" yet.
    followers.pop((ids[b" "],), None)
    return followers, tuple(unusable)


def _start_boost(text: str) -> float:
    return min(START_BOOST_PER_LETTER * len(text), START_BOOST_MAX)


@lru_cache(maxsize=2)
def _vocabulary(tokenizer: Tokenizer) -> dict[bytes, int]:
    """The token of each piece; takes 5 ms, once a process.

    The tokens of single bytes come first, so a character's own token takes its place.
    """
    return {piece: token for token, piece in enumerate(tokenizer.pieces) if piece}
