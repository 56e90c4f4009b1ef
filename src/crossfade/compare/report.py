"""What a comparison amounts to, as JSON has it. Times are milliseconds, rates 0.0 to 1.0."""

import msgspec
from msgspec import Struct

from crossfade.bench.lags import Spread
from crossfade.bench.machine import Environment
from crossfade.bench.matching import ConfidenceQuality
from crossfade.bench.playing import Pacing
from crossfade.compare.bootstrap import Interval
from crossfade.compare.prices import Cost
from crossfade.compare.sides import SideFacts


class Wer(Struct, frozen=True, kw_only=True):
    """Word errors against the reference, of the clips that every side heard to the end."""

    rate: float
    interval: Interval | None
    """``None``: too little audio to tell."""
    substitutions: int
    deletions: int
    insertions: int
    reference_words: int
    over_first: float | None = None
    """This rate less that of the first side; ``None`` for the first."""
    over_first_interval: Interval | None = None


class Share(Struct, frozen=True, kw_only=True):
    """Of words of one kind in the reference, how many were not recognized."""

    said: int
    missed: int


class TurnEnds(Struct, frozen=True, kw_only=True):
    """Where a side ended turns."""

    ends: int
    pauses: int | None
    """Of the reference, that had to end a turn; ``None``: no reference has times."""
    found: int | None
    elsewhere: int | None
    """Ends where the reference has no pause for one."""
    told_after_ms: Spread
    """From the beginning of a pause to the news that the turn is over."""


class FalseWords(Struct, frozen=True, kw_only=True):
    """Words where nobody spoke."""

    words: int
    silence_s: float
    """How much silence there was to say them in."""
    per_hour: float | None


class Changes(Struct, frozen=True, kw_only=True):
    """Words that changed after they were first shown."""

    changed: int
    per_100_words: float | None


class SideReport(Struct, frozen=True, kw_only=True):
    """Of one side."""

    words: int
    failures: tuple[str, ...]
    """Clip and reason."""
    wer: Wer | None
    """``None``: there is no reference."""
    numbers: Share | None
    names: Share | None
    partial_lag_ms: Spread
    """From a word's end, as this side has it, to its first appearance."""
    final_lag_ms: Spread
    """... to the final that holds it."""
    spoken_partial_lag_ms: Spread
    """The same from its end in a reference with times, of right words: one clock for all sides."""
    spoken_final_lag_ms: Spread
    changes: Changes | None
    """``None``: what was shown is not known."""
    turn_ends: TurnEnds
    confidence: ConfidenceQuality | None
    """``None``: there is no reference."""
    false_words: FalseWords | None
    """``None``: nobody knows where there is silence."""
    session_s: float | None
    """How long sessions were open; in a comparison that is not paced, the length of the audio.
    ``None``: not known, as they are recorded ones."""
    cost: Cost | None
    """``None``: no price is known."""


class Pair(Struct, frozen=True, kw_only=True):
    """Two sides against each other, of the clips that both heard to the end."""

    letters: str
    disagreement: float | None
    """Words that one has and the other has not, or has otherwise, over the mean of their words;
    ``None``: they have none."""
    numbers_differing: int
    """Numbers of one that the other does not have in the same place."""
    turn_ends_shared: float | None
    """Ends in common over the mean of their ends."""


class ClipSide(Struct, frozen=True, kw_only=True):
    """One side in one clip."""

    words: int
    errors: int | None
    wer: float | None
    partial_p50_ms: float | None
    final_p50_ms: float | None
    failed: bool


class ClipReport(Struct, frozen=True, kw_only=True):
    """One clip."""

    name: str
    path: str
    category: str
    audio_ms: int
    reference_words: int | None
    difference: float | None
    """The greatest between two sides: of word errors for each word of the reference, else the
    greatest disagreement; ``None``: fewer than two sides heard it to the end. Clips are sorted by
    it, those with failures before all."""
    sides: dict[str, ClipSide]


class Comparison(Struct, frozen=True, kw_only=True):
    """Everything."""

    sides: tuple[SideFacts, ...]
    pacing: Pacing | None
    """``None``: nothing was played; these sessions were recorded as they came."""
    clips: int
    audio_s: float
    scored_clips: int
    """With a reference, and heard to the end by every side."""
    interval_units: str | None
    """What was drawn for the intervals."""
    results: dict[str, SideReport]
    pairs: tuple[Pair, ...]
    recordings: tuple[ClipReport, ...]
    """Worst first."""
    left_out: tuple[str, ...] = ()
    """Recordings that could not be decoded, with the reason."""
    not_recorded: tuple[str, ...] = ()
    """What nobody can say of recorded sessions, though a comparison says it of others."""
    environment: Environment

    @property
    def has_lags(self) -> bool:
        """Whether words may be known to have come at some time."""
        return self.pacing is None or self.pacing.real_time

    def to_json(self) -> bytes:
        """Write it for people and programs."""
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"
