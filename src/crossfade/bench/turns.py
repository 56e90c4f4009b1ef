"""What turn confidence is worth: is it higher where somebody has finished than where not?

Every pause of a quarter of a second is made to end a turn, so that the recognizer says how sure
it is there. Whether the speaker had finished is known of recordings that are labelled with it
(``turn_complete``), and inside of those whose text has punctuation: a pause behind a full stop is
the end of a sentence, one in mid-sentence is not.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Struct

from crossfade.bench.matching import auc
from crossfade.bench.material import Piece, SpeechStream
from crossfade.bench.playing import Pacing, play
from crossfade.bench.recordings import Recording
from crossfade.bench.target import Target
from crossfade.client.sources import MEDIA_AUDIO
from crossfade.errors import CrossfadeError
from crossfade.model import ConfidenceEndpointing, SessionConfig, TurnEnded
from crossfade.recognizers.endpointing import PAUSE_MS, TERMINAL_MARKS

AFTER_MS = 1000
"""Silence behind a recording: enough for the last pause to be one."""

NEAR_MS = 250
"""A pause belongs to a word that ends within this of where it begins: the reference's times and
the speech detector's do not agree to the millisecond."""

_ABBREVIATIONS = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "prof."})


class TurnScore(Struct, frozen=True, kw_only=True):
    """Of some pauses."""

    pauses: int
    complete: int
    """At which the speaker had finished."""
    auc: float | None
    """Probability that one of those has more confidence than another pause; ``None``: there are
    not both."""


class TurnConfidence(Struct, frozen=True, kw_only=True):
    """Of all pauses whose meaning is known."""

    labelled: TurnScore
    """Ends of recordings that say whether the speaker had finished."""
    sentences: TurnScore
    """Pauses in and behind texts with punctuation."""
    all: TurnScore


@dataclass(frozen=True, slots=True)
class Verdict:
    """One pause."""

    confidence: float
    complete: bool
    labelled: bool


async def measure_turns(
    target: Target,
    recordings: Sequence[Recording],
    *,
    max_delay_ms: int,
    advance: Callable[[], None] = lambda: None,
) -> TurnConfidence:
    """Stream every recording whose pauses have a known meaning.

    Args:
        target: Tells confidence as it is; a protocol in between may not.
        recordings: See ``choose``.
        max_delay_ms: Longest wait of a word for its final.
        advance: Called when one of them is done.

    Raises:
        CrossfadeError: If a session failed.
    """
    verdicts: list[Verdict] = []
    for recording in choose(recordings):
        verdicts += await hear_pauses(target, recording, max_delay_ms=max_delay_ms)
        advance()
    return TurnConfidence(
        labelled=_score(verdict for verdict in verdicts if verdict.labelled),
        sentences=_score(verdict for verdict in verdicts if not verdict.labelled),
        all=_score(verdicts),
    )


def choose(recordings: Sequence[Recording]) -> list[Recording]:
    """Choose those of use, each clip once."""
    return [each for each in recordings if is_of_use(each) and not each.is_copy]


def is_of_use(recording: Recording) -> bool:
    """Tell whether something is known about its pauses, and where its words are."""
    return bool(recording.words) and (recording.turn_complete is not None or bool(_ends(recording)))


def verdicts(
    recording: Recording, ended: Iterable[TurnEnded], *, silence_ms: int = PAUSE_MS
) -> Iterator[Verdict]:
    """Find what was said before each pause of ``silence_ms``, and whether that was all."""
    ends = _ends(recording)
    last = len(recording.words) - 1
    for turn in ended:
        word = _word_before(recording, turn.at_ms - silence_ms)
        if word == last and recording.turn_complete is not None:
            yield Verdict(turn.confidence, recording.turn_complete, labelled=True)
        elif word is not None and ends:
            yield Verdict(turn.confidence, word in ends, labelled=False)


async def hear_pauses(
    target: Target, recording: Recording, *, max_delay_ms: int, silence_ms: int = PAUSE_MS
) -> list[Verdict]:
    """Stream a recording that is of use; every silence of ``silence_ms`` ends a turn.

    Raises:
        CrossfadeError: If the session failed.
    """
    every_pause = ConfidenceEndpointing(
        min_silence_ms=silence_ms, max_silence_ms=silence_ms, threshold=0.5
    )
    config = SessionConfig(
        language=recording.language,
        audio=MEDIA_AUDIO,
        endpointing=every_pause,
        max_delay_ms=max_delay_ms,
    )
    length_ms = round(1000 * recording.duration_s) + AFTER_MS
    stream = SpeechStream((Piece(recording, 0),), length_ms)
    pacing = Pacing(real_time=False, spread_s=0.0)
    (hearing,) = (await play(target, [stream], config, pacing)).hearings
    if hearing.failure is not None:
        raise CrossfadeError(f"{recording.id}: {hearing.failure}")
    events = (arrival.event for arrival in hearing.arrivals)
    ended = (event for event in events if isinstance(event, TurnEnded))
    return list(verdicts(recording, ended, silence_ms=silence_ms))


def _word_before(recording: Recording, at_ms: float) -> int | None:
    """Find the last word that began before a pause, if it ends where the pause begins."""
    begun = [place for place, word in enumerate(recording.words) if 1000 * word.start < at_ms]
    if not begun:
        return None
    last = begun[-1]
    return last if abs(1000 * recording.words[last].end - at_ms) <= NEAR_MS else None


def _ends(recording: Recording) -> frozenset[int]:
    """Places of the words behind which a sentence ends; none where the text has no such marks."""
    written = recording.text.split()
    if [_letters(text) for text in written] != [_letters(word.word) for word in recording.words]:
        return frozenset()
    return frozenset(place for place, text in enumerate(written) if _ends_sentence(text))


def _ends_sentence(written: str) -> bool:
    mark = written.rstrip("\"'\u201d\u2019)")[-1:]
    return mark in TERMINAL_MARKS and written.casefold() not in _ABBREVIATIONS


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()


def _score(of: Iterable[Verdict]) -> TurnScore:
    found = list(of)
    confidence = np.array([verdict.confidence for verdict in found], float)
    complete = np.array([verdict.complete for verdict in found], bool)
    return TurnScore(pauses=len(found), complete=int(complete.sum()), auc=auc(confidence, complete))
