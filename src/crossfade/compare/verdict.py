"""What the figures say, in a few sentences: which differences there are, and which are chance."""

from collections.abc import Iterator

from crossfade.compare.figures import percent
from crossfade.compare.report import Comparison, SideReport, Wer


def verdict(report: Comparison) -> list[str]:
    """Sum it up."""
    return [*_words(report), *_lags(report)]


def _words(report: Comparison) -> Iterator[str]:
    wers = {letter: result.wer for letter, result in report.results.items()}
    for letter, wer in wers.items():
        if wer is not None and wer.over_first is not None:
            yield _against_first(letter, wer)
    if not any(wers.values()):
        for pair in report.pairs:
            if pair.disagreement is None:
                continue
            one, other = pair.letters[0], pair.letters[1]
            yield (
                f"{one} and {other} differ in {percent(pair.disagreement)} % of words; "
                "who is right is not known without a reference."
            )


def _against_first(letter: str, wer: Wer) -> str:
    difference, interval = wer.over_first or 0.0, wer.over_first_interval
    more = "more" if difference > 0 else "fewer"
    said = f"{letter} makes {percent(abs(difference))} points {more} word errors than A"
    if difference == 0:
        said = f"{letter} makes as many word errors as A"
    if interval is None:
        return f"{said}; there is too little audio to tell whether that is chance."
    between = f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f}"
    if interval.low <= 0 <= interval.high:
        return f"{said}; this audio shows no difference (95 % interval {between})."
    return f"{said}, which is not chance (95 % interval {between})."


def _lags(report: Comparison) -> Iterator[str]:
    first = report.results[report.sides[0].letter]
    for side in report.sides[1:]:
        found = list(_lag_parts(first, report.results[side.letter]))
        if found:
            later = " and ".join(found)
            yield f"By the medians, words of {side.letter} are {later} than those of A."


def _lag_parts(first: SideReport, other: SideReport) -> Iterator[str]:
    pairs = (
        ("seen", first.partial_lag_ms.p50, other.partial_lag_ms.p50),
        ("final", first.final_lag_ms.p50, other.final_lag_ms.p50),
    )
    for what, mine, theirs in pairs:
        if mine is not None and theirs is not None:
            later = "later" if theirs > mine else "sooner"
            yield f"{what} {abs(theirs - mine):.0f} ms {later}"
