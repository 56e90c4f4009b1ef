"""From finished clips to a report. Clips are read one by one, and sorted by their figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from rapidfuzz.distance import Editop, Levenshtein

from crossfade.bench.lags import spread
from crossfade.bench.machine import environment
from crossfade.bench.playing import Pacing
from crossfade.compare.bootstrap import Intervals, intervals
from crossfade.compare.errors import ClipErrors, clip_errors, stretch_words
from crossfade.compare.heard import HeardClip, HeardSide, HeardTurn
from crossfade.compare.report import ClipReport, ClipSide, Comparison, Pair, Wer
from crossfade.compare.sides import SideFacts
from crossfade.compare.tally import Tally, cumulative
from crossfade.compare.turn_ends import decided, shared
from crossfade.scoring import normalize

ENOUGH_CLIPS = 10
"""From so many clips on, clips are drawn for the intervals; of fewer, stretches."""

Curves = dict[str, dict[str, list[tuple[float, float]]]]
"""By letter, then ``partial`` and ``final``: points of the distribution of lags."""


@dataclass
class _PairTally:
    distance: int = 0
    words: float = 0.0
    numbers: int = 0
    shared_ends: int = 0
    ends: float = 0.0


@dataclass
class _Units:
    """What may be drawn: clips, and stretches of clips."""

    clip_errors: list[list[int]] = field(default_factory=list)
    clip_words: list[int] = field(default_factory=list)
    errors: list[list[int]] = field(default_factory=list)
    words: list[int] = field(default_factory=list)

    def add(self, each: Sequence[ClipErrors]) -> None:
        reference_words = each[0].total.reference_words
        self.clip_errors.append([errors.total.total for errors in each])
        self.clip_words.append(reference_words)
        self.errors += map(list, zip(*(errors.stretches for errors in each), strict=True))
        self.words += stretch_words(reference_words)

    @property
    def name(self) -> str:
        """What is drawn."""
        by_clip = len(self.clip_words) >= ENOUGH_CLIPS
        return "recordings" if by_clip else "stretches of 25 words"

    def intervals(self) -> Intervals | None:
        """Draw."""
        if len(self.clip_words) >= ENOUGH_CLIPS:
            return intervals(self.clip_errors, self.clip_words)
        return intervals(self.errors, self.words)


class Summary:
    """All figures so far."""

    def __init__(self, sides: Sequence[SideFacts]) -> None:
        self._sides = tuple(sides)
        self._tallies = {side.letter: Tally(side) for side in sides}
        letters = "".join(self._tallies)
        self._pairs = {f"{one}{other}": _PairTally() for one, other in combinations(letters, 2)}
        self._units = _Units()
        self._clips: list[ClipReport] = []
        self._scored = 0

    def add(self, clip: HeardClip) -> None:
        """Count a clip."""
        for tally in self._tallies.values():
            tally.add(clip)
        texts = {
            letter: normalize(side.text).split()
            for letter, side in clip.sides.items()
            if side.failure is None
        }
        disagreements = [self._add_pair(pair, clip, texts) for pair in self._pairs]
        errors: dict[str, ClipErrors] = {}
        if clip.reference is not None and clip.is_whole:
            errors = {
                letter: clip_errors(clip.reference, clip.sides[letter]) for letter in self._tallies
            }
            self._score(clip, errors)
        self._clips.append(
            _clip_report(clip, errors, max(disagreements) if len(texts) > 1 else None)
        )

    def curves(self) -> Curves:
        """Points of the distributions of lags."""
        return {
            letter: {"partial": cumulative(tally.partial_ms), "final": cumulative(tally.final_ms)}
            for letter, tally in self._tallies.items()
        }

    def report(
        self,
        pacing: Pacing | None,
        *,
        left_out: Iterable[str] = (),
        not_recorded: Iterable[str] = (),
    ) -> Comparison:
        """Say what it amounts to.

        Args:
            pacing: How clips were played; ``None``: they are recorded sessions.
            left_out: What could not be compared, with the reason.
            not_recorded: What the clips do not tell.
        """
        wers = self._wers()
        return Comparison(
            sides=self._sides,
            pacing=pacing,
            clips=len(self._clips),
            audio_s=round(sum(clip.audio_ms for clip in self._clips) / 1000, 1),
            scored_clips=self._scored,
            interval_units=self._units.name if wers else None,
            results={
                letter: tally.report(wers.get(letter), sessions_are_timed=pacing is not None)
                for letter, tally in self._tallies.items()
            },
            pairs=tuple(_pair(letters, tally) for letters, tally in self._pairs.items()),
            recordings=tuple(sorted(self._clips, key=_worst_first)),
            left_out=tuple(left_out),
            not_recorded=tuple(not_recorded),
            environment=environment(),
        )

    def _score(self, clip: HeardClip, errors: dict[str, ClipErrors]) -> None:
        self._scored += 1
        self._units.add(list(errors.values()))
        for letter, found in errors.items():
            self._tallies[letter].score(clip, found)

    def _add_pair(self, pair: str, clip: HeardClip, texts: dict[str, list[str]]) -> float:
        """Count two sides against each other; give their disagreement here."""
        one, other = (texts.get(letter) for letter in pair)
        if one is None or other is None:
            return 0.0
        edits = Levenshtein.editops(one, other)
        mean = (len(one) + len(other)) / 2
        tally = self._pairs[pair]
        tally.distance += len(edits)
        tally.words += mean
        tally.numbers += sum(_is_about_number(edit, one, other) for edit in edits)
        mine, theirs = (self._turns(clip, letter) for letter in pair)
        tally.shared_ends += shared(mine, theirs)
        tally.ends += (len(mine) + len(theirs)) / 2
        return len(edits) / mean if mean else 0.0

    def _turns(self, clip: HeardClip, letter: str) -> tuple[HeardTurn, ...]:
        rules = self._tallies[letter].facts.rules
        silence_ms = None if rules is None else rules.turn_silence_ms
        turns = clip.sides[letter].turns
        return decided(turns, audio_ms=clip.audio_ms, silence_ms=silence_ms)

    def _wers(self) -> dict[str, Wer]:
        if not self._scored:
            return {}
        found = self._units.intervals()
        first = next(iter(self._tallies.values())).errors.rate
        return {
            letter: _wer(tally, found, place, first)
            for place, (letter, tally) in enumerate(self._tallies.items())
        }


def _wer(tally: Tally, found: Intervals | None, place: int, first: float) -> Wer:
    errors = tally.errors
    return Wer(
        rate=round(errors.rate, 4),
        interval=None if found is None else found.rates[place],
        substitutions=errors.substitutions,
        deletions=errors.deletions,
        insertions=errors.insertions,
        reference_words=errors.reference_words,
        over_first=round(errors.rate - first, 4) if place else None,
        over_first_interval=found.over_first[place] if found is not None and place else None,
    )


def _is_about_number(edit: Editop, one: list[str], other: list[str]) -> bool:
    mine = one[edit.src_pos] if edit.tag != "insert" else ""
    theirs = other[edit.dest_pos] if edit.tag != "delete" else ""
    return any(map(str.isdigit, mine + theirs))


def _pair(letters: str, tally: _PairTally) -> Pair:
    return Pair(
        letters=letters,
        disagreement=round(tally.distance / tally.words, 4) if tally.words else None,
        numbers_differing=tally.numbers,
        turn_ends_shared=round(tally.shared_ends / tally.ends, 4) if tally.ends else None,
    )


def _clip_report(
    clip: HeardClip, errors: dict[str, ClipErrors], disagreement: float | None
) -> ClipReport:
    difference = disagreement
    reference_words = None
    if errors:
        counts = [found.total.total for found in errors.values()]
        reference_words = next(iter(errors.values())).total.reference_words
        difference = (max(counts) - min(counts)) / max(reference_words, 1)
    return ClipReport(
        name=clip.name,
        path=clip.path,
        category=clip.category,
        audio_ms=clip.audio_ms,
        reference_words=reference_words,
        difference=None if difference is None else round(difference, 4),
        sides={letter: _clip_side(side, errors.get(letter)) for letter, side in clip.sides.items()},
    )


def _clip_side(side: HeardSide, errors: ClipErrors | None) -> ClipSide:
    partial = [word.partial_ms for word in side.words if word.partial_ms is not None]
    final = [word.final_ms for word in side.words if word.final_ms is not None]
    is_rated = errors is not None and errors.total.reference_words > 0
    return ClipSide(
        words=len(side.words),
        errors=None if errors is None else errors.total.total,
        wer=round(errors.total.rate, 4) if errors is not None and is_rated else None,
        partial_p50_ms=spread(partial).p50,
        final_p50_ms=spread(final).p50,
        failed=side.failure is not None,
    )


def _worst_first(clip: ClipReport) -> tuple[bool, float, int, str]:
    errors = sum(side.errors or 0 for side in clip.sides.values())
    has_failed = any(side.failed for side in clip.sides.values())
    return (not has_failed, -(clip.difference or 0.0), -errors, clip.name)
