"""Figures of one side, added up clip by clip: numbers only, no clip is kept."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from crossfade.bench.lags import spread
from crossfade.bench.matching import (
    ConfidenceQuality,
    Match,
    confidence_quality,
    match,
)
from crossfade.compare.errors import ClipErrors, Missed
from crossfade.compare.false_words import n_false, silences
from crossfade.compare.heard import HeardClip, HeardSide
from crossfade.compare.prices import Cost, cost
from crossfade.compare.report import (
    Changes,
    FalseWords,
    Share,
    SideReport,
    TurnEnds,
    Wer,
)
from crossfade.compare.sides import SideFacts
from crossfade.compare.turn_ends import TurnCounts, decided, judge
from crossfade.model import Word
from crossfade.scoring import WordErrors

MS_PER_HOUR = 3_600_000


def _floats() -> "array[float]":
    return array("d")


@dataclass
class Tally:
    """One side so far."""

    facts: SideFacts
    words: int = 0
    changed: int | None = 0
    """``None`` as soon as a clip does not tell."""
    failures: list[str] = field(default_factory=list)
    audio_ms: int = 0
    session_s: float = 0.0
    partial_ms: "array[float]" = field(default_factory=_floats)
    final_ms: "array[float]" = field(default_factory=_floats)
    spoken_partial_ms: "array[float]" = field(default_factory=_floats)
    spoken_final_ms: "array[float]" = field(default_factory=_floats)
    errors: WordErrors = field(default_factory=WordErrors)
    numbers: Missed = field(default_factory=Missed)
    names: Missed = field(default_factory=Missed)
    confidence: "array[float]" = field(default_factory=_floats)
    right: bytearray = field(default_factory=bytearray)
    """Whether the word of each confidence is."""
    ends: int = 0
    turns: TurnCounts | None = None
    """Of clips whose reference has times."""
    n_false: int = 0
    silence_ms: float = 0.0

    def add(self, clip: HeardClip) -> None:
        """Count what was heard, whether or not there is a reference."""
        side = clip.sides[self.facts.letter]
        if side.failure is not None:
            self.failures.append(f"{clip.name}: {side.failure}")
            return
        self.words += len(side.words)
        if self.changed is not None:
            self.changed = None if side.changed is None else self.changed + side.changed
        self.audio_ms += clip.audio_ms
        self.session_s += clip.audio_ms / 1000 if side.session_s is None else side.session_s
        self._add_lags(side)
        self._add_turns(clip, side)
        quiet = silences(clip)
        self.silence_ms += sum(end - start for start, end in quiet)
        self.n_false += n_false(side, clip, quiet)

    def score(self, clip: HeardClip, errors: ClipErrors) -> None:
        """Count what is right and wrong in a clip that every side heard to the end."""
        self.errors += errors.total
        self.numbers += errors.numbers
        self.names += errors.names
        reference = [word.word for word in clip.spoken] or (clip.reference or "").split()
        side = clip.sides[self.facts.letter]
        for found in match([word.word for word in side.words], reference):
            self.confidence.append(found.word.confidence)
            self.right.append(found.reference is not None)

    def report(self, wer: Wer | None, *, sessions_are_timed: bool) -> SideReport:
        """Say what it amounts to."""
        return SideReport(
            words=self.words,
            failures=tuple(self.failures),
            wer=wer,
            numbers=_share(self.numbers),
            names=_share(self.names),
            partial_lag_ms=spread(self.partial_ms),
            final_lag_ms=spread(self.final_ms),
            spoken_partial_lag_ms=spread(self.spoken_partial_ms),
            spoken_final_lag_ms=spread(self.spoken_final_ms),
            changes=self._changes(),
            turn_ends=self._turn_ends(),
            confidence=self._quality() if wer is not None else None,
            false_words=self._false_words(),
            session_s=round(self.session_s, 1) if sessions_are_timed else None,
            cost=self._cost() if sessions_are_timed else None,
        )

    def _add_lags(self, side: HeardSide) -> None:
        self.partial_ms.extend(
            word.partial_ms for word in side.words if word.partial_ms is not None
        )
        self.final_ms.extend(word.final_ms for word in side.words if word.final_ms is not None)
        self.spoken_partial_ms.extend(partial for partial, _ in side.spoken_lags)
        self.spoken_final_ms.extend(final for _, final in side.spoken_lags)

    def _add_turns(self, clip: HeardClip, side: HeardSide) -> None:
        rules = self.facts.rules
        silence_ms = None if rules is None else rules.turn_silence_ms
        turns = decided(side.turns, audio_ms=clip.audio_ms, silence_ms=silence_ms)
        self.ends += len(turns)
        if clip.spoken and silence_ms is not None:
            found = judge(turns, clip.spoken, audio_ms=clip.audio_ms, silence_ms=silence_ms)
            self.turns = (self.turns or TurnCounts()) + found

    def _cost(self) -> Cost | None:
        if self.facts.price is None:
            return None
        return cost(self.facts.price, audio_s=self.audio_ms / 1000, session_s=self.session_s)

    def _changes(self) -> Changes | None:
        if self.changed is None:
            return None
        rate = round(100 * self.changed / self.words, 2) if self.words else None
        return Changes(changed=self.changed, per_100_words=rate)

    def _turn_ends(self) -> TurnEnds:
        turns = self.turns
        return TurnEnds(
            ends=self.ends,
            pauses=None if turns is None else turns.pauses,
            found=None if turns is None else turns.found,
            elsewhere=None if turns is None else turns.elsewhere,
            told_after_ms=spread([] if turns is None else turns.told_after_ms),
        )

    def _quality(self) -> ConfidenceQuality:
        return confidence_quality(
            [
                Match(Word(text="", start_ms=0, end_ms=1, confidence=score), 0 if right else None)
                for score, right in zip(self.confidence, self.right, strict=True)
            ]
        )

    def _false_words(self) -> FalseWords | None:
        if not self.silence_ms:
            return None
        return FalseWords(
            words=self.n_false,
            silence_s=round(self.silence_ms / 1000, 1),
            per_hour=round(self.n_false / self.silence_ms * MS_PER_HOUR, 1),
        )


def cumulative(values: Sequence[float], points: int = 60) -> list[tuple[float, float]]:
    """Points of a distribution: a value, and the share of all that are no greater."""
    if not values:
        return []
    shares = np.linspace(0, 1, points)
    found = np.percentile(np.asarray(values, np.float64), 100 * shares)
    return list(zip(found.tolist(), shares.tolist(), strict=True))


def _share(missed: Missed) -> Share | None:
    return Share(said=missed.said, missed=missed.missed) if missed.said else None
