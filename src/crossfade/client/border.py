"""Where the words of one connection end and those of the next begin. Pure functions.

A recognizer that starts anew hears better with some context, so audio is replayed from before the
last final word. It then says some known words again, perhaps otherwise written and some
hundredths of a second away.
"""

from collections.abc import Sequence
from itertools import pairwise

from crossfade.model import Word

MIN_CONTEXT_MS = 1500
"""So much known speech is heard again at least."""

MAX_CONTEXT_MS = 10_000
"""So much at most; the longest pause between the two is where it begins.

Begun anew at 48 random moments of readings, the embedded model said 2 words otherwise than without
(15 s: 3, 6 s: 11, 4 s: 17).
"""

MAX_PACED_CONTEXT_MS = 4000
"""The same for a server that wants audio in real time, and may never catch up."""

_LEAD_MS = 800
"""Most silence before the first replayed word: so much lets the embedded recognizer begin as it
did. With 250 ms there were 4 words for 2."""

_STEP_MS = 160
"""Audio is replayed from a multiple of this. A recognizer that looks at windows of 32 ms (ours), 20
or 10 then looks at the same ones: from anywhere else it said 31 words otherwise for 4."""

_TAIL_MS = 50
"""Left out behind the end of the word before, where there is a pause: it may end a little later."""

_HORIZON_MS = 3000
"""A word this far behind the border is new, whatever it is."""

_EDIT_COST = 0.5
_TIME_UNIT_MS = 250
"""A word on the wrong side of the border by this much costs 1.

Heard in two contexts by the embedded model, the middle of a word moved by 64 ms at p95 and by 191
ms at p99 (328 words): less than half of this is no reason to take it for another word.
"""


def replay_from(said: Sequence[Word], settled_ms: int, *, is_paced: bool) -> int:
    """Choose the position from which audio is to be replayed.

    Args:
        said: The last final words, in order.
        settled_ms: No later word begins before this.
        is_paced: It will be heard no faster than in real time.

    Returns:
        The beginning, where that is near enough; else a position in a pause if there is one, so
        that no word is cut.
    """
    return _replay_from(said, settled_ms, is_paced=is_paced) // _STEP_MS * _STEP_MS


def _replay_from(said: Sequence[Word], settled_ms: int, *, is_paced: bool) -> int:
    earliest_ms = settled_ms - (MAX_PACED_CONTEXT_MS if is_paced else MAX_CONTEXT_MS)
    if earliest_ms <= 0:
        return 0
    latest_ms = settled_ms - MIN_CONTEXT_MS
    if not said or said[-1].end_ms <= latest_ms:
        return latest_ms
    pauses = [  # where it ends, and how long it is
        (word.start_ms, word.start_ms - before.end_ms)
        for before, word in pairwise(said)
        if earliest_ms <= word.start_ms <= latest_ms
    ]
    if not pauses:
        return latest_ms
    end_ms, length_ms = max(pauses, key=lambda pause: (pause[1], pause[0]))
    return end_ms - min(max(length_ms - _TAIL_MS, 0), _LEAD_MS)


def n_known(said: Sequence[Word], heard: Sequence[Word], *, border_ms: int) -> int:
    """Count how many of the words at the beginning of ``heard`` were said before.

    The cut is where the words before it are most like ``said`` and no word is far on the wrong
    side of the border. So neither a word heard differently nor a time that moved a little makes
    one word two, or none.

    Args:
        said: Final words of the audio that was replayed.
        heard: What is heard in it now, and behind it; perhaps not all of it yet.
        border_ms: Where the last final word ended.
    """
    near = [word for word in heard if _middle_ms(word) < border_ms + _HORIZON_MS]
    edits = _edits([_plain(word) for word in said], [_plain(word) for word in near])
    offsets = [(_middle_ms(word) - border_ms) / _TIME_UNIT_MS for word in near]
    costs = [
        _EDIT_COST * n_edits
        + sum(max(0.0, offset) for offset in offsets[:cut])
        + sum(max(0.0, -offset) for offset in offsets[cut:])
        for cut, n_edits in enumerate(edits)
    ]
    return costs.index(min(costs))


def _edits(said: Sequence[str], heard: Sequence[str]) -> list[int]:
    """The edit distance of ``said`` to each beginning of ``heard``, from the empty one on."""
    distances = list(range(len(said) + 1))  # to the empty beginning, for each beginning of `said`
    whole = [distances[-1]]
    for text in heard:
        corners = pairwise(distances)
        row = [distances[0] + 1]
        for (diagonal, above), known in zip(corners, said, strict=True):
            row.append(min(diagonal + (known != text), above + 1, row[-1] + 1))
        distances = row
        whole.append(distances[-1])
    return whole


def _middle_ms(word: Word) -> float:
    return (word.start_ms + word.end_ms) / 2


def _plain(word: Word) -> str:
    """As it sounds, not as it is written."""
    return "".join(filter(str.isalnum, word.text.casefold()))
