"""The figures of a report in words, in the order in which people ask for them.

The terminal and the page show the same ones, with the same names and roundings.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from crossfade.bench.lags import Spread
from crossfade.compare.bootstrap import Interval
from crossfade.compare.report import Comparison, Pair, Share, SideReport

NOTHING = "-"


@dataclass(frozen=True)
class Figure:
    """One row: a value for each side."""

    name: str
    values: tuple[str, ...]
    about: str
    """What it means; one sentence."""


@dataclass(frozen=True)
class Group:
    """Rows that belong together."""

    title: str
    figures: tuple[Figure, ...]


def figures(report: Comparison) -> list[Group]:
    """Say everything; a row that no side has a value for is left out."""
    groups = [
        Group("Settings", tuple(_settings(report))),
        Group("Words", tuple(_rows(report, _WORDS))),
        Group("Lag", tuple(_rows(report, _LAGS))),
        Group("Turns", tuple(_rows(report, _TURNS))),
        Group("Against each other", tuple(_pairs(report))),
        Group("Cost and failures", tuple(_rows(report, _COST))),
    ]
    return [group for group in groups if group.figures]


def percent(rate: float) -> str:
    """A share of one as a share of a hundred."""
    return f"{100 * rate:.1f}"


def _settings(report: Comparison) -> Iterator[Figure]:
    rules = [side.rules for side in report.sides if side.rules is not None]
    if len(rules) < len(report.sides):  # recorded sessions, of which each had its own
        return
    yield Figure(
        "max delay (s)",
        tuple(f"{rule.max_delay_ms / 1000:g}" for rule in rules),
        "Longest wait of a word for its final, as the session asked for it.",
    )
    yield Figure(
        "silence that ends a turn (s)",
        tuple(f"{rule.turn_silence_ms / 1000:g}" for rule in rules),
        "As the session asked for it.",
    )


_Say = Callable[[SideReport], str]


def _rows(report: Comparison, rows: "tuple[tuple[str, str, _Say], ...]") -> Iterator[Figure]:
    for name, about, say in rows:
        values = tuple(say(result) for result in report.results.values())
        if any(value != NOTHING for value in values):
            yield Figure(name, values, about)


def _pairs(report: Comparison) -> Iterator[Figure]:
    """Each side against those behind it."""
    by_letters = {pair.letters: pair for pair in report.pairs}
    letters = [side.letter for side in report.sides]
    for row in letters[:-1]:
        found = [by_letters.get(row + letter) for letter in letters]
        yield Figure(
            f"words not as {row} has them (%)",
            tuple(map(_disagreement, found)),
            "Edits between the two over the mean number of their words, both normalised.",
        )
    first = letters[0]
    shares = [_shared(by_letters.get(first + letter)) for letter in letters]
    if any(share != NOTHING for share in shares):
        about = "Within 0.4 s, over the mean number of their ends."
        yield Figure(f"turn ends shared with {first} (%)", tuple(shares), about)


def _disagreement(pair: Pair | None) -> str:
    if pair is None or pair.disagreement is None:
        return NOTHING
    return percent(pair.disagreement)


def _shared(pair: Pair | None) -> str:
    if pair is None or pair.turn_ends_shared is None:
        return NOTHING
    return percent(pair.turn_ends_shared)


def _wer(result: SideReport) -> str:
    return NOTHING if result.wer is None else percent(result.wer.rate)


def _interval(found: Interval | None, *, signed: bool = False) -> str:
    if found is None:
        return NOTHING
    form = "{:+.1f}" if signed else "{:.1f}"
    return f"{form.format(100 * found.low)} to {form.format(100 * found.high)}"


def _wer_interval(result: SideReport) -> str:
    return NOTHING if result.wer is None else _interval(result.wer.interval)


def _over_first(result: SideReport) -> str:
    wer = result.wer
    if wer is None or wer.over_first is None:
        return NOTHING
    difference = f"{100 * wer.over_first:+.1f}"
    if wer.over_first_interval is None:
        return difference
    return f"{difference} ({_interval(wer.over_first_interval, signed=True)})"


def _kinds(result: SideReport) -> str:
    wer = result.wer
    return NOTHING if wer is None else f"{wer.substitutions} / {wer.deletions} / {wer.insertions}"


def _missed(share: Share | None) -> str:
    return NOTHING if share is None else f"{share.missed} of {share.said}"


def _confidence(result: SideReport) -> str:
    found = result.confidence
    if found is None or found.ece is None:
        return NOTHING
    return f"{found.ece:.3f} / {NOTHING if found.auc is None else f'{found.auc:.3f}'}"


def _false(result: SideReport) -> str:
    found = result.false_words
    return NOTHING if found is None else f"{found.words} in {found.silence_s:.0f} s"


def _changes(result: SideReport) -> str:
    changes = result.changes
    if changes is None or changes.per_100_words is None:
        return NOTHING
    return f"{changes.per_100_words:.1f}"


def _lag(spread: Spread) -> str:
    if spread.p50 is None or spread.p95 is None:
        return NOTHING
    return f"{spread.p50:.0f} / {spread.p95:.0f}"


def _pauses(result: SideReport) -> str:
    ends = result.turn_ends
    return NOTHING if not ends.pauses else f"{ends.found} of {ends.pauses}"


def _elsewhere(result: SideReport) -> str:
    elsewhere = result.turn_ends.elsewhere
    return NOTHING if elsewhere is None else str(elsewhere)


def _cost(result: SideReport) -> str:
    cost = result.cost
    return NOTHING if cost is None else f"{cost.per_audio_hour:.3f} {cost.currency}"


def _session_cost(result: SideReport) -> str:
    cost = result.cost
    return NOTHING if cost is None else f"{cost.per_session_hour:.3f} {cost.currency}"


_WORDS: "tuple[tuple[str, str, _Say], ...]" = (
    (
        "word error rate (%)",
        "Substituted, missing and added words over those of the reference, both normalised.",
        _wer,
    ),
    (
        "... 95 % interval",
        "How far chance may have moved the rate: the audio is drawn anew 2000 times.",
        _wer_interval,
    ),
    (
        "... over A (points, interval)",
        "The difference to the first side, on the same audio. An interval that holds 0 shows none.",
        _over_first,
    ),
    ("wrong / missing / added words", "Of which kind the errors are.", _kinds),
    (
        "numbers missed",
        "Of the words of the reference with a digit, once both sides are normalised.",
        lambda result: _missed(result.numbers),
    ),
    (
        "names missed",
        "Of the words that the reference capitalises within a sentence.",
        lambda result: _missed(result.names),
    ),
    (
        "changed after shown (per 100 words)",
        "How often a word that was on the screen became another one, or went away.",
        _changes,
    ),
    (
        "confidence: ECE / AUC",
        "How far confidence is from the share of right words; how well it tells right from wrong.",
        _confidence,
    ),
    (
        "words where nobody spoke",
        "In silences of a second or more, by a reference with times, and where it is empty.",
        _false,
    ),
    ("words", "All that were final.", lambda result: str(result.words)),
)

_LAGS: "tuple[tuple[str, str, _Say], ...]" = (
    (
        "to first sight (ms, p50 / p95)",
        "From a word's end, as this side places it, to its first appearance.",
        lambda result: _lag(result.partial_lag_ms),
    ),
    (
        "to final (ms, p50 / p95)",
        "... to the final that holds it.",
        lambda result: _lag(result.final_lag_ms),
    ),
    (
        "to first sight, by the reference",
        "From the word's end in the reference, of right words: the same clock for all sides.",
        lambda result: _lag(result.spoken_partial_lag_ms),
    ),
    (
        "to final, by the reference",
        "... to the final that holds it.",
        lambda result: _lag(result.spoken_final_lag_ms),
    ),
)

_TURNS: "tuple[tuple[str, str, _Say], ...]" = (
    ("turns ended", "Before the end of the audio.", lambda result: str(result.turn_ends.ends)),
    (
        "... at pauses of the reference",
        "Of the pauses that are clearly longer than the silence that ends a turn.",
        _pauses,
    ),
    ("... elsewhere", "Where the reference has no pause that may be one.", _elsewhere),
    (
        "pause to news (ms, p50 / p95)",
        "From the beginning of the pause to the news that the turn is over.",
        lambda result: _lag(result.turn_ends.told_after_ms),
    ),
)

_COST: "tuple[tuple[str, str, _Say], ...]" = (
    ("cost of an hour of audio", "By the sessions of this comparison.", _cost),
    ("cost of an hour of session", "The same, by the time that they were open.", _session_cost),
    (
        "failed sessions",
        "Their recordings count for nobody's word errors.",
        lambda result: str(len(result.failures)),
    ),
)
